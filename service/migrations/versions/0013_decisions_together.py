"""Decisions on several posts together"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("action", sa.String(10), nullable=False, comment="service.review.selection.TOGETHER"),
        sa.Column("label", sa.String(80), nullable=False, comment="what the posts are removed for"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("telling", sa.Boolean(), nullable=False, comment="whether the authors get the usual words"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bulk_created", "bulk", ["created_at"])
    op.create_table(
        "bulk_item",
        sa.Column("bulk_id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="the item's as it was shown; once done, the one after it"
        ),
        sa.Column(
            "outcome",
            sa.String(12),
            nullable=False,
            comment="waiting|done|undone, or why not: service.review.selection.LEFT_OUT",
        ),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bulk_id", "item_id"),
    )
    op.create_index("ix_bulk_item_item", "bulk_item", ["item_id"])
