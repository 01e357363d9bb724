"""Versions of a policy, what models found kept to decide again, and verdicts in the shadow"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("forum_id", sa.String(40), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False, comment="TOML over the default policy"),
        sa.Column("version", sa.String(80), nullable=False, comment="service.policy.policy.Policy.version"),
        sa.Column("moderator_id", sa.String(40), nullable=True, comment="null: as it was at first"),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_policy_version_forum", "policy_version", ["forum_id", "created_at"])
    op.create_table(
        "shadow_verdict",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("post_id", sa.String(40), nullable=False),
        sa.Column("revision_id", sa.String(40), nullable=False),
        sa.Column("acted", sa.String(10), nullable=False, comment="the action in force"),
        sa.Column("acted_labels", sa.Text(), nullable=False, comment="service.urgency.topics"),
        sa.Column("action", sa.String(10), nullable=False, comment="the shadow's"),
        sa.Column("labels", sa.Text(), nullable=False, comment="service.urgency.topics"),
        sa.Column("policy_version", sa.String(80), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False, comment="name and version of each model that read for it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shadow_verdict_post", "shadow_verdict", ["post_id"])
    with op.batch_alter_table("forum") as table:
        table.add_column(
            sa.Column("shadow_policy", sa.Text(), comment="TOML that judges along without acting; null: none")
        )
        table.add_column(sa.Column("shadow_since", sa.DateTime(timezone=True)))
    # Not in a batch: that would copy every verdict there is.
    comment = "classifiers.findings.Findings.to_json(), to decide again by another policy"
    op.add_column("verdict", sa.Column("findings", sa.JSON(none_as_null=True), nullable=True, comment=comment))
    by_models = sa.text("decided_by IS NULL")
    op.create_index("ix_verdict_models", "verdict", ["created_at"], sqlite_where=by_models, postgresql_where=by_models)
