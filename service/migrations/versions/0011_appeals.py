"""Appeals, and who may not decide them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("post_id", sa.String(40), nullable=False),
        sa.Column("verdict_id", sa.String(40), nullable=False, comment="what it is against"),
        sa.Column("external_id", sa.String(200), nullable=False, comment="forum's own id of the appeal"),
        sa.Column("text", sa.Text(), nullable=False, comment="the author's words"),
        sa.Column("state", sa.String(10), nullable=False, comment="open|upheld|granted|withdrawn"),
        sa.Column("posted_at", sa.DateTime(timezone=True), comment="by the forum's clock"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("decision_id", sa.String(40), comment="the verdict that decided it"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "external_id"),
    )
    waiting = sa.text("state = 'open'")
    op.create_index(
        "uq_appeal_open", "appeal", ["post_id"], unique=True, sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "recusal",
        sa.Column("appeal_id", sa.String(40), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("appeal_id", "moderator_id"),
    )
    op.create_index("ix_recusal_moderator", "recusal", ["moderator_id"])
    if op.get_bind().dialect.name == "postgresql":
        # SQLite keeps no comments.
        said = "the verdict that stood before on this revision; what an undo brings back keeps its own"
        op.execute(f"COMMENT ON COLUMN verdict.instead_of IS '{said}'")
