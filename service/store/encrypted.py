"""Columns of personal data, which a setting has encrypted. What uses them sees what was put in, whether it is or not.

A damaged value of a post's is read as `DamagedText` or `DamagedObject`, so that it harms no post but its own. A damaged secret
raises ValueDamaged, and a missing key EncryptionKeyMissing, whatever it encrypts.

In SQL such a column holds something else at each writing: it can be compared with "" and with NULL alone, and neither searched
nor sorted by.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Integer,
    String,
    Text,
    TypeDecorator,
    and_,
    case,
    cast,
    func,
    or_,
    type_coerce,
)
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from service.errors import ValueDamaged
from service.keyring import MARK, NAMED, OVERHEAD, SEALED, Keyring, keyring
from service.settings import settings

MEMBER = MARK.rstrip(":")
"""The member of an encrypted JSON object that holds the whole of it."""
HASH = re.compile(r"[0-9a-f]{64}")
"""A SHA-256 in hex, which no secret of Heed's looks like."""
SEARCHES = frozenset(
    {
        *(operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge, operators.between_op),
        *(operators.in_op, operators.not_in_op, operators.like_op, operators.not_like_op, operators.ilike_op),
        *(operators.startswith_op, operators.endswith_op, operators.contains_op, operators.asc_op, operators.desc_op),
    }
)
"""What SQL can't do with an encrypted column."""


class DamagedText(str):
    """Stands for words that nobody can read any more, as Unicode's sign for what can't be shown. It can't be written."""

    __slots__ = ()

    def __new__(cls) -> DamagedText:
        return super().__new__(cls, "\N{REPLACEMENT CHARACTER}")


class DamagedObject(dict[str, Any]):
    """The same for a JSON object: an empty one."""


Damaged = DamagedText | DamagedObject


def keys() -> Keyring:
    """The keys of this process."""
    return keyring(settings().encryption_keys.get_secret_value())


class Whole(TypeDecorator.Comparator, Text.comparator_factory):
    """Refuses in SQL what would find nothing once the column is encrypted, so that it is noticed before."""

    def operate(self, op: Any, *other: Any, **more: Any) -> ColumnElement[Any]:
        # Columns are compared by SQLAlchemy itself, as keys of a dict whose hashes meet: no question to the database.
        own = op in (operators.eq, operators.ne) and isinstance(other[0], ColumnElement)
        if op in SEARCHES and not own and other[:1] not in (("",), (None,)):
            raise TypeError("this column may be encrypted: compare what was read from it, in Python")
        return super().operate(op, *other, **more)


