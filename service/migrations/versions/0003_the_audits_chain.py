"""Audit entries are numbered, chained by hash, and never changed"""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REFUSAL = "the audit log is only ever added to"


def upgrade() -> None:
    with op.batch_alter_table("audit_entry") as table:
        table.add_column(sa.Column("number", sa.Integer(), nullable=True, comment="1, 2, 3 … without a gap"))
        table.add_column(
            sa.Column(
                "hash",
                sa.String(length=64),
                nullable=True,
                comment="SHA-256 hex over this entry and the hash before it",
            )
        )
    _chain()
    with op.batch_alter_table("audit_entry") as table:
        table.alter_column("number", existing_type=sa.Integer(), nullable=False)
        table.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        table.create_unique_constraint("uq_audit_entry_number", ["number"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{change.lower()} BEFORE {change} ON audit_entry "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
            "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()"
        )


def _chain() -> None:
    """Number the entries that are there by their time, and chain them."""
    entry = sa.table(
        "audit_entry",
        *(sa.column(name) for name in ("id", "number", "hash", "moderator_id", "post_id", "what", "detail")),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    connection, previous = op.get_bind(), "0" * 64
    rows = connection.execute(sa.select(entry).order_by(entry.c.created_at, entry.c.id)).all()
    for number, row in enumerate(rows, 1):
        detail = json.loads(row.detail) if isinstance(row.detail, str) else row.detail
        when = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=UTC)
        when = when.astimezone(UTC).isoformat(timespec="microseconds")
        content = [previous, number, row.moderator_id, row.post_id, row.what, detail, when]
        previous = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        connection.execute(entry.update().where(entry.c.id == row.id).values(number=number, hash=previous))
