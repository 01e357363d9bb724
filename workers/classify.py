"""The job `classify`: claim pending posts, read them, decide, record. The database says what is pending; RQ only hints."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rq.timeouts import JobTimeoutException
from sqlalchemy import Row, Select, and_, case, select, update
from sqlalchemy.orm import Session, joinedload

from classifiers.errors import DeviceLost
from classifiers.findings import Findings, NotChecked
from service.errors import EncryptionKeyMissing
from service.intake.accept import AWAITED, NORMAL
from service.policy import decide
from service.policy.versions import policy_of
from service.recording import Recorder
from service.settings import Settings, settings
from service.store import Store, store
from service.store.encrypted import DamagedText, characters
from service.store.models import Post, Revision, now
from service.store.room import is_unread
from service.tracing import share, span
from service.waiting import tell
from service.wakeup import wake_classify, wake_deliver
from workers import stopping
from workers.context import own, texts_of
from workers.drain import drain
from workers.lease import is_free, new_owner, renewed
from workers.logs import kind
from workers.shadow import Reader, judge_along
from workers.watchdog import at_most

log = logging.getLogger(__name__)

CHARACTERS_PER_TOKEN = 4
"""English in MiniLM's word pieces, measured on patients' posts: close enough for a budget."""
TRANSACTION_POSTS = 16
"""Verdicts written in one transaction: few enough that intake never waits long for SQLite's lock."""
UNREAD = Findings(not_checked=NotChecked.FAILED)
"""What is said of a post that goes to people unread."""
RETRY_SECONDS = 2.0
"""Pause before a failed post is read again; doubled with each attempt."""
PATIENCE = timedelta(seconds=30)
"""So long a post gives way to those that somebody waits for: however many of them come, it has its turn then."""
HEAD, ALL = 1_024, 2**31 - 1
"""So many posts in line a claim chooses among; all, where other workers claim every one of these just now."""


def run() -> None:
    """The RQ job: read until nothing is pending."""
    from workers.model import classifier, shadow_classifier

    read_all(store(), classifier(), settings(), shadow_classifier())


def read_all(where: Store, reader: Reader, chosen: Settings, shadow: Reader | None = None) -> int:
    """Read everything that is pending, batch by batch; returns how many posts were claimed."""
    return drain(lambda: read_some(where, reader, chosen, shadow), wake_classify)


def read_some(where: Store, reader: Reader, chosen: Settings, shadow: Reader | None = None) -> int:
    """Claim and read one batch; returns how many posts were claimed. `shadow` reads along without acting."""
    owner = new_owner()
    with where.write() as session:
        claimed = claim(session, owner, chosen)
    if not claimed:
        return 0
    started = time.monotonic()
    links = [revision.traceparent for revision in claimed]
    with span("read batch", {"heed.claimed": len(claimed)}, links=links) as batch:
        with renewed(where, owner, chosen.lease_seconds):
            with at_most(chosen.read_seconds):
                read = _read(where, reader, owner, claimed, chosen)
            written = _conclude(where, owner, read)
        if written:
            wake_deliver()
        with at_most(chosen.read_seconds):
            judge_along(where, shadow, read)
        batch.tell("heed.read", written)
        done = {"read": written, "claimed": len(claimed), "seconds": round(time.monotonic() - started, 2)}
        log.info("read %(read)d of %(claimed)d posts in %(seconds).2f s", done)
    return len(claimed)


def unread(moment: datetime) -> Select[tuple[str, int, int]]:
    """Id, attempts and characters of every revision that may be claimed."""
    length = characters(Revision.body) + characters(Revision.title) + characters(Revision.parent)
    return (
        select(Revision.id, Revision.attempts, length.label("characters"))
        .join(Post, Post.id == Revision.post_id)
        .where(Post.deleted.is_(False), Post.revision == Revision.number)
        .where(is_unread(), is_free(Revision, moment))
    )


def in_line(moment: datetime, first: int) -> Select[tuple[str, int, int]]:
    """Those of the `first` in line that may be claimed, most urgent first; of these, what was tried least."""
    waited = and_(Revision.urgent == NORMAL, Revision.received_at < moment - PATIENCE)
    turn = case((waited, AWAITED), else_=Revision.urgent)
    line = select(Revision.id).where(is_unread(), is_free(Revision, moment))
    head = line.order_by(Revision.urgent.desc(), Revision.received_at).limit(first).subquery()
    order = (turn.desc(), Revision.attempts, Revision.received_at, Revision.id)
    return unread(moment).join(head, head.c.id == Revision.id).order_by(*order)


def claim(session: Session, owner: str, chosen: Settings) -> list[Revision]:
    """Lease the most urgent pending revisions to `owner`, up to the token budget; their forum comes loaded.

    Each claim counts as an attempt, so that a crash of the process counts too. A revision tried before comes alone:
    whatever it breaks, it breaks without neighbours.
    """
    moment = now()
    for first in (HEAD, ALL):
        query = in_line(moment, first).limit(chosen.batch_posts).with_for_update(skip_locked=True, of=Revision)
        if rows := session.execute(query).all():
            break
    ids = _fitting(rows, chosen.batch_tokens)
    leased = (
        update(Revision)
        .where(Revision.id.in_(ids))
        .values(
            state="leased",
            lease_owner=owner,
            lease_until=moment + timedelta(seconds=chosen.lease_seconds),
            attempts=Revision.attempts + 1,
        )
    )
    session.execute(leased)
    with_forum = joinedload(Revision.post).joinedload(Post.forum)
    found = {row.id: row for row in session.scalars(select(Revision).where(Revision.id.in_(ids)).options(with_forum))}
    return [found[id_] for id_ in ids]


