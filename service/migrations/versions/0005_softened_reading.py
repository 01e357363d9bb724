"""Moderators may have sharp sentences blurred until they want to read them"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("moderator") as table:
        table.add_column(
            sa.Column(
                "softened",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="sharp sentences are blurred until wanted",
            )
        )
    with op.batch_alter_table("moderator") as table:
        table.alter_column("softened", existing_type=sa.Boolean(), server_default=None)
