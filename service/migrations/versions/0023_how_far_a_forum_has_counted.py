"""How far each Discourse has counted its events, so that no number out of the future shuts a post"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_count",
        sa.Column("forum_id", sa.String(40), sa.ForeignKey("forum.id"), primary_key=True),
        sa.Column("instance", sa.String(150), primary_key=True, comment="host of the Discourse"),
        sa.Column(
            "number", sa.BigInteger(), nullable=False, comment="of the event that brought the newest text of a post"
        ),
    )
