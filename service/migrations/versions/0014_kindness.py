"""Heavy posts a day for each moderator, and forums' consent to training on their moderators' decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heavy_reading",
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in their own time zone"),
        sa.Column("item_id", sa.String(40), nullable=False),
        sa.Column("category", sa.String(10), nullable=False, comment="service.people.budget.CATEGORIES"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("moderator_id", "day", "item_id"),
    )
    op.create_index("ix_heavy_reading_day", "heavy_reading", ["day"])
    comment = "heavy posts a day by service.people.budget.CATEGORIES; left out: HEED_HEAVY_BUDGET"
    op.add_column(
        "moderator", sa.Column("heavy_budget", sa.JSON(), nullable=False, server_default="{}", comment=comment)
    )
    comment = "people's decisions may be exported as training data"
    consent = sa.Column("training_consent", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment)
    op.add_column("forum", consent)
