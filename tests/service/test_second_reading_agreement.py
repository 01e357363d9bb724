"""Cohen's kappa against tables worked by hand and from the literature."""

import pytest

from service.agreement import FEWEST, agreement


def pairs(table: list[list[int]]) -> list[tuple[str, str]]:
    """Pairs that make up a table: its rows are the first reader's choices, its columns the second's."""
    return [(str(i), str(j)) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]


def test_the_example_of_cohens_own():
    """Cohen (1960): two judges, 200 cases, three diagnoses; he reports .492 and, as its error, .055."""
    found = agreement(pairs([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    assert found.pairs == 200 and found.alike == pytest.approx(0.70)
    assert found.kappa == pytest.approx(0.492, abs=0.0005)
    assert found.error == pytest.approx(0.055, abs=0.0005)
    assert found.interval == pytest.approx((0.384, 0.599), abs=0.001)


def test_the_example_of_artstein_and_poesio():
    """Artstein and Poesio (2008), table 1: two annotators, 100 utterances; they report .348 for Cohen's kappa."""
    assert agreement(pairs([[20, 20], [10, 50]])).kappa == pytest.approx(0.348, abs=0.0005)


def test_a_small_table_by_hand():
    """12 of 16 alike; by chance 9/16 * 9/16 + 7/16 * 7/16 = 130/256; so (192 - 130) / (256 - 130)."""
    found = agreement(pairs([[7, 2], [2, 5]]))
    assert found.kappa == pytest.approx(62 / 126)
    assert found.error == pytest.approx((0.75 * 0.25 / 16) ** 0.5 / (126 / 256))


@pytest.mark.parametrize(
    ("table", "kappa"), [([[6, 0], [0, 6]], 1), ([[0, 6], [6, 0]], -1), ([[3, 3], [3, 3]], 0), ([[8, 2], [0, 0]], 0)]
)
def test_the_ends_of_the_scale(table, kappa):
    assert agreement(pairs(table)).kappa == pytest.approx(kappa)


def test_an_interval_stays_on_the_scale():
    assert agreement(pairs([[6, 0], [1, 6]])).interval[1] == 1


def test_where_everybody_did_the_same_there_is_no_kappa():
    """1 - pe is nothing then, and kappa is not defined."""
    found = agreement(pairs([[12]]))
    assert (found.pairs, found.alike, found.kappa, found.error, found.interval) == (12, 1.0, None, None, None)


def test_too_few_give_no_number():
    few = agreement(pairs([[5, 0], [0, 4]]))
    assert few.pairs == FEWEST - 1 and few.alike is None and few.kappa is None
    assert agreement(pairs([[5, 0], [0, 5]])).kappa == 1
    assert agreement([]).pairs == 0 and agreement([], fewest=0).kappa is None
