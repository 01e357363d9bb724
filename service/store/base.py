"""What every table stands on: ids, and times in UTC."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, TypeDecorator
from sqlalchemy.orm import DeclarativeBase


def now() -> datetime:
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A sortable, unguessable id such as `post_0199c2…`: 48 bits of milliseconds, 80 random bits, no dot in it."""
    return f"{prefix}_{int(time.time() * 1000):012x}{secrets.token_hex(10)}"


class UtcDateTime(TypeDecorator):
    """Aware UTC in Python on every database (SQLite keeps none)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}
