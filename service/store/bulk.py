"""The tables of decisions made together: which posts, what was decided of them, what came of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, new_id, now
from service.store.encrypted import EncryptedWords


class Bulk(Base):
    """One decision on several posts. Its id stands in the form, so that a form sent twice is known."""

    __tablename__ = "bulk"
    __table_args__ = (Index("ix_bulk_created", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("bulk"))
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    action: Mapped[str] = mapped_column(String(10), comment="service.review.selection.TOGETHER")
    label: Mapped[str] = mapped_column(String(80), default="", comment="what the posts are removed for")
    note: Mapped[str] = mapped_column(EncryptedWords, default="")
    telling: Mapped[bool] = mapped_column(Boolean, default=True, comment="whether the authors get the usual words")
    created_at: Mapped[datetime] = mapped_column(default=now)


class BulkItem(Base):
    """One post of a decision on several, and what came of it."""

    __tablename__ = "bulk_item"
    __table_args__ = (Index("ix_bulk_item_item", "item_id"),)

    bulk_id: Mapped[str] = mapped_column(ForeignKey("bulk.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, comment="the item's as it was shown; once done, the one after it")
    outcome: Mapped[str] = mapped_column(
        String(12), default="waiting", comment="waiting|done|undone, or why not: service.review.selection.LEFT_OUT"
    )
