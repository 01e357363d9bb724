"""The auditor: what was accepted, beside what stands in the database, in the queue and with the forum."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from redis import Redis
from rq import Queue
from rq.registry import DeferredJobRegistry, FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from sqlalchemy import Executable, create_engine, func, select, text, update

from benchmarks.chaos.forum import Forum
from benchmarks.chaos.stack import Stack
from benchmarks.chaos.traffic import Ledger
from service.store.models import Delivery, Verdict, now
from service.wakeup import JOBS

LATE_SECONDS = 10.0
"""A callback that comes so long after its newer revision was accepted can't have been on its way."""
MAINTENANCE_SECONDS = 300.0
"""The workers clear what a killed one left in RQ: two rounds of theirs, a minute each, once it is over a minute old."""
SETTLE_SECONDS = 600
STANDING = text("""
SELECT p.external_id, p.deleted, p.revision,
       r.number AS read, r.state, v.id AS verdict, v.action,
       q.state AS queued, q.verdict_id AS queued_for
FROM post p
LEFT JOIN verdict v ON v.post_id = p.id AND v.current
LEFT JOIN revision r ON r.id = v.revision_id
LEFT JOIN queue_item q ON q.post_id = p.id
WHERE p.forum_id = (SELECT id FROM forum WHERE slug = :slug)
""")


@dataclass
class Findings:
    """`broken` promises, each with how often and an example; `seen` is what was looked at; `settled` when, by the monotonic
    clock, all was quiet."""

    seen: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    settled: float = 0.0

    def breach(self, promise: str, example: str) -> None:
        self.broken[promise] += 1
        self.examples.setdefault(promise, example)


class Database:
    """A short connection for each question: the server may have been restarted in between."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_pre_ping=True)

    def rows(self, query: Executable, **values: object) -> list:
        with self._engine.connect() as connection:
            return list(connection.execute(query, values))

    def count(self, query: Executable) -> int:
        return int(self.rows(query)[0][0])

    def skip_waits(self) -> None:
        """Have what waits for its next attempt tried now: hours of the schedule are skipped, nothing else."""
        waiting = update(Delivery).where(Delivery.state == "pending", Delivery.lease_owner == "")
        with self._engine.begin() as connection:
            connection.execute(waiting.values(due_at=now()))


WAITING = text(
    "SELECT (SELECT count(*) FROM revision WHERE state IN ('pending', 'leased'))"
    " + (SELECT count(*) FROM delivery WHERE state = 'pending' OR lease_until IS NOT NULL)"
)
FAILED = select(func.count()).where(Verdict.document["not_checked"].as_string() == "failed")


def settle(database: Database, seconds: float) -> bool:
    """Wait until nothing is left to read or to send; False where that never comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not database.count(WAITING):
            return True
        database.skip_waits()
        time.sleep(2)
    return False


def judge(heed: Stack, forums: dict[str, Forum], ledgers: dict[str, Ledger]) -> Findings:
    """Wait until all is read and sent, then look for what is lost; `ledgers` and `forums` by slug."""
    database, found = Database(heed.database), Findings()
    if not settle(database, SETTLE_SECONDS):
        found.breach("all is read and sent in the end", f"not after {SETTLE_SECONDS} s")
    found.settled = time.monotonic()
    for slug, forum in forums.items():
        audit(found, slug, ledgers[slug], forum, database)
    audit_machine(found, database, heed.queue)
    return found


def audit(found: Findings, slug: str, ledger: Ledger, forum: Forum, database: Database) -> None:
    """What was promised to one forum."""
    standing = database.rows(STANDING, slug=slug)
    posts = {row.external_id: row for row in standing}
    if len(standing) != len(posts):
        found.breach("one current verdict a post", f"{len(standing) - len(posts)} more than one")
    told: dict[str, set[str]] = defaultdict(set)
    for callback in forum.received:
        told[callback.verdict].add(callback.id)
    for verdict, ids in told.items():
        if len(ids) > 1:
            found.breach("one constant id a verdict", verdict)
    for post in {*ledger.revisions, *ledger.events}:
        _post(found, post, ledger, posts.get(post), told)
    _order(found, ledger, forum)
    for refused in ledger.refused:
        found.breach("no post is refused", refused)
    for _ in range(forum.forged):
        found.breach("every callback is signed", "a signature that does not fit")
    received = Counter(callback.id for callback in forum.received)
    found.seen.update(
        {
            "posts accepted": len(ledger.revisions),
            "revisions accepted": sum(len(numbers) for numbers in ledger.revisions.values()),
            "deletions and recoveries accepted": sum(len(kinds) for kinds in ledger.events.values()),
            "verdicts that stand": sum(1 for row in standing if row.verdict and not row.deleted),
            "callbacks received": len(forum.received),
            "of these once more": sum(received.values()) - len(received),
        }
    )


