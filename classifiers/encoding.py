"""A post as the encoder takes it: windows of token ids with offsets, context beside them, none cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from classifiers.canonical import Canonical, canonicalise
from classifiers.reading import Reading

BODY_TOKENS = 160
"""Most pieces of the author's own text in one window: shorter ones let one sentence in a long post be heard."""
STRIDE = 120
"""Pieces from one window's start to the next's: neighbours overlap by a quarter."""
TITLE_TOKENS = 32
CONTEXT_TOKENS = 112
"""Most pieces of the parent and of what is quoted; a longer context keeps its beginning and its end."""
SHAPES = 6
"""Features of a piece's spelling, which a lower-casing encoder can't see."""
LONGEST_REMEMBERED = 20
"""Characters of a piece whose spelling is kept for the next time; all but a few of the vocabulary are shorter."""
BEGINNING = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
WITHIN = (0.0,) * SHAPES
"""The spelling of most pieces: small letters at a word's beginning, and within a word."""


@dataclass(slots=True)
class Window:
    """One input of the encoder; every list has one entry a piece."""

    ids: list[int]
    types: list[int]
    own: list[bool]
    """The author's own words (title and body): what labels are read from."""
    starts: list[int]
    """Start of the piece in the own text, -1 outside the body."""
    ends: list[int]
    shapes: list[tuple[float, ...]]
    first: int
    """Index of the window's first body piece among all body pieces of the post."""


@dataclass(slots=True)
class Encoded:
    """All windows of one post, the number of its body pieces, and the body as it was cut into them."""

    windows: list[Window]
    pieces: int
    plain: Canonical


def encode_post(tokenizer: Any, reading: Reading, title: str, parent: str) -> Encoded:
    """Windows over the author's own words; the parent, and what is quoted, are context."""
    return encode(tokenizer, reading.text, title, "\n".join(filter(None, [parent, reading.quoted])))


def encode(tokenizer: Any, text: str, title: str = "", context: str = "") -> Encoded:
    """Windows over `text` (own words), each with the title before it and the context behind it."""
    plain = canonicalise(text)
    body = tokenizer(plain.text, add_special_tokens=False, return_offsets_mapping=True)
    ids = body["input_ids"]
    starts = [plain.starts[start] for start, _ in body["offset_mapping"]]
    ends = [plain.ends[end - 1] for _, end in body["offset_mapping"]]
    title_ids = _plain(tokenizer, title)[:TITLE_TOKENS]
    context_ids = _both_ends(_plain(tokenizer, context), CONTEXT_TOKENS)
    shapes = [shape(text, start, end) for start, end in zip(starts, ends, strict=True)]
    windows = []
    for first in _starts(len(ids)):
        piece = slice(first, first + BODY_TOKENS)
        cut = ids[piece], starts[piece], ends[piece], shapes[piece]
        windows.append(_window(tokenizer, title_ids, *cut, context_ids, first))
    return Encoded(windows, len(ids), plain)


def shape(text: str, start: int, end: int) -> tuple[float, ...]:
    """Spelling of the word piece at `start`:`end`: capital first, all capitals, digits, mixed, sign, starts a word."""
    spelling = _remembered if end - start <= LONGEST_REMEMBERED else _spelling
    return spelling(text[start:end], start == 0 or not text[start - 1].isalnum())


def _spelling(piece: str, begins: bool) -> tuple[float, ...]:
    if piece.isascii() and piece.isalpha() and piece.islower():
        return BEGINNING if begins else WITHIN
    return (
        float(piece[:1].isupper()),
        float(len(piece) > 1 and piece.isupper()),
        float(piece.isdigit()),
        float(any(c.isdigit() for c in piece) and not piece.isdigit()),
        float(not any(c.isalnum() for c in piece)),
        float(begins),
    )


_remembered = lru_cache(maxsize=8192)(_spelling)


def _starts(pieces: int) -> Iterator[int]:
    yield 0
    first = 0
    while first + BODY_TOKENS < pieces:
        first = min(first + STRIDE, pieces - BODY_TOKENS)
        yield first


def _window(
    tokenizer: Any,
    title: list[int],
    body: list[int],
    starts: list[int],
    ends: list[int],
    shapes: list[tuple[float, ...]],
    context: list[int],
    first: int,
) -> Window:
    first_id, last_id = tokenizer.cls_token_id, tokenizer.sep_token_id
    head = [first_id, *title, last_id] if title else [first_id]
    tail = [last_id, *context, last_id] if context else [last_id]
    return Window(
        ids=[*head, *body, *tail],
        types=[0] * (len(head) + len(body) + 1) + [1] * (len(tail) - 1),
        own=[False, *([True] * (len(head) - 1)), *([True] * len(body)), *([False] * len(tail))],
        starts=[*([-1] * len(head)), *starts, *([-1] * len(tail))],
        ends=[*([-1] * len(head)), *ends, *([-1] * len(tail))],
        shapes=[*([WITHIN] * len(head)), *shapes, *([WITHIN] * len(tail))],
        first=first,
    )


def _plain(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(canonicalise(text).text, add_special_tokens=False)["input_ids"] if text.strip() else []


def _both_ends(ids: list[int], most: int) -> list[int]:
    half = most // 2
    return ids if len(ids) <= most else [*ids[:half], *ids[-half:]]
