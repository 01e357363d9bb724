"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forum",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=8), nullable=False, comment="ISO 3166 country of the crisis resources"),
        sa.Column("api_key_hash", sa.String(length=64), nullable=False, comment="SHA-256 hex of the API key"),
        sa.Column("webhook_secret", sa.String(length=120), nullable=False, comment="whsec_… for signed intake"),
        sa.Column("discourse_secret", sa.String(length=120), nullable=False),
        sa.Column("read_private_messages", sa.Boolean(), nullable=False),
        sa.Column("callback_url", sa.String(length=2000), nullable=False),
        sa.Column("callback_secret", sa.String(length=120), nullable=False, comment="whsec_… that signs our callbacks"),
        sa.Column("callback_disabled", sa.String(length=200), nullable=False, comment="why it is off, or empty"),
        sa.Column("policy", sa.Text(), nullable=False, comment="TOML over the default policy"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("api_key_hash"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "moderator",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False, comment="moderator|admin"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False, comment="raised to end every session of theirs"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("moderator_id", sa.String(length=40), nullable=True),
        sa.Column("post_id", sa.String(length=40), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id"],
            ["moderator.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_post", "audit_entry", ["post_id"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("forum_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="newest revision known; 0: none yet"),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False, comment="deleted, and no text of it may be kept"),
        sa.Column(
            "deleted_as_of",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="forum's time of the newest deletion or recovery",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("forum_id", "external_id"),
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("post_id", sa.String(length=40), nullable=False),
        sa.Column("forum_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("board", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False, comment="plain|markdown|bbcode|html"),
        sa.Column("parent", sa.Text(), nullable=False, comment="excerpt of the post replied to"),
        sa.Column("author", sa.String(length=200), nullable=False, comment="forum's own reference, opaque to us"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False, comment="where the forum shows it"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of title, body, format and parent"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True, comment="by the forum's clock"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="pending|leased|done|superseded|deleted"),
        sa.Column("urgent", sa.Integer(), nullable=False, comment="read first where higher"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "number"),
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index("ix_revision_author", ["forum_id", "author"], unique=False)
        batch_op.create_index("ix_revision_work", ["state", "urgent", "received_at"], unique=False)

    op.create_table(
        "verdict",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("post_id", sa.String(length=40), nullable=False),
        sa.Column("revision_id", sa.String(length=40), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False, comment="allow|flag|hold|escalate|remove"),
        sa.Column("severity", sa.String(length=10), nullable=False, comment="none|medium|high|critical"),
        sa.Column("document", sa.JSON(), nullable=False, comment="service.policy.verdict.VerdictDocument.to_json()"),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True, comment="null: the models"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["moderator.id"],
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index("ix_verdict_revision", ["revision_id"], unique=False)
        batch_op.create_index(
            "uq_verdict_current",
            ["post_id"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("forum_id", sa.String(length=40), nullable=False),
        sa.Column("post_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False, comment="post.verdict | post.decision"),
        sa.Column("payload", sa.JSON(), nullable=False, comment="ids, action, labels, spans, versions; never text"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending|delivered|given_up|superseded"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True, comment="HTTP status of the last attempt"),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_delivery_post", ["post_id"], unique=False)

    op.create_table(
        "queue_item",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("post_id", sa.String(length=40), nullable=False),
        sa.Column("forum_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False, comment="the models' verdict"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="open|decided|withdrawn"),
        sa.Column("urgency", sa.Integer(), nullable=False, comment="service.policy.verdict.urgency: higher first"),
        sa.Column("top_score", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdict.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id"),
    )
    with op.batch_alter_table("queue_item", schema=None) as batch_op:
        batch_op.create_index("ix_queue_open", ["state", "urgency", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("queue_item", schema=None) as batch_op:
        batch_op.drop_index("ix_queue_open")

    op.drop_table("queue_item")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_post")
        batch_op.drop_index("ix_delivery_due")

    op.drop_table("delivery")
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_index("uq_verdict_current", sqlite_where=sa.text("current"), postgresql_where=sa.text("current"))
        batch_op.drop_index("ix_verdict_revision")

    op.drop_table("verdict")
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_index("ix_revision_work")
        batch_op.drop_index("ix_revision_author")

    op.drop_table("revision")
    op.drop_table("post")
    op.drop_index("ix_audit_post", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("moderator")
    op.drop_table("forum")
