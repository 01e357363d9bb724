"""The tables of appeals: an author's word against a decision, and who may not be the one to decide it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, new_id, now
from service.store.encrypted import EncryptedWords


class Appeal(Base):
    """An author sees the verdict on their post otherwise. At most one of a post is open."""

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("post_id", "external_id"),
        Index("ix_appeal_verdict", "verdict_id"),
        Index(
            "uq_appeal_open",
            "post_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("appeal"))
    post_id: Mapped[str] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    verdict_id: Mapped[str] = mapped_column(ForeignKey("verdict.id", ondelete="CASCADE"), comment="what it is against")
    external_id: Mapped[str] = mapped_column(String(200), comment="forum's own id of the appeal")
    text: Mapped[str] = mapped_column(EncryptedWords, comment="the author's words")
    state: Mapped[str] = mapped_column(String(10), default="open", comment="open|upheld|granted|withdrawn")
    posted_at: Mapped[datetime | None] = mapped_column(comment="by the forum's clock")
    created_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]
    decision_id: Mapped[str | None] = mapped_column(String(40), comment="the verdict that decided it")


class Recusal(Base):
    """Somebody had a part in what is appealed: the appeal is for others to decide."""

    __tablename__ = "recusal"
    __table_args__ = (Index("ix_recusal_moderator", "moderator_id"),)

    appeal_id: Mapped[str] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"), primary_key=True)
