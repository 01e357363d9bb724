"""Asking a colleague: asked, seen, found, answered, taken back; deciding nothing."""

import re

import pytest
from people import add_person, person
from review_console import Console, logged_in, text
from review_posts import SAMPLES, add_revision
from sqlalchemy import select

from service.forums import add_forum
from service.intake.accept import erase
from service.people.roles import set_role
from service.review.counts import load_counts
from service.review.filters import Filters
from service.review.queue import load_rows, next_item
from service.store.models import (
    AuditEntry,
    Forum,
    Moderator,
    Opinion,
    OpinionRequest,
    Post,
    QueueItem,
    Verdict,
    now,
)

CRISIS, HELD = 0, 2
"""Places of samples: somebody in danger, a post about stopping a treatment."""


@pytest.fixture
def kim(app, store) -> Console:
    """A third moderator."""
    return logged_in(app, store, "kim")


def item_of(store, item: str) -> QueueItem:
    with store.read() as session:
        return session.get_one(QueueItem, item)


def rows(session, table) -> list:
    return list(session.scalars(select(table)))


def ask(store, console, item: str, of: str = "sam", question: str = "Is the last line a threat?"):
    to = of if of == "anybody" else person(store, of)
    return console.post(f"/console/items/{item}/ask", to=to, question=question)


def say(console, item: str, action: str, **fields):
    """Of an item that nothing was done to yet."""
    return console.post(f"/console/items/{item}/opinion", action=action, version="1", **fields)


def listed(page: str) -> list[str]:
    return re.findall(r'<li class="row" id="(item_\w+)"', page)


def row(page: str, item: str) -> str:
    return text(page.partition(f'id="{item}"')[2].partition("</li>")[0])


def test_a_question_is_seen_by_all_and_decides_nothing(store, console, sam, kim, items):
    before = item_of(store, items[HELD])
    assert ask(store, console, items[HELD]).status_code == 303
    for who, said in ((console, "You ask sam"), (sam, "robin asks you"), (kim, "robin asks sam")):
        whole = f"{said} for a second opinion: “Is the last line a threat?”"
        assert whole in row(who.page("/console/"), items[HELD])
        assert whole in text(who.page(f"/console/items/{items[HELD]}"))
    item = item_of(store, items[HELD])
    assert (item.state, item.version, item.due_at) == ("open", before.version, before.due_at)
    assert "robin · Asked sam for a second opinion" in text(kim.page(f"/console/items/{items[HELD]}"))


def test_who_asked_goes_on_and_leaves_the_post_free(store, console, sam, items, moderator):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    assert item_of(store, items[HELD]).claimed_by == moderator.id
    assert ask(store, console, items[HELD]).headers["Location"] != path
    assert item_of(store, items[HELD]).claimed_by is None
    page = console.page(path)
    assert item_of(store, items[HELD]).claimed_by is None and "data-claim" not in page and 'value="approve"' in page
    assert 'value="approve"' in sam.page(path)
    assert item_of(store, items[HELD]).claimed_by == person(store, "sam")


def test_who_answered_leaves_it_to_who_asked(store, console, sam, items, moderator):
    path = f"/console/items/{items[HELD]}"
    ask(store, console, items[HELD])
    sam.page(path)
    say(sam, items[HELD], "hold")
    sam.page(path)
    assert item_of(store, items[HELD]).claimed_by is None
    console.page(path)
    assert item_of(store, items[HELD]).claimed_by == moderator.id
    assert sam.get(f"/console/items/{items[CRISIS]}").status_code == 200


def test_what_was_handed_to_who_asks_is_free_as_well(store, console, sam, items, moderator):
    with store.write() as session:
        session.get_one(QueueItem, items[HELD]).assigned_to = moderator.id
    ask(store, console, items[HELD])
    sam.page(f"/console/items/{items[HELD]}")
    item = item_of(store, items[HELD])
    assert (item.assigned_to, item.claimed_by) == (None, person(store, "sam"))


def test_the_way_does_not_lead_who_asked_back_before_the_answer(store, console, sam, items, moderator):
    last, first = item_of(store, listed(console.page("/console/"))[-1]), items[CRISIS]
    with store.read() as session:
        assert next_item(session, Filters(), moderator.id, last) == first
    ask(store, console, items[CRISIS])
    with store.read() as session:
        assert next_item(session, Filters(), moderator.id, last) != first
        assert next_item(session, Filters(), person(store, "sam"), last) == first
    say(sam, items[CRISIS], "escalate")
    with store.read() as session:
        assert next_item(session, Filters(), moderator.id, last) == first
        assert next_item(session, Filters(), person(store, "sam"), last) != first


