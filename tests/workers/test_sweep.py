"""The sweeper wakes workers for what the database says is waiting, whatever Redis remembers."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from reading import Reader

from service.store.models import Delivery, now
from service.wakeup import redis_connection
from workers.classify import claim, read_all
from workers.deliver import claim as send
from workers.sweep import Waiting, once

ROOT = Path(__file__).parents[2]


def waiting_jobs() -> tuple[int, int]:
    return tuple(redis_connection().llen(f"rq:queue:{name}") for name in ("classify", "deliver"))


def test_nothing_waits(store, forum, valkey):
    assert once() == Waiting(0, 0, 0, 0)
    assert waiting_jobs() == (0, 0)


def test_a_wiped_redis_is_woken_up_again(store, desk, valkey):
    desk.submit("1")
    once()
    redis_connection().flushall()
    assert once() == Waiting(1, 0, 0, 0)
    assert waiting_jobs() == (1, 0)


def test_callbacks_that_are_due_wake_the_deliver_worker(store, desk, chosen, valkey):
    desk.submit("1")
    read_all(store, Reader(), chosen)
    redis_connection().flushall()
    assert once() == Waiting(0, 0, 1, 0)
    assert waiting_jobs() == (0, 1)


def test_what_is_put_off_waits(store, desk, chosen, valkey):
    desk.submit("1")
    read_all(store, Reader(), chosen)
    desk.change(Delivery, due_at=now() + timedelta(hours=1))
    redis_connection().flushall()
    assert once() == Waiting(0, 0, 0, 1)
    assert waiting_jobs() == (0, 0)


def test_what_a_dead_worker_held_is_woken_once_its_lease_is_over(store, desk, chosen, valkey):
    desk.submit("1")
    with store.write() as session:
        claim(session, "dies", chosen)
    assert once() == Waiting(0, 1, 0, 0)
    assert waiting_jobs() == (0, 0)
    desk.pass_time()
    assert once().pending == 1
    assert waiting_jobs() == (1, 0)


def test_a_callback_withdrawn_while_its_sender_died_is_held_by_nobody_in_the_end(store, desk, chosen, valkey):
    desk.submit("1")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        send(session, "dies", chosen)
    desk.submit("1", "other words", revision=2)
    once()
    assert [(d.state, d.lease_owner) for d in desk.deliveries()] == [("superseded", "dies")]
    desk.pass_time()
    once()
    assert [(d.state, d.lease_owner, d.lease_until) for d in desk.deliveries()] == [("superseded", "", None)]


def test_redis_down_is_no_exception(store, desk, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    desk.submit("1")
    assert once().pending == 1


def test_as_a_process_it_sweeps_until_told_to_stop(store, desk, valkey, settings_env):
    settings_env(HEED_SWEEP_SECONDS=0.1)
    desk.submit("1")
    command = [sys.executable, "-m", "workers.cli", "sweep"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "waiting: 1 posts, 0 being read, 0 callbacks due, 0 to retry" in line:
            break
    assert redis_connection().llen("rq:queue:classify") == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stderr.close()


def test_one_round(store, desk, valkey):
    desk.submit("1")
    done = subprocess.run([sys.executable, "-m", "workers.cli", "sweep", "--once"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0
    assert waiting_jobs() == (1, 0)
