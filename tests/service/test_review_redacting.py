"""Publish a post without some of its words: the forum is sent the rest, and the author's own text where that is undone."""

import pytest
from review_console import text
from review_posts import SAMPLES
from sqlalchemy import select, update

from service.errors import Conflict
from service.intake import accept
from service.intake.submission import Submission
from service.store.models import Delivery, Forum, Post, QueueItem, Revision, Verdict
from service.verdicts import public_json

FORMS, MEDICAL, DOSING, CRISIS, MARKUP = 5, 2, 13, 0, 9
"""Places of samples: a letter full of personal data, one phone number in unsafe advice, none at all, somebody in
danger, HTML."""


def told(store) -> list[dict]:
    """What the forum was told of decisions, in order."""
    with store.read() as session:
        query = select(Delivery).where(Delivery.event == "post.decision").order_by(Delivery.id)
        return [delivery.payload["data"] for delivery in session.scalars(query)]


def state(store, item: str) -> str:
    with store.read() as session:
        return session.get_one(QueueItem, item).state


def test_the_forum_is_sent_the_post_without_its_personal_data(store, console, items):
    assert console.decide(items[FORMS], "redact").status_code == 303
    (data,) = told(store)
    assert data["action"] == "redact" and "[name removed]" in data["body"] and "Quarry Lane" not in data["body"]
    assert data["body"].startswith("Could somebody who has done this") and data["message"].startswith("Hello,")
    assert "Published in part" in text(console.page(f"/console/items/{items[FORMS]}"))


def test_more_words_can_be_left_out(store, console, items):
    advice = "just leave the evening one out until your appointment"
    console.decide(items[MEDICAL], "redact", left_out=f"\r\n  {advice} \r\nMoira\r\n")
    (data,) = told(store)
    assert advice not in data["body"] and "Moira" not in data["body"] and data["body"].count("[removed]") == 2
    assert "07700" not in data["body"] and "you’ll feel the difference" in data["body"]


@pytest.mark.parametrize(("place", "left_out", "said"), [
    (DOSING, "", "nothing to leave out yet"),
    (DOSING, "drop to 9 on Monday", "Line 1 of what else to leave out does not stand in the post"),
    (FORMS, "Dear Sir\nDear Madam", "Line 2 of what else to leave out"),
])  # fmt: skip
def test_a_redaction_that_would_leave_out_nothing_is_not_done(store, console, items, place, left_out, said):
    answer = console.decide(items[place], "redact", left_out=left_out)
    assert answer.status_code == 422 and said in text(answer.text) and state(store, items[place]) == "open"
    assert f"{left_out}</textarea>" in answer.text


def test_undone_the_forum_is_sent_the_authors_own_words_again(store, console, items):
    console.decide(items[FORMS], "redact")
    console.post(f"/console/items/{items[FORMS]}/undo", version=console.version(items[FORMS]))
    first, second = told(store)
    assert second["body"] == SAMPLES[FORMS].body and second["action"] == "hold"
    # Approved before that callback left, which the newer one overtakes: the words are told once more.
    console.decide(items[FORMS], "approve")
    assert told(store)[-1]["body"] == SAMPLES[FORMS].body


def test_the_api_does_not_repeat_the_published_words(store, console, items):
    console.decide(items[FORMS], "redact")
    with store.read() as session:
        post = session.get_one(Post, session.get_one(QueueItem, items[FORMS]).post_id)
        verdict = public_json(session, post)["verdict"]
    assert verdict["action"] == "redact" and "published" not in verdict


def publish(store, forum, body: str, revision: int, **more) -> bool:
    """The forum sends the post as it stands there now; whether that is read anew."""
    sent = Submission(id=str(FORMS + 1), revision=revision, body=body, title=SAMPLES[FORMS].title, **more)
    with store.write() as session:
        return accept.accept(session, session.merge(forum.forum, load=False), sent, latest_wins=True).is_new