class EncryptedText(TypeDecorator[str]):
    """A text; an empty one stays empty. `length` is what SQLite's table says, which holds nobody to it, so that the table
    needs no copying.
    """

    impl = Text
    cache_ok = True
    comparator_factory = Whole

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        short = self.length is not None and dialect.name == "sqlite"
        return String(self.length) if short else self.impl_instance

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return keys().seal(value) if value else value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        return keys().open(value) if value else value

    def raw(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        """What stands there, in SQL."""
        return type_coerce(column, Text)

    def beginning(self, key_id: str = "") -> str:
        """How what stands there begins, encrypted by that key, or by any."""
        return SEALED + (f"{key_id}:" if key_id else "")

    def key_of(self, column: ColumnElement[Any]) -> ColumnElement[str | None]:
        """The id of the key that what stands there is encrypted by, in SQL; NULL: none."""
        raw, beginning = self.raw(column), self.beginning()
        return case((_begins(raw, beginning), func.substr(raw, len(beginning) + 1, 8, type_=Text)))

    def is_worded(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether anything stands there that would be encrypted, in SQL."""
        return self.raw(column) != ""

    def is_stale(self, column: ColumnElement[Any], newest: str | None) -> ColumnElement[bool]:
        """Whether what stands there is not written as it would be now, in SQL."""
        if newest is None:
            return _begins(self.raw(column), self.beginning())
        return and_(self.is_worded(column), ~_begins(self.raw(column), self.beginning(newest)))


class EncryptedWords(EncryptedText):
    """Words of a post or about one: a DamagedText where they were damaged."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        _refuse_damaged(value)
        return super().process_bind_param(value, dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        try:
            return super().process_result_value(value, dialect)
        except ValueDamaged:
            return DamagedText()


class EncryptedName(EncryptedWords):
    """A name, encrypted the same each time: it can be looked up by `is_named`, and whoever reads the table sees which rows have
    the same.
    """

    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        _refuse_damaged(value)
        return keys().seal_name(value) if value else value

    def beginning(self, key_id: str = "") -> str:
        return NAMED + (f"{key_id}:" if key_id else "")


class EncryptedSecret(EncryptedText):
    """As EncryptedText, but a hash stays as it is: it is looked up by, and no secret."""

    cache_ok = True
    comparator_factory = Text.comparator_factory

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value and HASH.fullmatch(value) else super().process_bind_param(value, dialect)

    def is_worded(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(super().is_worded(column), func.length(self.raw(column)) != 64)


class EncryptedJson(TypeDecorator[dict[str, Any]]):
    """A JSON object, a DamagedObject where it was damaged. The members named `readable` stay so beside what is encrypted, for
    SQL to ask of.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, *readable: str, none_as_null: bool = False) -> None:
        super().__init__(none_as_null=none_as_null)
        self.readable = readable

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self.impl_instance.coerce_compared_value(op, value)

    def process_bind_param(self, value: dict[str, Any] | None, _dialect: Dialect) -> dict[str, Any] | None:
        _refuse_damaged(value)
        if value is None or keys().newest is None:
            return value
        whole = json.dumps(value, separators=(",", ":"))
        return {MEMBER: keys().seal(whole)} | {name: value[name] for name in self.readable if name in value}

    def process_result_value(self, value: dict[str, Any] | None, _dialect: Dialect) -> dict[str, Any] | None:
        if not isinstance(value, dict) or MEMBER not in value:
            return value
        try:
            return json.loads(keys().open(value[MEMBER]))
        except ValueDamaged:
            return DamagedObject()

    def raw(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return cast(column, Text)

    def beginning(self, key_id: str = "") -> str:
        return f'{{"{MEMBER}": "{SEALED}' + (f"{key_id}:" if key_id else "")

    def is_worded(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return self.raw(column) != "null"

    key_of, is_stale = EncryptedText.key_of, EncryptedText.is_stale


def _refuse_damaged(value: object) -> None:
    """Raises ValueDamaged: what may still be restored is not overwritten by what stands for it."""
    if isinstance(value, Damaged):
        raise ValueDamaged(
            "Something in the database was damaged and can't be copied. Restore it from a back-up first."
        )


def _begins(raw: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    # SQLite's LIKE takes capitals for small letters: a text that somebody wrote in capitals is none that is encrypted.
    return func.substr(raw, 1, len(beginning), type_=Text) == beginning


def columns_of(table: FromClause) -> list[Column[Any]]:
    """The columns of a table that may be encrypted."""
    return [column for column in table.columns if isinstance(column.type, EncryptedText | EncryptedJson)]


def is_named(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether an EncryptedName is that one, by whatever key it is encrypted."""
    return type_coerce(column, Text).in_(keys().names(name))


def may_end_with(column: ColumnElement[Any], ending: str) -> ColumnElement[bool]:
    """Whether an EncryptedText may end so: what is encrypted may, for all that SQL can tell."""
    return or_(column.type.raw(column).endswith(ending), column.type.key_of(column).is_not(None))


def characters(column: ColumnElement[Any]) -> ColumnElement[int]:
    """About how many characters a text has, in SQL: of an encrypted one, the bytes that it was."""
    raw = type_coerce(column, Text)
    length = func.length(raw, type_=Integer)
    return case((_begins(raw, SEALED), (length - OVERHEAD) * 3 // 4), else_=length)
