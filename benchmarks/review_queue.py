"""How quick the console's queue is when much waits: ``python -m benchmarks.review_queue``.

Fills a database with decided and open items, then asks the real application for its pages, round after round with a
small queue beside it, and prints the median and the 95th percentile of the server's time in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert, text

from classifiers.labels import MEDICAL, PERSONAL_DATA, SELF_HARM
from service import settings as settings_module
from service.store import Store
from service.store import session as sessions
from service.store.migrate import upgrade
from service.store.models import (
    Base,
    Forum,
    LoginSession,
    Membership,
    Moderator,
    Post,
    QueueItem,
    Revision,
    SavedView,
    Skip,
    Verdict,
    now,
)
from service.web import create_app

BATCH = 5_000
ROUNDS = 30
WORDS = "the pain came back after the dose was cut and nobody at the clinic could say why so I kept a diary".split()
BOARDS = [f"Board {number}" for number in range(12)]
PAGES = {
    "the first page": "/console/",
    "a common label": "/console/?label=medical",
    "a rare label": "/console/?label=personal_data.ip_address",
    "a board, overdue": "/console/?board=Board+3&age=overdue",
    "mine": "/console/?who=me",
    "one post": "/console/items/{item}",
    "what was decided": "/console/decided",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=50_000, help="items that wait")
    parser.add_argument("--decided", type=int, default=1_000_000, help="items decided before")
    parser.add_argument("--database", default="", help="SQLAlchemy URL of an empty database; empty: a new SQLite file")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = _database(f"sqlite:///{folder}/small.db", 50, 1_000)
        large = _database(chosen.database or f"sqlite:///{folder}/large.db", chosen.open, chosen.decided)
        figures = measure({"50 open": small, f"{chosen.open:,} open": large})
    show(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _database(url: str, waiting: int, decided: int) -> str:
    upgrade(url)
    store = Store(url)
    dice = random.Random(7)
    with store.write() as session:
        session.add(Forum(id="f", slug="f", name="F", api_key_hash="h", webhook_secret="w", callback_secret="c"))
        session.add(Moderator(id="m", name="robin"))
        session.flush()
        session.add_all([Membership(moderator_id="m", role="moderator"), LoginSession(id="login", moderator_id="m")])
    batches = [range(start, min(start + BATCH, waiting + decided)) for start in range(0, waiting + decided, BATCH)]
    for batch in track(batches, description=f"{waiting:,} open, {decided:,} decided"):
        rows = [_rows(number, number < waiting, dice) for number in batch]
        with store.write() as session:
            for table in (Post, Revision, Verdict, QueueItem):
                session.execute(insert(table), [row[table] for row in rows])
    with store.write() as session:
        session.add(SavedView(moderator_id="m", name="mine", filters={"label": "medical"}))
        session.add_all([Skip(item_id=f"item_{number}", moderator_id="m", reason="heavy") for number in range(5, 15)])
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    store.close()
    return url


def _rows(number: int, waits: bool, dice: random.Random) -> dict[type[Base], dict]:
    """A post with its text, verdict and item."""
    area, names = dice.choices(
        [("medical", MEDICAL), ("self_harm", SELF_HARM), ("personal_data", PERSONAL_DATA)], (5, 3, 2)
    )[0]
    label, severity = dice.choice(names), dice.choices(["medium", "high", "critical"], (70, 28, 2))[0]
    arrived = now() - timedelta(minutes=dice.expovariate(1 / 3000))
    body = " ".join(dice.choices(WORDS, k=dice.randrange(10, 150)))
    reason = {"area": area, "label": label, "severity": severity, "why": "A sentence of the policy.", "score": 0.9,
              "start": 0, "end": 20}  # fmt: skip
    document = {"action": "hold", "severity": severity, "checked": True, "not_checked": None, "language": "en", "labels": [],
                "spans": [], "reasons": [reason], "redacted": None, "crisis_resources": [], "policy_version": "1",
                "models": {"heed": "1"}}  # fmt: skip
    post, revision, verdict = f"post_{number}", f"rev_{number}", f"verdict_{number}"
    board = dice.choice(BOARDS)
    item = {"id": f"item_{number}", "post_id": post, "forum_id": "f", "verdict_id": verdict, "board": board,
            "severity": severity, "labels": f" {area}.{label} ", "lane": int(severity != "critical"),
            "due_at": arrived + timedelta(hours=4), "created_at": arrived, "state": "open" if waits else "decided",
            "decided_at": None if waits else arrived + timedelta(hours=1)}  # fmt: skip
    return {
        Post: {"id": post, "forum_id": "f", "external_id": str(number), "revision": 1},
        Revision: {"id": revision, "post_id": post, "forum_id": "f", "number": 1, "board": board, "body": body,
                   "digest": str(number), "state": "done", "received_at": arrived},
        Verdict: {"id": verdict, "post_id": post, "revision_id": revision, "action": "hold", "severity": severity,
                  "document": document, "policy_version": "1", "decided_by": None if waits else "m",
                  "created_at": arrived},
        QueueItem: item,
    }  # fmt: skip


def measure(urls: dict[str, str]) -> dict[str, dict[str, dict[str, float]]]:
    """Milliseconds of each page in each database: the two take turns in every round."""
    times: dict[str, dict[str, list[float]]] = {page: {name: [] for name in urls} for page in PAGES}
    _use(next(iter(urls.values())))
    client = create_app().test_client()
    with client.session_transaction() as session:
        session["login"] = "login"
    for round_ in track(range(ROUNDS + 1), description="asking for pages"):
        for name, url in urls.items():
            _use(url)
            # Another database is another engine, which compiles each statement once; a server does so once in its life.
            for path in PAGES.values():
                client.get(path.format(item="item_7"))
            for page, path in PAGES.items():
                began = time.perf_counter()
                answer = client.get(path.format(item="item_7"))
                if round_:
                    times[page][name].append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    raise SystemExit(f"{path} answered {answer.status_code}")
    return {
        page: {
            name: {"p50": statistics.median(each), "p95": statistics.quantiles(each, n=20)[-1]}
            for name, each in by.items()
        }
        for page, by in times.items()
    }


def _use(url: str) -> None:
    """Let this process work on the database at `url`."""
    os.environ["HEED_DATABASE_URL"] = url
    if sessions.store.cache_info().currsize:
        sessions.store().close()
    settings_module.settings.cache_clear()
    sessions.store.cache_clear()


def show(figures: dict) -> None:
    """Print the figures as a table."""
    table = Table(title="Time on the server, milliseconds: median (95th percentile)", title_justify="left")
    table.add_column("page")
    for name in next(iter(figures.values())):
        table.add_column(name, justify="right")
    for page, by in figures.items():
        table.add_row(page, *(f"{each['p50']:.0f} ({each['p95']:.0f})" for each in by.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
