from __future__ import annotations

import time

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, OperationalError, close_old_connections

from heed_spirit import conf, triggers
from heed_spirit.client import Heed, NotNow
from heed_spirit.sync import reconcile, send_all

LONGEST_PAUSE_SECONDS = 60
PUT_BACK = (
    "The database told no news: its triggers were away, as after a `migrate` that failed. They are back. "
    "`heed_sync --reconcile` finds what was posted meanwhile."
)


class Command(BaseCommand):
    help = "Send what happened on the forum to Heed, again and again until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what waits, then end (for cron)")
        parser.add_argument(
            "--reconcile", action="store_true", help="ask Heed by id, send what it does not know, then end"
        )
        parser.add_argument("--days", type=float, default=7, help="how far --reconcile looks back (7)")

    def handle(self, *, once: bool, reconcile: bool, days: float, **_: object) -> None:
        heed = Heed()
        if once or reconcile:
            self._once(heed, days if reconcile else None)
        else:
            self._forever(heed)

    def _once(self, heed: Heed, days: float | None) -> None:
        try:
            if days is not None:
                if not conf.get("HEED_API_KEY"):
                    raise CommandError("Set HEED_API_KEY: Heed is asked with it.")
                self.stdout.write(f"{reconcile(heed, days)} queued again")
            if not triggers.are_there(DEFAULT_DB_ALIAS):
                self.stderr.write("The database tells no news: its triggers are away. Run `migrate`.")
            self.stdout.write(f"{send_all(heed)} told")
        except NotNow as why:
            raise CommandError(str(why)) from why

    def _forever(self, heed: Heed) -> None:
        shortest = pause = conf.get("HEED_SYNC_SECONDS")
        watch = triggers.Watch(DEFAULT_DB_ALIAS)
        while True:
            close_old_connections()
            try:
                if watch.put_back():
                    self.stderr.write(PUT_BACK)
                send_all(heed)
                pause = shortest
            except (NotNow, OperationalError) as why:
                pause = max(min(2 * pause, LONGEST_PAUSE_SECONDS), getattr(why, "seconds", 0))
                self.stderr.write(f"{why} Next try in {pause:g} s.")
            time.sleep(pause)
