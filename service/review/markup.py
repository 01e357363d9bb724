"""What in a submitted body is markup or somebody else's words, so that a page can show it as its author meant it.

All offsets are Unicode code points of the body, ends exclusive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape

from flask_babel import gettext as _

# Written so that no body can make them slow: whatever is never closed is matched to the end, or to a length.
HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|</?([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});", re.S
)
BLOCKS = frozenset("p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote aside pre hr section article".split())
QUOTES = frozenset({"blockquote"})
ATTRIBUTE = re.compile(r"""\b(href|src|alt)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.I)
BRACKETS = re.compile(r"\[(/?)quote\b[^\]\n]{0,300}\]", re.I)
LINES = re.compile(r"^[ \t]{0,3}>.*(?:\n[ \t]{0,3}>.*)*", re.M)


@dataclass(frozen=True)
class Edit:
    """Show `text` in place of `body[start:end]`. `source` is where the text comes from: a link's address, its tag."""

    start: int
    end: int
    text: str
    source: tuple[int, int] | None = None


def quotes(body: str, format: str) -> list[tuple[int, int]]:
    """Stretches that quote somebody else, in order and apart from one another."""
    return merged(_quotes(body, format))


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same code points as stretches in order and apart from one another."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _quotes(body: str, format: str) -> list[tuple[int, int]]:
    if format == "html":
        tags = ((m, m[1].lower(), m[0].startswith("</")) for m in HTML.finditer(body) if m[1])
        return _nested([(m, closes) for m, name, closes in tags if name in QUOTES], len(body))
    lines = [match.span() for match in LINES.finditer(body)]
    return [*lines, *_nested([(m, m[1] == "/") for m in BRACKETS.finditer(body)], len(body))]


def edits(body: str, format: str) -> list[Edit]:
    """What an HTML body's tags and entities are shown as, in order; other formats are shown as they were typed."""
    if format != "html":
        return []
    found: list[Edit] = []
    opened: re.Match[str] | None = None
    for match in HTML.finditer(body):
        name = (match[1] or "").lower()
        if name == "a" and match[0].startswith("</"):
            link = _attribute(opened[0], "href") if opened else ""
            found.append(Edit(*match.span(), f" ({link})" if link else "", opened.span() if opened else None))
            opened = None
        elif name in BLOCKS:
            found.append(Edit(match.start(), _after_space(body, match.end()), "\n"))
        else:
            opened = match if name == "a" else opened
            found.append(Edit(*match.span(), _shown(match[0], name)))
    return _without_doubled_lines(body, found)


def _after_space(body: str, place: int) -> int:
    while place < len(body) and body[place] in " \t\r\n":
        place += 1
    return place


def _shown(token: str, name: str) -> str:
    if token.startswith("&"):
        return unescape(token)
    if name == "img":
        return _("[picture: %(what)s]", what=_attribute(token, "alt") or _attribute(token, "src"))
    return ""


def _attribute(tag: str, wanted: str) -> str:
    values = {match[1].lower(): match[2].strip("\"'") for match in ATTRIBUTE.finditer(tag)}
    return unescape(values.get(wanted, ""))


def _without_doubled_lines(body: str, found: list[Edit]) -> list[Edit]:
    """Two blocks beside one another are parted by one line break, and a body starts with none."""
    kept: list[Edit] = []
    position, at_line_start = 0, True
    for edit in found:
        between = body[position : edit.start]
        at_line_start = between.endswith("\n") or (at_line_start and not between.strip())
        kept.append(replace(edit, text="") if edit.text == "\n" and at_line_start else edit)
        at_line_start = at_line_start if not edit.text else edit.text == "\n"
        position = edit.end
    return kept


def _nested(tags: list[tuple[re.Match[str], bool]], length: int) -> list[tuple[int, int]]:
    """The outermost stretches between opening and closing tags; what is never closed runs to the end."""
    ranges, depth, start = [], 0, 0
    for match, closes in tags:
        if not closes:
            start = match.start() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                ranges.append((start, match.end()))
    return [*ranges, (start, length)] if depth else ranges
