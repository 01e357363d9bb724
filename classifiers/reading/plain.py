"""Plain text: nothing but quotes to find."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from classifiers.reading.builder import Builder, Edit
from classifiers.reading.quotes import Stretch, stretches

Editor = Callable[[str, Stretch], Iterable[Edit]]


def read_plain(builder: Builder) -> None:
    read_stretches(builder, lambda body, stretch: ())


def read_stretches(builder: Builder, edits: Editor, fences: bool = False) -> None:
    """Take every stretch with the format's edits; a change of voice starts a new line."""
    for stretch in stretches(builder.body, fences):
        builder.quoting = stretch.quoted
        if not stretch.first:
            builder.newline(stretch.start - 1, stretch.start)
        builder.keep_edited(stretch.start, stretch.end, edits(builder.body, stretch))
    builder.quoting = False
