"""The secret that a forum's Coral signs by"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.String(200) if op.get_bind().dialect.name == "sqlite" else sa.Text()
    said = "made by Coral, which signs by it; empty: no Coral"
    op.add_column("forum", sa.Column("coral_secret", kind, nullable=False, server_default="", comment=said))
