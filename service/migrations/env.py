"""Alembic's environment. `service.store.migrate.upgrade` hands over the connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from service.store.models import Base, UtcDateTime

LOCK = 0x48656564
"""Key of PostgreSQL's advisory lock: two processes that migrate at once take turns ("Heed" in ASCII)."""


def _written(kind: str, item, _context):  # noqa: ANN001
    """How a column's type is written into a new migration: plain SQLAlchemy, whatever becomes of our models."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection) -> None:  # noqa: ANN001
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_written,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        elif connection.dialect.name == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
        context.run_migrations()
    connection.commit()


run(context.config.attributes["connection"])
