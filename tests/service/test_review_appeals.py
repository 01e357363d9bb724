"""Appeals in the console: seen first, found, left to somebody else, decided, answered."""

import csv
import io
import re

import pytest
from appealing import CRISIS, FORMS, MEDICAL, appeals_of, current, item_of, told
from people import add_person
from review_console import Console, text
from sqlalchemy import select

from service import author_messages
from service.forums import add_forum
from service.people.roles import set_role
from service.review.counts import load_counts
from service.review.filters import Filters
from service.review.queue import load_rows, next_item, overdue_crises
from service.store.models import Forum, Moderator, QueueItem, now


@pytest.fixture
def removed(console, sam, items, author) -> str:
    """Robin removed a post and its author appeals; robin and sam are logged in. The item's id."""
    console.decide(items[MEDICAL], "remove", label="medical.dosing", note="told a dose", message="We took it down.")
    assert author.appeal(MEDICAL).status_code == 202
    return items[MEDICAL]


def id_of(store, name: str) -> str:
    with store.read() as session:
        return session.scalar(select(Moderator.id).where(Moderator.name == name))


def test_the_authors_words_come_first_as_they_wrote_them(sam, removed):
    page = sam.page(f"/console/items/{removed}")
    assert "<b>Please</b>" not in page and "&lt;b&gt;Please&lt;/b&gt; read it again." in page
    shown = text(page)
    assert shown.index("The author appeals") < shown.index("My clinic told me to") < shown.index("Why it is here")
    assert "Removed for: telling someone which dose to take · robin" in shown
    assert "told a dose" in shown and "What the author was told We took it down." in shown
    assert "Uphold the decision, and it stays removed." in shown
    assert re.search(r"The author · Appealed", shown)


def test_the_queue_says_appeal_with_its_words_and_how_the_post_stands(sam, removed):
    page = sam.page("/console/")
    row = text(page.partition(f'id="{removed}"')[2].partition("</li>")[0])
    assert "Appeal: Urging to stop a treatment My clinic told me to, I have the letter here. <b>Please</b>" in row
    assert "Removed" in row and "<b>Please" not in page


def test_long_words_are_cut_in_the_queue_only(sam, console, items, author):
    console.decide(items[MEDICAL], "hold")
    author.appeal(MEDICAL, text="word " * 1000 + "end")
    assert "end" not in sam.page("/console/").partition(f'id="{items[MEDICAL]}"')[2].partition("</li>")[0]
    assert "word end" in sam.page(f"/console/items/{items[MEDICAL]}")


def test_an_appeal_without_words_says_so(sam, console, items, author):
    console.decide(items[MEDICAL], "hold")
    author.appeal(MEDICAL, text="")
    assert "They sent no words with it" in sam.page(f"/console/items/{items[MEDICAL]}")


def test_who_may_only_read_is_not_shown_the_words(store, app, removed):
    with store.write() as session:
        add_person(session, "vic", "viewer")
    vic = Console(app.test_client())
    vic.log_in("vic")
    for path in ("/console/", f"/console/items/{removed}"):
        page = vic.page(path)
        assert "letter here" not in page and "ppeal" in page
    assert "shown to moderators only" in vic.page(f"/console/items/{removed}")


def test_another_forums_appeals_are_not_seen(store, app, removed):
    with store.write() as session:
        other = add_forum(session, "elsewhere", "Elsewhere").forum
        add_person(session, "ola", "admin", forum_id=other.id)
    ola = Console(app.test_client())
    ola.log_in("ola")
    assert "Nothing waits" in text(ola.page("/console/")) and ola.get(f"/console/items/{removed}").status_code == 404
    assert ola.post(f"/console/items/{removed}/decide", action="uphold", version="1").status_code == 404
    assert "Appeals: 0 received" in text(ola.page("/console/numbers"))


def test_appeals_are_found_and_counted(store, removed):
    reader = id_of(store, "sam")
    with store.read() as session:
        counts = load_counts(session, Filters(), reader, now())
        assert {choice.value: choice.count for choice in counts.areas}["appeal"] == 1
        rows, _ = load_rows(session, Filters(label="appeal"), reader)
        assert [row.id for row in rows] == [removed]
        narrowed = load_counts(session, Filters(label="appeal"), reader, now())
        assert narrowed.total == 1 and "appeal.open" not in {choice.value for choice in narrowed.labels}
    assert Filters.of({"label": "appeal"}).any and not Filters.of({"label": "appeal.open"}).any


def test_it_is_never_offered_to_whoever_decided(store, removed):
    robin, sam = id_of(store, "robin"), id_of(store, "sam")
    with store.read() as session:
        for filters in (Filters(), Filters(label="appeal"), Filters(who="nobody")):
            rows, _ = load_rows(session, filters, robin)
            counts = load_counts(session, filters, robin, now())
            assert removed not in {row.id for row in rows}
            assert counts.total == len(rows) and counts.total == load_counts(session, filters, sam, now()).total - 1
        item = session.get_one(QueueItem, removed)
        assert next_item(session, Filters(label="appeal"), robin, item) == ""