def test_the_forum_telling_of_its_own_redaction_starts_nothing(store, console, items, forum):
    console.decide(items[FORMS], "redact")
    body = told(store)[0]["body"]
    assert publish(store, forum, body.replace("\n", "\r\n") + "\n", 2) is False
    assert state(store, items[FORMS]) == "decided"
    with store.read() as session:
        post = session.get_one(Post, session.get_one(QueueItem, items[FORMS]).post_id)
        (revision,) = session.scalars(select(Revision).where(Revision.post_id == post.id)).all()
        current = session.scalar(select(Verdict).where(Verdict.post_id == post.id, Verdict.current))
    assert (post.revision, revision.number, revision.body) == (2, 2, SAMPLES[FORMS].body)
    assert current.action == "redact"
    # Undone later, the author's own words are there to be sent.
    console.post(f"/console/items/{items[FORMS]}/undo", version=console.version(items[FORMS]))
    assert told(store)[-1]["body"] == SAMPLES[FORMS].body and told(store)[-1]["revision"] == 2


def test_an_edit_by_the_author_is_read_anew(store, console, items, forum):
    console.decide(items[FORMS], "redact")
    assert publish(store, forum, told(store)[0]["body"] + " PS: ring me", 2) is True
    assert state(store, items[FORMS]) == "withdrawn"


def test_late_news_of_a_redaction_does_not_become_the_authors_words(store, console, items, forum):
    console.decide(items[FORMS], "redact")
    body = told(store)[0]["body"]
    console.post(f"/console/items/{items[FORMS]}/undo", version=console.version(items[FORMS]))
    assert publish(store, forum, body, 2) is False
    console.decide(items[FORMS], "approve")
    assert told(store)[-1]["body"] == SAMPLES[FORMS].body
    assert publish(store, forum, SAMPLES[FORMS].body, 3) is False and state(store, items[FORMS]) == "decided"


def test_for_our_own_api_another_text_under_one_revision_stays_a_conflict(store, console, items, forum):
    console.decide(items[FORMS], "redact")
    other = Submission(id=str(FORMS + 1), revision=1, body="another text", title=SAMPLES[FORMS].title)
    with pytest.raises(Conflict), store.write() as session:
        accept.accept(session, session.merge(forum.forum, load=False), other)


@pytest.mark.parametrize("off", [{"callback_url": ""}, {"callback_disabled": "answered 410"}])
def test_where_the_forum_could_not_be_sent_the_rest_nothing_is_left_out(store, console, items, off):
    with store.write() as session:
        session.execute(update(Forum).values(**off))
    assert 'value="redact"' not in console.form(items[FORMS])
    answer = console.decide(items[FORMS], "redact")
    assert answer.status_code == 409 and "its callback is off" in text(answer.text)
    assert ("is not told of decisions" in answer.text) is ("callback_disabled" in off)


def test_only_personal_data_is_left_out_of_a_cry_for_help(store, console, items):
    answer = console.decide(items[CRISIS], "redact", left_out="I don’t think I’ll be here by the weekend.")
    assert answer.status_code == 403 and "only personal data is left out of it" in text(answer.text)
    assert state(store, items[CRISIS]) == "open"


def test_a_redaction_leaves_something(store, console, items):
    answer = console.decide(items[DOSING], "redact", left_out=SAMPLES[DOSING].body)
    assert answer.status_code == 422 and "Nothing would be left of the post" in text(answer.text)


def test_words_are_left_out_as_they_are_read(store, console, items):
    """With a telephone number among them, as HTML writes them, over the end of a line."""
    console.decide(
        items[MEDICAL], "redact", left_out="Ring me if you want to talk it through, 07700 900 461, I’m up late. Moira"
    )
    console.decide(items[MARKUP], "redact", left_out="20 years & I can tell you")
    first, second = told(store)
    assert first["body"].endswith("far too high anyway. [removed]")
    assert "district nurse for [removed] that vitamin C" in second["body"]
