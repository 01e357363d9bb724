"""Whether there is room for more posts to wait, without counting them for each one that comes."""

from __future__ import annotations

import threading
import time

from sqlalchemy import ColumnElement, bindparam, func, literal, select
from sqlalchemy.orm import Session

from service.store.models import Revision

WAITING = ("pending", "leased")
SETTLED = bindparam("settled", ("done", "superseded", "deleted"), expanding=True, literal_execute=True)
COUNTED_SECONDS = 1
"""How long a count holds. Meanwhile other processes take in posts too: by so many, what waits may exceed the limit."""


class Room:
    """The posts that wait in one database, as this process knows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting, self._good_until = 0, 0.0

    def take(self, session: Session, posts: int, most: int) -> bool:
        """Take room for `posts` more; False where `most` wait already. An old count refuses nobody: it is counted anew."""
        with self._lock:
            if time.monotonic() >= self._good_until or self._waiting >= most:
                self._waiting, self._good_until = _count(session, most), time.monotonic() + COUNTED_SECONDS
            if self._waiting >= most:
                return False
            self._waiting += posts
            return True


def is_unread() -> ColumnElement[bool]:
    """Whether a revision waits for its verdict, whoever holds it: in the very words of the index of these rows alone.

    That they are not any of the others, rather than one of two, keeps SQLite from an index by state, and from sorting all.
    """
    return Revision.state.not_in(SETTLED)


def _count(session: Session, most: int) -> int:
    """How many posts wait, `most` at the most."""
    waiting = select(literal(1)).select_from(Revision).where(Revision.state.in_(WAITING)).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0
