"""Turns a submitted body into text that a model can read, with offsets into the original.

Own words and quoted words are kept apart (policy, "The author's own words"): quotes are context, never content.
"""

from __future__ import annotations

from collections.abc import Callable

from classifiers.reading.bbcode import read_bbcode
from classifiers.reading.builder import Builder, Reading
from classifiers.reading.html import read_html
from classifiers.reading.markdown import read_markdown
from classifiers.reading.plain import read_plain

READERS: dict[str, Callable[[Builder], None]] = {
    "plain": read_plain,
    "markdown": read_markdown,
    "bbcode": read_bbcode,
    "html": read_html,
}


def read(body: str, format: str) -> Reading:
    """The author's words and the quoted ones of `body`; an unknown format is read as plain text."""
    builder = Builder(body)
    READERS.get(format, read_plain)(builder)
    return builder.reading()


def whole(text: str) -> Reading:
    """Every word of a line without markup and quotes, such as a title."""
    builder = Builder(text)
    builder.keep(0, len(text))
    return builder.reading()


__all__ = ["READERS", "Reading", "read", "whole"]
