"""Verdicts as they are kept: exactly one current, superseded by edits, decided by people, taken back."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from classifiers.findings import Findings, LabelScore
from classifiers.labels import POST_LABELS
from service.decisions import Decision, record_decision, undo_decision
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.policy import decide, load
from service.recording import record_verdict
from service.store.models import AuditEntry, Delivery, Forum, Moderator, Post, QueueItem, Revision, Verdict
from service.verdicts import public_json, withdraw


def document(*names: str) -> dict:
    labels = tuple(LabelScore(area, name, 0.99 if name in names else 0.01) for area, name in POST_LABELS)
    return decide(Findings(labels=labels), load(), text="text")


@pytest.fixture
def case(store):
    """A forum with a callback, a moderator, and a way to add revisions of one post."""

    class Case:
        def __init__(self) -> None:
            with store.write() as session:
                session.add(
                    Forum(id="forum_1", slug="one", name="One", api_key_hash="h", webhook_secret="w", callback_secret="c",
                          callback_url="https://forum.example.org/heed")
                )  # fmt: skip
                session.add(Moderator(id="user_1", name="robin", password_hash="x"))
                session.flush()
                session.add(Post(id="post_1", forum_id="forum_1", external_id="7"))

        def revise(self, number: int) -> None:
            with store.write() as session:
                session.get_one(Post, "post_1").revision = number
                session.add(
                    Revision(
                        id=f"rev_{number}", post_id="post_1", forum_id="forum_1", number=number, body="text", digest="d"
                    )
                )

        def verdict(self, number: int, *names: str):
            with store.write() as session:
                return record_verdict(session, session.get_one(Revision, f"rev_{number}"), document(*names))

        def item(self):
            with store.read() as session:
                return session.scalar(select(QueueItem))

        def decide(self, action: str, version: int | None = None, **more):
            with store.write() as session:
                item = session.scalar(select(QueueItem))
                moderator = session.get_one(Moderator, "user_1")
                return record_decision(session, item.id, version or item.version, moderator, Decision(action, **more))

        def count(self, *where) -> int:
            with store.read() as session:
                return session.scalar(select(func.count()).where(*where))

        def deliveries(self) -> list[tuple[str, str, str]]:
            with store.read() as session:
                rows = session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.id))
                return [(row.event, row.state, row.payload["data"]["action"]) for row in rows]

    case = Case()
    case.revise(1)
    return case


def test_a_verdict_a_queue_item_and_a_callback_come_together(case, store):
    case.verdict(1, "dosing")
    assert case.item().state == "open"
    assert case.deliveries() == [("post.verdict", "pending", "flag")]
    with store.read() as session:
        answer = public_json(session, session.get_one(Post, "post_1"))
    assert answer["status"] == "done" and answer["verdict"]["decided_by"] == "models"


def test_an_allowed_post_is_told_but_not_queued(case):
    case.verdict(1)
    assert case.item() is None and case.deliveries() == [("post.verdict", "pending", "allow")]


def test_exactly_one_verdict_is_current_and_old_callbacks_are_dropped(case):
    case.verdict(1, "dosing")
    case.revise(2)
    case.verdict(2)
    assert case.count(Verdict.current) == 1 and case.count(Verdict.id.is_not(None)) == 2
    assert case.item().state == "withdrawn"
    assert [state for _, state, _ in case.deliveries()] == ["superseded", "pending"]


def test_the_database_itself_refuses_a_second_current_verdict(case, store):
    case.verdict(1)
    with pytest.raises(Exception, match="(?i)unique"), store.write() as session:
        session.add(
            Verdict(
                post_id="post_1", revision_id="rev_1", action="allow", severity="none", document={}, policy_version="x"
            )
        )


def test_an_outdated_reading_changes_nothing(case, store):
    case.revise(2)
    assert case.verdict(1, "crisis") is None
    assert case.count(Verdict.current) == 0 and case.deliveries() == []


def test_a_deleted_post_gets_no_verdict(case, store):
    with store.write() as session:
        session.get_one(Post, "post_1").deleted = True
    assert case.verdict(1, "crisis") is None


def test_a_callback_holds_no_word_of_the_post(case, store):
    case.verdict(1, "dosing")
    with store.read() as session:
        payload = session.scalar(select(Delivery)).payload
    assert "body" not in str(payload) and "redacted" not in payload["data"]
    assert [label["label"] for label in payload["data"]["labels"]] == ["dosing"]


def test_a_decision_is_a_verdict_by_a_person(case):
    case.verdict(1, "dosing")
    verdict = case.decide("remove", note="tells a dose", label="dosing")
    assert (verdict.action, verdict.decided_by, verdict.note) == ("remove", "user_1", "tells a dose")
    assert case.item().state == "decided" and case.count(Verdict.current) == 1
    assert case.deliveries()[-1] == ("post.decision", "pending", "remove")
    assert case.count(AuditEntry.what == "decided") == 1


def test_the_second_of_two_deciders_is_told(case):
    case.verdict(1, "dosing")
    version = case.item().version
    case.decide("approve", version)
    with pytest.raises(Conflict, match="Somebody changed"):
        case.decide("remove", version)
    with pytest.raises(Conflict, match="waits no longer"):
        case.decide("remove")


@pytest.mark.parametrize("agreed_by", [None, "user_1"])
def test_distress_is_never_removed_by_one_person(case, agreed_by):
    case.verdict(1, "ideation")
    with pytest.raises(Forbidden, match="never punished"):
        case.decide("remove", agreed_by=agreed_by)
    assert case.item().state == "open"
    assert case.decide("remove", agreed_by="user_2").action == "remove"


def test_an_unknown_decision_is_named(case):
    case.verdict(1, "dosing")
    with pytest.raises(Invalid, match="approve, hold, remove, escalate"):
        case.decide("burn")


def test_undo_brings_the_models_verdict_and_the_item_back(case, store):
    case.verdict(1, "dosing")
    case.decide("remove", label="dosing")
    item = case.item()
    with store.write() as session:
        undo_decision(session, item.id, item.version, session.get_one(Moderator, "user_1"))
    assert case.item().state == "open" and case.count(Verdict.current) == 1
    assert case.deliveries()[-1] == ("post.decision", "pending", "flag")
    case.decide("approve")


def test_what_waits_can_not_be_undone(case, store):
    case.verdict(1, "dosing")
    item = case.item()
    with pytest.raises(Conflict, match="no decision to undo"), store.write() as session:
        undo_decision(session, item.id, item.version, session.get_one(Moderator, "user_1"))


def test_escalating_by_hand_sends_the_crisis_resources(case):
    case.verdict(1, "dosing")
    assert case.decide("escalate").document["crisis_resources"]


def test_the_forum_is_told_what_a_post_was_removed_for(case, store):
    case.verdict(1, "dosing")
    case.decide("remove", label="medical.dosing")
    with store.read() as session:
        told = session.scalars(select(Delivery.payload).where(Delivery.event == "post.decision")).one()
    assert told["data"]["removed_for"] == "medical.dosing"


def test_an_edit_and_a_decision_at_once_take_turns(case, store):
    """A ring of locks would end one of them with an error on PostgreSQL."""

    def edit(number: int) -> None:
        with store.write() as session:
            post = session.get(Post, "post_1", with_for_update=True)
            time.sleep(0.02)
            withdraw(session, post, edited=True)
        case.revise(number)
        case.verdict(number, "dosing")

    def decide(_number: int) -> None:
        with suppress(Conflict):
            case.decide("approve")

    case.verdict(1, "dosing")
    with ThreadPoolExecutor(2) as pool:
        for number in range(2, 8):
            for done in (pool.submit(edit, number), pool.submit(decide, number)):
                done.result()
    assert case.count(Verdict.current) == 1


def test_what_is_not_there_is_not_found(store):
    with pytest.raises(NotFound), store.write() as session:
        record_decision(session, "item_0", 1, Moderator(id="u", name="n", password_hash="x"), Decision("approve"))


def test_withdraw_empties_queue_and_outbox(case, store):
    case.verdict(1, "dosing")
    with store.write() as session:
        withdraw(session, session.get_one(Post, "post_1"), edited=False)
    assert case.item().state == "withdrawn" and [state for _, state, _ in case.deliveries()] == ["superseded"]
