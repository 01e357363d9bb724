"""The measures of the corpus find what they are for, and stay silent where there is nothing."""

from itertools import combinations

import pytest

from training import leaks
from training.corpus import LabelledPost

OPENINGS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January March April".split()


def posts(given_away: bool) -> list[LabelledPost]:
    """Pairs whose halves differ by one word that always says the label, or by words that say nothing."""
    made = []
    for number in range(60):
        opening = f"{OPENINGS[number % 10]} came and the number {number % 7} bus was late again, so"
        words = ("plonk", "tea") if given_away else (("tea", "cake") if number % 2 else ("cake", "tea"))
        for half, word in enumerate(words):
            other = f"x-{number}-{1 - half}"
            labels = ("dosing",) if half == 0 else ()
            made.append(
                LabelledPost(f"x-{number}-{half}", f"t{number}", "", "", f"{opening} {word} it was", labels, pair=other)
            )
    return made


def test_a_word_that_says_the_label_is_found():
    found = leaks.giveaway(posts(True), "medical")
    assert found.told_apart == 1.0 and found.auprc == pytest.approx(1.0)
    assert "plonk" in found.words


def test_words_that_say_nothing_tell_no_pair_apart():
    found = leaks.giveaway(posts(False), "medical")
    assert found.pairs == 60
    assert found.told_apart < 0.6


def test_near_duplicates_are_found_and_short_posts_left_alone():
    one = LabelledPost(
        "a", "a", "", "", "My sister drove me to the infusion in Kilmarnock on Tuesday and we had chips after."
    )
    two = LabelledPost(
        "b", "b", "", "", "My sister drove me to the infusion in Kilmarnock on Friday and we had chips after."
    )
    other = LabelledPost(
        "c", "c", "", "", "The pharmacist rang about the inhaler, a different one this month, blue again."
    )
    short = LabelledPost("d", "d", "", "", "thanks so much x")
    assert [(x.id, y.id) for _, x, y in leaks.near_duplicates([one, short], [two, other, short])] == [("a", "b")]


def test_the_committed_corpus_has_no_near_duplicates_across_the_splits():
    from training import corpus
    from training.split import split

    parts = split(corpus.read())
    for one, two in combinations(parts, 2):
        assert not [(v, x.id, y.id) for v, x, y in leaks.near_duplicates(parts[one], parts[two]) if v > 0.7]
