"""Where a post's trace goes on: its revision and its callbacks carry the context. Both databases add columns without a look at a row"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COMMENTS = {
    "revision": "W3C context of the request that brought it, where traced",
    "delivery": "W3C context of what it tells of, where traced",
}


def upgrade() -> None:
    for table, said in COMMENTS.items():
        column = sa.Column("traceparent", sa.String(55), nullable=False, server_default="", comment=said)
        op.add_column(table, column)
