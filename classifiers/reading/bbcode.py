"""BBCode: known tags dropped, their content kept; anything else in brackets is the author's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.reading.builder import Builder, Edit
from classifiers.reading.links import is_personal
from classifiers.reading.plain import read_stretches
from classifiers.reading.quotes import Stretch

TAG = re.compile(
    r"\[(?P<close>/?)(?P<name>\*|b|i|u|s|url|email|img|color|colour|size|font|list|ul|ol|li|spoiler|ispoiler|hide|code|icode|pre|center|left"
    r"|right|justify|indent|align|highlight|sub|sup|hr|table|tr|td|th|h[1-6]|heading|media|youtube|video|attach|attachment|user|mention"
    r"|member|note|noparse|plain|strike|p|br|details|tab|anchor)(?:[=\s](?P<value>[^\[\]\n]{0,2000}))?\]",
    re.IGNORECASE,
)
BLOCKS = frozenset(
    "* list ul ol li spoiler hide code center indent hr table tr h1 h2 h3 h4 h5 h6 heading p br details".split()
)


def read_bbcode(builder: Builder) -> None:
    read_stretches(builder, _edits)


def _edits(body: str, stretch: Stretch) -> Iterator[Edit]:
    for tag in TAG.finditer(body, stretch.start, stretch.end):
        value = (tag["value"] or "").strip("\"' ")
        if not tag["close"] and is_personal(value):
            yield from _keep_value(tag, value)
        else:
            yield Edit(*tag.span(), _gap(tag, stretch))


def _gap(tag: re.Match[str], stretch: Stretch) -> str:
    """A block tag within a line parts words; at its edges the line break already does."""
    inside = stretch.start < tag.start() and tag.end() < stretch.end
    return "\n" if inside and tag["name"].lower() in BLOCKS else ""


def _keep_value(tag: re.Match[str], value: str) -> Iterator[Edit]:
    """The address of a link, kept before the link's words."""
    start = tag.string.index(value, tag.start("value"))
    yield Edit(tag.start(), start)
    yield Edit(start + len(value), tag.end(), " ")
