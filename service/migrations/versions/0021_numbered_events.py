"""Deletions and recoveries by the number that their forum gave them"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "post",
        sa.Column(
            "event_number",
            sa.BigInteger(),
            comment="of the newest deletion or recovery, where its forum counts them (Discourse)",
        ),
    )
