"""Keys that forums are about to give up"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retired_key",
        sa.Column("forum_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False, comment="service.keys.KINDS"),
        sa.Column(
            "value",
            sa.String(120),
            nullable=False,
            comment="as it stood in `forum`: an API key's SHA-256 hex, or a secret",
        ),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="when it is worth nothing any more"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.PrimaryKeyConstraint("forum_id", "kind"),
    )
    op.create_index("ix_retired_key_value", "retired_key", ["value"])
