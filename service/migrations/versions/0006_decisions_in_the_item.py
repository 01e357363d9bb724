"""What a person decided stands in the item, so that numbers open no verdict"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("queue_item") as table:
        table.add_column(sa.Column("decided_by", sa.String(length=40), nullable=True))
        table.add_column(
            sa.Column(
                "decision",
                sa.String(length=10),
                nullable=False,
                server_default="",
                comment="the action a person chose, or empty",
            )
        )
    item = sa.table("queue_item", *(sa.column(name) for name in ("post_id", "state", "decided_by", "decision")))
    verdict = sa.table(
        "verdict",
        *(sa.column(name) for name in ("post_id", "decided_by", "action")),
        sa.column("current", sa.Boolean()),
    )
    standing = (verdict.c.post_id == item.c.post_id) & verdict.c.current & verdict.c.decided_by.is_not(None)
    op.execute(
        item.update()
        .where(item.c.state == "decided", sa.exists().where(standing))
        .values(
            decided_by=sa.select(verdict.c.decided_by).where(standing).scalar_subquery(),
            decision=sa.select(verdict.c.action).where(standing).scalar_subquery(),
        )
    )
    with op.batch_alter_table("queue_item") as table:
        table.alter_column("decision", existing_type=sa.String(10), server_default=None)
        table.create_foreign_key("fk_queue_item_decided_by", "moderator", ["decided_by"], ["id"])
