"""`benchmarks.linear` itself; `.ci/run` runs it on all readers."""

from __future__ import annotations

import re

from benchmarks.linear import MOST, Case, cases, ratio
from classifiers.reading import READERS


def test_what_takes_the_square_of_a_text_is_found_and_what_reads_it_once_is_not():
    steep, even = (ratio(Case("", re.compile(pattern).findall, "a"), longest=16_000) for pattern in (r"\w+\d", r"\w+"))
    assert steep > MOST > even


def test_every_reader_of_a_post_is_tried():
    assert {case.name for case in cases()} >= {
        *READERS,
        "personal data",
        "canonical text",
        "hazards",
        "medicines",
        "sentences",
    }
