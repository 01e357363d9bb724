"""Questions to colleagues about an open post; second readings of decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_opinion_moderator", "opinion", ["moderator_id"])
    op.create_table(
        "opinion_request",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="the item's, when it was asked; of another it asks no more",
        ),
        sa.Column("asked_by", sa.String(40), nullable=False),
        sa.Column("asked_of", sa.String(40), comment="null: anybody"),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("opinion_id", sa.String(40), comment="the answer; null: it waits"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["moderator.id"]),
        sa.ForeignKeyConstraint(["asked_of"], ["moderator.id"]),
        sa.ForeignKeyConstraint(["opinion_id"], ["opinion.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_opinion_request_item", "opinion_request", ["item_id"])
    op.create_table(
        "second_reading",
        sa.Column("verdict_id", sa.String(40), nullable=False, comment="the decision"),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="the item's after the decision; at another it waits no more",
        ),
        sa.Column("labels", sa.Text(), nullable=False, comment="service.urgency.topics of the post then"),
        sa.Column("opinion_id", sa.String(40), comment="what the second reader would do; null: it waits"),
        sa.Column("claimed_by", sa.String(40), comment="who reads it"),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("left_by", sa.Text(), nullable=False, comment="who left it to others: ` moderator moderator `"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["opinion_id"], ["opinion.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["claimed_by"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("verdict_id"),
    )
    op.create_index("ix_second_reading_item", "second_reading", ["item_id"])
    unread = sa.text("opinion_id IS NULL")
    op.create_index(
        "ix_second_reading_unread", "second_reading", ["created_at"], sqlite_where=unread, postgresql_where=unread
    )
