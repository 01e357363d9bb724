"""A text without what points to a person: what was found in it, and more, for nobody can check each post by hand.

Too much is covered rather than too little. A first name alone, or a name in lower case that no model found, may still stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.policy.redact import WORDS
from service.review.highlight import Mark, segments
from service.store.models import Revision

REMOVED = "[{} removed]"
NAME, LINK, MEMBER, NUMBER = (REMOVED.format(what) for what in (WORDS["person"], "link", "member", "number"))
EVERYWHERE = (
    (re.compile(r"[^\s@\[\]]{1,64}@[^\s@\[\]]{1,200}\.\w+"), REMOVED.format(WORDS["email"])),
    (re.compile(r"(?:https?://|www\.)[^\s\[\]()]+", re.I), LINK),
    (re.compile(r"(?<![\w@])@\w[\w.-]*"), MEMBER),
    # Who signs with a first name on the last line.
    (re.compile(r"(?<=\n)[ \t~*–—-]{0,9}[A-Z][\w’'.-]{1,40}(?:[ \t][A-Z][\w’'.-]{0,40})?[\sxX.,!]{0,20}\Z"), NAME),
)
"""What is covered wherever it stands, beside what the models found."""
UNREAD = (
    *EVERYWHERE,
    (re.compile(r"\+?\d(?:[ ().,/-]{0,2}\d){6,}"), NUMBER),
    (re.compile(r"\b(?!I\b)[A-Z][\w’'-]{1,40}(?:[ \t]{1,3}(?!I\b)(?:[A-Z]\.|[A-Z][\w’'-]{1,40})){1,9}"), NAME),
)
"""What is covered in titles and in posts replied to: no model looked there, so all that may be a name or a number goes."""
SHORTEST = 3
"""Letters of a name; a shorter one would be found in every sentence."""


@dataclass(frozen=True)
class Piece:
    """A part of a covered text. `type`: of the personal data that stood in its place, or empty for the author's own words."""

    text: str
    type: str = ""


@dataclass(frozen=True)
class Secret:
    """Personal data that a model or a pattern found: code points of the body, end exclusive."""

    start: int
    end: int
    type: str


class Cover:
    """Covers one post: the values that were found in its body are covered in its title and parent too."""

    def __init__(self, revision: Revision, secrets: Iterable[Secret], names: Iterable[str]) -> None:
        self._revision = revision
        values = {revision.body[each.start : each.end].strip(): each.type for each in secrets}
        self._values = {value: type for value, type in values.items() if len(value) >= SHORTEST}
        parts = [part for value, type in self._values.items() if type == "person" for part in value.split()]
        self._parts = _any_of({part for part in parts if part[0].isupper()})
        # An author who is a plain number would be found in every dose.
        self._names = _any_of({*(name for name in names if not name.isdigit()), *self._values}, re.I)
        self._secrets = [*secrets, *self._repeats()]

    def body(self) -> list[Piece]:
        """The body as plain text; what it quotes from others stands between [quote] and [/quote]."""
        revision = self._revision
        marks = [
            Mark(str(n), each.start, each.end, "", each.type, private=True) for n, each in enumerate(self._secrets)
        ]
        pieces, quoted = [], False
        for segment in segments(revision.body, revision.format, marks):
            # In the other formats the quote's own marks are still there.
            if segment.quoted != quoted and revision.format == "html":
                pieces.append(Piece("[/quote]\n" if quoted else "\n[quote]"))
                quoted = segment.quoted
            if segment.hidden:
                pieces.append(Piece(REMOVED.format(WORDS[segment.hidden.words]), segment.hidden.words))
            elif segment.text:
                pieces.append(Piece(self._covered(segment.text, EVERYWHERE)))
        return pieces

    @property
    def title(self) -> str:
        return self._covered(self._revision.title, UNREAD)

    @property
    def parent(self) -> str:
        return self._covered(self._revision.parent, UNREAD)

    def _repeats(self) -> list[Secret]:
        """The same values once more: a model that finds one may miss another."""
        found = []
        for value, type in self._values.items():
            found += [Secret(*match.span(), type) for match in re.finditer(re.escape(value), self._revision.body, re.I)]
        return found

    def _covered(self, text: str, masks: Iterable[tuple[re.Pattern[str], str]]) -> str:
        for pattern in filter(None, (self._names, self._parts)):
            text = pattern.sub(NAME, text)
        for pattern, instead in masks:
            text = pattern.sub(instead, text)
        return text


def _any_of(values: set[str], flags: int = 0) -> re.Pattern[str] | None:
    """Matches any of the values that are long enough, as whole words."""
    wanted = [value for value in values if len(value) >= SHORTEST]
    if not wanted:
        return None
    longest_first = "|".join(re.escape(value) for value in sorted(wanted, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", flags)
