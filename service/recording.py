"""What the models found, recorded: a verdict, its queue item and its callback stand or fall together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from classifiers.findings import Findings
from service import appeals, urgency
from service.store.models import Delivery, Post, QueueItem, Revision, Skip, Verdict, now
from service.urgency import CRISIS_LANE
from service.verdicts import callback, drop_callbacks, following, look_after, whole

TOLD = ("action", "severity", "checked", "not_checked", "redacted")
"""Of a verdict's document, what a forum acts on, beside its labels and spans."""


class Recorder:
    """Records the verdicts of some posts inside the caller's transaction. It locks the posts.

    What is to be known of them is asked for all of them at once. What becomes of them is noted by `record`, once for each
    post, and written by `write`: a statement of each kind, however many posts there are.
    """

    def __init__(self, session: Session, posts: Collection[str]) -> None:
        self._session = session
        # By their ids, in the order that everybody locks them.
        locked = (
            select(Post).where(Post.id.in_(posts)).order_by(Post.id).with_for_update().options(selectinload(Post.forum))
        )
        self._posts = {post.id: post for post in session.scalars(locked, execution_options={"populate_existing": True})}
        current = select(Verdict).where(Verdict.post_id.in_(self._posts), Verdict.current)
        self._standing = {verdict.post_id: verdict for verdict in session.scalars(current)}
        self._items = {
            item.post_id: item for item in session.scalars(select(QueueItem).where(QueueItem.post_id.in_(self._posts)))
        }
        self._verdicts: list[Verdict] = []
        self._reread: list[tuple[Verdict, Verdict]] = []
        self._queued: list[Verdict] = []
        self._callbacks: list[Delivery] = []

    def record(self, revision: Revision, document: dict[str, Any], findings: Findings | None = None) -> Verdict | None:
        """Make `document` the current verdict of the revision's post, queue it for review where its action asks for it,
        and put the callback into the outbox. None where the revision is no longer the post's newest or the post is gone.
        `findings` are kept, so that another policy can be tried on them.

        Read again, a post keeps what a person decided meanwhile; where the forum would be told the same, it is told
        nothing. A text that is not kept gets its verdict and nothing else.
        """
        post = self._posts.get(revision.post_id)
        if post is None or post.deleted or post.revision != revision.number:
            return None
        revision.state, revision.finished_at = "done", now()
        revision.lease_owner, revision.lease_until = "", None
        before = self._standing.get(post.id)
        again = before if before and before.revision_id == revision.id else None
        if again and (again.decided_by or appeals.open_on(self._session, post.id)):
            return again
        verdict = following(before, revision, document)
        verdict.findings = findings.to_json() if findings else None
        self._verdicts.append(verdict)
        if again and post.kept and says_the_same(whole(again.document), document):
            self._reread.append((again, verdict))
        elif post.kept:
            self._queued.append(verdict)
            if row := callback(post, revision, verdict, "post.verdict"):
                self._callbacks.append(row)
        return verdict

    def write(self) -> None:
        """Write what was recorded. Verdicts come before what points to them, and after those that stand no more."""
        session = self._session
        replaced = [standing.id for v in self._verdicts if (standing := self._standing.get(v.post_id))]
        if replaced:
            session.execute(update(Verdict).where(Verdict.id.in_(replaced)).values(current=False))
        session.add_all(self._verdicts)
        session.flush()
        for again, verdict in self._reread:
            session.execute(update(QueueItem).where(QueueItem.verdict_id == again.id).values(verdict_id=verdict.id))
        for verdict in self._queued:
            self._queue(self._posts[verdict.post_id], verdict)
        if self._queued:
            drop_callbacks(session, *(self._posts[verdict.post_id] for verdict in self._queued))
        session.add_all(self._callbacks)
        session.flush()

    def _queue(self, post: Post, verdict: Verdict) -> None:
        item, wanted = self._items.get(post.id), verdict.action != "allow"
        if item is None and not wanted:
            return
        due = verdict.created_at + urgency.target(verdict.document)
        if item is None:
            item = QueueItem(post_id=post.id, forum_id=post.forum_id, version=0, due_at=due)
            self._session.add(item)
        else:
            if _waited(self._session, item):
                # An edit never moves a post that waits further back.
                due = min(item.due_at, due)
                if item.lane == CRISIS_LANE and not wanted:
                    look_after(self._session, post)
            # Whoever left the older text to others may well want to read this one.
            self._session.execute(delete(Skip).where(Skip.item_id == item.id))
        item.due_at = due
        item.verdict_id = verdict.id
        item.state = "open" if wanted else "withdrawn"
        item.board, item.severity = verdict.revision.board, verdict.severity
        item.labels, item.lane = urgency.topics(verdict.document), urgency.lane(verdict.document)
        item.version, item.created_at = item.version + 1, verdict.created_at
        item.forget_decision()
        item.let_go()


def record_verdict(
    session: Session, revision: Revision, document: dict[str, Any], findings: Findings | None = None
) -> Verdict | None:
    """The same for one post: see Recorder.record."""
    recorder = Recorder(session, [revision.post_id])
    verdict = recorder.record(revision, document, findings)
    recorder.write()
    return verdict


def says_the_same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two verdicts' documents tell a forum the same; scores may differ."""
    return _told(before) == _told(after)


def _told(document: dict[str, Any]) -> tuple[object, ...]:
    labels = sorted((found["area"], found["label"]) for found in document["labels"] if found["flagged"])
    spans = sorted((span["area"], span["type"], span["start"], span["end"]) for span in document["spans"])
    return *(document[name] for name in TOLD), labels, spans


def _waited(session: Session, item: QueueItem) -> bool:
    """Whether the post's older text waited for a person whom it never saw."""
    older = session.get(Verdict, item.verdict_id)
    return item.state != "decided" and item.decided_by is None and older is not None and older.action != "allow"
