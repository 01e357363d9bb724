"""Invented personal data stands in real sentences, is marked to the letter, and is the same for the same seed."""

import random
from collections import Counter

import pytest
from faker import Faker

from classifiers.labels import PERSONAL_DATA
from training import injection
from training.corpus import LabelledPost

POSTS = [
    LabelledPost(f"p-{n}", f"p-{n}", "", "", "Slept badly again. The new tablets make me dizzy. Anyone else?")
    for n in range(300)
]


def test_every_type_is_put_in_and_marked_where_it_stands():
    made = list(injection.injected(POSTS, 3))
    types = Counter(span.type for post in made for span in post.spans)
    assert set(types) == set(PERSONAL_DATA)
    for post in made:
        assert "Slept badly again." in post.text and "Anyone else?" in post.text
        for span in post.spans:
            value = post.text[span.start : span.end]
            assert value == value.strip() != ""
    assert any(not post.spans for post in made)


def test_the_same_seed_makes_the_same_posts():
    assert list(injection.injected(POSTS[:20], 3)) == list(injection.injected(POSTS[:20], 3))
    assert list(injection.injected(POSTS[:20], 3)) != list(injection.injected(POSTS[:20], 4))


def test_a_post_that_may_hold_personal_data_is_left_out():
    assert not list(injection.injected([LabelledPost("x", "x", "", "", "Write to jo.bloggs84@gmail.com please")], 3))


@pytest.mark.parametrize("locale", injection.LOCALES)
@pytest.mark.parametrize("kind", PERSONAL_DATA)
def test_every_country_has_every_type(locale, kind):
    assert injection.value(kind, Faker(locale), random.Random(1))
