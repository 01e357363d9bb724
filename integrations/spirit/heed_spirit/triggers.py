"""The outbox is filled by the database itself.

Spirit deletes and moves by updates that no signal of Django's announces, and saves without a transaction around it. What a
trigger writes stands or falls with the change itself, whoever made it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connections, transaction
from spirit.category.models import Category
from spirit.comment.models import Comment
from spirit.topic.models import Topic

from heed_spirit.models import Post

POST, COMMENT, TOPIC, CATEGORY = (model._meta.db_table for model in (Post, Comment, Topic, Category))

LOOK_SECONDS = 60


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


def are_there(using: str) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute(_dialect(using).NAMES)
        return {trigger.name for trigger in TRIGGERS} <= {name for (name,) in cursor.fetchall()}


class Watch:
    """Puts back what a failed `migrate` has left away. One that is under way has a minute to do so itself."""

    def __init__(self, using: str) -> None:
        self.using, self.away, self.next = using, False, 0.0

    def put_back(self) -> bool:
        """Look once a minute; whether they had to be put back."""
        if time.monotonic() < self.next:
            return False
        before, self.away, self.next = self.away, not are_there(self.using), time.monotonic() + LOOK_SECONDS
        if not (before and self.away):
            return False
        with transaction.atomic(self.using):
            install(self.using)
        self.away = False
        return True


def remove(using: str, **_: object) -> None:
    """Before each `migrate`: on SQLite, changing a table means making it anew, which triggers get in the way of."""
    _run(using, *(_dialect(using).drop(trigger) for trigger in TRIGGERS))


class _SQLite:
    NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger'"

    @staticmethod
    def make(trigger: Trigger) -> list[str]:
        head = f"CREATE TRIGGER {trigger.name} AFTER {trigger.event} ON {trigger.table} FOR EACH ROW {trigger.when}"
        return [f"{head} BEGIN {trigger.statement}; END"]

    @staticmethod
    def drop(trigger: Trigger) -> str:
        return f"DROP TRIGGER IF EXISTS {trigger.name}"


class _PostgreSQL:
    NAMES = "SELECT tgname FROM pg_trigger"

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
