"""What authors are told with a decision, and a forum's own words for it."""

import re
from html import unescape

import pytest
from people import add_person
from review_console import Console, text
from sqlalchemy import select

from service import author_messages
from service.review import words
from service.store.models import AuditEntry, AuthorMessage, Delivery, Forum, QueueItem, Revision, Verdict

DOSING, CRISIS, MEDICAL = 13, 0, 2


@pytest.fixture
def lea(log_in, items) -> Console:
    """A lead, logged in."""
    return log_in("lea", "lead")


def told(store) -> str:
    """What the newest decision has the forum tell the author."""
    with store.read() as session:
        newest = select(Delivery).where(Delivery.event == "post.decision").order_by(Delivery.id.desc()).limit(1)
        return session.scalar(newest).payload["data"]["message"]


def page_of(console: Console, item: str) -> str:
    return text(console.page(f"/console/items/{item}"))


def test_the_author_hears_why_in_the_usual_words(store, console, items):
    console.decide(items[DOSING], "remove", label="medical.dosing")
    assert "a post of yours on Harbour, because it tells others which dose to take" in told(store)
    assert "What the author was told Hello," in page_of(console, items[DOSING])


def test_an_approved_post_needs_no_words(store, console, items):
    console.decide(items[DOSING], "approve")
    assert told(store) == ""


def test_a_moderators_own_words_go_before_the_usual_ones(store, console, items):
    console.decide(items[MEDICAL], "hold", message="  Dear Moira,\r\nwe ring you. {reason}?  ")
    assert told(store).startswith("Dear Moira,\nwe ring you.") and "\r" not in told(store)


def test_the_author_can_be_left_in_peace(store, console, items):
    console.decide(items[MEDICAL], "hold", message="typed before", telling="nothing")
    assert told(store) == ""


def test_words_too_long_are_not_cut_in_silence(store, console, items):
    answer = console.decide(items[MEDICAL], "hold", message="x" * 4001)
    assert answer.status_code == 422 and "The message is too long" in text(answer.text)


def test_a_refused_decision_keeps_what_was_typed(console, items):
    answer = console.decide(items[DOSING], "remove", message="Dear oldhand", note="n")
    assert answer.status_code == 422 and "Dear oldhand</textarea>" in answer.text


def test_who_was_to_be_left_in_peace_still_is_after_a_refusal(console, items):
    answer = console.decide(items[DOSING], "remove", telling="nothing")
    assert answer.status_code == 422 and 'value="nothing" checked' in answer.text


def test_the_author_is_written_to_in_the_language_of_the_post(store, console, items):
    with store.write() as session:
        verdict = session.get_one(Verdict, session.get_one(QueueItem, items[DOSING]).verdict_id)
        session.get_one(Revision, verdict.revision_id).language = "de"
    console.decide(items[DOSING], "remove", label="medical.dosing")
    assert told(store).startswith("Hallo,") and "denn er sagt anderen, welche Dosis sie nehmen sollen" in told(store)


def test_a_lead_writes_the_forums_own_words_and_has_heeds_back(store, lea, console, items):
    page = lea.page("/console/messages/harbour")
    fields = dict(re.findall(r'<textarea id="(\w+)"[^>]*>([^<]*)</textarea>', page))
    fields = {name: unescape(value) for name, value in fields.items()}
    assert set(fields) == set(author_messages.KINDS)
    assert lea.post("/console/messages/harbour", **fields | {"hold": "One moment, please."}).status_code == 303
    console.decide(items[MEDICAL], "hold")
    assert told(store) == "One moment, please."
    with store.read() as session:
        (kept,) = session.scalars(select(AuthorMessage)).all()
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.what == "changed_message")).all()
    assert (kept.kind, kept.language, entry.detail["kind"]) == ("hold", "en", "hold")

    lea.post("/console/messages/harbour", **fields)
    with store.read() as session:
        assert session.scalars(select(AuthorMessage)).all() == []


def test_a_forum_may_say_nothing(store, lea, console, items):
    lea.post("/console/messages/harbour", hold="", **{kind: "x" for kind in author_messages.KINDS if kind != "hold"})
    console.decide(items[MEDICAL], "hold")
    assert told(store) == ""


@pytest.mark.parametrize(("words", "said"), [("{name}, hello", "can be filled in"), ("x" * 4001, "too long")])
def test_words_that_can_not_be_sent_are_shown_again(store, lea, words, said):
    answer = lea.post("/console/messages/harbour", hold=words)
    assert answer.status_code == 422 and said in text(answer.text) and words in answer.text
    with store.read() as session:
        assert session.scalars(select(AuthorMessage)).all() == []


def test_hostile_words_are_text(store, lea, console, items):
    hostile = "<script>alert(1)</script></textarea>"
    lea.post("/console/messages/harbour", hold=hostile)
    console.decide(items[MEDICAL], "hold")
    for page in (lea.page("/console/messages/harbour"), console.page(f"/console/items/{items[MEDICAL]}")):
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_only_who_leads_the_forum_writes_for_it(app, store, console, items):
    with store.write() as session:
        other = Forum(slug="two", name="Two", api_key_hash="2", webhook_secret="w", callback_secret="c")
        session.add(other)
        session.flush()
        add_person(session, "tess", "lead", forum_id=other.id)
    tess = Console(app.test_client())
    tess.log_in("tess")
    assert tess.get("/console/messages/two").status_code == 200
    assert tess.get("/console/messages/harbour").status_code == 404
    assert tess.post("/console/messages/harbour", hold="x").status_code == 404
    assert console.get("/console/messages/harbour").status_code == 403


def test_every_language_has_words_for_every_occasion_and_every_removal():
    removals = {value for _, choices in words.removal_labels() for value, _ in choices}
    for language, texts in author_messages.defaults().items():
        assert set(texts) == {*author_messages.KINDS, "reasons", "help", "subject"}, language
        for label in removals:
            assert texts["reasons"].get(label) or texts["reasons"][label.partition(".")[0]], (language, label)
        assert all("{resources}" in texts[name] for name in ("care", "help")) and "{reason}" in texts["remove"]
