"""What must hold of any text that the classifiers read."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from itertools import pairwise
from typing import Any

from classifiers.canonical import DIGITS, LOOKALIKES, MOST_EMOJI, canonicalise
from classifiers.hazards import WORDS, hazards
from classifiers.labels import PERSONAL_DATA, Area
from classifiers.language import identify
from classifiers.medicines import facts
from classifiers.personal_data import find_patterns
from classifiers.personal_data.repeats import MOST, SHORTEST
from classifiers.reading import READERS, read
from classifiers.reading.normalise import normalise
from classifiers.sentences import sentences
from service.policy.redact import redact_with_places

LONGEST_NAME = 120
"""Code points of the longest name of an emoji, and more."""
LONGEST_WINDOW = 320
"""Pieces that a window of the encoder holds, by the bounds of `classifiers.encoding`."""


def plain_words(text: str) -> None:
    """`canonicalise` leads back inside the text, changes only what it says it changes, and grows by names of emoji alone."""
    made = canonicalise(text)
    assert len(made.text) == len(made.starts) == len(made.ends)
    assert list(made.starts) == sorted(made.starts) and list(made.ends) == sorted(made.ends)
    assert len(made.text) <= len(text) + LONGEST_NAME * min(MOST_EMOJI, len(text))
    for char, start, end in zip(made.text, made.starts, made.ends, strict=True):
        assert 0 <= start < end <= len(text)
        given = text[start:end]
        meant = {given, LOOKALIKES.get(ord(given[0])), DIGITS.get(ord(given[0]))}
        assert char in {chr(one) if isinstance(one, int) else one for one in meant} or not given.isascii()


def own_words(text: str) -> None:
    """Every character that is read stands where it says it does, in each format; own and quoted words together are no more
    than the text."""
    for format in READERS:
        reading = read(text, format)
        assert len(reading.text) == len(reading.offsets) == len(reading.ends)
        assert reading.offsets == sorted(reading.offsets) and reading.ends == sorted(reading.ends)
        for index, (char, start, end) in enumerate(zip(reading.text, reading.offsets, reading.ends, strict=True)):
            assert 0 <= start < end <= len(text)
            assert char in " \n" or char in _said(text[start:end]), (format, index)
            assert reading.original(index, index + 1) == (start, end)
        assert len(reading.text) + len(reading.quoted) <= 4 * len(text) + 1
    for char in set(text):
        assert "".join(map(normalise, normalise(char))) == normalise(char)
    if not re.search(r"[<>\[]", text):
        assert read(text, "plain").text == "".join(map(normalise, text))


def _said(part: str) -> str:
    return "".join(map(normalise, part)) + ("".join(map(normalise, unescape(part))) if "&" in part else "")


def personal_data(text: str) -> None:
    """Spans in order and apart; each value is covered wherever it stands again; nothing of a value is left when it is redacted."""
    found = find_patterns(text)
    for span in found:
        assert span.type in PERSONAL_DATA and 0 <= span.start < span.end <= len(text) and 0 < span.score <= 1
    assert all(left.end <= right.start for left, right in pairwise(found))
    values = {text[span.start : span.end] for span in found if span.length >= SHORTEST}
    if len(values) <= MOST // 4:
        for value in values:
            for again in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text):
                assert any(span.start < again.end() and again.start() < span.end for span in found)
    marked = [_Marked(span.type, span.start, span.end) for span in found]
    redacted, places = redact_with_places(text, marked)  # type: ignore[arg-type]
    assert len(places) == len(found)
    assert all(redacted[start:end].startswith("[") and redacted[end - 1] == "]" for start, end in places)


class _Marked:
    area = Area.PERSONAL_DATA

    def __init__(self, type: str, start: int, end: int) -> None:
        self.type, self.start, self.end = type, start, end


def what_it_is_about(text: str) -> None:
    """Language, sentences, hazards and published facts of any text are ones that there are."""
    language, sure = identify(text)
    assert re.fullmatch(r"[a-z]{2}", language) and 0 <= sure <= 1
    assert set(hazards(text, text[::-1])) <= WORDS.keys()
    ranges = sentences(text)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in ranges)
    assert all(left[1] <= right[0] for left, right in pairwise(ranges))
    assert all(0 <= fact.start < fact.end <= len(text) for fact in facts(text, text[::-1]))


def windows(text: str) -> None:
    """No window is longer than the encoder takes, and each piece of the body leads back into it."""
    from classifiers.encoding import encode_post

    made = encode_post(_tokenizer(), read(text, "html"), text[:300], text)
    own = read(text, "html").text
    assert made.windows and made.pieces <= 2 * len(canonicalise(own).text)
    for window in made.windows:
        assert len(window.ids) <= LONGEST_WINDOW
        assert len({len(each) for each in (window.ids, window.types, window.own, window.starts, window.ends, window.shapes)}) == 1  # fmt: skip
        assert all(start == -1 == end or 0 <= start < end <= len(own) for start, end in zip(window.starts, window.ends, strict=True))  # fmt: skip


@cache
def _tokenizer() -> Any:
    from transformers import AutoTokenizer

    from classifiers.weights import base_encoder

    return AutoTokenizer.from_pretrained(base_encoder())
