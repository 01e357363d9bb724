"""`heed recheck`: past posts handed to the workers again, a few at a time, so that new ones never wait behind them."""

from __future__ import annotations

import time
from datetime import datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service import audit
from service.recheck import Wanted, ask, count, waiting
from service.store import Store
from service.store.models import now
from service.wakeup import wake_classify
from workers import stopping
from workers.model import classifier

HAND_OVER = 200
"""Posts handed over at once; no more while as many wait, whoever sent them."""
LOOK_SECONDS = 0.5


def recheck(where: Store, since: datetime, slug: str = "") -> int:
    """Have the posts received since then read by today's models; returns how many these were.

    The workers do the reading: this waits for them. Stopped, it has done what it has done; called again it goes on.
    """
    wanted = Wanted(since, now(), classifier().readers, slug)
    with where.write() as session:
        total = count(session, wanted)
        audit.write(session, "rechecked", since=f"{since:%Y-%m-%d}", forum=slug or None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done = 0
    with Progress(*columns) as progress:
        task = progress.add_task("handed over to be read again", total=total)
        while not stopping.requested():
            with where.write() as session:
                asked = 0 if (busy := waiting(session) >= HAND_OVER) else ask(session, wanted, HAND_OVER)
            done += asked
            progress.update(task, completed=done)
            if asked:
                wake_classify()
            elif not busy:
                break
            time.sleep(LOOK_SECONDS)
    return done
