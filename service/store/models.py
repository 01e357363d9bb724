"""The tables. Times are timezone-aware UTC; JSON columns hold the shapes named beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.store.appeals import Appeal, Recusal
from service.store.base import Base, new_id, now
from service.store.bulk import Bulk, BulkItem
from service.store.encrypted import EncryptedJson, EncryptedName, EncryptedText, EncryptedWords
from service.store.erasure import Erasure
from service.store.keys import RetiredKey
from service.store.people import HeavyReading, Invitation, LoginSession, Membership, Moderator, RecoveryCode

__all__ = [
    "Alert",
    "Appeal",
    "AuditCut",
    "AuditEntry",
    "AuthorMessage",
    "Base",
    "Bulk",
    "BulkItem",
    "Care",
    "Delivery",
    "EventCount",
    "Erasure",
    "Forum",
    "HeavyReading",
    "Invitation",
    "LoginSession",
    "Membership",
    "Moderator",
    "Opinion",
    "OpinionRequest",
    "PolicyVersion",
    "Post",
    "QueueItem",
    "Recusal",
    "RecoveryCode",
    "RetiredKey",
    "Revision",
    "SavedView",
    "SecondReading",
    "ShadowVerdict",
    "Skip",
    "Verdict",
    "new_id",
    "now",
]


UNREAD = {
    "sqlite_where": text("state NOT IN ('done', 'superseded', 'deleted')"),
    "postgresql_where": text("state NOT IN ('done', 'superseded', 'deleted')"),
}
OPEN = {"sqlite_where": text("state = 'open'"), "postgresql_where": text("state = 'open'")}
"""An index of what waits only: a million decided items cost it nothing."""


BY_MODELS = {
    "sqlite_where": text("decided_by IS NULL"),
    "postgresql_where": text("decided_by IS NULL"),
}
UNANSWERED = {
    "sqlite_where": text("opinion_id IS NULL"),
    "postgresql_where": text("opinion_id IS NULL"),
}
ASSIGNED = {
    "sqlite_where": text("assigned_to IS NOT NULL AND state = 'open'"),
    "postgresql_where": text("assigned_to IS NOT NULL AND state = 'open'"),
}
CLAIMED = {
    "sqlite_where": text("claimed_by IS NOT NULL"),
    "postgresql_where": text("claimed_by IS NOT NULL"),
}
WITHDRAWN = {"sqlite_where": text("state = 'withdrawn'"), "postgresql_where": text("state = 'withdrawn'")}
DELETED = {"sqlite_where": text("deleted = 1 AND erased = 0"), "postgresql_where": text("deleted AND NOT erased")}
PASSING = {"sqlite_where": text("kept = 0"), "postgresql_where": text("NOT kept")}
ONCE_QUEUED = {"sqlite_where": text("erased_item IS NOT NULL"), "postgresql_where": text("erased_item IS NOT NULL")}
HELD = {"sqlite_where": text("lease_until IS NOT NULL"), "postgresql_where": text("lease_until IS NOT NULL")}
FINISHED = {"sqlite_where": text("finished_at IS NOT NULL"), "postgresql_where": text("finished_at IS NOT NULL")}
WORDED = {
    "sqlite_where": text("state <> 'pending' AND payload IS NOT NULL"),
    "postgresql_where": text("state <> 'pending' AND payload IS NOT NULL"),
}


class Forum(Base):
    """A forum that sends us posts. Its secrets are needed themselves to sign and verify, so they stand here."""

    __tablename__ = "forum"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("forum"))
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(8), default="GB", comment="ISO 3166 country of the crisis resources")
    api_key_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256 hex of the API key")
    webhook_secret: Mapped[str] = mapped_column(EncryptedText(120), comment="whsec_… for signed intake")
    discourse_secret: Mapped[str] = mapped_column(EncryptedText(120), default="")
    coral_secret: Mapped[str] = mapped_column(
        EncryptedText(200), default="", server_default="", comment="made by Coral, which signs by it; empty: no Coral"
    )
    read_private_messages: Mapped[bool] = mapped_column(Boolean, default=False)
    callback_url: Mapped[str] = mapped_column(String(2000), default="")
    callback_secret: Mapped[str] = mapped_column(EncryptedText(120), comment="whsec_… that signs our callbacks")
    callback_disabled: Mapped[str] = mapped_column(String(200), default="", comment="why it is off, or empty")
    discourse_user: Mapped[str] = mapped_column(
        String(100),
        default="",
        server_default="",
        comment="account that acts on the Discourse at callback_url; empty: callbacks are webhooks",
    )
    discourse_key: Mapped[str] = mapped_column(EncryptedText, default="", server_default="", comment="its API key")
    discourse_flags: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false(), comment="what stays visible is flagged there for its moderators"
    )
    discourse_asked_at: Mapped[datetime | None] = mapped_column(comment="when it was last asked what webhooks missed")
    discourse_known_at: Mapped[datetime | None] = mapped_column(comment="when that last came to its end")
    policy: Mapped[str] = mapped_column(Text, default="", comment="TOML over the default policy")
    shadow_policy: Mapped[str | None] = mapped_column(Text, comment="TOML that judges along without acting; null: none")
    shadow_since: Mapped[datetime | None]
    training_consent: Mapped[bool] = mapped_column(
        Boolean, default=False, comment="people's decisions may be exported as training data"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuthorMessage(Base):
    """A forum's own words to authors, in the place of Heed's."""

    __tablename__ = "author_message"

    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True, comment="service.author_messages.KINDS")
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    text: Mapped[str] = mapped_column(EncryptedText)
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class PolicyVersion(Base):
    """A policy that a forum had, or has."""

    __tablename__ = "policy_version"
    __table_args__ = (Index("ix_policy_version_forum", "forum_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("policy"))
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    policy: Mapped[str] = mapped_column(Text, comment="TOML over the default policy")
    version: Mapped[str] = mapped_column(String(80), comment="service.policy.policy.Policy.version")
    moderator_id: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="null: as it was at first")
    why: Mapped[str] = mapped_column(EncryptedWords(500))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Post(Base):
    """One post of a forum across its revisions. A row may exist before any text: a deletion can come first."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("forum_id", "external_id"),
        Index("ix_post_deleted", "deleted_as_of", **DELETED),
        Index("ix_post_erased_item", "erased_item", **ONCE_QUEUED),
        Index("ix_post_passing", "created_at", **PASSING),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("post"))
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(Integer, default=0, comment="newest revision known; 0: none yet")
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    erased: Mapped[bool] = mapped_column(Boolean, default=False, comment="deleted, and no text of it may be kept")
    deleted_as_of: Mapped[datetime | None] = mapped_column(comment="forum's time of the newest deletion or recovery")
    event_number: Mapped[int | None] = mapped_column(
        BigInteger, comment="of the newest deletion or recovery, where its forum counts them (Discourse)"
    )
    erasure_id: Mapped[str | None] = mapped_column(String(40), comment="the receipt")
    erased_item: Mapped[str | None] = mapped_column(
        String(40), comment="its item while it had one: an old link to its page says what became of it"
    )
    kept: Mapped[bool] = mapped_column(
        Boolean, default=True, server_default=true(), comment="false: no post, but a text that is read for an answer"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)

    forum: Mapped[Forum] = relationship()


