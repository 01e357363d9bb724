"""Roles by forum, logins that can be listed and ended, invitations, a second factor"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("forum_id", sa.String(40), nullable=True, comment="null: every forum"),
        sa.Column("role", sa.String(10), nullable=False, comment="service.people.roles.ROLES"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("moderator_id", "forum_id"),
    )
    everywhere = sa.text("forum_id IS NULL")
    op.create_index(
        "uq_membership_everywhere",
        "membership",
        ["moderator_id"],
        unique=True,
        sqlite_where=everywhere,
        postgresql_where=everywhere,
    )
    op.create_table(
        "login_session",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("device", sa.String(60), nullable=False, comment='as its owner knows it: "Firefox on Linux"'),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_login_session_moderator", "login_session", ["moderator_id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, comment="SHA-256 hex"),
        sa.Column("moderator_id", sa.String(40), nullable=True, comment="who gets back in; null: new"),
        sa.Column("forum_id", sa.String(40), nullable=True, comment="where they join; null: every forum"),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("made_by", sa.String(40), nullable=True, comment="null: on the machine itself"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.ForeignKeyConstraint(["made_by"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("moderator_id", sa.String(40), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False, comment="SHA-256 hex: 80 random bits need no slow hash"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recovery_code_moderator", "recovery_code", ["moderator_id"])
    _everybody_keeps_their_role()
    _moderators()


def _everybody_keeps_their_role() -> None:
    """Until now a role held on every forum."""
    columns = [sa.column(name) for name in ("id", "moderator_id", "role")]
    membership = sa.table("membership", *columns, sa.column("created_at", sa.DateTime(timezone=True)))
    moderators = sa.table("moderator", sa.column("id"), sa.column("role"))
    connection = op.get_bind()
    for known in connection.execute(sa.select(moderators.c.id, moderators.c.role)).all():
        row = {"id": f"member_{known.id}"[:40], "moderator_id": known.id, "role": known.role}
        connection.execute(membership.insert().values(**row, created_at=datetime.now(UTC)))


def _moderators() -> None:
    added = (
        sa.Column("alias", sa.String(80), nullable=False, server_default="", comment="what colleagues see instead, or empty"),
        sa.Column("totp_secret", sa.String(64), nullable=False, server_default="", comment="base32; empty: no second factor"),
        sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0", comment="time step of the last code used: none twice"),
        sa.Column("sign_on", sa.String(600), nullable=True, comment="issuer and subject at the provider"),
        sa.Column("text_size", sa.String(8), nullable=False, server_default="", comment="empty|large|larger"),
        sa.Column("zone", sa.String(64), nullable=False, server_default="", comment="IANA time zone; empty: UTC"),
    )  # fmt: skip
    with op.batch_alter_table("moderator") as table:
        for column in added:
            table.add_column(column)
        table.alter_column("name", existing_type=sa.String(80), comment="they log in by it")
        table.create_unique_constraint("uq_moderator_sign_on", ["sign_on"])
        table.drop_column("role")
        table.drop_column("session_epoch")
    with op.batch_alter_table("moderator") as table:
        for column in added:
            if not column.nullable:
                table.alter_column(column.name, existing_type=column.type, server_default=None)
