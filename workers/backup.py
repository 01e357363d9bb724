"""`heed backup` and `heed restore`: the embedded database as one file, while Heed runs. PostgreSQL has its own tools."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from service.errors import ConfigurationError
from service.store.migrate import known_revisions, upgrade
from workers.machine import alone

OWN_TOOLS = "The database is a {}: save it by its own tools, as docs/production.md says (pg_dump, pg_restore)."
TAKEN = "{} exists already. Name another file, or remove that one."
DAMAGED = "{} is no whole database of Heed's. Take another copy; nothing was changed."
NEWER = "{} was made by a newer Heed. Install that version, then restore; nothing was changed."


def backup(url: str, target: Path) -> int:
    """Copy the database at the SQLAlchemy URL into `target`, as it is at one moment; returns the copy's bytes.

    The copy is checked before it gets its name. Raises ConfigurationError where it can't be made.
    """
    source = _file(url)
    if target.exists():
        raise ConfigurationError(TAKEN.format(target))
    part = _part(target)
    try:
        with closing(_open(source)) as live, closing(sqlite3.connect(part)) as copy:
            live.backup(copy)
            # One file without a log beside it, which would be forgotten.
            copy.execute("PRAGMA journal_mode=DELETE")
        _check(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(url: str, data_dir: Path, source: Path) -> Path | None:
    """Put the copy `source` in the database's place and bring it to this version's tables; returns where the database that
    stood there is kept now.

    Raises ConfigurationError where Heed runs or the copy can't be used; then nothing was changed.
    """
    target = _file(url)
    with alone(data_dir):
        _check(source)
        part = _part(target)
        with closing(_open(source)) as saved, closing(sqlite3.connect(part)) as copy:
            saved.backup(copy)
        kept = _put_aside(target)
        part.replace(target)
        upgrade(url)
    return kept


def _file(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise ConfigurationError(OWN_TOOLS.format(parsed.get_backend_name()))
    return Path(parsed.database)


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise ConfigurationError(f"There is no database {path}.")
    return sqlite3.connect(path, timeout=15)


def _part(target: Path) -> Path:
    """A new file beside `target` that nobody else may read: posts lie in it."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ConfigurationError(f"{target} can't be written ({error.strerror}).") from None
    return part


def _check(path: Path) -> None:
    """Raises ConfigurationError where the file is damaged, or of another program or a newer version."""
    try:
        with closing(_open(path)) as copy:
            whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            revision = copy.execute("SELECT version_num FROM alembic_version").fetchone() if whole else None
    except sqlite3.DatabaseError:
        whole, revision = False, None
    if not whole or revision is None:
        raise ConfigurationError(DAMAGED.format(path))
    if revision[0] not in known_revisions():
        raise ConfigurationError(NEWER.format(path))


def _put_aside(database: Path) -> Path | None:
    """Rename a database that stands there, its log written into it before."""
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as live:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    number = 1
    while (kept := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    database.replace(kept)
    for log in (f"{database.name}-wal", f"{database.name}-shm"):
        database.with_name(log).unlink(missing_ok=True)
    return kept