class EventCount(Base):
    """How far a Discourse has counted its events, by the last one that could not be a recorded one sent again."""

    __tablename__ = "event_count"

    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    instance: Mapped[str] = mapped_column(String(150), primary_key=True, comment="host of the Discourse")
    number: Mapped[int] = mapped_column(BigInteger, comment="of the event that brought the newest text of a post")


def _placed(context: DefaultExecutionContext) -> datetime:
    values = context.get_current_parameters()
    return values.get("posted_at") or values.get("received_at") or now()


class Revision(Base):
    """The text of one revision and where it stands: pending → leased → done; superseded or deleted instead."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        Index("ix_revision_work", "state", "urgent", "received_at"),
        Index("ix_revision_unread", text("urgent DESC"), "received_at", **UNREAD),
        Index("ix_revision_author", "forum_id", "author"),
        Index("ix_revision_thread", "forum_id", "thread", "placed_at", "post_id"),
        Index("ix_revision_reply_to", "forum_id", "reply_to"),
        Index("ix_revision_finished", "finished_at", **FINISHED),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("rev"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    number: Mapped[int] = mapped_column(Integer)
    board: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(EncryptedWords, default="")
    body: Mapped[str] = mapped_column(EncryptedWords)
    format: Mapped[str] = mapped_column(String(10), default="plain", comment="plain|markdown|bbcode|html")
    parent: Mapped[str] = mapped_column(EncryptedWords, default="", comment="excerpt of the post replied to")
    thread: Mapped[str] = mapped_column(String(200), default="", comment="forum's own id of the topic")
    reply_to: Mapped[str] = mapped_column(String(200), default="", comment="forum's own id of the post replied to")
    author: Mapped[str] = mapped_column(EncryptedName(200), default="", comment="forum's own reference, opaque to us")
    language: Mapped[str] = mapped_column(String(8), default="")
    url: Mapped[str] = mapped_column(EncryptedWords(2000), default="", comment="where the forum shows it")
    digest: Mapped[str] = mapped_column(EncryptedWords(64), comment="SHA-256 of title, body, format and parent")
    posted_at: Mapped[datetime | None] = mapped_column(comment="by the forum's clock")
    received_at: Mapped[datetime] = mapped_column(default=now)
    placed_at: Mapped[datetime | None] = mapped_column(
        default=_placed, comment="its place in the thread: the forum's time of the first revision, else the arrival"
    )
    state: Mapped[str] = mapped_column(String(12), default="pending", comment="pending|leased|done|superseded|deleted")
    urgent: Mapped[int] = mapped_column(Integer, default=0, comment="read first where higher")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    traceparent: Mapped[str] = mapped_column(
        String(55), default="", server_default="", comment="W3C context of the request that brought it, where traced"
    )

    post: Mapped[Post] = relationship()


class Verdict(Base):
    """What was decided of a revision, by the models or by a person. Exactly one per post is current."""

    __tablename__ = "verdict"
    __table_args__ = (
        Index(
            "uq_verdict_current",
            "post_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
        Index("ix_verdict_revision", "revision_id"),
        Index("ix_verdict_post", "post_id"),
        Index("ix_verdict_models", "created_at", **BY_MODELS),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("verdict"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id", ondelete="CASCADE"))
    current: Mapped[bool] = mapped_column(Boolean, default=True)
    action: Mapped[str] = mapped_column(String(10), comment="allow|flag|hold|escalate|remove|redact")
    severity: Mapped[str] = mapped_column(String(10), comment="none|medium|high|critical")
    document: Mapped[dict[str, Any]] = mapped_column(
        EncryptedJson("models", "not_checked"), comment="service.policy.verdict.VerdictDocument.to_json()"
    )
    findings: Mapped[dict[str, Any] | None] = mapped_column(
        EncryptedJson(none_as_null=True),
        comment="classifiers.findings.Findings.to_json(), to decide again by another policy",
    )
    policy_version: Mapped[str] = mapped_column(String(80))
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="null: the models")
    note: Mapped[str] = mapped_column(EncryptedWords, default="")
    instead_of: Mapped[str | None] = mapped_column(
        String(40), comment="the verdict that stood before on this revision; what an undo brings back keeps its own"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)

    revision: Mapped[Revision] = relationship()


class ShadowVerdict(Base):
    """What another policy or model would have said of a revision, beside what was done."""

    __tablename__ = "shadow_verdict"
    __table_args__ = (Index("ix_shadow_verdict_post", "post_id"), Index("ix_shadow_verdict_revision", "revision_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("shadow"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    revision_id: Mapped[str] = mapped_column(ForeignKey("revision.id", ondelete="CASCADE"))
    acted: Mapped[str] = mapped_column(String(10), comment="the action in force")
    acted_labels: Mapped[str] = mapped_column(Text, comment="service.urgency.topics")
    action: Mapped[str] = mapped_column(String(10), comment="the shadow's")
    labels: Mapped[str] = mapped_column(Text, comment="service.urgency.topics")
    policy_version: Mapped[str] = mapped_column(String(80))
    models: Mapped[dict[str, Any]] = mapped_column(comment="name and version of each model that read for it")
    created_at: Mapped[datetime] = mapped_column(default=now)


class QueueItem(Base):
    """A post waiting for a moderator, or decided by one. One per post; `version` guards against two at once.

    What the queue sorts, filters and counts by stands in the row itself, so that no verdict is opened for it.
    """

    __tablename__ = "queue_item"
    __table_args__ = (
        Index("ix_queue_order", "lane", "due_at", "id", **OPEN),
        # All that the counts read, so that they open no row.
        Index(
            "ix_queue_counts",
            *("forum_id", "board", "severity", "labels", "due_at", "created_at", "state"),
            **OPEN,
        ),
        Index("ix_queue_claimed", "claimed_by", **CLAIMED),
        Index("ix_queue_assigned", "assigned_to", **ASSIGNED),
        Index("ix_queue_decided", "state", "decided_at", "id"),
        Index("ix_queue_withdrawn", "state", "created_at", **WITHDRAWN),
        Index("ix_queue_verdict", "verdict_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("item"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), unique=True)
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    verdict_id: Mapped[str] = mapped_column(ForeignKey("verdict.id", ondelete="CASCADE"), comment="the models' verdict")
    state: Mapped[str] = mapped_column(String(10), default="open", comment="open|decided|withdrawn")
    board: Mapped[str] = mapped_column(String(200), default="")
    severity: Mapped[str] = mapped_column(String(10), default="none", comment="none|medium|high|critical")
    labels: Mapped[str] = mapped_column(Text, default="", comment="service.urgency.topics: ` area.label area.label `")
    lane: Mapped[int] = mapped_column(Integer, default=1, comment="0: a life may be at stake; 1: everything else")
    due_at: Mapped[datetime] = mapped_column(default=now, comment="when somebody should have looked")
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="whom it was handed to")
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="who reads it")
    claimed_at: Mapped[datetime | None] = mapped_column(comment="when they opened it: the claim's name")
    claimed_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"))
    decision: Mapped[str] = mapped_column(String(10), default="", comment="the action a person chose, or empty")

    def let_go(self) -> None:
        """Nobody reads it any more."""
        self.claimed_by = self.claimed_at = self.claimed_until = None

    def forget_decision(self) -> None:
        """No person's decision stands."""
        self.decision, self.decided_by, self.decided_at = "", None, None


