"""Texts that are only read for an answer: posts that are not kept. SQLite and PostgreSQL add the column without a look at a row"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    said = "false: no post, but a text that is read for an answer"
    op.add_column("post", sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.true(), comment=said))
    passing = {"sqlite_where": sa.text("kept = 0"), "postgresql_where": sa.text("NOT kept")}
    op.create_index("ix_post_passing", "post", ["created_at"], **passing)
