"""Bring a database to this version's tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from service.errors import ConfigurationError
from service.store.session import Store

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Run every migration that the database at the SQLAlchemy URL `url` lacks.

    Raises ConfigurationError where the database can't be reached or its folder can't be written.
    """
    store = Store(url)
    try:
        with store.engine.connect() as connection:
            command.upgrade(_config(connection), revision)
    except OperationalError as error:
        # The driver's words may name the password's user and host: enough to mend it, none of the secret.
        raise ConfigurationError(
            f"The database can't be used ({type(error.orig).__name__}). Check HEED_DATABASE_URL and that it runs."
        ) from None
    finally:
        store.close()


def known_revisions() -> frozenset[str]:
    """The migrations that this version knows."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return frozenset(script.revision for script in scripts.walk_revisions())


def _config(connection) -> Config:  # noqa: ANN001
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
