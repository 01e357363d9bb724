"""Migrations build exactly the tables of the models, on both databases."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from service.errors import ConfigurationError
from service.store import Store
from service.store.migrate import upgrade
from service.store.models import Base, Forum, Post, Revision, Verdict


def test_no_difference_between_migrations_and_models(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_second_upgrade_changes_nothing(store, database_url):
    with store.write() as session:
        session.add(Forum(slug="one", name="One", api_key_hash="h", webhook_secret="w", callback_secret="c"))
    upgrade(database_url)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM forum")) == 1


def test_two_processes_may_migrate_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(upgrade, [url] * 4))
    store = Store(url)
    assert set(Base.metadata.tables) < set(inspect(store.engine).get_table_names())


def test_one_current_verdict_is_held_by_the_database(store):
    def verdict(current: bool) -> Verdict:
        return Verdict(
            post_id="p",
            revision_id="r",
            current=current,
            action="allow",
            severity="none",
            document={},
            policy_version="1",
        )

    with store.write() as session:
        session.add(Forum(id="f", slug="one", name="One", api_key_hash="h", webhook_secret="w", callback_secret="c"))
        session.flush()
        session.add(Post(id="p", forum_id="f", external_id="1"))
        session.flush()
        session.add(Revision(id="r", post_id="p", forum_id="f", number=1, body="", digest=""))
        session.flush()
        session.add_all([verdict(True), verdict(False)])
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(verdict(True))


def test_a_database_that_is_not_there_gives_one_sentence_without_its_password():
    with pytest.raises(ConfigurationError) as caught:
        upgrade("postgresql+psycopg://heed:hunter2@127.0.0.1:1/heed")
    assert "HEED_DATABASE_URL" in str(caught.value) and "hunter2" not in str(caught.value)
