"""Room for what is encrypted, which is longer than the text was. SQLite holds no column to its length, so its tables are not
copied for it; PostgreSQL takes each change without a look at a row
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LENGTHS = (
    ("forum", "webhook_secret", 120),
    ("forum", "discourse_secret", 120),
    ("forum", "callback_secret", 120),
    ("retired_key", "value", 120),
    ("moderator", "totp_secret", 64),
    ("login_session", "new_totp", 64),
    ("policy_version", "why", 500),
    ("revision", "author", 200),
    ("revision", "url", 2000),
    ("revision", "digest", 64),
    ("erasure", "author", 200),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, column, length in LENGTHS:
        op.alter_column(table, column, type_=sa.Text(), existing_type=sa.String(length))
