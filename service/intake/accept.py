"""Store what happened to a post. Whatever order the news comes in, the same state stands at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached

from service import tracing
from service.decisions import stands_again
from service.erasure.quotes import is_of_erased
from service.erasure.receipts import erase_post, erased_since
from service.errors import Conflict, NotFound
from service.intake.submission import Submission
from service.redactions import forget, is_what_we_told
from service.store.erasure import Erasure
from service.store.models import Forum, Post, Revision, Verdict, new_id, now
from service.verdicts import current_verdict, withdraw

AWAITED, NORMAL, LOW = 1, 0, -1
"""Turns of posts, `Revision.urgent`: somebody waits for the answer; as they come, and after half a minute as if somebody did;
once nothing else waits.
"""
INSERTS: dict[str, Insert] = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(Post.__table__)
    .on_conflict_do_nothing()
    .returning(Post.__table__.c.id)
    for dialect in (sqlite, postgresql)
}
"""By dialect: make a post's row where there is none."""
UNKNOWN_POST = "This forum sent no such post. Ask by the `id` of the answer to your submission, or by your own id."
ANOTHER_TEXT = (
    "This revision was sent before with another text. Raise `revision` with each edit, so that the newest one is known."
)


@dataclass(frozen=True)
class Accepted:
    """Where a submission went: its post, whether anything new has to be read, and whether the post was unknown until now."""

    post: Post
    revision: int
    is_new: bool
    is_first: bool = False


def accept(
    session: Session, forum: Forum, submission: Submission, *, latest_wins: bool = False, awaited: bool = False
) -> Accepted:
    """Store a submission inside the caller's transaction; `awaited` ones are read before
    what came within the last half minute.

    The highest revision counts; what is older or of an erased post is not kept. Sent twice, it changes nothing. Another
    text under the same revision raises Conflict, or with `latest_wins` (Discourse does not count quick edits) the text
    with the later `created_at` stays.
    """
    first = _insert(session, forum, submission.id, submission.revision)
    if first is not None:
        return _take_first(session, first, submission, _turn(submission, awaited))
    post = _lock(session, forum, submission.id)
    if post.erased or _comes_after_its_erasure(session, post, submission):
        return Accepted(post, submission.revision, False)
    if submission.revision < post.revision:
        _place(newest_of(session, post), submission.created_at)
        return Accepted(post, submission.revision, False)
    known = session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.number == submission.revision))
    if known is not None and known.digest == submission.digest:
        # The same text later: one of a time between the two is older than this one.
        if _age(submission.created_at, "") > _age(known.posted_at, ""):
            known.posted_at = submission.created_at
        _place(known, submission.created_at)
        known.urgent = max(known.urgent, _turn(submission, awaited))
        return Accepted(post, known.number, False)
    if _is_nothing_new(session, post, submission):
        return Accepted(post, submission.revision, False)
    if known is None:
        return _add(session, post, submission, _turn(submission, awaited))
    if not latest_wins:
        raise Conflict(ANOTHER_TEXT, field="revision")
    _place(known, submission.created_at)
    if _age(known.posted_at, known.digest) >= _age(submission.created_at, submission.digest):
        return Accepted(post, known.number, False)
    return _replace(session, post, known, submission, _turn(submission, awaited))


def delete(session: Session, forum: Forum, external_id: str, as_of: datetime) -> Post:
    """The post is gone as of `as_of` (the forum's clock), unless later news says it is back."""
    post = locked(session, forum, external_id)
    # At the same instant the deletion wins: what is in doubt is not shown to moderators.
    if post.deleted_as_of is None or as_of >= post.deleted_as_of:
        post.deleted, post.deleted_as_of = True, as_of
        withdraw(session, post, edited=False)
        _set_newest(session, post, "deleted")
    return post


