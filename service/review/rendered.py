"""A body as its readers see it: markdown, BBCode or HTML rendered by libraries, sanitised, with the marks in their places.

Marks travel through the renderer as private characters put into the source. What is hidden is taken out before anything is
rendered, so that no renderer's slip can show it. The page is made of `Tag`s of a fixed list and of text that the template
escapes: no markup of the body itself reaches it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from html.parser import HTMLParser

import bbcode
import nh3
from flask_babel import gettext as _
from markdown_it import MarkdownIt

from service.review.highlight import Mark, Segment, clipped, segments
from service.review.markup import HTML

TAGS = frozenset(
    "p br hr em strong del code pre blockquote ul ol li h3 h4 h5 h6 table thead tbody tr th td sub sup".split()
)
"""What the page may hold. A post's headings begin below the page's own."""
ALIKE = {
    "b": "strong",
    "i": "em",
    "s": "del",
    "strike": "del",
    "h1": "h3",
    "h2": "h4",
    "aside": "blockquote",
    "div": "p",
}
EMPTY = frozenset({"br", "hr"})
QUOTES = frozenset({"blockquote"})
FIRST = 0xF0000
"""Of the private characters: mark number n begins at FIRST + 2n and ends at FIRST + 2n + 1."""
MOST = 2_000
"""Marks of one body; whatever is beyond them is not marked."""
DEEPEST = 20
"""Brackets or quotes within each other: the renderers recurse, and nobody nests deeper."""
WHOLES = {
    "markdown": re.compile(r"\]\([^()\n]{0,2000}\)|<[^<>\s]{1,2000}>"),
    "bbcode": re.compile(r"\[[^\[\]\n]{1,2000}\]"),
    "html": HTML,
}
"""What no mark may begin or end in: tags and links' addresses."""
PRIVATE = re.compile(f"[{chr(FIRST)}-{chr(FIRST + 2 * MOST + 1)}]")


@dataclass(frozen=True)
class Tag:
    """A tag of TAGS that opens, or closes."""

    name: str
    closes: bool = False


def readable(body: str, format: str, marks: Iterable[Mark], *, hide: bool = True) -> list[Segment | Tag]:
    """The body as a person reads it, whatever its format: plain text as it was typed."""
    if format == "plain":
        return [*segments(body, "plain", marks, hide=hide)]
    return rendered(body, format, marks, hide=hide)