def test_who_is_asked_finds_it_at_the_top_of_theirs(store, console, sam, items):
    last = listed(console.page("/console/"))[-1]
    sam.page(f"/console/items/{items[CRISIS]}")
    assert listed(sam.page("/console/?who=me")) == [items[CRISIS]]
    ask(store, console, last)
    page = sam.page("/console/?who=me")
    assert listed(page) == [last, items[CRISIS]] and "2 posts wait" in page and "Mine (2)" in page
    assert listed(console.page("/console/?who=me")) == []


def test_the_top_of_theirs_is_there_once_on_however_many_pages(store, console, sam, items, monkeypatch):
    from service.review import queue

    first, second, third, *_others, last = listed(console.page("/console/"))
    ask(store, console, last)
    reader = person(store, "sam")
    with store.write() as session:
        for item in (first, second, third):
            session.get_one(QueueItem, item).assigned_to = reader
    monkeypatch.setattr(queue, "PAGE", 2)
    with store.read() as session:
        found, cursor = load_rows(session, Filters(who="me"), reader)
        more, end = load_rows(session, Filters(who="me"), reader, cursor)
        count = load_counts(session, Filters(who="me"), reader, now()).total
    assert [each.id for each in found] == [last, first, second] and [each.id for each in more] == [third]
    assert not end and count == len(found) + len(more)


def test_an_answer_decides_nothing_and_leads_back_to_who_asked(store, console, sam, items):
    ask(store, console, items[HELD])
    assert say(sam, items[HELD], "hold", note="I would ask\r\nthe author first").status_code == 303
    item = item_of(store, items[HELD])
    assert (item.state, item.version, item.decided_by) == ("open", 1, None)
    page = text(console.page(f"/console/items/{items[HELD]}"))
    assert "sam would hold this post. “I would ask the author first”" in page and "robin asks" not in page
    assert "sam · Would hold it" in page and "You ask" not in page
    assert "sam would hold this post" in row(console.page("/console/"), items[HELD])
    assert listed(console.page("/console/?who=me")) == [items[HELD]]
    assert listed(sam.page("/console/?who=me")) == []
    console.decide(items[HELD], "approve")
    assert item_of(store, items[HELD]).decision == "allow"


def test_anybody_may_answer_but_who_asked(store, console, sam, kim, items):
    ask(store, console, items[HELD], "anybody")
    path = f"/console/items/{items[HELD]}"
    assert "You ask for a second opinion: “Is" in text(console.page(path))
    assert "robin asks for a second opinion: “Is" in text(kim.page(path))
    assert "Asked the others for a second opinion" in text(kim.page(path))
    assert items[HELD] in listed(sam.page("/console/?who=me")) and listed(console.page("/console/?who=me")) == []
    assert say(console, items[HELD], "hold").status_code == 409
    assert say(kim, items[HELD], "escalate").status_code == 303
    assert say(sam, items[HELD], "hold").status_code == 409
    with store.read() as session:
        assert [o.action for o in rows(session, Opinion)] == ["escalate"]


def test_only_who_is_asked_may_answer(store, console, sam, kim, items):
    ask(store, console, items[HELD])
    assert "What would you do?" in sam.page(f"/console/items/{items[HELD]}")
    assert "What would you do?" not in kim.page(f"/console/items/{items[HELD]}")
    answer = say(kim, items[HELD], "hold")
    assert answer.status_code == 409 and "answered or taken back meanwhile" in answer.text
    assert say(sam, items[CRISIS], "hold").status_code == 409
    with store.read() as session:
        assert rows(session, Opinion) == []


def test_an_opinion_given_again_takes_the_place_of_the_first(store, console, sam, items):
    ask(store, console, items[HELD])
    say(sam, items[HELD], "hold", note="hm")
    assert "Say it otherwise" in sam.page(f"/console/items/{items[HELD]}")
    assert say(sam, items[HELD], "approve", note="looked again").status_code == 303
    page = text(console.page(f"/console/items/{items[HELD]}"))
    assert "sam would approve this post. “looked again”" in page and "hold it" not in page and "hm" not in page.split()
    assert page.count("Would approve it") == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"action": "burn"}, "Choose what you would do"), ({"action": ""}, "Choose what you would do"),
     ({"action": "remove", "label": "dosing"}, "Choose what you would remove it for"),
     ({"action": "hold", "note": "x" * 2001}, "The note is too long")],
)  # fmt: skip
def test_an_incomplete_opinion_is_not_given(store, console, sam, items, fields, said):
    ask(store, console, items[HELD])
    answer = say(sam, items[HELD], **fields)
    assert answer.status_code == 422 and said in answer.text
    with store.read() as session:
        assert rows(session, Opinion) == []


