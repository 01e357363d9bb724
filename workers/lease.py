"""Leases: a worker holds rows for a while; what it does not finish others take over."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, or_, select, union, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.store import Store
from service.store.models import Delivery, Revision, now
from workers.logs import kind

log = logging.getLogger(__name__)

SUSPECT = timedelta(seconds=10)
"""Pause of a post in whose reading a process died."""


def process_name(pid: int) -> str:
    """What the leases of a process of this machine begin with."""
    return f"{os.uname().nodename[:40]}:{pid}:"


def new_owner() -> str:
    """The holder of one batch: this process and a number used once."""
    return process_name(os.getpid()) + secrets.token_hex(6)


def is_free(table: type[Revision] | type[Delivery], moment: datetime) -> ColumnElement[bool]:
    """Nobody holds the row at that moment, and it is not put off until later."""
    return or_(table.lease_until.is_(None), table.lease_until <= moment)


@contextmanager
def renewed(store: Store, owner: str, seconds: int) -> Iterator[None]:
    """Keep the leases of `owner` on revisions alive while the block runs, however long reading takes."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(seconds / 3):
            try:
                with store.write() as session:
                    _extend(session, owner, seconds)
            except SQLAlchemyError as error:
                log.warning("lease not renewed (%s)", kind(error))

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)


def _extend(session: Session, owner: str, seconds: int) -> None:
    held = update(Revision).where(Revision.lease_owner == owner, Revision.state == "leased")
    session.execute(held.values(lease_until=now() + timedelta(seconds=seconds)))


def free_dead(where: Store) -> None:
    """What the dead of this machine held goes to others at once, rather than when its leases end: `heed up` does so when one of
    its processes ended, a worker before it loads the model.
    """
    try:
        with where.write() as session:
            freed = release_dead(session)
    except SQLAlchemyError as error:
        log.warning("leases of dead workers not freed (%s); they end by themselves", kind(error))
        return
    if freed:
        log.warning("%d posts of dead workers go to others", freed)


def release_dead(session: Session) -> int:
    """Free what processes of this machine held that run no more; returns how many posts go back to others.

    What this process itself is said to hold counts too: in a container it has the number of the one that died.
    """
    machine = f"{os.uname().nodename[:40]}:"
    tables = (Revision, Delivery)
    held = [select(t.lease_owner).where(t.lease_owner.startswith(machine, autoescape=True)) for t in tables]
    holders = {int(owner.split(":")[-2]) for owner in session.scalars(union(*held))}
    return sum(release_process(session, pid) for pid in holders if pid == os.getpid() or not _runs(pid))


def free_settled(where: Store) -> None:
    """End the leases on callbacks that nobody will claim again: withdrawn on their way, and then their sender died or lost the
    database. While the lease lasts it keeps the post's next callback from overtaking, so only what is over ends.
    """
    over = (Delivery.lease_until <= now(), Delivery.state != "pending")
    with where.read() as session:
        if session.scalar(select(Delivery.id).where(*over).limit(1)) is None:
            return
    with where.write() as session:
        session.execute(update(Delivery).where(*over).values(lease_owner="", lease_until=None))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def release_process(session: Session, pid: int) -> int:
    """Free what a dead process of this machine held; returns how many posts go back to others.

    A post that it read alone may well be what killed it, and waits until the others are read.
    """
    name = process_name(pid)
    sent = update(Delivery).where(Delivery.lease_owner.startswith(name, autoescape=True))
    session.execute(sent.values(lease_owner="", lease_until=None))
    held = update(Revision).where(Revision.lease_owner.startswith(name, autoescape=True), Revision.state == "leased")
    later = case((Revision.attempts > 1, now() + SUSPECT), else_=None)
    return session.execute(held.values(state="pending", lease_owner="", lease_until=later)).rowcount
