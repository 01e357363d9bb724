"""An index of the callbacks that somebody holds: the sweeper looks for those whose holder died after they were settled"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("lease_until IS NOT NULL")
    op.create_index("ix_delivery_held", "delivery", ["lease_until"], sqlite_where=held, postgresql_where=held)