def audit_machine(found: Findings, database: Database, queue: Redis) -> None:
    """What must be left behind nowhere."""
    for what, query in LEFT_OVER.items():
        for row in database.rows(text(query)):
            found.breach(what, str(row[0]))
    found.seen["posts left to people as unreadable"] = database.count(FAILED)
    _queue(found, queue)


LEFT_OVER = {
    "no post waits for ever": "SELECT id FROM revision WHERE state IN ('pending', 'leased')",
    "no callback waits for ever": "SELECT id FROM delivery WHERE state = 'pending'",
    "no lease is stuck": "SELECT id FROM delivery WHERE lease_owner <> ''"
    " UNION ALL SELECT id FROM revision WHERE lease_owner <> ''",
    "no queue entry is orphaned": "SELECT q.id FROM queue_item q JOIN post p ON p.id = q.post_id"
    " LEFT JOIN verdict v ON v.id = q.verdict_id AND v.current"
    " WHERE q.state = 'open' AND (p.deleted OR v.id IS NULL)",
}


def _post(found: Findings, post: str, ledger: Ledger, row, told: dict[str, set[str]]) -> None:  # noqa: ANN001
    if row is None:
        found.breach("nothing accepted is lost", post)
        return
    if ledger.is_deleted(post):
        if not row.deleted:
            found.breach("what is deleted stays deleted", post)
        if row.queued == "open":
            found.breach("no queue entry is orphaned", post)
        return
    newest = ledger.newest(post)
    if newest == 0:
        return
    if row.deleted or row.revision < newest:
        found.breach("nothing accepted is lost", f"{post}: revision {row.revision} of {newest}")
    elif row.verdict is None or row.read != row.revision or row.state != "done":
        found.breach("one current verdict of the newest revision", f"{post}: {row.state}")
    elif row.action != "allow" and (row.queued != "open" or row.queued_for != row.verdict):
        found.breach("every flagged post is in the queue", post)
    elif row.verdict not in told:
        found.breach("every verdict is delivered", post)


def _order(found: Findings, ledger: Ledger, forum: Forum) -> None:
    """No callback of a revision comes after a newer one was accepted, nor after its deletion was."""
    for callback in forum.received:
        newer = [
            moment for number, moment in ledger.revisions.get(callback.post, {}).items() if number > callback.revision
        ]
        if ledger.is_deleted(callback.post):
            newer.append(ledger.events[callback.post]["post.deleted"])
        if newer and callback.moment > min(newer) + LATE_SECONDS:
            found.breach(
                "nothing is told of an older revision",
                f"{callback.post} revision {callback.revision}, {callback.moment - min(newer):.1f} s late",
            )


def _stuck(lines: list[Queue]) -> Iterator[tuple[str, str]]:
    """What broken promise each job of RQ's is that nobody runs any more."""
    for line in lines:
        for registry in (StartedJobRegistry, DeferredJobRegistry, ScheduledJobRegistry):
            for job in registry(queue=line).get_job_ids(cleanup=False):
                yield f"no job is stuck in RQ ({registry.__name__})", f"{line.name}: {job}"
        if line.connection.llen(f"{line.key}:intermediate"):
            yield "no job is stuck in RQ (intermediate queue)", line.name


def _queue(found: Findings, queue: Redis) -> None:
    """No job is stuck in RQ: what runs has a worker, what failed is forgotten within the hour."""
    lines = [Queue(name, connection=queue, serializer="json") for name in JOBS]
    end = time.monotonic() + MAINTENANCE_SECONDS
    while any(_stuck(lines)) and time.monotonic() < end:
        time.sleep(1)
    for promise, job in _stuck(lines):
        found.breach(promise, job)
    for line in lines:
        for job in FailedJobRegistry(queue=line).get_job_ids():
            if not 0 < queue.ttl(f"rq:job:{job}") <= 3600:
                found.breach("a failed job is forgotten within the hour", job)
