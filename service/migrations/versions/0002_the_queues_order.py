"""The queue's order, filters and counts in the item itself; claims, skips and saved views"""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = {"sqlite_where": sa.text("state = 'open'"), "postgresql_where": sa.text("state = 'open'")}
CLAIMED = {
    "sqlite_where": sa.text("claimed_by IS NOT NULL"),
    "postgresql_where": sa.text("claimed_by IS NOT NULL"),
}
MINUTES = {"crisis": 15, "distress": 60, "high": 240, "other": 1440}
BATCH = 1000


def upgrade() -> None:
    with op.batch_alter_table("queue_item") as table:
        table.drop_index("ix_queue_open")
        table.add_column(sa.Column("board", sa.String(length=200), nullable=False, server_default=""))
        table.add_column(
            sa.Column(
                "severity",
                sa.String(length=10),
                nullable=False,
                server_default="none",
                comment="none|medium|high|critical",
            )
        )
        table.add_column(
            sa.Column(
                "labels",
                sa.Text(),
                nullable=False,
                server_default="",
                comment="service.urgency.topics: ` area.label area.label `",
            )
        )
        table.add_column(
            sa.Column(
                "lane",
                sa.Integer(),
                nullable=False,
                server_default="1",
                comment="0: a life may be at stake; 1: everything else",
            )
        )
        table.add_column(
            sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="when somebody should have looked")
        )
        table.add_column(sa.Column("assigned_to", sa.String(length=40), nullable=True, comment="whom it was handed to"))
        table.add_column(sa.Column("claimed_by", sa.String(length=40), nullable=True, comment="who reads it"))
        table.add_column(
            sa.Column(
                "claimed_at",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="when they opened it: the claim's name",
            )
        )
        table.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
        table.drop_column("urgency")
        table.drop_column("top_score")
    _fill()
    with op.batch_alter_table("queue_item") as table:
        table.alter_column("due_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for column, kind in (("board", sa.String(200)), ("severity", sa.String(10)), ("labels", sa.Text())):
            table.alter_column(column, existing_type=kind, server_default=None)
        table.alter_column("lane", existing_type=sa.Integer(), server_default=None)
        table.create_foreign_key("fk_queue_item_assigned_to", "moderator", ["assigned_to"], ["id"])
        table.create_foreign_key("fk_queue_item_claimed_by", "moderator", ["claimed_by"], ["id"])
        table.create_index("ix_queue_order", ["lane", "due_at", "id"], unique=False, **OPEN)
        table.create_index(
            "ix_queue_counts",
            [
                *("forum_id", "board", "severity", "labels", "assigned_to", "due_at"),
                *("created_at", "claimed_by", "claimed_until", "id", "state"),
            ],
            unique=False,
            **OPEN,
        )
        table.create_index("ix_queue_claimed", ["claimed_by"], unique=False, **CLAIMED)
        table.create_index("ix_queue_decided", ["state", "decided_at", "id"], unique=False)
    with op.batch_alter_table("verdict") as table:
        table.create_index("ix_verdict_post", ["post_id"], unique=False)
    op.create_table(
        "skip",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("moderator_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False, comment="service.review.words.SKIPS"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("item_id", "moderator_id"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("moderator_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False, comment="service.review.filters.Filters.query()"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("moderator_id", "name"),
    )


def _fill() -> None:
    """Copy what the queue sorts and counts by from the verdicts of the items that are there already."""
    item = sa.table(
        "queue_item",
        *(sa.column(name) for name in ("id", "verdict_id", "board", "severity", "labels", "lane")),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("due_at", sa.DateTime(timezone=True)),
    )
    verdict = sa.table("verdict", *(sa.column(name) for name in ("id", "revision_id", "severity", "document")))
    text = sa.table("revision", sa.column("id"), sa.column("board"))
    query = (
        sa.select(item.c.id, item.c.created_at, text.c.board, verdict.c.severity, verdict.c.document)
        .join_from(item, verdict, verdict.c.id == item.c.verdict_id)
        .join(text, text.c.id == verdict.c.revision_id)
        .order_by(item.c.id)
        .limit(BATCH)
    )
    connection, last = op.get_bind(), ""
    while rows := connection.execute(query.where(item.c.id > last)).all():
        for row in rows:
            document = json.loads(row.document) if isinstance(row.document, str) else row.document
            known = _known(document)
            created = row.created_at or datetime.now(UTC)
            due = created + timedelta(minutes=known.pop("minutes"))
            values = {"board": row.board, "severity": row.severity, "due_at": due, **known}
            connection.execute(item.update().where(item.c.id == row.id).values(values))
        last = rows[-1].id


def _known(document: dict) -> dict:
    """Labels, lane and minutes of a verdict document; the mildest where it can't be read."""
    try:
        reasons = document["reasons"]
        found = {f"{reason['area']}.{reason['label']}" for reason in reasons}
        if document["not_checked"]:
            found.add(f"not_checked.{document['not_checked']}")
        harm = {reason["severity"] for reason in reasons if reason["area"] == "self_harm"}
        grave = document["severity"] in ("high", "critical")
    except (KeyError, TypeError):
        return {"labels": "", "lane": 1, "minutes": MINUTES["other"]}
    kind = "crisis" if "critical" in harm else "distress" if "high" in harm else "high" if grave else "other"
    labels = f" {' '.join(sorted(found))} " if found else ""
    return {"labels": labels, "lane": 0 if kind == "crisis" else 1, "minutes": MINUTES[kind]}
