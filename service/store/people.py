"""The tables of people: who they are, what they may do where, how they get in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, new_id, now
from service.store.encrypted import EncryptedText


class Moderator(Base):
    """A person of the console, whatever their roles. `password_hash` is argon2id; empty: they sign on elsewhere."""

    __tablename__ = "moderator"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("user"))
    name: Mapped[str] = mapped_column(String(80), unique=True, comment="they log in by it")
    alias: Mapped[str] = mapped_column(String(80), default="", comment="what colleagues see instead, or empty")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    totp_secret: Mapped[str] = mapped_column(EncryptedText(64), default="", comment="base32; empty: no second factor")
    totp_step: Mapped[int] = mapped_column(Integer, default=0, comment="time step of the last code used: none twice")
    sign_on: Mapped[str | None] = mapped_column(String(600), unique=True, comment="issuer and subject at the provider")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    softened: Mapped[bool] = mapped_column(Boolean, default=False, comment="sharp sentences are blurred until wanted")
    text_size: Mapped[str] = mapped_column(String(8), default="", comment="empty|large|larger")
    zone: Mapped[str] = mapped_column(String(64), default="", comment="IANA time zone; empty: UTC")
    language: Mapped[str] = mapped_column(String(8), default="", comment="of the console; empty: the browser's")
    heavy_budget: Mapped[dict[str, Any]] = mapped_column(
        default=dict, comment="heavy posts a day by service.people.budget.CATEGORIES; left out: HEED_HEAVY_BUDGET"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def called(self) -> str:
        """What colleagues call them."""
        return self.alias or self.name


class Membership(Base):
    """What a person may do on one forum, or on all of them."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("moderator_id", "forum_id"),
        # To a unique constraint two NULLs differ.
        Index(
            "uq_membership_everywhere",
            "moderator_id",
            unique=True,
            sqlite_where=text("forum_id IS NULL"),
            postgresql_where=text("forum_id IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("member"))
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    forum_id: Mapped[str | None] = mapped_column(ForeignKey("forum.id"), comment="null: every forum")
    role: Mapped[str] = mapped_column(String(10), comment="service.people.roles.ROLES")
    created_at: Mapped[datetime] = mapped_column(default=now)


class LoginSession(Base):
    """One browser that somebody is logged in with. Its id stands in the signed cookie."""

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_moderator", "moderator_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("login"))
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    device: Mapped[str] = mapped_column(String(60), default="", comment='as its owner knows it: "Firefox on Linux"')
    new_totp: Mapped[str] = mapped_column(
        EncryptedText(64), default="", comment="second factor being set up here; base32"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)


class HeavyReading(Base):
    """Somebody opened a heavy post: counted for themselves alone, and forgotten some days later."""

    __tablename__ = "heavy_reading"
    __table_args__ = (Index("ix_heavy_reading_day", "day"), Index("ix_heavy_reading_item", "item_id"))

    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, comment="in their own time zone")
    item_id: Mapped[str] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(10), comment="service.people.budget.CATEGORIES")


class Invitation(Base):
    """A link, good for one use: for somebody new to join, or for somebody known to choose a new password."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("invite"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, comment="SHA-256 hex")
    moderator_id: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="who gets back in; null: new")
    forum_id: Mapped[str | None] = mapped_column(ForeignKey("forum.id"), comment="where they join; null: every forum")
    role: Mapped[str] = mapped_column(String(10), default="")
    made_by: Mapped[str | None] = mapped_column(ForeignKey("moderator.id"), comment="null: on the machine itself")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_moderator", "moderator_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("code"))
    moderator_id: Mapped[str] = mapped_column(ForeignKey("moderator.id"))
    code_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 hex: 80 random bits need no slow hash")
