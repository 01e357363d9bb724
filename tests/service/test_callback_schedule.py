"""The retry schedule: never early, never for ever, at least what the forum asked for."""

import pytest

from service.callback.schedule import JITTER, LONGEST, SCHEDULE, pause


@pytest.mark.parametrize("attempts", range(1, len(SCHEDULE)))
def test_each_pause_is_that_of_the_standard_and_a_little_more(attempts):
    pauses = [pause(attempts) for _ in range(50)]
    assert all(SCHEDULE[attempts] <= seconds <= SCHEDULE[attempts] * (1 + JITTER) for seconds in pauses)
    assert len(set(pauses)) > 1


def test_pauses_grow_and_end():
    assert list(SCHEDULE) == sorted(SCHEDULE)
    assert SCHEDULE[:4] == (0, 5, 300, 1800)
    assert pause(len(SCHEDULE)) is None
    assert pause(len(SCHEDULE) + 5, retry_after=10) is None


def test_the_forum_may_ask_for_more_but_not_for_less_nor_for_ever():
    assert pause(1, retry_after=600) == 600
    assert pause(2, retry_after=1) >= 300
    assert pause(1, retry_after=10**9) == LONGEST
