"""Care for authors, words to them, which verdict stood before another, a language of one's own"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "author_message",
        sa.Column("forum_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False, comment="service.author_messages.KINDS"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("forum_id", "kind", "language"),
    )
    op.create_table(
        "care",
        sa.Column("post_id", sa.String(40), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), comment="when help was sent through the forum"),
        sa.Column("replied_at", sa.DateTime(timezone=True), comment="when somebody said that a person has replied"),
        sa.Column("check_in_at", sa.DateTime(timezone=True)),
        sa.Column("check_in_by", sa.String(40)),
        sa.Column("outcome", sa.String(10), nullable=False, comment="replied|referred|no_answer, or empty: open"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["check_in_by"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("post_id"),
    )
    op.create_index("ix_care_check_in", "care", ["outcome", "check_in_at"])
    # Not in a batch: that would copy every verdict there is.
    comment = "the verdict that stood before on this revision"
    op.add_column("verdict", sa.Column("instead_of", sa.String(40), nullable=True, comment=comment))
    comment = "of the console; empty: the browser's"
    op.add_column("moderator", sa.Column("language", sa.String(8), nullable=False, server_default="", comment=comment))
    if op.get_bind().dialect.name == "postgresql":
        _say("verdict", "action", "allow|flag|hold|escalate|remove|redact")
        _say("delivery", "event", "post.verdict | post.decision | post.care")
        text = "ids, action, labels, spans, versions; of text only a body that the forum is to show"
        _say("delivery", "payload", text)
        _say("opinion", "action", "as in service.decisions.ACTIONS")


def _say(table: str, column: str, comment: str) -> None:
    """SQLite keeps no comments."""
    op.execute(f"COMMENT ON COLUMN {table}.{column} IS '{comment}'")
