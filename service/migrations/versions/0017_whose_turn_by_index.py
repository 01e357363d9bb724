"""Find whose turn it is to say something from the few questions, never from everything that is open"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UNANSWERED = sa.text("opinion_id IS NULL")


def upgrade() -> None:
    op.create_index("ix_opinion_request_asked_by", "opinion_request", ["asked_by"])
    op.create_index(
        "ix_opinion_request_asked_of",
        "opinion_request",
        ["asked_of"],
        sqlite_where=UNANSWERED,
        postgresql_where=UNANSWERED,
    )
