"""The outbox is filled by the database itself.

Spirit deletes and moves by updates that no signal of Django's announces, and saves without a transaction around it. What a
trigger writes stands or falls with the change itself, whoever made it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections
from spirit.category.models import Category
from spirit.comment.models import Comment
from spirit.topic.models import Topic

from heed_spirit.models import Post

POST, COMMENT, TOPIC, CATEGORY = (model._meta.db_table for model in (Post, Comment, Topic, Category))


@dataclass(frozen=True)
class Trigger:
    """After `event` on `table`, do `statement`, where one of the columns `of` has changed."""

    name: str
    event: str
    table: str
    statement: str
    of: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        return f"WHEN ({' OR '.join(f'OLD.{column} <> NEW.{column}' for column in self.of)})" if self.of else ""


def _queue(which: str) -> str:
    """Mark the comments that `which` selects as changed."""
    return (
        f"INSERT INTO {POST} (comment_id, changes) SELECT id, 1 FROM {COMMENT} WHERE action = 0 AND {which} "  # noqa: S608 - our own words
        f"ON CONFLICT (comment_id) DO UPDATE SET changes = {POST}.changes + 1"
    )


_OPENING = f"id = (SELECT MIN(id) FROM {COMMENT} WHERE topic_id = NEW.id AND action = 0)"  # noqa: S608
_IN_CATEGORY = (
    f"topic_id IN (SELECT t.id FROM {TOPIC} t JOIN {CATEGORY} c ON c.id = t.category_id "  # noqa: S608
    "WHERE NEW.id IN (c.id, c.parent_id))"
)
_GONE = f"UPDATE {POST} SET changes = changes + 1 WHERE comment_id = OLD.id"  # noqa: S608

TRIGGERS = (
    Trigger("heed_comment_added", "INSERT", COMMENT, _queue("id = NEW.id")),
    Trigger("heed_comment_changed", "UPDATE", COMMENT, _queue("id = NEW.id"), ("comment", "is_removed", "topic_id")),
    Trigger("heed_comment_gone", "DELETE", COMMENT, _GONE),
    Trigger("heed_topic_titled", "UPDATE", TOPIC, _queue(_OPENING), ("title",)),
    Trigger("heed_topic_placed", "UPDATE", TOPIC, _queue("topic_id = NEW.id"), ("is_removed", "category_id")),
    Trigger("heed_category_opened", "UPDATE", CATEGORY, _queue(_IN_CATEGORY), ("is_removed", "is_private")),
)


def install(using: str, **_: object) -> None:
    """After each `migrate`: the triggers of this version."""
    connection = connections[using]
    if {POST, COMMENT, TOPIC, CATEGORY} <= set(connection.introspection.table_names()):
        remove(using)
        _run(using, *(sql for trigger in TRIGGERS for sql in _dialect(using).make(trigger)))


def remove(using: str, **_: object) -> None:
    """Before each `migrate`: on SQLite, changing a table means making it anew, which triggers get in the way of."""
    _run(using, *(_dialect(using).drop(trigger) for trigger in TRIGGERS))


class _SQLite:
    @staticmethod
    def make(trigger: Trigger) -> list[str]:
        head = f"CREATE TRIGGER {trigger.name} AFTER {trigger.event} ON {trigger.table} FOR EACH ROW {trigger.when}"
        return [f"{head} BEGIN {trigger.statement}; END"]

    @staticmethod
    def drop(trigger: Trigger) -> str:
        return f"DROP TRIGGER IF EXISTS {trigger.name}"


class _PostgreSQL:
    @staticmethod
    def make(trigger: Trigger) -> list[str]:
        body = f"BEGIN {trigger.statement}; RETURN NULL; END"
        head = f"CREATE TRIGGER {trigger.name} AFTER {trigger.event} ON {trigger.table} FOR EACH ROW {trigger.when}"
        return [
            f"CREATE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            f"{head} EXECUTE FUNCTION {trigger.name}()",
        ]

    @staticmethod
    def drop(trigger: Trigger) -> str:
        return f"DROP FUNCTION IF EXISTS {trigger.name}() CASCADE"


def _dialect(using: str) -> type[_SQLite] | type[_PostgreSQL]:
    vendor = connections[using].vendor
    if vendor not in ("sqlite", "postgresql"):
        raise NotImplementedError(f"heed_spirit knows SQLite and PostgreSQL, not {vendor}.")
    return _SQLite if vendor == "sqlite" else _PostgreSQL


def _run(using: str, *statements: str) -> None:
    with connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
