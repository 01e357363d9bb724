"""Count what waits over a narrower index, and find what was handed over by one of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ALIKE = ["forum_id", "board", "severity", "labels"]
OPEN = sa.text("state = 'open'")
ASSIGNED = sa.text("assigned_to IS NOT NULL AND state = 'open'")


def upgrade() -> None:
    op.drop_index("ix_queue_counts", "queue_item")
    read = [*ALIKE, "due_at", "created_at", "state"]
    op.create_index("ix_queue_counts", "queue_item", read, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index(
        "ix_queue_assigned", "queue_item", ["assigned_to"], sqlite_where=ASSIGNED, postgresql_where=ASSIGNED
    )