def test_what_it_would_be_removed_for_is_said(store, console, sam, items):
    ask(store, console, items[HELD])
    say(sam, items[HELD], "remove", label="medical.dosing", note="<b>bold</b>")
    page = console.page(f"/console/items/{items[HELD]}")
    assert "sam would remove this post for: telling someone which dose to take. “<b>" not in page
    assert "sam would remove this post for: telling someone which dose to take. “&lt;b&gt;bold" in page
    assert "Would remove it for: telling someone which dose to take" in text(page)


def test_an_opinion_to_remove_is_the_first_of_two_where_somebody_may_be_in_distress(store, console, sam, items):
    ask(store, console, items[CRISIS])
    answer = say(sam, items[CRISIS], "remove", label="forum_rules")
    assert answer.status_code == 403 and "never punished" in answer.text
    say(sam, items[CRISIS], "remove", label="forum_rules", note="names the ward")
    sam.page(f"/console/items/{items[HELD]}")
    page = text(console.page(f"/console/items/{items[CRISIS]}"))
    assert "sam would remove this post for: the forum’s other rules. “names the ward” You can agree" in page
    assert console.decide(items[CRISIS], "remove", label="forum_rules").status_code == 303
    assert item_of(store, items[CRISIS]).decision == "remove"


@pytest.mark.parametrize("end", ["decide", "edit", "take back", "undo"])
def test_a_question_ends(store, console, sam, kim, items, end):
    ask(store, console, items[HELD])
    version = kim.version(items[HELD])
    if end == "take back":
        assert console.post(f"/console/items/{items[HELD]}/ask/take-back").status_code == 303
    elif end == "edit":
        with store.write() as session:
            add_revision(session, session.scalar(select(Post).where(Post.external_id == str(HELD + 1))), SAMPLES[7], 2)
    else:
        kim.decide(items[HELD], "hold")
    if end == "undo":
        kim.post(f"/console/items/{items[HELD]}/undo", version=str(int(version) + 1))
    kim.page(f"/console/items/{items[CRISIS]}")
    assert items[HELD] not in listed(sam.page("/console/?who=me"))
    page = text(sam.page(f"/console/items/{items[HELD]}"))
    assert "robin asks" not in page and "What would you do?" not in page
    answer = sam.post(f"/console/items/{items[HELD]}/opinion", action="hold", version=version)
    assert answer.status_code == 409
    with store.read() as session:
        assert rows(session, Opinion) == []


def test_only_who_asked_takes_a_question_back(store, console, sam, kim, items):
    ask(store, console, items[HELD])
    for who in (sam, kim):
        assert who.post(f"/console/items/{items[HELD]}/ask/take-back").status_code == 409
    assert "Take the question back" in console.page(f"/console/items/{items[HELD]}")
    assert console.post(f"/console/items/{items[HELD]}/ask/take-back").status_code == 303
    page = text(console.page(f"/console/items/{items[HELD]}"))
    assert "robin · Took the question back" in page and "Is the last line a threat" not in page
    with store.read() as session:
        assert rows(session, OpinionRequest) == []


def test_an_answer_to_an_older_text_is_not_given(store, console, sam, items):
    ask(store, console, items[HELD])
    version = str(item_of(store, items[HELD]).version)
    with store.write() as session:
        add_revision(session, session.scalar(select(Post).where(Post.external_id == str(HELD + 1))), SAMPLES[7], 2)
    ask(store, console, items[HELD])
    answer = sam.post(f"/console/items/{items[HELD]}/opinion", action="hold", version=version)
    assert answer.status_code == 409 and "Somebody changed this item" in answer.text


def test_one_question_at_a_time_and_another_after_the_answer(store, console, sam, kim, items):
    ask(store, console, items[HELD])
    answer = ask(store, kim, items[HELD], "robin")
    assert answer.status_code == 409 and "waits already" in answer.text
    assert 'name="to" value="anybody"' not in console.page(f"/console/items/{items[HELD]}")
    say(sam, items[HELD], "hold")
    page = console.page(f"/console/items/{items[HELD]}").partition("Ask for a second opinion")[2]
    assert "kim</label>" in page and "sam</label>" not in page
    assert ask(store, console, items[HELD], "sam").status_code == 422
    assert ask(store, console, items[HELD], "kim").status_code == 303


@pytest.mark.parametrize("of", ["", "user_nobody", "robin", "vi", "elsewhere", "gone", "tired"])
def test_a_question_goes_to_somebody_who_may_answer(app, store, console, sam, items, of):
    with store.write() as session:
        quayside = add_forum(session, "quayside", "Quayside").forum.id
        gone = add_person(session, "gone")
        gone.active = False
    logged_in(app, store, "vi", "viewer"), logged_in(app, store, "elsewhere", "moderator", quayside)
    logged_in(app, store, "tired").post(f"/console/items/{items[HELD]}/skip", reason="heavy")
    known = person(store, of) or of
    answer = console.post(f"/console/items/{items[HELD]}/ask", to=known)
    assert answer.status_code == 422 and "Choose a colleague to ask" in answer.text
    offered = (
        console.page(f"/console/items/{items[HELD]}").partition("Ask for a second opinion")[2].partition("</form>")[0]
    )
    assert re.findall(r'name="to" value="[^"]+"[^>]*> (\w+)', offered) == ["Anybody", "sam"]


