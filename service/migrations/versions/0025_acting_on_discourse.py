"""The account by which Heed acts on a Discourse. SQLite and PostgreSQL add the columns without a look at a row"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    user = "account that acts on the Discourse at callback_url; empty: callbacks are webhooks"
    flags = "what stays visible is flagged there for its moderators"
    asked, known = "when it was last asked what webhooks missed", "when that last came to its end"
    op.add_column("forum", sa.Column("discourse_user", sa.String(100), nullable=False, server_default="", comment=user))
    op.add_column(
        "forum", sa.Column("discourse_key", sa.Text(), nullable=False, server_default="", comment="its API key")
    )
    op.add_column(
        "forum", sa.Column("discourse_flags", sa.Boolean(), nullable=False, server_default=sa.false(), comment=flags)
    )
    op.add_column("forum", sa.Column("discourse_asked_at", sa.DateTime(timezone=True), comment=asked))
    op.add_column("forum", sa.Column("discourse_known_at", sa.DateTime(timezone=True), comment=known))
