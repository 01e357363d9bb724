"""Threads that want the same done at the same time share a call, but never one that began before they asked."""

import threading
from concurrent.futures import ThreadPoolExecutor

from processes import until

from service.once import Once


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
