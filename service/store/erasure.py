"""The table of erasures: what was asked to be forgotten, and how much of it went. It holds no word of a post."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, new_id, now
from service.store.encrypted import EncryptedText


class Erasure(Base):
    """A post, or everything by an author, erased at the forum's word. Its id is the receipt's."""

    __tablename__ = "erasure"
    __table_args__ = (
        Index("ix_erasure_author", "forum_id", "author_hash", "created_at"),
        Index(
            "ix_erasure_under_way",
            "id",
            sqlite_where=text("state = 'under_way'"),
            postgresql_where=text("state = 'under_way'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("erasure"))
    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"))
    post_id: Mapped[str | None] = mapped_column(String(40), comment="the post; null: an author")
    author: Mapped[str] = mapped_column(
        EncryptedText(200), default="", comment="forum's own reference, empty once it is done"
    )
    author_hash: Mapped[str] = mapped_column(String(64), default="", comment="by HEED_SECRET_KEY; empty: a post")
    state: Mapped[str] = mapped_column(String(10), default="under_way", comment="under_way|done")
    posts: Mapped[int] = mapped_column(Integer, default=0)
    erased: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="rows by table; `quotes` and `notes` in others"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