def test_what_was_skipped_is_counted_without_it(store, console, items, author):
    console.decide(items[MEDICAL], "hold")
    version = console.version(items[MEDICAL])
    console.post(f"/console/items/{items[MEDICAL]}/undo", version=version)
    console.post(f"/console/items/{items[MEDICAL]}/skip", reason="heavy")
    with store.write() as session:
        add_person(session, "sam")
    console.decide(items[MEDICAL], "hold")
    author.appeal(MEDICAL)
    with store.read() as session:
        counts = load_counts(session, Filters(who="skipped"), id_of(store, "robin"), now())
    assert counts.total == 0 and {choice.value: choice.count for choice in counts.whose}.get("skipped") == 0


def test_an_overdue_crisis_is_not_pointed_out_to_whoever_decided(store, console, sam, items, author):
    console.decide(items[CRISIS], "hold")
    author.appeal(CRISIS)
    with store.write() as session:
        session.get_one(QueueItem, items[CRISIS]).due_at = now()
    with store.read() as session:
        assert overdue_crises(session, id_of(store, "robin")) == (0, "")
        assert overdue_crises(session, id_of(store, "sam")) == (1, items[CRISIS])


def test_whoever_decided_reads_it_but_neither_holds_nor_decides_it(store, console, sam, removed):
    page = console.page(f"/console/items/{removed}")
    assert 'name="action"' not in page and "a colleague looks at it with fresh eyes" in text(page)
    assert item_of(store, MEDICAL).claimed_by is None
    version = str(item_of(store, MEDICAL).version)
    form = {"version": version, "note": "mine to keep"}
    for action in ("approve", "uphold", "hold"):
        answer = console.post(f"/console/items/{removed}/decide", action=action, **form)
        assert answer.status_code == 403 and "no judgement on you" in answer.text
    assert console.post(f"/console/items/{removed}/take-over").status_code == 403
    assert item_of(store, MEDICAL).state == "open" and item_of(store, MEDICAL).claimed_by is None


def test_it_is_not_handed_to_whoever_decided(store, sam, removed):
    robin = id_of(store, "robin")
    assert f'name="to" value="{robin}"' not in sam.page(f"/console/items/{removed}")
    assert sam.post(f"/console/items/{removed}/hand-over", to=robin).status_code == 422


def test_one_that_was_handed_to_whoever_decided_is_free_again(store, console, sam, items, author):
    sam.post(f"/console/items/{items[MEDICAL]}/hand-over", to=id_of(store, "robin"))
    console.decide(items[MEDICAL], "remove", label="medical.dosing")
    author.appeal(MEDICAL)
    assert item_of(store, MEDICAL).assigned_to is None


def test_the_only_one_left_is_offered_it_and_told_what_it_is(store, console, items, author):
    console.decide(items[MEDICAL], "remove", label="medical.dosing")
    author.appeal(MEDICAL)
    assert items[MEDICAL] in console.page("/console/?label=appeal")
    page = text(console.page(f"/console/items/{items[MEDICAL]}"))
    assert "nobody else is left who may" in page
    assert console.decide(items[MEDICAL], "uphold").status_code == 303


def test_somebody_of_another_forum_is_nobody_else(store, console, items, author):
    with store.write() as session:
        other = add_forum(session, "elsewhere", "Elsewhere").forum
        add_person(session, "ola", forum_id=other.id)
        add_person(session, "vic", "viewer")
    console.decide(items[MEDICAL], "remove", label="medical.dosing")
    author.appeal(MEDICAL)
    assert console.decide(items[MEDICAL], "uphold").status_code == 303


@pytest.mark.parametrize("action", ["hold", "escalate", "remove", "redact"])
def test_upholding_stands_in_the_place_of_what_stands(console, sam, items, author, action):
    console.decide(items[FORMS], action, label="medical.dosing")
    author.appeal(FORMS)
    form = sam.form(items[FORMS])
    offered = re.findall(r'name="action" value="(\w+)"', form)
    every = {"approve", "hold", "escalate", "redact", "remove"}
    assert ("What members can read now" in sam.page(f"/console/items/{items[FORMS]}")) == (action == "redact")
    assert set(offered) == (every - {action} | {"uphold"} if action != "redact" else every | {"uphold"})


def test_without_an_appeal_nothing_is_upheld(console, items):
    assert 'value="uphold"' not in console.form(items[MEDICAL])
    version = console.version(items[MEDICAL])
    answer = console.post(f"/console/items/{items[MEDICAL]}/decide", action="uphold", version=version)
    assert answer.status_code == 422


def test_upholding_tells_the_author_kindly(store, sam, removed):
    answer = sam.decide(removed, "uphold", note="the letter says otherwise")
    assert answer.status_code == 303 and "Decision upheld. Undo" in text(sam.page(answer.headers["Location"]))
    data = told(store, MEDICAL)[-1]
    assert (data["action"], data["removed_for"], data["appeal"]["outcome"]) == ("remove", "medical.dosing", "upheld")
    assert "It stays as it was decided" in data["message"] and "Harbour" in data["message"]
    page = text(sam.page(f"/console/items/{removed}"))
    assert "sam · Removed: the decision stands, after an appeal" in page and "The author appeals" not in page
    assert "My clinic told me to" in page, "what they said stays in the history"


