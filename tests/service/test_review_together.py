"""Deciding several posts together: looked over first, each done by itself, nobody in distress among them, all taken back."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis
from review_console import Console, text
from review_posts import SAMPLES, add_post, add_revision
from sqlalchemy import func, select

from service import author_messages
from service.forums import add_forum
from service.intake import accept
from service.review import bulk, selection
from service.settings import settings
from service.store.models import (
    AuditEntry,
    Bulk,
    BulkItem,
    Delivery,
    Moderator,
    Post,
    QueueItem,
    Verdict,
    new_id,
    now,
)

CRISIS, CONCERN, HELD, IDEATION, FORMS, SUPPLY, EATING, LANGUAGE, DOSING = 0, 1, 2, 4, 5, 7, 11, 12, 13
"""Places of samples: somebody in danger, a worry, a held tip with a telephone number, thoughts of dying, a letter full of
personal data, medicines given away, disordered eating, another language, a flagged dose."""


def picks(store, *items: str) -> list[str]:
    """These items as a form names them, in the version that they have now."""
    with store.read() as session:
        return [f"{item}.{session.get_one(QueueItem, item).version}" for item in items]


def preview(console, chosen: list[str], query: str = "", **fields) -> str:
    answer = console.post(f"/console/together{query}", post=chosen, **fields)
    assert answer.status_code == 200, answer.status_code
    return answer.text


def decide(console, chosen: list[str], action: str = "approve", **fields):
    form = {"post": chosen, "action": action, "plan": new_id("bulk"), **fields}
    return console.post("/console/together/decide", **form)


def decided(console, chosen: list[str], action: str = "approve", **fields) -> str:
    """The address of what came of it."""
    answer = decide(console, chosen, action, **fields)
    assert answer.status_code == 303, answer.status_code
    return answer.headers["Location"]


def states(store, *items: str) -> list[str]:
    """The action a person chose for each, or its state."""
    with store.read() as session:
        found = [session.get_one(QueueItem, item) for item in items]
        return [item.decision or item.state for item in found]


def current(store, item: str) -> Verdict:
    with store.read() as session:
        post = session.get_one(QueueItem, item).post_id
        return session.scalar(select(Verdict).where(Verdict.post_id == post, Verdict.current))


def edit(store, place: int) -> None:
    """The author changes the text."""
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == str(place + 1)))
        add_revision(session, post, SAMPLES[SUPPLY], 2)


def counted(store, table) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def elsewhere(store) -> tuple[str, str]:
    """A second forum, and a post that waits there."""
    with store.write() as session:
        forum = add_forum(session, "quayside", "Quayside", callback_url="https://quay.example.org/heed").forum
        return forum.id, add_post(session, forum, SAMPLES[SUPPLY], "1")


@pytest.fixture
def many(store, forum) -> list[str]:
    """More posts of one kind than are decided at once."""
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        return [add_post(session, here, SAMPLES[SUPPLY], f"m{number}") for number in range(selection.MOST + 3)]


# The queue


def test_the_queue_offers_a_box_for_what_may_be_decided_together(store, console, sam, items):
    sam.page(f"/console/items/{items[HELD]}")
    offered = set(re.findall(r'type="checkbox" name="post" value="(\w+)\.\d+"', console.page("/console/")))
    alone = {items[place] for place in (CRISIS, CONCERN, IDEATION, 8)}
    assert offered == set(items) - alone - {items[HELD]}
    assert "Decide several" in console.page("/console/") and "under this filter" not in console.page("/console/")
    assert "All 5 posts under this filter" in text(console.page("/console/?label=medical"))


def test_a_viewer_is_offered_no_box(log_in, items):
    page = log_in("vic", "viewer").page("/console/")
    assert 'name="post"' not in page and "Decide several" not in page


# The preview


def test_nothing_is_done_by_looking_it_over(store, console, items):
    page = text(preview(console, picks(store, items[HELD], items[SUPPLY], items[DOSING])))
    assert "3 posts to decide together nothing is done yet" in page
    assert "2 Telling someone which dose to take" in page and "1 Passing on prescription medicines" in page
    assert "2 Medicines" in page and "1 Treatments" in page and "left out" not in page
    assert states(store, items[HELD], items[SUPPLY], items[DOSING]) == ["open"] * 3
    assert counted(store, Bulk) == 0


def test_the_form_holds_what_was_shown(store, console, items):
    chosen = picks(store, items[SUPPLY], items[DOSING])
    page = preview(console, chosen)
    assert set(re.findall(r'value="(\w+\.\d+)" form="decide" checked', page)) == set(chosen)
    assert re.search(r'name="plan" value="bulk_[0-9a-f]{32}"', page)


def test_personal_data_is_covered_and_markup_is_text(store, console, items):
    page = preview(console, picks(store, items[FORMS], items[HELD], items[14]))
    assert "Quarry Lane" not in page and "Derek Maddison" not in page and "07700" not in page
    assert "home address hidden" in text(page) or "e-mail address hidden" in text(page)
    assert "<script>" not in page.partition("<main")[2]


def test_only_the_first_twenty_are_spread_out(store, console, many):
    page = preview(console, picks(store, *many[:23]))
    before, _, behind = page.partition('<details class="rest"')
    assert before.count('form="decide" checked') == 20 and behind.count('form="decide" checked') == 3
    assert "3 more posts" in text(behind)


def test_all_under_a_filter_are_looked_over(store, console, items):
    page = preview(console, [], "?board=Medicines", all="yes")
    assert set(re.findall(r'value="(\w+)\.\d+" form="decide"', page)) == {items[HELD], items[SUPPLY]}


def test_at_most_two_hundred_are_decided_at_once(store, console, items, many):
    page = preview(console, [], "?label=medical", all="yes")
    assert page.count('form="decide" checked') == selection.MOST
    assert f"{len(many) + 5} posts fit. At most 200 are decided at once" in text(page)
    answer = decide(console, picks(store, *many))
    assert answer.status_code == 422 and "At most 200 posts" in answer.text and counted(store, Bulk) == 0


@pytest.mark.parametrize(
    "chosen", [[], ["item"], ["item_1.x"], ["item_1."], ["item_\x00.1"], ["." * 60], ["item_1.99999999999"]]
)
def test_a_choice_of_nothing_known_is_refused(console, items, chosen):
    for answer in (console.post("/console/together", post=chosen), decide(console, chosen)):
        assert answer.status_code == 422 and "queue" in answer.text


def test_the_preview_says_what_is_left_out_and_why(store, console, sam, items):
    sam.page(f"/console/items/{items[SUPPLY]}")
    console.post(f"/console/items/{items[FORMS]}/hand-over", to=_id(store, "sam"))
    chosen = picks(store, *items)
    edit(store, DOSING)
    page = preview(console, chosen)
    out = text(page.partition('class="left-out"')[2].partition("<ol")[0])
    shown = set(re.findall(r'value="(\w+)\.\d+" form="decide"', page))
    left = {items[place] for place in (CRISIS, CONCERN, IDEATION, 8, SUPPLY, FORMS, DOSING)}
    assert shown == set(items) - left
    assert "7 are left out" in out and "Someone may be in danger. Such a post is never decided together" in out
    assert "Somebody may be in despair" in out and "It was edited, decided or deleted since" in out
    assert "A colleague is reading it, or it was handed to them" in out and "sam" in out


def test_a_deleted_post_is_not_quoted(store, console, items, forum):
    chosen = picks(store, items[SUPPLY], items[DOSING])
    assert "post them to anyone" in preview(console, chosen)
    with store.write() as session:
        accept.delete(session, session.merge(forum.forum, load=False), str(SUPPLY + 1), now())
    assert "post them to anyone" not in preview(console, chosen)


def test_a_verdict_nobody_can_read_is_left_out(store, console, items):
    chosen = picks(store, items[SUPPLY], items[DOSING])
    with store.write() as session:
        item = session.get_one(QueueItem, items[DOSING])
        session.get_one(Verdict, item.verdict_id).document = {"odd": 1}
    assert "What was found in it can’t be shown" in text(preview(console, chosen))
    decided(console, chosen)
    assert states(store, items[SUPPLY], items[DOSING]) == ["allow", "open"]


# Doing it


@pytest.mark.parametrize(
    ("action", "becomes", "said"),
    [("approve", "allow", "approved"), ("hold", "hold", "held"), ("remove", "remove", "removed")],
)
def test_each_is_decided_as_if_by_itself(store, console, items, moderator, valkey, action, becomes, said):
    chosen = [items[HELD], items[SUPPLY], items[DOSING]]
    where = decided(console, picks(store, *chosen), action, label="medical.dosing", note=" looked at all \r\nthree ")
    assert states(store, *chosen) == [becomes] * 3
    for item in chosen:
        verdict = current(store, item)
        assert (verdict.action, verdict.decided_by, verdict.note) == (becomes, moderator.id, "looked at all \nthree")
        assert verdict.document["removed_for"] == ("medical.dosing" if action == "remove" else "")
        with store.read() as session:
            delivery = session.scalar(select(Delivery).where(Delivery.verdict_id == verdict.id))
            assert delivery.event == "post.decision" and delivery.payload["data"]["action"] == becomes
            entries = session.scalars(select(AuditEntry.what).where(AuditEntry.post_id == verdict.post_id)).all()
            assert entries == ["decided"]
    assert Redis.from_url(valkey).llen("rq:queue:deliver") == 1
    page = text(console.page(where))
    assert f"3 posts {said}" in page and "looked at all three" in page and "left out" not in page
    with store.read() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.what == "decided_together"))
        kept = session.scalars(select(Bulk)).one()
        versions = {item.id: item.version for item in session.scalars(select(QueueItem))}
        assert {(i.item_id, i.version, i.outcome) for i in session.scalars(select(BulkItem))} == {
            (item, versions[item], "done") for item in chosen
        }
    assert (kept.moderator_id, kept.action, kept.note) == (moderator.id, action, "looked at all \nthree")
    assert entry.detail == {"bulk": kept.id, "action": action, "label": kept.label}


def test_more_than_one_transaction_holds_are_decided(store, console, many):
    chosen = many[: 2 * bulk.CHUNK + 3]
    where = decided(console, picks(store, *chosen), "hold")
    assert set(states(store, *chosen)) == {"hold"}
    assert f"{len(chosen)} posts held" in text(console.page(where))
    console.post(where + "/undo")
    assert set(states(store, *chosen)) == {"open"}


def test_authors_are_told_in_their_language_or_nothing(store, console, forum):
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        both = [add_post(session, here, SAMPLES[SUPPLY], name) for name in ("en", "de")]
        verdict = session.get_one(Verdict, session.get_one(QueueItem, both[1]).verdict_id)
        verdict.revision.language = "de"
        quiet = [add_post(session, here, SAMPLES[SUPPLY], name) for name in ("q1", "q2")]
    decided(console, picks(store, *both), "remove", label="medical.dosing")
    decided(
        console, picks(store, *quiet), "remove", label="medical.dosing", telling="nothing", message="not these words"
    )
    english, german = (current(store, item).document["message"] for item in both)
    reason = author_messages.defaults()["en"]["reasons"]["medical.dosing"]
    assert "Harbour" in english and reason in english and "Hallo" in german
    assert [current(store, item).document["message"] for item in quiet] == ["", ""]


@pytest.mark.parametrize("action", ["approve", "hold", "remove"])
@pytest.mark.parametrize("place", [CRISIS, CONCERN, IDEATION, 8])
def test_nobody_in_despair_is_decided_with_others(store, console, items, action, place):
    where = decided(console, picks(store, items[place], items[SUPPLY]), action, label="forum_rules")
    assert states(store, items[place], items[SUPPLY])[0] == "open"
    assert current(store, items[place]).decided_by is None
    assert "one left out" in text(console.page(where))


def test_no_distress_is_removed_however_mild(store, console, items):
    page = preview(console, picks(store, items[EATING], items[SUPPLY]))
    assert "Stays if you remove: its author may be in distress" in text(page)
    where = decided(console, picks(store, items[EATING], items[SUPPLY]), "remove", label="forum_rules")
    assert states(store, items[EATING], items[SUPPLY]) == ["open", "remove"]
    assert "nobody is punished for a cry for help" in text(console.page(where))
    decided(console, picks(store, items[EATING]), "hold")
    assert states(store, items[EATING]) == ["hold"]


def test_a_colleagues_proposal_removes_no_distress_with_others(store, console, sam, items):
    sam.decide(items[EATING], "remove", label="forum_rules", note="names the ward")
    sam.page(f"/console/items/{items[HELD]}")
    decided(console, picks(store, items[EATING], items[SUPPLY]), "remove", label="forum_rules")
    assert states(store, items[EATING], items[SUPPLY]) == ["open", "remove"]


@pytest.mark.parametrize("action", ["escalate", "redact", "burn", ""])
def test_what_is_for_one_post_is_not_done_to_many(store, console, items, action):
    answer = decide(console, picks(store, items[SUPPLY], items[DOSING]), action, note="my words")
    assert answer.status_code == 422 and "one post at a time" in answer.text
    assert "my words</textarea>" in answer.text and states(store, items[SUPPLY]) == ["open"]
    assert counted(store, Bulk) == 0


@pytest.mark.parametrize("label", ["", "medical.nonsense", "self_harm.crisis"])
def test_a_removal_of_many_names_what_it_is_for(store, console, items, label):
    answer = decide(console, picks(store, items[SUPPLY]), "remove", label=label)
    assert answer.status_code == 422 and "Choose what the post is removed for" in answer.text
    assert states(store, items[SUPPLY]) == ["open"]


@pytest.mark.parametrize("plan", ["", "bulk_1", "item_" + "0" * 32, "bulk_" + "x" * 32])
def test_a_form_without_its_plan_does_nothing(store, console, items, plan):
    answer = decide(console, picks(store, items[SUPPLY]), plan=plan)
    assert answer.status_code == 422 and states(store, items[SUPPLY]) == ["open"]


def test_a_colleague_at_work_is_not_overruled(store, console, sam, items):
    chosen = picks(store, items[HELD], items[SUPPLY], items[DOSING])
    sam.page(f"/console/items/{items[HELD]}")
    sam.post(f"/console/items/{items[DOSING]}/take-over")
    sam.post(f"/console/items/{items[DOSING]}/hand-over", to=_id(store, "robin"))
    console.post(f"/console/items/{items[DOSING]}/hand-over", to=_id(store, "sam"))
    page = text(console.page(decided(console, chosen)))
    assert states(store, items[HELD], items[SUPPLY], items[DOSING]) == ["open", "allow", "open"]
    assert "One post approved , 2 left out" in page and "A colleague is reading it" in page


def test_what_changed_meanwhile_is_left_alone_and_said(store, console, sam, items, forum):
    chosen = picks(store, items[HELD], items[SUPPLY], items[DOSING], items[9])
    edit(store, HELD)
    sam.decide(items[SUPPLY], "hold", note="asked the author")
    with store.write() as session:
        accept.delete(session, session.merge(forum.forum, load=False), str(9 + 1), now())
    page = text(console.page(decided(console, chosen)))
    assert states(store, items[HELD], items[SUPPLY], items[DOSING], items[9]) == ["open", "hold", "allow", "withdrawn"]
    assert current(store, items[SUPPLY]).note == "asked the author"
    assert "One post approved , 3 left out" in page and "edited, decided or deleted since you saw it" in page


def test_one_that_fails_does_not_stop_the_others(store, console, items):
    with store.write() as session:
        item = session.get_one(QueueItem, items[SUPPLY])
        verdict = session.get_one(Verdict, item.verdict_id)
        # Readable for the console, but nothing the forum could be told of.
        verdict.document = verdict.document | {"labels": 7}
    chosen = picks(store, items[HELD], items[SUPPLY], items[DOSING])
    page = text(console.page(decided(console, chosen)))
    assert states(store, items[HELD], items[SUPPLY], items[DOSING]) == ["allow", "open", "allow"]
    assert "2 posts approved , one left out" in page and "Something went wrong" in page
    assert current(store, items[SUPPLY]).decided_by is None


def test_two_who_decide_the_same_posts_at_once_decide_each_once(store, console, sam, many):
    chosen = picks(store, *many[: 2 * bulk.CHUNK])
    with ThreadPoolExecutor(2) as pool:
        forms = [(console, chosen, "approve"), (sam, chosen[::-1], "hold")]
        where = [each.result() for each in [pool.submit(decided, *form) for form in forms]]
    with store.read() as session:
        by = Counter(session.scalars(select(BulkItem.outcome)))
        assert by["done"] == len(chosen) and by["done"] + by["changed"] == 2 * len(chosen)
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.what == "decided")).all()) == len(chosen)
    assert all(console.get(each).status_code == 200 for each in where)


def test_one_form_sent_twice_decides_once(store, console, items):
    form = {"plan": new_id("bulk"), "note": "once"}
    chosen = picks(store, items[SUPPLY], items[DOSING])
    assert decided(console, chosen, **form) == decided(console, chosen, **form)
    assert counted(store, Bulk) == 1 and counted(store, BulkItem) == 2
    with store.read() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.what == "decided")).all()) == 2


def test_one_form_sent_twice_at_once_decides_once(app, store, console, many):
    again = Console(app.test_client())
    again.log_in()
    chosen, plan = picks(store, *many[: 2 * bulk.CHUNK]), new_id("bulk")
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(decided, each, chosen, plan=plan) for each in (console, again)]
        assert len({each.result() for each in sent}) == 1
    with store.read() as session:
        assert Counter(session.scalars(select(BulkItem.outcome))) == {"done": len(chosen)}


def test_a_form_sent_again_goes_on_where_it_broke_off(store, console, items, monkeypatch):
    chosen = picks(store, items[SUPPLY], items[DOSING])
    plan = new_id("bulk")
    with monkeypatch.context() as broken:
        broken.setattr(bulk, "carry_out", lambda *_: 0)
        page = text(console.page(decided(console, chosen, plan=plan)))
    assert "Nothing of it stands , 2 left out" in page and "It broke off before this one" in page
    decided(console, chosen, plan=plan)
    assert states(store, items[SUPPLY], items[DOSING]) == ["allow", "allow"]


def test_another_persons_plan_is_not_taken_up(store, console, sam, items):
    plan = new_id("bulk")
    first = decided(console, picks(store, items[SUPPLY]), plan=plan)
    second = decided(sam, picks(store, items[DOSING]), "hold", plan=plan)
    assert first != second and states(store, items[SUPPLY], items[DOSING]) == ["allow", "hold"]


# Who may


@pytest.mark.parametrize("path", ["", "/decide", "/bulk_1/undo"])
def test_a_viewer_decides_nothing(store, log_in, items, path):
    vic = log_in("vic", "viewer")
    answer = vic.post(
        f"/console/together{path}", post=picks(store, items[SUPPLY]), action="approve", plan=new_id("bulk")
    )
    assert answer.status_code == 403 and states(store, items[SUPPLY]) == ["open"]


def test_who_only_reads_one_of_two_forums_decides_on_the_other(store, log_in, items, forum, elsewhere):
    there, other = elsewhere
    kim = log_in("kim", "moderator", there)
    with store.write() as session:
        from service.people.roles import set_role

        person = session.scalar(select(Moderator).where(Moderator.name == "kim"))
        set_role(session, person, forum.forum.id, "viewer")
    chosen = picks(store, items[SUPPLY], other)
    assert "You may read this forum’s posts, but not decide about them" in text(preview(kim, chosen))
    where = decided(kim, chosen)
    assert states(store, items[SUPPLY], other) == ["open", "allow"]
    assert "not decide about them" in text(kim.page(where))


def test_another_forums_posts_are_not_there(store, console, log_in, items, elsewhere):
    there, other = elsewhere
    kim = log_in("kim", "moderator", there)
    chosen = picks(store, items[SUPPLY], other)
    page = preview(kim, chosen)
    assert other in page and items[SUPPLY] not in page and "left out" not in text(page)
    where = decided(kim, chosen)
    assert states(store, items[SUPPLY], other) == ["open", "allow"]
    assert items[SUPPLY] not in kim.page(where) and "left out" not in text(kim.page(where))


def test_another_forums_decisions_are_neither_seen_nor_undone(store, console, log_in, items, elsewhere):
    kim = log_in("kim", "moderator", elsewhere[0])
    where = decided(console, picks(store, items[SUPPLY], items[DOSING]), note="a private note")
    assert kim.get(where).status_code == 404 and kim.post(where + "/undo").status_code == 404
    page = kim.page("/console/decided")
    assert "a private note" not in page and "/console/together/" not in page
    assert states(store, items[SUPPLY], items[DOSING]) == ["allow", "allow"]


def test_only_ones_own_forums_part_is_undone(store, console, log_in, items, elsewhere):
    there, other = elsewhere
    kim = log_in("kim", "moderator", there)
    where = decided(console, picks(store, items[SUPPLY], other))
    assert "One post approved" in text(kim.page(where)) and items[SUPPLY] not in kim.page(where)
    kim.post(where + "/undo")
    assert states(store, items[SUPPLY], other) == ["allow", "open"]


def test_without_a_log_in_nothing_is_shown(stranger, items):
    assert stranger.get("/console/together/bulk_1").headers["Location"].startswith("/console/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.page("/console/login"))[1]
    answer = stranger.client.post("/console/together/decide", data={"csrf_token": token})
    assert answer.headers["Location"] == "/console/login"


def test_a_form_from_elsewhere_does_nothing(store, console, items):
    form = {"post": picks(store, items[SUPPLY]), "action": "approve", "plan": new_id("bulk")}
    assert console.client.post("/console/together/decide", data=form).status_code == 403
    assert states(store, items[SUPPLY]) == ["open"]


# Taking it back


def test_one_key_takes_all_back(store, console, items, valkey):
    chosen = [items[HELD], items[SUPPLY], items[DOSING]]
    decided(console, picks(store, *chosen), "remove", label="medical.dosing")
    page = console.page("/console/")
    assert "3 posts removed. Undo" in text(page)
    where = re.search(r'class="flash".*?action="([^"]+)".*?data-key="u"', page, re.S)[1]
    answer = console.post(where)
    assert states(store, *chosen) == ["open"] * 3 and current(store, items[DOSING]).action == "flag"
    page = console.page(answer.headers["Location"])
    assert "3 decisions taken back" in text(page) and "Undo" not in text(page)
    assert "robin · Took the decision back" in text(console.page(f"/console/items/{items[DOSING]}"))
    with store.read() as session:
        whats = session.scalars(select(AuditEntry.what).order_by(AuditEntry.number)).all()
        assert whats.count("undid") == 3 and whats.count("undid_together") == 1
        sent = select(Delivery).where(Delivery.event == "post.decision", Delivery.state == "pending")
        assert len(session.scalars(sent).all()) == 3


def test_the_page_of_what_came_of_it_has_one_undo(store, console, items):
    where = decided(console, picks(store, items[SUPPLY], items[DOSING]))
    page = console.page(where)
    assert page.count('data-key="u"') == 1 and 'class="flash"' not in page
    console.decide(items[HELD], "approve")
    page = console.page(where)
    assert page.count('data-key="u"') == 1 and "Undo all" in text(page)
    assert page.index('class="flash"') < page.index('data-key="u"') < page.index("Undo all")


def test_what_somebody_touched_since_is_not_taken_back(store, console, sam, items):
    where = decided(console, picks(store, items[HELD], items[SUPPLY], items[DOSING]))
    sam.post(f"/console/items/{items[SUPPLY]}/undo", version=_version(store, items[SUPPLY]))
    sam.decide(items[SUPPLY], "hold")
    edit(store, DOSING)
    console.post(where + "/undo")
    assert states(store, items[HELD], items[SUPPLY], items[DOSING]) == ["open", "hold", "open"]
    page = text(console.page(where))
    assert "One decision taken back" in page and "Somebody changed them since, so they are left alone. Which 2" in page


def test_taking_back_twice_takes_back_once(store, console, sam, items):
    where = decided(console, picks(store, items[SUPPLY], items[DOSING]))
    console.post(where + "/undo")
    console.decide(items[SUPPLY], "hold")
    assert console.post(where + "/undo").status_code == 303
    assert states(store, items[SUPPLY], items[DOSING]) == ["hold", "open"]


def test_it_is_taken_back_long_after_from_the_page_of_decisions(store, console, sam, items, monkeypatch):
    console.decide(items[HELD], "hold")
    decided(console, picks(store, items[SUPPLY], items[DOSING]), note="leaflets, all of them")
    monkeypatch.setattr(settings(), "undo_seconds", 0)
    with store.write() as session:
        session.scalars(select(Bulk)).one().created_at = now() - timedelta(days=30)
    page = sam.page("/console/decided")
    assert "Approved 2 posts together leaflets, all of them by robin" in text(page)
    assert items[SUPPLY] not in page and items[HELD] in page
    assert text(page).index("Held") < text(page).index("2 posts together")
    sam.post(re.search(r'action="(/console/together/\w+/undo)"', page)[1])
    assert states(store, items[SUPPLY], items[DOSING]) == ["open", "open"]
    assert "/console/together/" not in sam.page("/console/decided")


def test_decided_anew_by_itself_it_stands_by_itself(store, console, sam, items):
    decided(console, picks(store, items[SUPPLY], items[DOSING]))
    console.post(f"/console/items/{items[SUPPLY]}/undo", version=_version(store, items[SUPPLY]))
    console.decide(items[SUPPLY], "hold")
    page = console.page("/console/decided")
    assert items[SUPPLY] in page and items[DOSING] not in page and "One post, of several" in text(page)


def test_nothing_is_undone_that_is_not_there(console, items):
    assert console.post("/console/together/bulk_0/undo").status_code == 404
    assert console.get("/console/together/bulk_0").status_code == 404
    assert console.get("/console/together/bulk_%00").status_code == 404
    assert console.get("/console/together").headers["Location"] == "/console/"


# What is private


@pytest.mark.parametrize("places", [(SUPPLY,), (SUPPLY, DOSING)])
def test_an_erased_post_leaves_nothing_behind(store, console, items, forum, places):
    where = decided(console, picks(store, items[SUPPLY], items[DOSING]), note="a private note")
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        for place in places:
            accept.erase(session, here, str(place + 1), now())
    left = 2 - len(places)
    assert counted(store, BulkItem) == left and counted(store, Bulk) == left
    assert console.get(where).status_code == (200 if left else 404)
    assert console.page("/console/decided")


def test_a_hostile_note_is_text(store, console, items):
    where = decided(console, picks(store, items[SUPPLY]), note="<script>alert(1)</script>")
    for path in (where, "/console/decided"):
        assert "&lt;script&gt;alert(1)" in console.page(path) and "<script>alert" not in console.page(path)


def test_no_word_of_a_post_is_logged_or_written_down(store, console, items, caplog):
    caplog.set_level("DEBUG")
    chosen = picks(store, *items)
    preview(console, chosen)
    where = decided(console, chosen, "remove", label="forum_rules", note="a private note")
    console.page(where)
    console.post(where + "/undo")
    with store.read() as session:
        details = " ".join(str(entry.detail) for entry in session.scalars(select(AuditEntry)))
    for word in ("tacrolimus", "evening", "Moira", "letters", "private note", "unopened"):
        assert word not in caplog.text and word not in details


def _id(store, name: str) -> str:
    with store.read() as session:
        return session.scalar(select(Moderator.id).where(Moderator.name == name))


def _version(store, item: str) -> str:
    with store.read() as session:
        return str(session.get_one(QueueItem, item).version)


def test_an_appeal_is_heard_by_itself(store, console, author, items):
    assert author.appeal(HELD).status_code == 202
    page = preview(console, picks(store, items[HELD], items[SUPPLY]))
    assert "Its author appeals, and is to be heard by itself." in text(page)
    decided(console, picks(store, items[HELD], items[SUPPLY]))
    with store.read() as session:
        assert [session.get_one(QueueItem, items[place]).state for place in (HELD, SUPPLY)] == ["open", "decided"]
