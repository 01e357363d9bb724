"""Which thread a post belongs to and what it answers"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that would copy every text there is.
    for name, comment in (
        ("thread", "forum's own id of the topic"),
        ("reply_to", "forum's own id of the post replied to"),
    ):
        column = sa.Column(name, sa.String(200), nullable=False, server_default="", comment=comment)
        op.add_column("revision", column)
    comment = "its place in the thread: the forum's time of the first revision, else the arrival"
    op.add_column("revision", sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True, comment=comment))
    op.create_index("ix_revision_thread", "revision", ["forum_id", "thread", "placed_at", "post_id"])
    if op.get_bind().dialect.name == "postgresql":
        text = "ids, action, labels, spans, versions; of text only a body and a title that the forum is to show"
        op.execute(f"COMMENT ON COLUMN delivery.payload IS '{text}'")
