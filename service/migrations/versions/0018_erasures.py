"""Receipts of erasures; indexes by which posts past their time are found and go without a walk through other tables; audit
entries may go where the log was cut
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

REFUSAL = "the audit log is only ever added to"
PAYLOAD = (
    "ids, action, labels, spans, versions; of text only a body and a title that the forum is to show, and a "
    "message to its author; null: kept no longer"
)
INDEXES = (
    ("ix_post_erased_item", "post", ["erased_item"], "erased_item IS NOT NULL"),
    ("ix_revision_reply_to", "revision", ["forum_id", "reply_to"], None),
    ("ix_revision_finished", "revision", ["finished_at"], "finished_at IS NOT NULL"),
    ("ix_shadow_verdict_revision", "shadow_verdict", ["revision_id"], None),
    ("ix_queue_withdrawn", "queue_item", ["state", "created_at"], "state = 'withdrawn'"),
    ("ix_queue_verdict", "queue_item", ["verdict_id"], None),
    ("ix_opinion_request_opinion", "opinion_request", ["opinion_id"], None),
    ("ix_second_reading_opinion", "second_reading", ["opinion_id"], None),
    ("ix_delivery_verdict", "delivery", ["verdict_id"], None),
    ("ix_delivery_worded", "delivery", ["due_at"], "state <> 'pending' AND payload IS NOT NULL"),
    ("ix_appeal_verdict", "appeal", ["verdict_id"], None),
    ("ix_heavy_reading_item", "heavy_reading", ["item_id"], None),
)


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("forum_id", sa.String(40), nullable=False),
        sa.Column("post_id", sa.String(40), comment="the post; null: an author"),
        sa.Column("author", sa.String(200), nullable=False, comment="forum's own reference, empty once it is done"),
        sa.Column("author_hash", sa.String(64), nullable=False, comment="by HEED_SECRET_KEY; empty: a post"),
        sa.Column("state", sa.String(10), nullable=False, comment="under_way|done"),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("erased", sa.JSON(), nullable=False, comment="rows by table; `quotes` and `notes` in others"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasure_author", "erasure", ["forum_id", "author_hash", "created_at"])
    _index("ix_erasure_under_way", "erasure", ["id"], "state = 'under_way'")
    op.add_column("post", sa.Column("erasure_id", sa.String(40), comment="the receipt"))
    said = "its item while it had one: an old link to its page says what became of it"
    op.add_column("post", sa.Column("erased_item", sa.String(40), comment=said))
    with op.batch_alter_table("delivery") as table:
        table.alter_column("payload", existing_type=sa.JSON(), nullable=True, comment=PAYLOAD)
    gone = {
        "sqlite_where": sa.text("deleted = 1 AND erased = 0"),
        "postgresql_where": sa.text("deleted AND NOT erased"),
    }
    op.create_index("ix_post_deleted", "post", ["deleted_as_of"], **gone)
    for index in INDEXES:
        _index(*index)
    _let_the_audit_be_cut()


def _let_the_audit_be_cut() -> None:
    op.create_table(
        "audit_cut",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, comment="of the last entry that is gone"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    is_cut = "OLD.number <= COALESCE((SELECT max(number) FROM audit_cut), 0)"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entry_no_delete")
        op.execute(
            f"CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry WHEN NOT ({is_cut}) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF TG_OP = 'DELETE' AND {is_cut} THEN RETURN OLD; END IF; RAISE EXCEPTION '{REFUSAL}'; END $$"
        )


def _index(name: str, table: str, columns: list[str], where: str | None) -> None:
    some = sa.text(where) if where else None
    op.create_index(name, table, columns, sqlite_where=some, postgresql_where=some)
