"""Leases live while their worker does, and no longer."""

import os
import subprocess
import sys
import time

from sqlalchemy import select

from service.store.models import Delivery, Revision, now
from workers.classify import claim
from workers.lease import free_dead, new_owner, process_name, release_process, renewed


def until(store) -> object:
    with store.read() as session:
        return session.scalar(select(Revision.lease_until))


def test_a_lease_is_renewed_while_its_work_goes_on(store, desk, chosen):
    desk.submit()
    owner = new_owner()
    with store.write() as session:
        claim(session, owner, chosen)
    desk.pass_time()
    assert until(store) <= now()
    with renewed(store, owner, 0.3):
        for _ in range(100):
            if until(store) > now():
                break
            time.sleep(0.05)
        assert until(store) > now()


def test_a_lease_of_another_is_not_renewed(store, desk, chosen):
    desk.submit()
    with store.write() as session:
        claim(session, "somebody:else:", chosen)
    desk.pass_time()
    before = until(store)
    with renewed(store, new_owner(), 0.1):
        time.sleep(0.3)
    assert until(store) == before


def test_every_batch_has_an_owner_of_its_own():
    owners = {new_owner() for _ in range(100)}
    assert len(owners) == 100
    assert all(owner.startswith(process_name(os.getpid())) and len(owner) <= 80 for owner in owners)


def test_what_a_dead_process_held_is_free_at_once(store, desk, chosen):
    for number in range(3):
        desk.submit(str(number))
    one = chosen.model_copy(update={"batch_posts": 1})
    with store.write() as session:
        claim(session, process_name(77) + "aa", one)
        claim(session, process_name(777) + "bb", one)
    desk.change(Delivery, lease_owner=process_name(77) + "cc")
    with store.write() as session:
        assert release_process(session, 77) == 1
    states = [(r.state, r.lease_owner) for r in desk.revisions()]
    assert sorted(states) == sorted([("pending", ""), ("leased", process_name(777) + "bb"), ("pending", "")])


def test_a_worker_frees_what_the_dead_of_its_machine_held(store, desk, chosen, caplog):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    owners = {
        "dead": process_name(gone.pid) + "aa",
        "alive": process_name(os.getppid()) + "bb",
        "our forerunner in a container": process_name(os.getpid()) + "cc",
        "elsewhere": f"another-machine:{gone.pid}:dd",
    }
    one = chosen.model_copy(update={"batch_posts": 1})
    for owner in owners.values():
        desk.submit(owner)
        with store.write() as session:
            claim(session, owner, one)
    free_dead(store)
    assert "2 posts" in caplog.text
    held = {revision.lease_owner for revision in desk.revisions()} - {""}
    assert held == {owners["alive"], owners["elsewhere"]}
