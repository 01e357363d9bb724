"""Care for an author beside the decision: help sent, replies, check-ins, how it went."""

from datetime import timedelta

import pytest
from people import add_person
from review_console import Console, text
from sqlalchemy import select

from service.intake import accept
from service.policy.policy import crisis_resources
from service.store.models import AuditEntry, Care, Delivery, Forum, Post, QueueItem, now

CRISIS, CONCERN, IDEATION, MEDICAL = 0, 1, 4, 2
"""Places of samples."""


def step(console: Console, item: str, step: str, **more):
    return console.post(f"/console/items/{item}/care", step=step, **more)


def case(store, item: str) -> Care | None:
    with store.read() as session:
        return session.get(Care, session.get_one(QueueItem, item).post_id)


def helps(store) -> list[Delivery]:
    with store.read() as session:
        return list(session.scalars(select(Delivery).where(Delivery.event == "post.care")))


def test_help_goes_to_the_forum_with_the_crisis_lines_of_its_region(store, console, items, forum):
    answer = step(console, items[IDEATION], "help", help="We read it.\r\n{resources}\r\nrobin of {forum}")
    assert answer.status_code == 303 and answer.headers["Location"] == f"/console/items/{items[IDEATION]}#care"
    (sent,) = helps(store)
    data = sent.payload["data"]
    first, *_ = crisis_resources("GB")
    assert data["message"].startswith("We read it.\n") and data["message"].endswith("robin of Harbour")
    assert first["contact"] in data["message"] and data["crisis_resources"] == list(crisis_resources("GB"))
    assert (data["external_id"], data["forum"]) == (str(IDEATION + 1), "harbour")
    page = text(console.page(f"/console/items/{items[IDEATION]}"))
    assert "Help sent" in page and "robin · Sent help to the author" in page


def test_help_changes_nothing_of_the_post_and_outlives_its_verdict(store, console, items):
    before = console.version(items[IDEATION])
    step(console, items[IDEATION], "help", help="We read it.")
    assert console.version(items[IDEATION]) == before
    console.decide(items[IDEATION], "approve")
    assert helps(store)[0].state == "pending"


def test_where_the_forum_hears_nothing_help_says_how_to_reach_the_author(store, console, items):
    with store.write() as session:
        session.scalar(select(Forum)).callback_url = ""
    answer = step(console, items[IDEATION], "help", help="We read it.")
    assert answer.status_code == 409 and "Write to the author on the forum" in text(answer.text)
    assert helps(store) == [] and case(store, items[IDEATION]) is None


@pytest.mark.parametrize("message", ["", "   \n", "x" * 4001])
def test_an_empty_or_endless_message_is_not_sent(store, console, items, message):
    assert step(console, items[IDEATION], "help", help=message).status_code == 422
    assert helps(store) == []


@pytest.mark.parametrize(("name", "value"), [("step", ""), ("step", "hug"), ("outcome", "well")])
def test_an_unknown_step_does_nothing(store, console, items, name, value):
    fields = {"step": "close", name: value}
    assert console.post(f"/console/items/{items[IDEATION]}/care", **fields).status_code == 422
    assert case(store, items[IDEATION]) is None


def test_a_case_goes_from_reply_to_check_in_to_outcome_and_back(store, console, items):
    item = items[CRISIS]
    step(console, item, "reply")
    step(console, item, "check-in")
    page = text(console.page(f"/console/items/{item}"))
    assert "A person replied" in page and "Look again:" in page
    known = case(store, item)
    assert timedelta(hours=23) < known.check_in_at - now() < timedelta(hours=25) and known.outcome == ""
    listed = text(console.page("/console/care"))
    assert "willowherb" in listed and "a person replied" in listed

    step(console, item, "close", outcome="referred", **{"from": "cases"})
    assert "Nobody waits to be looked after" in text(console.page("/console/care"))
    page = text(console.page(f"/console/items/{item}"))
    assert "They have other help" in page and "robin · Closed the author’s case: they have other help" in page
    step(console, item, "close", outcome="")
    assert "willowherb" in text(console.page("/console/care"))
    with store.read() as session:
        done = [entry.what for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number))]
    assert [what for what in done if "care" in what or "reply" in what or "check" in what] == [
        "noted_reply", "planned_check_in", "closed_care", "reopened_care",
    ]  # fmt: skip


