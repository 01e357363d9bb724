"""Writers of one process take turns."""

import threading
import time

import pytest

from service.store.turn import Turn


def test_who_asked_first_is_first():
    turn, order, threads = Turn(), [], []

    def work(number: int) -> None:
        with turn:
            order.append(number)

    with turn:
        for number in range(20):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(turn._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_one_at_a_time():
    turn, inside, most = Turn(), 0, []

    def work() -> None:
        nonlocal inside
        for _ in range(200):
            with turn:
                inside += 1
                most.append(inside)
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(most) == 1600


def test_a_failure_ends_the_turn():
    turn = Turn()
    with pytest.raises(ValueError), turn:
        raise ValueError
    with turn:
        pass


def test_a_write_inside_a_write_is_an_error_and_no_wait(store):
    if store.is_sqlite:
        with store.write(), pytest.raises(RuntimeError, match="inside another"), store.write():
            pass
        with store.write():
            pass