def recover(session: Session, forum: Forum, external_id: str, as_of: datetime) -> Post:
    """The post is back as of `as_of`, unless it was deleted later: its newest revision is read again, or a person's decision
    on it is told again.
    """
    post = locked(session, forum, external_id)
    if post.deleted_as_of is None or as_of > post.deleted_as_of:
        was_deleted = post.deleted
        post.deleted, post.erased, post.deleted_as_of = False, False, as_of
        if was_deleted and not stands_again(session, post):
            _stand_down(session, post)
            _set_newest(session, post, "pending")
    return post


def erase(session: Session, forum: Forum, external_id: str, as_of: datetime) -> Post:
    """Delete the post and every word of it. Somebody's wish to be forgotten never loses against another clock."""
    post = locked(session, forum, external_id)
    if not post.erased:
        post.deleted_as_of = max(as_of, post.deleted_as_of or as_of)
    erase_post(session, post)
    return post


def lock_all(session: Session, forum: Forum, external_ids: list[str]) -> None:
    """Lock those of the posts that are known, in the order workers take them: nobody waits for another in a ring."""
    known = select(Post.id).where(Post.forum_id == forum.id, Post.external_id.in_(external_ids))
    session.execute(known.order_by(Post.id).with_for_update())


def find(session: Session, forum: Forum, id_: str) -> Post | None:
    """A post of the forum by our id or by its own."""
    if "\x00" in id_:
        return None
    mine = select(Post).where(Post.forum_id == forum.id, Post.kept)
    return session.scalar(mine.where(Post.id == id_)) or session.scalar(mine.where(Post.external_id == id_))


def known(session: Session, forum: Forum, id_: str) -> Post:
    """The same. Raises NotFound where there is none."""
    post = find(session, forum, id_)
    if post is None:
        raise NotFound(UNKNOWN_POST)
    return post


def locked(session: Session, forum: Forum, external_id: str) -> Post:
    """The post's row, made where there is none and locked: news of one post is taken in one after the other."""
    _insert(session, forum, external_id, 0)
    return _lock(session, forum, external_id)


def _lock(session: Session, forum: Forum, external_id: str) -> Post:
    """The row of a post that is there, locked."""
    same = select(Post).where(Post.forum_id == forum.id, Post.external_id == external_id)
    return session.scalars(same.with_for_update().execution_options(populate_existing=True)).one()


def _insert(session: Session, forum: Forum, external_id: str, revision: int) -> Post | None:
    """Make the post's row, which nobody else sees before the commit; None where there is one."""
    connection = session.connection()
    row = {
        "id": new_id("post"),
        "forum_id": forum.id,
        "external_id": external_id,
        "revision": revision,
        "deleted": False,
        "erased": False,
        "kept": True,
        "created_at": now(),
    }
    if connection.scalar(INSERTS[connection.dialect.name], row) is None:
        return None
    post = Post(**row)
    # As if it had been read: what is changed in it from now on is written.
    make_transient_to_detached(post)
    session.add(post)
    return post


def _take_first(session: Session, post: Post, submission: Submission, turn: int) -> Accepted:
    """Store the first text of a post that nobody knew: there is nothing of it to compare with, or to take back."""
    erasure = erased_since(session, post.forum_id, submission.author, submission.created_at)
    if erasure is not None:
        post.revision = 0
        _went_with(post, erasure)
        return Accepted(post, submission.revision, False)
    row = {"id": new_id("rev"), "post_id": post.id, "forum_id": post.forum_id, "state": "pending", "urgent": turn}
    session.connection().execute(Revision.__table__.insert(), row | _columns(session, post, submission))
    return Accepted(post, submission.revision, True, True)


def _went_with(post: Post, erasure: Erasure) -> None:
    """The post is gone, and no word of it was kept."""
    post.deleted = post.erased = True
    post.deleted_as_of, post.erasure_id = erasure.created_at, erasure.id


def _turn(submission: Submission, awaited: bool) -> int:
    return AWAITED if awaited else LOW if submission.priority == "low" else NORMAL


def _comes_after_its_erasure(session: Session, post: Post, submission: Submission) -> bool:
    """Whether a post is heard of for the first time after everything by its author was erased, this post too: it is not kept."""
    if post.revision or post.deleted_as_of:
        return False
    erasure = erased_since(session, post.forum_id, submission.author, submission.created_at)
    if erasure is not None:
        _went_with(post, erasure)
    return erasure is not None