def test_granting_tells_the_author_and_in_german_too(store, sam, removed):
    assert "we have changed our decision" in sam.page(f"/console/items/{removed}")
    sam.decide(removed, "approve")
    assert "we have changed our decision" in told(store, MEDICAL)[-1]["message"]
    assert "sam · Approved: the appeal is granted" in text(sam.page(f"/console/items/{removed}"))
    with store.read() as session:
        words = author_messages.usual(session, session.scalar(select(Forum)), "granted", "de")
    assert "unsere Entscheidung geändert" in words


@pytest.mark.parametrize(("action", "said"), [("hold", "not visible yet"), ("redact", "We left out personal details")])
def test_what_is_done_instead_is_told_in_its_own_words(store, sam, removed, action, said):
    sam.decide(removed, action)
    assert said in told(store, MEDICAL)[-1]["message"]


def test_a_decision_taken_back_says_so_and_shows_the_first_again(store, console, sam, removed):
    sam.decide(removed, "approve")
    assert "Undo" not in text(console.form(removed)), "it went against robin's own"
    answer = sam.post(f"/console/items/{removed}/undo", version=str(item_of(store, MEDICAL).version))
    page = text(sam.page(answer.headers["Location"]))
    assert "sam · Took the decision back" in page and "Removed for: telling someone which dose to take · robin" in page
    assert page.count("robin · Removed") == 1 and current(store, MEDICAL).action == "remove"


def test_a_refused_undo_is_said_on_the_page(store, console, sam, removed):
    sam.decide(removed, "approve")
    answer = console.post(f"/console/items/{removed}/undo", version=str(item_of(store, MEDICAL).version))
    assert answer.status_code == 403 and "fresh eyes" in answer.text and current(store, MEDICAL).action == "allow"


def test_after_a_withdrawal_the_first_decision_is_the_one_in_force(store, console, sam, removed, author):
    sam.decide(removed, "approve")
    sam.post(f"/console/items/{removed}/undo", version=str(item_of(store, MEDICAL).version))
    author.withdraw(MEDICAL)
    form = text(console.form(removed))
    assert "Removed by robin" in form and "Undo" in form
    assert "The appeal was withdrawn" in text(console.page(f"/console/items/{removed}"))


def test_an_appeal_meanwhile_is_seen_before_anything_is_decided(console, items, author):
    version = console.version(items[MEDICAL])
    author.appeal(MEDICAL)
    answer = console.post(f"/console/items/{items[MEDICAL]}/decide", action="approve", version=version, note="my note")
    assert (
        answer.status_code == 409
        and "My clinic told me to" in text(answer.text)
        and "my note</textarea>" in answer.text
    )
    assert "the models alone; nobody has decided yet" in text(answer.text)


def test_a_lead_writes_the_forums_own_words(store, console, sam, removed):
    with store.write() as session:
        forum, robin = session.scalar(select(Forum)), session.scalar(select(Moderator).where(Moderator.name == "robin"))
        set_role(session, robin, None, "lead")
        author_messages.change(session, forum, "upheld", "en", "It stays, for {reason}.", robin)
    page = text(console.page("/console/messages/harbour"))
    assert "When they appeal, and the decision stands" in page
    sam.decide(removed, "uphold")
    assert told(store, MEDICAL)[-1]["message"] == "It stays, for it tells others which dose to take."


def test_appeals_are_counted(console, sam, removed, items, author):
    sam.decide(removed, "approve")
    sam.decide(items[FORMS], "hold")
    author.appeal(FORMS)
    assert "Appeals: 2 received, 0 upheld (the decision stands), 1 granted." in text(console.page("/console/numbers"))
    rows = {row["label"]: row for row in csv.DictReader(io.StringIO(console.get("/console/numbers.csv").text))}
    appeals = rows["Appeals"]
    assert [appeals[name] for name in ("waiting", "decided", "upheld", "overturned", "received")] == list("11012")
    assert rows["All"]["received"] == ""


def test_an_appeal_that_is_old_is_not_counted(store, console, removed):
    with store.write() as session:
        appeal = session.merge(appeals_of(store, MEDICAL)[0], load=True)
        appeal.created_at = appeal.created_at.replace(year=2020)
    assert "Appeals: 0 received" in text(console.page("/console/numbers"))


def test_the_line_above_the_post_says_what_the_post_holds(sam, console, author, items):
    console.decide(items[MEDICAL], "remove", label="medical.dosing")
    author.appeal(MEDICAL)
    page = text(sam.page(f"/console/items/{items[MEDICAL]}"))
    assert (
        "In it: urging to stop a treatment · telling someone which dose to take · phone number · claims to check"
        in page
    )
