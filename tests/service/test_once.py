"""Threads that want the same done at the same time share a call, but never one that began before they asked."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from processes import until

from service.once import Once, made_once
from service.rate import _storage, shared_storage
from service.wakeup import redis_connection


def test_each_that_asks_alone_has_a_call_of_its_own():
    calls = []
    once = Once(lambda: calls.append("called") or len(calls))
    assert [once(), once(), once()] == [1, 2, 3]


def test_who_asks_during_a_call_shares_the_next_one():
    begun, go_on, calls = threading.Event(), threading.Event(), []

    def work() -> int:
        calls.append("called")
        begun.set()
        go_on.wait(30)
        return len(calls)

    once = Once(work)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(once)
        begun.wait(30)
        others = [pool.submit(once) for _ in range(7)]
        until(lambda: once._asked == 8, what="seven that wait")
        go_on.set()
        assert first.result() == 1 and {other.result() for other in others} == {2}


def test_after_a_call_that_fails_the_next_one_works():
    answers = iter((0, 1))
    once = Once(lambda: 1 // next(answers))
    try:
        once()
    except ZeroDivisionError:
        assert once() == 1
    else:
        raise AssertionError("the first call fails")


def test_threads_that_ask_first_get_one_object():
    met, made = threading.Barrier(8), []

    @made_once
    def thing(name: str) -> object:
        made.append(name)
        time.sleep(0.05)  # the others come meanwhile
        return object()

    def ask(_: int) -> object:
        met.wait(30)
        return thing("one")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1 and made == ["one"]
    assert thing("another") is not thing("one") and made == ["one", "another"]


def test_first_requests_at_once_share_the_connections_to_the_queue(valkey):
    """A client that only one of them held would close its connections as soon as it was let go, under another's command."""
    for _ in range(20):
        redis_connection.cache_clear()
        _storage.cache_clear()
        met, found = threading.Barrier(8), []

        def ask(met: threading.Barrier = met, found: list = found) -> None:
            met.wait(30)
            found.append((redis_connection(), shared_storage()))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(found) == 8 and len(set(found)) == 1
