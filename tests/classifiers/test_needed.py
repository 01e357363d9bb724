"""What a text must hold to be searched at all: no recogniser finds anything in one that is passed over."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.folded import folded
from classifiers.personal_data import DIGIT, find_patterns, government_id, phone
from classifiers.personal_data.registry import RECOGNISERS
from tests.classifiers.test_personal_data import CLEAN, MARKED

OTHER_DIGITS = {"Arabic-Indic": "٠١٢٣٤٥٦٧٨٩", "full-width": "０１２３４５６７８９", "Devanagari": "०१२३४५६७८९"}
OTHER_LETTERS = str.maketrans("sikSIK", "ſıKſİK")
WRITTEN = [marked for marked, _, _ in MARKED] + CLEAN
WAYS = {
    "as it stands": str,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "other letters": lambda text: text.translate(OTHER_LETTERS),
    **{
        name: lambda text, digits=digits: text.translate(str.maketrans("0123456789", digits))
        for name, digits in OTHER_DIGITS.items()
    },
}


def passed_over(text: str) -> list[str]:
    """What the recognisers would have found in `text` that do not search it."""
    digits, lower = len(DIGIT.findall(text)), folded(text)
    unsearched = [each for each in RECOGNISERS if not each.may_find(digits, lower)]
    return [text[found.start : found.end] for each in unsearched for found in each.find(text)]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_nothing_is_passed_over(way: Callable[[str], str]) -> None:
    assert {text: passed_over(way(text)) for text in WRITTEN if passed_over(way(text))} == {}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WRITTEN) | st.text(max_size=12), max_size=4).map(" ".join))
def test_nothing_is_passed_over_in_texts_put_together(text: str) -> None:
    assert passed_over(text) == []


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("GB82 WEST ABCD EFGH IJKL", "payment"),
        ("my NHI is ABC12DE", "government_id"),
        ("MRN: A1234", "medical_id"),
        ("PIN 4821", "credential"),
        ("call me on 12345678", "phone"),
        ("PO Box 1", "address"),
        ("born the first of May nineteen sixty", "date_of_birth"),
    ],
)
def test_values_of_the_fewest_digits_are_found(text: str, type: str) -> None:
    assert type in {found.type for found in find_patterns(text)}


@pytest.mark.parametrize("digits", OTHER_DIGITS.values(), ids=OTHER_DIGITS)
@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("text me on 07911 123456", "phone"),
        ("NHS number 943 476 5918", "government_id"),
        ("PIN 4821", "credential"),
    ],
)
def test_digits_of_any_script_count(text: str, type: str, digits: str) -> None:
    written = text.translate(str.maketrans("0123456789", digits))
    assert type in {found.type for found in find_patterns(written)}


def test_a_number_of_words_alone_is_found() -> None:
    (found,) = find_patterns("ring oh seven seven double oh nine double oh six two one")
    assert found.type == "phone"


@pytest.mark.parametrize("identifier", government_id.TABLE, ids=lambda identifier: identifier.name)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_shape_holds_what_is_looked_for_first(identifier: government_id.Identifier, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(identifier.shape))
    assert government_id.CANDIDATE.search(text)
    assert government_id.ROW.search(text) or not identifier.in_row


def test_no_plan_has_a_shorter_number() -> None:
    plans = [phonenumbers.PhoneMetadata.metadata_for_region(r) for r in phone.OWN_REGIONS + phone.OTHER_REGIONS]
    assert min(length for plan in plans for length in plan.general_desc.possible_length) == phone.SHORTEST


def test_folded_letters_are_those_that_ignorecase_takes_for_them() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]))
    for letter in "abcdefghijklmnopqrstuvwxyzé":
        assert {folded(found) for found in re.findall(letter, every, re.IGNORECASE)} == {letter}
