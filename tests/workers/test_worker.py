"""The RQ worker: in its own process, one queue, telling Redis nothing of what went wrong but its kind."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import zoo
from processes import until
from reading import Reader
from rq import Queue
from rq.registry import FailedJobRegistry

from service.errors import ConfigurationError
from service.keyring import id_of, new_key
from service.store import store as this_store
from service.wakeup import redis_connection, wake_deliver
from workers import classify, worker
from workers.healthy import beating
from workers.worker import HeedWorker, worker_for

ROOT = Path(__file__).parents[2]


@pytest.fixture
def queue(valkey, signals) -> Queue:
    return Queue("classify", connection=redis_connection(), serializer="json")


def work_off() -> None:
    worker_for("classify", redis_connection()).work(burst=True, logging_level="WARNING")


def test_jobs_run_in_the_workers_own_process(queue):
    zoo.seen.clear()
    queue.enqueue("zoo.note_process")
    queue.enqueue("zoo.note_process")
    work_off()
    assert zoo.seen == [os.getpid()] * 2


def test_redis_learns_what_kind_of_error_it_was_and_no_more(queue, caplog):
    job = queue.enqueue("zoo.fail_with_text")
    work_off()
    assert job.id in FailedJobRegistry(queue=queue)
    connection = redis_connection()
    kept = b"".join(connection.dump(key) or b"" for key in connection.keys("*"))
    assert b"sorrow" not in kept and "sorrow" not in caplog.text
    assert "RuntimeError < ValueError" in job.latest_result().exc_string
    assert "RuntimeError < ValueError" in caplog.text


def test_a_key_that_is_missing_is_named_in_the_log(queue, store, desk, settings_env, caplog):
    settings_env(HEED_ENCRYPTION_KEYS=(lost := new_key()))
    desk.store = this_store()
    desk.submit("1", "sorrow")
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    queue.enqueue("zoo.read_all")
    work_off()
    assert id_of(lost) in caplog.text and lost not in caplog.text and "sorrow" not in caplog.text


def test_a_failed_job_does_not_end_the_worker(queue):
    zoo.seen.clear()
    queue.enqueue("zoo.fail_with_text")
    queue.enqueue("zoo.note_process")
    work_off()
    assert len(zoo.seen) == 1


def test_its_heart_beats_while_a_job_runs(queue, monkeypatch):
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.1)
    job = queue.enqueue("zoo.wait_for_heartbeat")
    work_off()
    assert job.id not in FailedJobRegistry(queue=queue)


def test_it_listens_to_one_queue(valkey):
    queues = [Queue(name, connection=redis_connection(), serializer="json") for name in ("classify", "deliver")]
    with pytest.raises(ConfigurationError, match="one queue"):
        HeedWorker(queues, connection=redis_connection())


def test_a_wake_up_makes_a_worker_read_what_is_pending(store, desk, queue, monkeypatch):
    for number in range(3):
        desk.submit(str(number))
    reader = Reader()
    monkeypatch.setattr("workers.model.classifier", lambda: reader)
    queue.enqueue("workers.classify.run")
    work_off()
    assert desk.verdicts() == {"0": ["allow"], "1": ["allow"], "2": ["allow"]}


def test_asked_to_stop_it_finishes_its_batch_and_leaves_the_rest(store, desk, queue, monkeypatch, settings_env):
    settings_env(HEED_BATCH_POSTS=2)
    for number in range(6):
        desk.submit(str(number))
    reader = Reader(during=lambda: os.kill(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr("workers.model.classifier", lambda: reader)
    queue.enqueue("workers.classify.run")
    work_off()
    assert len(desk.verdicts()) == 2
    # Its successor is called for the rest.
    assert redis_connection().llen("rq:queue:classify") == 1


def test_redis_holds_no_text_while_posts_are_read(store, desk, queue, monkeypatch):
    desk.submit("1", "a private sorrow")
    kept: list[bytes] = []

    def look() -> None:
        connection = redis_connection()
        kept.extend(connection.dump(key) or b"" for key in connection.keys("*"))

    monkeypatch.setattr("workers.model.classifier", lambda: Reader(during=look))
    queue.enqueue("workers.classify.run")
    work_off()
    assert kept and not any(b"sorrow" in value for value in kept)


class Process:
    """`heed worker deliver` as a process."""

    def __init__(self, *more: str, **options) -> None:
        command = [sys.executable, "-m", "workers.cli", "worker", "deliver", *more]
        self.running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **options)

    def ready(self) -> None:
        name = worker.worker_name("deliver", self.running.pid)

        def registered() -> bool:
            assert self.running.poll() is None, self.running.stderr.read()
            return bool(redis_connection().exists(f"rq:worker:{name}"))

        until(registered, what="the worker")

    def end(self) -> tuple[int, str]:
        said = self.running.communicate(timeout=30)[1]
        return self.running.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_told_to_stop_says_goodbye(store, valkey, number):
    process = Process()
    process.ready()
    assert beating("deliver", os.uname().nodename)
    process.running.send_signal(number)
    status, said = process.end()
    assert status == 0 and "deliver worker stopped" in said and "Traceback" not in said
    assert not beating("deliver", os.uname().nodename)


def test_a_process_whose_supervisor_is_gone_stops(store, valkey):
    lifeline, keep = os.pipe()
    process = Process(pass_fds=[lifeline], env={**os.environ, "HEED_PARENT_PIPE": str(lifeline)})
    os.close(lifeline)
    process.ready()
    os.close(keep)
    assert process.end()[0] == 0


def test_burst_ends_once_the_queue_is_empty(store, valkey):
    wake_deliver()
    assert Process("--burst").end()[0] == 0
    assert redis_connection().llen("rq:queue:deliver") == 0


def test_after_its_share_of_jobs_a_process_makes_room_for_a_fresh_one(store, valkey):
    queue = Queue("deliver", connection=redis_connection(), serializer="json")
    for _ in range(3):
        queue.enqueue("workers.deliver.run")
    with_few = "from workers import worker; worker.JOBS_PER_PROCESS = 2; raise SystemExit(worker.work('deliver'))"
    assert subprocess.run([sys.executable, "-c", with_few], cwd=ROOT, timeout=300).returncode == 0
    assert len(queue) == 1


def test_without_redis_a_process_says_so_in_one_sentence(store, settings_env):
    settings_env(HEED_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    status, said = Process().end()
    assert status == 1 and "Redis does not answer" in said
    assert "Traceback" not in said and "secret" not in said


def test_the_model_is_loaded_once_in_a_process(monkeypatch):
    from workers import model

    loads: list[int] = []

    class Loaded:
        models, name = {"shared": "told"}, "told"

    monkeypatch.setattr(model, "load_classifier", lambda: loads.append(1) or Loaded())
    model.classifier.cache_clear()
    try:
        assert model.classifier() is model.classifier()
        assert len(loads) == 1
    finally:
        model.classifier.cache_clear()


def test_every_setting_of_the_models_reaches_the_loader(monkeypatch, settings_env):
    from workers import model

    given: dict = {}

    def load(name, encoder, **more):
        given.update(more, model=name, encoder=encoder)

    monkeypatch.setattr("classifiers.engine.load_models", load)
    monkeypatch.setattr("classifiers.engine.Classifier", lambda models, backend: None)
    chosen = {
        "model": "m",
        "encoder": "e",
        "larger_model": "l",
        "larger_encoder": "n",
        "medical_model": "a",
        "self_harm_model": "b",
        "personal_data_model": "c",
    }
    settings_env(**{f"HEED_{name.upper()}": value for name, value in chosen.items()}, HEED_TORCH_THREADS=3)
    model.load_classifier()
    assert given == {**chosen, "threads": 3}


def test_threads_of_a_batch_end_with_it(store, desk, chosen):
    desk.submit()
    before = threading.active_count()
    classify.read_all(store, Reader(), chosen)
    assert threading.active_count() == before