def test_a_check_in_that_is_due_is_told_on_every_page_and_listed_first(store, console, items):
    step(console, items[CRISIS], "reply")
    step(console, items[CONCERN], "check-in")
    assert "to look after now" not in text(console.page("/console/"))
    with store.write() as session:
        session.get_one(Care, session.get_one(QueueItem, items[CONCERN]).post_id).check_in_at = now()
    assert "Care 1 to look after now" in text(console.page("/console/decided"))
    listed = text(console.page("/console/care"))
    assert listed.index("Ruth_in_Hull") < listed.index("willowherb")
    step(console, items[CONCERN], "close", outcome="replied")
    assert "to look after now" not in text(console.page("/console/"))


def test_an_author_is_looked_after_when_their_post_is_gone(store, console, items, forum):
    step(console, items[CRISIS], "check-in")
    with store.write() as session:
        accept.delete(session, session.merge(forum.forum, load=False), str(CRISIS + 1), now())
    listed = console.page("/console/care")
    assert (
        "willowherb" in text(listed)
        and "the post is gone or changed" in text(listed)
        and items[CRISIS] + '#care"' not in listed
    )
    assert step(console, items[CRISIS], "close", outcome="no_answer", **{"from": "cases"}).status_code == 303
    assert case(store, items[CRISIS]).outcome == "no_answer"


def test_a_letter_that_was_refused_is_still_there(store, console, items):
    with store.write() as session:
        session.scalar(select(Forum)).callback_url = ""
    page = step(console, items[IDEATION], "help", help="Dear quietly").text
    assert ">Dear quietly</textarea>" in page.partition('id="help"')[2] and page.count("Dear quietly") == 1


def test_help_for_an_author_whose_post_is_gone_is_sent_once_and_said_so(store, console, items, forum):
    step(console, items[CRISIS], "check-in")
    with store.write() as session:
        accept.delete(session, session.merge(forum.forum, load=False), str(CRISIS + 1), now())
    answer = step(console, items[CRISIS], "help", help="Dear willowherb")
    assert answer.status_code == 303 and answer.headers["Location"] == "/console/care"
    assert len(helps(store)) == 1 and step(console, items[CRISIS], "help", help="").status_code == 422


def test_a_case_opened_again_is_not_due_by_its_old_date(store, console, items):
    step(console, items[CRISIS], "check-in")
    with store.write() as session:
        session.get_one(Care, session.get_one(QueueItem, items[CRISIS]).post_id).check_in_at = now()
    step(console, items[CRISIS], "close", outcome="replied")
    step(console, items[CRISIS], "help", help="We read it.")
    assert "to look after now" not in text(console.page("/console/")) and "willowherb" in console.page("/console/care")


def test_erasing_the_post_ends_the_case(store, console, items, forum):
    step(console, items[CRISIS], "help", help="dear willowherb")
    with store.write() as session:
        accept.erase(session, session.merge(forum.forum, load=False), str(CRISIS + 1), now())
    assert helps(store) == []
    with store.read() as session:
        assert session.scalars(select(Care)).all() == []


def test_care_is_offered_where_somebody_may_suffer(console, items):
    assert 'id="care"' in console.page(f"/console/items/{items[CONCERN]}")
    assert 'id="care"' not in console.page(f"/console/items/{items[MEDICAL]}")


def test_who_may_not_decide_may_not_write_to_authors(app, store, items):
    with store.write() as session:
        add_person(session, "vic", "viewer")
    vic = Console(app.test_client())
    vic.log_in("vic")
    assert 'name="step"' not in vic.page(f"/console/items/{items[CRISIS]}")
    assert step(vic, items[CRISIS], "reply").status_code == 403 and case(store, items[CRISIS]) is None


def test_cases_of_another_forum_are_nobodys_business(app, store, console, items):
    step(console, items[CRISIS], "check-in")
    with store.write() as session:
        other = Forum(slug="two", name="Two", api_key_hash="2", webhook_secret="w", callback_secret="c")
        session.add(other)
        session.flush()
        add_person(session, "tess", forum_id=other.id)
        session.get_one(Care, session.scalar(select(Post.id).where(Post.external_id == "1"))).check_in_at = now()
    tess = Console(app.test_client())
    tess.log_in("tess")
    assert "willowherb" not in tess.page("/console/care") and "to look after now" not in tess.page("/console/")
    assert step(tess, items[CRISIS], "reply").status_code == 404


def test_a_hostile_author_is_text_on_the_list(console, items):
    step(console, items[14], "check-in")
    page = console.page("/console/care")
    assert "<b>bobby</b>" not in page and "&lt;b&gt;bobby&lt;/b&gt;" in page