def _add(session: Session, post: Post, submission: Submission, turn: int) -> Accepted:
    withdraw(session, post, edited=not post.deleted)
    before = newest_of(session, post)
    older = update(Revision).where(Revision.post_id == post.id)
    session.execute(older.values(state="superseded", lease_owner="", lease_until=None))
    post.revision = submission.revision
    state = "deleted" if post.deleted else "pending"
    columns = _columns(session, post, submission)
    revision = Revision(post_id=post.id, forum_id=post.forum_id, state=state, urgent=turn, **columns)
    session.add(revision)
    session.flush()
    # An edit leaves the post where it stands in its thread.
    _place(revision, before.placed_at if before else None)
    return Accepted(post, submission.revision, not post.deleted)


def _replace(session: Session, post: Post, known: Revision, submission: Submission, turn: int) -> Accepted:
    known.urgent = turn
    for name, value in _columns(session, post, submission).items():
        setattr(known, name, value)
    session.flush()
    withdraw(session, post, edited=not post.deleted)
    # Its row holds other words now: nothing that was decided of the old ones is of these.
    forget(session, known)
    _stand_down(session, post)
    _set_newest(session, post, "deleted" if post.deleted else "pending")
    return Accepted(post, known.number, not post.deleted)


def _is_nothing_new(session: Session, post: Post, submission: Submission) -> bool:
    """Whether a higher revision holds the words that the newest one has (a forum counts what moves a post, too), or those
    that we told the forum to show. The author's own text, and what was decided of it, then stand under the new number.
    """
    newest = newest_of(session, post)
    if newest is None:
        return False
    current = current_verdict(session, post)
    by_person = current is not None and current.decided_by is not None and current.revision_id == newest.id
    # Another board may have other rules, for the models; a person has read the words themselves.
    same = newest.digest == submission.digest and (newest.board == submission.board or by_person)
    if not same and not is_what_we_told(session, newest, submission.title, submission.body):
        return False
    newest.number = post.revision = submission.revision
    newest.board, newest.url = submission.board, submission.url
    newest.digest, newest.posted_at = submission.digest, submission.created_at
    return True


def _columns(session: Session, post: Post, submission: Submission) -> dict[str, object]:
    unkept = submission.parent and is_of_erased(session, post.forum_id, submission.reply_to)
    return {
        "number": submission.revision,
        "board": submission.board,
        "title": submission.title,
        "body": submission.body,
        "format": submission.format,
        "parent": "" if unkept else submission.parent,
        "thread": submission.thread,
        "reply_to": submission.reply_to,
        "author": submission.author,
        "language": submission.language,
        "url": submission.url,
        "digest": submission.digest,
        "posted_at": submission.created_at,
        "received_at": now(),
        "traceparent": tracing.carried(),
    }


def newest_of(session: Session, post: Post) -> Revision | None:
    return session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.number == post.revision))


def _place(revision: Revision | None, moment: datetime | None) -> None:
    """A post stands in its thread at the earliest time that is known of it, whatever order its revisions come in."""
    if revision and moment and (revision.placed_at is None or moment < revision.placed_at):
        revision.placed_at = moment


def _set_newest(session: Session, post: Post, state: str) -> None:
    """Move the newest revision to `state`, free for any worker."""
    newest = update(Revision).where(Revision.post_id == post.id, Revision.number == post.revision)
    session.execute(newest.values(state=state, attempts=0, lease_owner="", lease_until=None, finished_at=None))


def _stand_down(session: Session, post: Post) -> None:
    """No verdict is in force until the post is read again."""
    session.execute(update(Verdict).where(Verdict.post_id == post.id, Verdict.current).values(current=False))


def _age(moment: datetime | None, digest: str) -> tuple[float, str]:
    """Orders texts of one revision: by the forum's clock, then by anything that is the same wherever it is looked at."""
    return (moment.timestamp() if moment else 0.0), digest