def rendered(body: str, format: str, marks: Iterable[Mark], *, hide: bool = True) -> list[Segment | Tag]:
    """The body's tags and text in order; `format` is markdown, bbcode or html. `hide` leaves private text out."""
    known = clipped(marks, len(body))[:MOST]
    source = _with_marks(body, known, hide, [match.span() for match in WHOLES[format].finditer(body)])
    allowed = TAGS | ALIKE.keys() | {"a", "img"}
    clean = nh3.clean(
        _renderers()[format](source),
        tags=set(allowed),
        attributes={"a": {"href"}, "img": {"alt", "src"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    walk = _Walk(known, hide)
    walk.feed(clean)
    walk.close()
    return walk.pieces


def _with_marks(body: str, marks: list[Mark], hide: bool, wholes: list[tuple[int, int]]) -> str:
    """The body with a private character where each mark begins and ends, and without what is hidden.

    A mark that begins or ends within one of `wholes` (a tag, a link's address) takes it in; of a hidden one inside of it
    the address goes and the mark follows behind.
    """
    edges: list[tuple[int, int, str]] = []
    hidden: list[tuple[int, int]] = []
    for number, mark in enumerate(marks):
        begins, ends = chr(FIRST + 2 * number), chr(FIRST + 2 * number + 1)
        before, behind = _around(mark.start, wholes), _around(mark.end, wholes)
        start, end = before[0] if before else mark.start, behind[1] if behind else mark.end
        if hide and mark.private:
            hidden.append((mark.start, mark.end))
            edges += [(mark.start, 1, ""), (mark.end, 0, ""), (end, 1, begins + ends)]
        else:
            edges += [(start, 1, begins), (end, 0, ends)]
    parts, position = [], 0
    for place, _order, characters in sorted(edges):
        parts += [_shown(body, position, place, hidden), characters]
        position = place
    return "".join([*parts, _shown(body, position, len(body), hidden)])


def _around(place: int, wholes: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The one of `wholes`, which are in order and apart, that `place` lies within."""
    index = bisect_left(wholes, (place, 0)) - 1
    return wholes[index] if index >= 0 and place < wholes[index][1] else None


def _shown(body: str, start: int, end: int, hidden: list[tuple[int, int]]) -> str:
    if any(low <= start and end <= high for low, high in hidden):
        return ""
    # The body's own private characters would be taken for marks.
    return PRIVATE.sub("\N{REPLACEMENT CHARACTER}", body[start:end])


@cache
def _renderers() -> dict[str, Callable[[str], str]]:
    # An address given once for many links would make a page a thousand times as long as its post.
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("reference")
    markdown.enable(["table", "strikethrough"])
    # Addresses are shown as they were written, and their marks have to come through.
    markdown.normalizeLink = markdown.normalizeLinkText = str
    markdown.options["maxNesting"] = DEEPEST
    brackets = bbcode.Parser(replace_links=False, replace_cosmetic=False, newline="<br>", max_tag_depth=DEEPEST)
    brackets.add_formatter("url", _link, replace_links=False, replace_cosmetic=False)
    return {"markdown": partial(_markdown, markdown), "bbcode": brackets.format, "html": str}


def _markdown(markdown: MarkdownIt, source: str) -> str:
    """As typed where quotes or lists are nested too deep: the parser leaves out what is in them, and people would not see it."""
    tokens = markdown.parse(source)
    if any(token.level >= DEEPEST - 1 for token in tokens):
        return escape(source, quote=False).replace("\n", "<br>")
    return markdown.renderer.render(tokens, markdown.options, {})


def _link(_name: str, words: str, options: dict[str, str], _parent: object, _context: object) -> str:
    """A link by the address in its tag. The library's own takes the words for it where there is none: twice the text for
    each of nested tags, and a million times for twenty."""
    address = (options or {}).get("url", "")
    return f'<a href="{escape(address)}">{words}</a>' if address else words


class _Walk(HTMLParser):
    """From sanitised HTML to pieces."""

    def __init__(self, marks: list[Mark], hide: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[Segment | Tag] = []
        self._marks, self._hide = marks, hide
        self._active: list[Mark] = []
        self._begun: set[str] = set()
        self._quoted = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a":
            self._links.append(values.get("href") or "")
        elif tag == "img":
            self._text(_("[picture: %(what)s]", what=values.get("alt") or values.get("src") or ""))
        elif name := self._known(tag):
            self._quoted += name in QUOTES
            self.pieces.append(Tag(name))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            address = self._links.pop()
            self._text(f" ({address})" if address else "")
        elif (name := self._known(tag)) and name not in EMPTY:
            self._quoted -= name in QUOTES
            self.pieces.append(Tag(name, closes=True))

    def handle_data(self, data: str) -> None:
        self._text(data)

    @staticmethod
    def _known(tag: str) -> str:
        name = ALIKE.get(tag, tag)
        return name if name in TAGS else ""

    def _text(self, text: str) -> None:
        position = 0
        begins: list[Mark] = []
        for match in PRIVATE.finditer(text):
            self._add(text[position : match.start()], begins)
            begins = []
            number, ends = divmod(ord(match[0]) - FIRST, 2)
            mark = self._marks[number]
            if ends:
                self._active = [each for each in self._active if each is not mark]
                self.pieces.append(Segment("", ends=(mark,)))
            else:
                self._active.append(mark)
                # A parser of HTML doubles a link that is not closed where it should be, and with it what its address holds.
                anchors = () if mark.id in self._begun else (mark,)
                self._begun.add(mark.id)
                if self._hide and mark.private:
                    self.pieces.append(Segment("", marks=(mark,), begins=anchors, hidden=mark))
                else:
                    begins += anchors
            position = match.end()
        self._add(text[position:], begins)

    def _add(self, text: str, begins: list[Mark]) -> None:
        if text or begins:
            # The line break between two paragraphs is no text.
            active = tuple(self._active) if text.strip("\n") else ()
            self.pieces.append(Segment(text, self._quoted > 0, active, tuple(begins)))
