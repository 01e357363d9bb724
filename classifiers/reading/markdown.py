"""Markdown, the dialect of forums: markers dropped, words kept. Forgiving rather than exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from classifiers.reading.builder import Builder, Edit
from classifiers.reading.links import is_personal
from classifiers.reading.plain import read_stretches
from classifiers.reading.quotes import Stretch

BLOCK = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,3}[.)][ \t]+)")
RULE = re.compile(r"[ \t]*(?:-[ \t]*){3,}+$|[ \t]*(?:\*[ \t]*){3,}+$|[ \t]*={3,}+[ \t]*$")
INLINE = re.compile(
    r"""(?P<escape>\\(?=[!-/:-@\[-`{-~]))
    |(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)
    |(?P<open>!?\[)(?=[^\[\]\n]{0,500}\]\()
    |(?P<tail>\]\(\s{0,3}<?(?P<url>[^()\s<>]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?)>?(?:\s{1,3}(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?\s{0,3}\))
    |<(?P<auto>[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>]{1,2000}|[^\s<>@]{1,64}@[^\s<>@]{1,255})>
    |(?P<tag></?(?:b|i|u|s|em|strong|del|ins|sub|sup|br|p|div|span|small|big|kbd|mark|details|summary|abbr|hr|a|img|code|pre)(?:\s[^<>\n]{0,500})?/?>)
    |(?P<bare>https?://[^\s<>()\[\]]{1,2000})
    |(?P<emphasis>\*{1,3}|_{1,3}|~~)
    |(?P<code>`+)""",
    re.VERBOSE | re.IGNORECASE,
)
BEFORE_OPENER = frozenset(" \t\"'([{*_~-–—/:,.")
AFTER_CLOSER = frozenset(" \t\r\n\"')]}*_~-–—/:,.;!?")


def read_markdown(builder: Builder) -> None:
    read_stretches(builder, _edits, fences=True)


def _edits(body: str, stretch: Stretch) -> list[Edit]:
    """The markup of one stretch, in order."""
    if stretch.literal:
        return []
    start, edits = stretch.start, []
    if stretch.first:
        mark = RULE.match(body, start, stretch.end) or BLOCK.match(body, start, stretch.end)
        if mark:
            edits.append(Edit(start, mark.end()))
            start = mark.end()
    marks = list(INLINE.finditer(body, start, stretch.end))
    paired = _paired(body, marks, start, stretch.end)
    for mark in marks:
        edits.extend(_edit(mark, paired))
    return edits


def _edit(mark: re.Match[str], paired: set[int]) -> Iterator[Edit]:
    """What becomes of one inline mark."""
    start, end = mark.span()
    match mark.lastgroup:
        case "entity":
            yield Edit(start, end, unescape(mark[0]))
        case "auto":
            yield from (Edit(start, start + 1), Edit(end - 1, end))
        case "url" | "tail":
            yield from _tail(mark)
        case "emphasis" if start not in paired:
            return
        case "bare":
            return
        case _:
            yield Edit(start, end)


def _tail(mark: re.Match[str]) -> Iterator[Edit]:
    """The `](url)` of a link: the address stays where it is personal data."""
    if not is_personal(mark["url"]):
        yield Edit(*mark.span())
        return
    yield Edit(mark.start(), mark.start("url"), " ")
    yield Edit(mark.end("url"), mark.end())


def _paired(body: str, marks: list[re.Match[str]], start: int, end: int) -> set[int]:
    """Starts of the emphasis marks that have a partner in the stretch; a lone `_` belongs to a name."""
    open_marks: dict[str, list[int]] = {}
    paired: set[int] = set()
    for mark in marks:
        if mark.lastgroup != "emphasis":
            continue
        before = body[mark.start() - 1] if mark.start() > start else " "
        after = body[mark.end()] if mark.end() < end else " "
        waiting = open_marks.setdefault(mark[0], [])
        if waiting and after in AFTER_CLOSER and not before.isspace():
            paired |= {waiting.pop(), mark.start()}
        elif before in BEFORE_OPENER and not after.isspace():
            waiting.append(mark.start())
    return paired
