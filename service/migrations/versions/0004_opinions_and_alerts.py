"""Opinions where a second person has to agree; alerts of overdue crisis posts"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opinion",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="the item's, when it was given; of another it counts no more",
        ),
        sa.Column("moderator_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False, comment="as in service.verdicts.DECISIONS"),
        sa.Column("label", sa.String(length=80), nullable=False, comment="what it would be removed for"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "version", "moderator_id"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column(
            "item_due_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when somebody should have looked at the item",
        ),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending|sent|given_up"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="of the next attempt"),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "item_due_at"),
    )
    with op.batch_alter_table("alert") as table:
        table.create_index("ix_alert_due", ["state", "due_at"], unique=False)