def test_nobody_can_be_asked_where_nobody_else_is(store, console, items):
    assert "Ask for a second opinion" not in console.page(f"/console/items/{items[HELD]}")
    assert console.post(f"/console/items/{items[HELD]}/ask", to="anybody").status_code == 422


def test_a_question_too_long_is_not_cut_in_silence(store, console, sam, items):
    assert ask(store, console, items[HELD], question="x" * 501).status_code == 422
    with store.read() as session:
        assert rows(session, OpinionRequest) == []


def test_who_leaves_the_post_to_others_leaves_them_the_question(store, console, sam, kim, items):
    ask(store, console, items[HELD])
    sam.post(f"/console/items/{items[HELD]}/skip", reason="close")
    assert items[HELD] in listed(kim.page("/console/?who=me"))
    assert "robin asks for a second opinion" in text(kim.page(f"/console/items/{items[HELD]}"))


def test_a_viewer_is_asked_nothing_and_says_nothing(app, store, console, sam, items):
    vi = logged_in(app, store, "vi", "viewer")
    ask(store, console, items[HELD], "anybody")
    page = vi.page(f"/console/items/{items[HELD]}")
    assert "robin asks for a second opinion" in text(page) and "What would you do?" not in page
    assert listed(vi.page("/console/?who=me")) == []
    for act in ("ask", "ask/take-back", "opinion"):
        answer = vi.post(f"/console/items/{items[HELD]}/{act}", to="anybody", action="hold", version="1")
        assert answer.status_code == 403
    with store.write() as session:
        set_role(session, session.scalar(select(Moderator).where(Moderator.name == "sam")), None, "viewer")
    assert listed(sam.page("/console/?who=me")) == []


def test_a_question_of_another_forum_is_not_there(app, store, console, sam, items):
    with store.write() as session:
        quayside = add_forum(session, "quayside", "Quayside").forum.id
    lee = logged_in(app, store, "lee", "moderator", quayside)
    ask(store, console, items[HELD], "anybody")
    assert listed(lee.page("/console/?who=me")) == [] and "second opinion:" not in lee.page("/console/")
    for act in ("ask", "ask/take-back", "opinion"):
        assert (
            lee.post(f"/console/items/{items[HELD]}/{act}", to="anybody", action="hold", version="1").status_code == 404
        )


def test_every_count_is_still_of_what_a_click_on_it_shows(store, console, sam, kim, items):
    ask(store, console, items[HELD]), ask(store, console, items[CRISIS], "anybody"), ask(store, kim, items[3], "sam")
    say(sam, items[3], "hold")
    for name in ("robin", "sam", "kim"):
        reader = person(store, name)
        for label in ("", "medical", "self_harm"):
            with store.read() as session:
                chosen = Filters(label=label)
                counts = {c.value: c.count for c in load_counts(session, chosen, reader, now()).whose}
                for who in ("me", "nobody"):
                    found, _ = load_rows(session, Filters(label=label, who=who), reader)
                    assert counts.get(who, 0) == len(found), (name, label, who)


def test_what_was_said_goes_with_the_post(store, console, sam, items):
    ask(store, console, items[HELD])
    say(sam, items[HELD], "hold", note="a private note")
    with store.write() as session:
        forum = session.scalar(select(Forum).where(Forum.slug == "harbour"))
        erase(session, forum, str(HELD + 1), now())
    with store.read() as session:
        assert rows(session, Opinion) == rows(session, OpinionRequest) == []


def test_no_word_of_it_is_logged_or_kept_in_the_audit(store, console, sam, items, caplog):
    caplog.set_level("DEBUG")
    ask(store, console, items[HELD], question="about tacrolimus?")
    say(sam, items[HELD], "hold", note="a private note")
    with store.read() as session:
        entries = {entry.what: entry for entry in rows(session, AuditEntry)}
        assert entries["asked_opinion"].detail["to"] == person(store, "sam")
        assert entries["gave_opinion"].detail["action"] == "hold"
        kept = " ".join(str(entry.detail) for entry in entries.values())
        assert session.scalar(select(Verdict.id).where(Verdict.decided_by.is_not(None))) is None
    for word in ("tacrolimus", "private"):
        assert word not in caplog.text and word not in kept
