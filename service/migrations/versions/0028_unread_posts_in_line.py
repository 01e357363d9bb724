"""An index of the posts that wait to be read, in their line: a claim takes its first ones, however many wait behind them"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unread = sa.text("state NOT IN ('done', 'superseded', 'deleted')")
    columns = [sa.text("urgent DESC"), "received_at"]
    op.create_index("ix_revision_unread", "revision", columns, sqlite_where=unread, postgresql_where=unread)