class Care(Base):
    """What people do for the author of a post beside moderating it: help sent, a reply, a check-in, how it went."""

    __tablename__ = "care"
    __table_args__ = (Index("ix_care_check_in", "outcome", "check_in_at"),)

    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    sent_at: Mapped[datetime | None] = mapped_column(comment="when help was sent through the forum")
    replied_at: Mapped[datetime | None] = mapped_column(comment="when somebody said that a person has replied")
    check_in_at: Mapped[datetime | None]
    check_in_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"))
    outcome: Mapped[str] = mapped_column(String(10), default="", comment="replied|referred|no_answer, or empty: open")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Skip(Base):
    """A moderator leaves an item to others: it is not offered to them again."""

    __tablename__ = "skip"

    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"), primary_key=True)
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20), comment="service.review.words.SKIPS")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Opinion(Base):
    """What a moderator would do with an item; by itself it does nothing. A removal that a second person has to agree to, an
    answer to a colleague's question, or what a second reader of a decided post says without knowing the decision.
    """

    __tablename__ = "opinion"
    __table_args__ = (
        UniqueConstraint("item_id", "version", "moderator_id"),
        Index("ix_opinion_moderator", "moderator_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("opinion"))
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer, comment="the item's, when it was given; of another it counts no more")
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    action: Mapped[str] = mapped_column(String(10), comment="as in service.decisions.ACTIONS")
    label: Mapped[str] = mapped_column(String(80), default="", comment="what it would be removed for")
    note: Mapped[str] = mapped_column(EncryptedWords, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class OpinionRequest(Base):
    """A moderator asks a colleague, or all of them, what they would do with an open item."""

    __tablename__ = "opinion_request"
    __table_args__ = (
        Index("ix_opinion_request_item", "item_id"),
        Index("ix_opinion_request_opinion", "opinion_id"),
        Index("ix_opinion_request_asked_by", "asked_by"),
        Index("ix_opinion_request_asked_of", "asked_of", **UNANSWERED),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("request"))
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer, comment="the item's, when it was asked; of another it asks no more")
    asked_by: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    asked_of: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="null: anybody")
    question: Mapped[str] = mapped_column(EncryptedWords, default="")
    opinion_id: Mapped[str | None] = mapped_column(
        ForeignKey("opinion.id", ondelete="CASCADE"), comment="the answer; null: it waits"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)


