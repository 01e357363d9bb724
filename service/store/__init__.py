"""The database: what is true. SQLite (WAL) embedded, PostgreSQL in production."""

from service.store.session import Store, store

__all__ = ["Store", "store"]
