"""The table of keys that forums are about to give up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, now
from service.store.encrypted import EncryptedSecret


class RetiredKey(Base):
    """The key that a forum had before its present one: it holds beside it for a while. At most one of a kind."""

    __tablename__ = "retired_key"
    __table_args__ = (Index("ix_retired_key_value", "value"),)

    forum_id: Mapped[str] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True, comment="service.keys.KINDS")
    value: Mapped[str] = mapped_column(
        EncryptedSecret(120), comment="as it stood in `forum`: an API key's SHA-256 hex, or a secret"
    )
    until: Mapped[datetime] = mapped_column(comment="when it is worth nothing any more")
    created_at: Mapped[datetime] = mapped_column(default=now)