class SecondReading(Base):
    """A decision drawn to be read again by somebody who does not know it."""

    __tablename__ = "second_reading"
    __table_args__ = (
        Index("ix_second_reading_item", "item_id"),
        Index("ix_second_reading_opinion", "opinion_id"),
        Index("ix_second_reading_unread", "created_at", **UNANSWERED),
    )

    verdict_id: Mapped[str] = mapped_column(
        ForeignKey("verdict.id", ondelete="CASCADE"), primary_key=True, comment="the decision"
    )
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer, comment="the item's after the decision; at another it waits no more")
    labels: Mapped[str] = mapped_column(Text, default="", comment="service.urgency.topics of the post then")
    opinion_id: Mapped[str | None] = mapped_column(
        ForeignKey("opinion.id", ondelete="CASCADE"), comment="what the second reader would do; null: it waits"
    )
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="who reads it")
    claimed_until: Mapped[datetime | None]
    left_by: Mapped[str] = mapped_column(Text, default="", comment="who left it to others: ` moderator moderator `")
    created_at: Mapped[datetime] = mapped_column(default=now)


class SavedView(Base):
    """Filters of the queue that a moderator gave a name."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("moderator_id", "name"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("view"))
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    name: Mapped[str] = mapped_column(String(60))
    filters: Mapped[dict[str, Any]] = mapped_column(comment="service.review.filters.Filters.query()")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Delivery(Base):
    """A callback to send: the outbox. Its id is the `webhook-id`, constant over all attempts."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "state", "due_at"),
        Index("ix_delivery_post", "post_id"),
        Index("ix_delivery_verdict", "verdict_id"),
        Index("ix_delivery_worded", "due_at", **WORDED),
        Index("ix_delivery_held", "lease_until", **HELD),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("msg"))
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    verdict_id: Mapped[str] = mapped_column(ForeignKey("verdict.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(40), comment="post.verdict | post.decision | post.care")
    payload: Mapped[dict[str, Any] | None] = mapped_column(
        EncryptedJson(none_as_null=True),
        comment="ids, action, labels, spans, versions; of text only a body and a title that the forum is to show, and a "
        "message to its author; null: kept no longer",
    )
    state: Mapped[str] = mapped_column(String(10), default="pending", comment="pending|delivered|given_up|superseded")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime] = mapped_column(default=now)
    lease_owner: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(Integer, comment="HTTP status of the last attempt")
    last_error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    delivered_at: Mapped[datetime | None]
    traceparent: Mapped[str] = mapped_column(
        String(55), default="", server_default="", comment="W3C context of what it tells of, where traced"
    )


class Alert(Base):
    """Somebody on call is to be told that an item is overdue: once for each time that it was due."""

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("item_id", "item_due_at"), Index("ix_alert_due", "state", "due_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("alert"))
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"))
    item_due_at: Mapped[datetime] = mapped_column(comment="when somebody should have looked at the item")
    state: Mapped[str] = mapped_column(String(10), default="pending", comment="pending|sent|given_up")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime] = mapped_column(default=now, comment="of the next attempt")
    last_error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Base):
    """Who did what and when; never a post's text. Written by `service.audit` alone; the database refuses any change but that
    what stands before an `AuditCut` goes.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_post", "post_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("audit"))
    number: Mapped[int] = mapped_column(Integer, unique=True, comment="1, 2, 3 … without a gap")
    hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 hex over this entry and the hash before it")
    moderator_id: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"))
    post_id: Mapped[str | None] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditCut(Base):
    """Up to which entry the audit log is kept no longer: the chain begins after it. Only such entries may be deleted."""

    __tablename__ = "audit_cut"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), comment="of the last entry that is gone")
    created_at: Mapped[datetime] = mapped_column(default=now)
