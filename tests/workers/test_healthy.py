"""The containers' health check sees real workers of its own machine, and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rq import Queue

from service.wakeup import redis_connection
from workers import healthy
from workers.worker import worker_for

ROOT = Path(__file__).parents[2]


@pytest.fixture
def born(valkey):
    """A deliver worker of this machine, alive in Redis."""
    worker = worker_for("deliver", redis_connection())
    worker.register_birth()
    return worker


def test_a_living_worker_is_healthy(born):
    assert healthy.main(["deliver"]) == 0


def test_a_worker_of_another_queue_does_not_count(born, capsys):
    assert healthy.main(["classify"]) == 1
    assert capsys.readouterr().err == "No classify worker beats here.\n"


def test_a_worker_of_another_machine_does_not_count(born):
    assert not healthy.beating("deliver", "elsewhere")


def test_a_worker_that_said_goodbye_is_not_healthy(born):
    born.register_death()
    assert healthy.main(["deliver"]) == 1


def test_a_worker_that_was_killed_is_forgotten_with_its_key(born):
    # What Redis does by itself once the heartbeats stop.
    redis_connection().delete(born.key)
    assert healthy.main(["deliver"]) == 1


def test_no_redis_is_one_sentence(settings_env, capsys):
    settings_env(HEED_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert healthy.main(["deliver"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Redis does not answer (") and "secret" not in said and said.count("\n") == 1


def test_as_the_container_runs_it(born):
    command = [sys.executable, "-m", "workers.healthy", "deliver"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_call_says_how_to_call_it(capsys):
    assert healthy.main([]) == 2
    assert "python -m workers.healthy classify|deliver" in capsys.readouterr().err


def test_metrics_say_who_works_and_what_failed(client, signals):
    connection = redis_connection()
    worker = worker_for("classify", connection)
    worker.register_birth()
    Queue("deliver", connection=connection, serializer="json").enqueue("nowhere.nothing")
    worker_for("deliver", connection).work(burst=True, logging_level="WARNING")
    page = client.get("/metrics").text
    assert 'heed_workers{queue="classify"} 1.0' in page and 'heed_workers{queue="deliver"} 0.0' in page
    assert 'heed_failed_jobs{queue="deliver"} 1.0' in page and "heed_queue_up 1.0" in page
    # As Redis does when it hears nothing of it.
    connection.delete(worker.key)
    assert 'heed_workers{queue="classify"} 0.0' in client.get("/metrics").text