def _fitting(rows: Sequence[Row[tuple[str, int, int]]], tokens: int) -> list[str]:
    if not rows or rows[0].attempts:
        return [row.id for row in rows[:1]]
    chosen: list[str] = []
    left = tokens * CHARACTERS_PER_TOKEN
    for row in rows:
        left -= row.characters
        if row.attempts == 0 and (left >= 0 or not chosen):
            chosen.append(row.id)
        if left <= 0:
            break
    return chosen


def _read(
    where: Store, reader: Reader, owner: str, claimed: list[Revision], chosen: Settings
) -> list[tuple[Revision, Findings]]:
    """Each revision with its findings; none where reading failed, which puts them off and counts."""
    if claimed[0].attempts > chosen.max_attempts:
        given_up = {"post": claimed[0].post_id, "attempts": chosen.max_attempts}
        log.error("post %(post)s could not be read in %(attempts)d attempts; a moderator has to", given_up)
        return [(claimed[0], UNREAD)]
    damaged = [revision for revision in claimed if _is_damaged(revision)]
    legible = [revision for revision in claimed if revision not in damaged]
    try:
        with where.read() as session:
            texts = texts_of(session, legible)
        found = reader.read(texts) if texts else []
        read = [(revision, own(revision, findings)) for revision, findings in zip(legible, found, strict=True)]
        return read + [(revision, UNREAD) for revision in damaged]
    except EncryptionKeyMissing:
        # What it answers can't be opened: that is no attempt to read it, however often it is tried before the key is back.
        _put_off(where, owner, claimed, attempts=0)
        raise
    except DeviceLost:
        log.error("the GPU is lost to this process: it stops, and the one started in its place reads on")
        stopping.request()
        _put_off(where, owner, claimed)
        return []
    except Exception as error:
        failed = {"claimed": len(claimed), "error": kind(error)}
        log.warning("reading %(claimed)d posts failed (%(error)s); each is read alone next", failed)
        _put_off(where, owner, claimed)
        if isinstance(error, JobTimeoutException):
            raise
        return []


def _is_damaged(revision: Revision) -> bool:
    """Whether what is to be read of it was damaged in the database: a moderator has to, on the forum."""
    names = [name for name in ("title", "body", "parent") if isinstance(getattr(revision, name), DamagedText)]
    if names:
        what = {"revision": revision.id, "post": revision.post_id, "damaged": ", ".join(names)}
        log.error("revision %(revision)s of post %(post)s was damaged in the database: %(damaged)s", what)
    return bool(names)


def _put_off(where: Store, owner: str, revisions: Iterable[Revision], **more: int) -> None:
    with where.write() as session:
        for revision in revisions:
            pause = min(60.0, RETRY_SECONDS * 2 ** (revision.attempts - 1))
            mine = update(Revision).where(Revision.id == revision.id, Revision.lease_owner == owner)
            until = now() + timedelta(seconds=pause)
            session.execute(mine.values(state="pending", lease_owner="", lease_until=until, **more))


def _conclude(where: Store, owner: str, read: list[tuple[Revision, Findings]]) -> int:
    """Decide and record, a few posts to a transaction; returns how many verdicts were written."""
    # One order for all workers: two transactions that lock the same posts never wait for each other in a ring.
    read.sort(key=lambda pair: pair[0].post_id)
    return sum(_write(where, owner, read[at : at + TRANSACTION_POSTS]) for at in range(0, len(read), TRANSACTION_POSTS))


def _write(where: Store, owner: str, pairs: list[tuple[Revision, Findings]]) -> int:
    try:
        with where.write() as session:
            # The posts first, as intake does: the same order of locks everywhere.
            recorder = Recorder(session, [revision.post_id for revision, _ in pairs])
            held = _held(session, owner, [revision for revision, _ in pairs])
            mine = [(held[revision.id], revision, findings) for revision, findings in pairs if revision.id in held]
            written = [each[0] for each in mine if _record(recorder, *each)]
            recorder.write()
    except JobTimeoutException:
        raise
    except Exception as error:
        if len(pairs) > 1:
            return sum(_write(where, owner, [pair]) for pair in pairs)
        unwritten = {"post": pairs[0][0].post_id, "error": kind(error)}
        log.warning("the verdict of post %(post)s could not be written (%(error)s)", unwritten)
        _put_off(where, owner, [pairs[0][0]])
        return 0
    if awaited := [revision.post_id for revision in written if revision.urgent == AWAITED]:
        tell(awaited)
    return len(written)


def _held(session: Session, owner: str, revisions: list[Revision]) -> dict[str, Revision]:
    """Those of the revisions whose lease is still ours, by id."""
    leased = (Revision.lease_owner == owner, Revision.state == "leased")
    mine = select(Revision).where(Revision.id.in_([revision.id for revision in revisions]), *leased)
    return {each.id: each for each in session.scalars(mine)}


def _record(recorder: Recorder, mine: Revision, revision: Revision, findings: Findings) -> bool:
    """Record the verdict of `mine`, which is the `revision` that was read; False where the post has moved on."""
    ids = {"heed.post": mine.post_id, "heed.revision": mine.id, "heed.attempt": revision.attempts}
    with share("read post", revision.traceparent, ids) as note:
        verdict = recorder.record(mine, _document(revision, findings), findings)
        note.tell("heed.action", verdict.action if verdict else None)
    if verdict is None:
        mine.state, mine.lease_owner, mine.lease_until = "deleted" if mine.post.deleted else "superseded", "", None
        return False
    return True


def _document(revision: Revision, findings: Findings) -> dict[str, Any]:
    forum = revision.post.forum
    policy = policy_of(forum)
    return decide(findings, policy, text=revision.body, title=revision.title, board=revision.board, region=forum.region)
