"""The auditor of the chaos run finds nothing where all is well, and each broken promise where one is broken."""

import random
import time

import pytest
from reading import Reader
from rq import Queue
from rq.registry import StartedJobRegistry
from sqlalchemy import delete, update

from benchmarks.chaos.audit import Database, Findings, audit, audit_machine, settle
from benchmarks.chaos.forum import Callback, Forum
from benchmarks.chaos.traffic import Ledger
from service.intake import accept
from service.store.models import Delivery, Post, QueueItem, Revision, Verdict, now
from service.wakeup import redis_connection
from workers.classify import read_all

BEFORE = time.time() - 100


class Scene:
    """Three posts, one of them flagged, one edited, one deleted; read, and their callbacks delivered."""

    def __init__(self, store, desk, chosen, url):
        self.store, self.desk, self.database = store, desk, Database(url)
        self.ledger, self.forum = Ledger(), Forum(1.0, random.Random(1))
        desk.submit("flagged", "a crisis")
        desk.submit("edited", "words")
        desk.submit("edited", "other words", revision=2)
        desk.submit("gone", "words")
        with store.write() as session:
            accept.delete(session, desk.forum, "gone", now())
        self.ledger.revisions = {"flagged": {1: BEFORE}, "edited": {1: BEFORE, 2: BEFORE + 1}, "gone": {1: BEFORE}}
        self.ledger.events = {"gone": {"post.deleted": BEFORE + 1}}
        read_all(store, Reader(), chosen)
        desk.change(Delivery, state="delivered")
        self.forum.received = [
            Callback(
                BEFORE + 2, row.id, row.verdict_id, row.payload["data"]["external_id"], row.payload["data"]["revision"]
            )
            for row in desk.deliveries()
        ]

    def run(self, statement) -> None:
        with self.store.write() as session:
            session.execute(statement)

    def findings(self) -> Findings:
        found = Findings()
        audit(found, self.desk.forum.slug, self.ledger, self.forum, self.database)
        audit_machine(found, self.database, redis_connection())
        return found


@pytest.fixture
def scene(store, desk, chosen, database_url, valkey, monkeypatch):
    monkeypatch.setattr("benchmarks.chaos.audit.MAINTENANCE_SECONDS", 0)
    return Scene(store, desk, chosen, database_url)


def test_all_is_well(scene):
    found = scene.findings()
    assert not found.broken
    assert found.seen["posts accepted"] == 3 and found.seen["verdicts that stand"] == 2
    assert settle(scene.database, 1)


def lose_a_post(scene):
    scene.ledger.revisions["never stored"] = {1: BEFORE}


def lose_a_revision(scene):
    scene.ledger.revisions["flagged"][2] = BEFORE


def lose_a_verdict(scene):
    scene.run(update(Verdict).values(current=False))


def leave_unread(scene):
    scene.run(update(Revision).where(Revision.number == 2).values(state="pending"))


def leave_leased(scene):
    scene.run(update(Revision).where(Revision.number == 2).values(lease_owner="dead"))


def lose_a_callback(scene):
    scene.forum.received.pop()


def leave_unsent(scene):
    scene.run(update(Delivery).values(state="pending"))


def tell_by_two_ids(scene):
    first = scene.forum.received[0]
    scene.forum.received.append(Callback(first.moment, "another", first.verdict, first.post, first.revision))


def tell_of_an_older_text(scene):
    scene.forum.received.append(Callback(BEFORE + 60, "late", "verdict_x", "edited", 1))


def tell_of_what_is_deleted(scene):
    scene.forum.received.append(Callback(BEFORE + 60, "late", "verdict_x", "gone", 1))


def forge(scene):
    scene.forum.forged = 1


def forget_a_deletion(scene):
    scene.run(update(Post).values(deleted=False))


def lose_a_queue_item(scene):
    scene.run(delete(QueueItem))


def orphan_a_queue_item(scene):
    scene.run(update(Verdict).where(Verdict.action != "allow").values(current=False))


def refuse(scene):
    scene.ledger.refused.append("flagged 1: 422")


def leave_a_job(_scene):
    registry = StartedJobRegistry(queue=Queue("classify", connection=redis_connection(), serializer="json"))
    redis_connection().zadd(registry.key, {"job:execution": time.time() + 1000})


@pytest.mark.parametrize(
    ("breaks", "promise"),
    [
        (lose_a_post, "nothing accepted is lost"),
        (lose_a_revision, "nothing accepted is lost"),
        (lose_a_verdict, "one current verdict of the newest revision"),
        (leave_unread, "one current verdict of the newest revision"),
        (leave_unread, "no post waits for ever"),
        (leave_leased, "no lease is stuck"),
        (lose_a_callback, "every verdict is delivered"),
        (leave_unsent, "no callback waits for ever"),
        (tell_by_two_ids, "one constant id a verdict"),
        (tell_of_an_older_text, "nothing is told of an older revision"),
        (tell_of_what_is_deleted, "nothing is told of an older revision"),
        (forge, "every callback is signed"),
        (forget_a_deletion, "what is deleted stays deleted"),
        (lose_a_queue_item, "every flagged post is in the queue"),
        (orphan_a_queue_item, "no queue entry is orphaned"),
        (refuse, "no post is refused"),
        (leave_a_job, "no job is stuck in RQ (StartedJobRegistry)"),
    ],
)
def test_each_broken_promise_is_found(scene, breaks, promise):
    breaks(scene)
    assert promise in scene.findings().broken


def test_what_never_ends_is_not_quiet(scene):
    scene.run(update(Revision).where(Revision.number == 2).values(state="leased", lease_owner="dead"))
    assert not settle(scene.database, 0.5)
