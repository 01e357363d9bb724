"""Alembic's environment. `service.store.migrate.upgrade` hands over the connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from service.store.base import UtcDateTime
from service.store.encrypted import EncryptedJson, EncryptedText
from service.store.models import Base

LOCK = 0x48656564
"""Key of PostgreSQL's advisory lock: two processes that migrate at once take turns ("Heed" in ASCII)."""


def _written(kind: str, item, _context):  # noqa: ANN001
    """How a column's type is written into a new migration: plain SQLAlchemy, whatever becomes of our models."""
    plain = {UtcDateTime: "sa.DateTime(timezone=True)", EncryptedText: "sa.Text()", EncryptedJson: "sa.JSON()"}
    found = [written for ours, written in plain.items() if isinstance(item, ours)]
    return found[0] if kind == "type" and found else False


def run(connection) -> None:  # noqa: ANN001
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # SQLite changes a table by copying it: with references enforced, dropping the old one would empty others.
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_written,
        # All steps in one transaction, also on SQLite, so that another process never sees half of them.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if sqlite:
            connection.execute(text("BEGIN IMMEDIATE"))
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()
        if sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise RuntimeError("a migration left a reference to a row that is not there")
    connection.commit()
    if sqlite:
        connection.connection.execute("PRAGMA foreign_keys=ON")


run(context.config.attributes["connection"])
