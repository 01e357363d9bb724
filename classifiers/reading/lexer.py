"""HTML cut into tokens in linear time.

`html.parser` takes seconds on a body of unclosed comments (CVE-2025-6069), and reads broken markup differently from one patch
release of Python to the next; a webhook gets bodies from strangers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

MARK = re.compile("[<&]")
TAG = re.compile(
    r"""<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]{0,40})(?P<attributes>(?:[\s/](?:[^<>"']++|"[^"]*+"|'[^']*+')*+)?)>"""
)
ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]{0,60})\s{0,9}=\s{0,9}(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>=]++))""")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
DECLARATION = re.compile(r"<[!?][^<>]*+>")
HIDDEN = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style", "template")}


@dataclass(slots=True)
class Token:
    """`kind`: `text`, `entity`, `open`, `close`; `value`: the decoded text, or the tag's name in lower case."""

    kind: str
    start: int
    end: int
    value: str = ""
    attributes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Range of each attribute's raw value in the body."""


def tokens(body: str) -> Iterator[Token]:
    """Every token in order; comments, declarations and scripts are left out."""
    at, unclosed = 0, set[str]()
    while at < len(body):
        found = MARK.search(body, at)
        mark = found.start() if found else len(body)
        if mark > at:
            yield Token("text", at, mark)
        if mark == len(body):
            return
        token = _token(body, mark, unclosed)
        at = token.end
        if token.kind:
            yield token
        if token.kind == "open" and token.value in HIDDEN:
            at = _skip(body, token, unclosed)


def _token(body: str, at: int, unclosed: set[str]) -> Token:
    """The token that starts at a `<` or `&`; a stray one is text."""
    if entity := ENTITY.match(body, at):
        return Token("entity", at, entity.end(), unescape(entity[0]))
    if tag := TAG.match(body, at):
        kind = "close" if tag["close"] else "open"
        return Token(kind, at, tag.end(), tag["name"].lower(), _attributes(tag))
    if body.startswith("<!--", at):
        return Token("", at, _comment_end(body, at, unclosed))
    if declaration := DECLARATION.match(body, at):
        return Token("", at, declaration.end())
    return Token("text", at, at + 1)


def _comment_end(body: str, at: int, unclosed: set[str]) -> int:
    """After the comment; after its mark only where it is never closed, so that no own words are lost."""
    end = -1 if "--" in unclosed else body.find("-->", at + 2)
    if end < 0:
        unclosed.add("--")
        return at + 4
    return end + 3


def _skip(body: str, token: Token, unclosed: set[str]) -> int:
    """Where the content of a script or style ends; its own start where it is never closed."""
    end = None if token.value in unclosed else HIDDEN[token.value].search(body, token.end)
    if end is None:
        unclosed.add(token.value)
        return token.end
    return end.start()


def _attributes(tag: re.Match[str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for attribute in ATTRIBUTE.finditer(tag.string, *tag.span("attributes")):
        found.setdefault(attribute[1].lower(), attribute.span(attribute.lastindex or 1))
    return found
