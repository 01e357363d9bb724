"""The decision just made, kept in the session so that it can be taken back with one key from any page."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from flask import session

from service.settings import settings


@dataclass(frozen=True)
class Undo:
    """A decision that may still be taken back: `version` is the item's after it, `until` a Unix time."""

    item: str
    version: int
    done: str
    until: float
    bulk: str = ""
    """The decision on several posts, in the place of `item`."""

    @property
    def seconds_left(self) -> int:
        return max(0, int(self.until - time.time()))


def remember(item: str, version: int, done: str) -> None:
    """Offer to take back the decision on `item`, for `HEED_UNDO_SECONDS`."""
    session["undo"] = asdict(Undo(item, version, done, time.time() + settings().undo_seconds))


def remember_bulk(bulk: str, done: str) -> None:
    """Offer to take back a decision on several posts, as long as one on a single post."""
    session["undo"] = asdict(Undo("", 0, done, time.time() + settings().undo_seconds, bulk))


def forget() -> None:
    session.pop("undo", None)


def offered() -> Undo | None:
    """The decision that can be taken back now, if there is one."""
    try:
        undo = Undo(**session.get("undo", {}))
    except TypeError:
        return None
    return undo if undo.seconds_left else None
