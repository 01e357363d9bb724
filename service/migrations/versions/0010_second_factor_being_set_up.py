"""A second factor being set up stands with the login, not in its cookie"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "second factor being set up here; base32"
    op.add_column(
        "login_session", sa.Column("new_totp", sa.String(64), nullable=False, server_default="", comment=comment)
    )
