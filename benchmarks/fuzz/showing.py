"""What must hold of any text that the console shows."""

from __future__ import annotations

import random
import zlib
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace

from flask import Flask

from classifiers.labels import Area
from service.review.highlight import Mark, Segment, segments
from service.review.markup import edits, quotes
from service.review.rendered import EMPTY, TAGS, Tag, rendered

FORMATS = ("plain", "markdown", "bbcode", "html")
OURS = {
    "span": {"class", "id"},
    "mark": {"class", "title", "data-blur", "tabindex"},
    "button": {"form", "class", "title"},
    "svg": {"class", "viewbox", "aria-hidden", "focusable"},
    "path": {"d"},
    "circle": {"cx", "cy", "r"},
}
"""What the template writes around a post's words, and with which attributes."""


def marked(text: str) -> None:
    """Each highlight holds exactly its words; quotes and edits are in order and inside; nothing is lost or added."""
    for format in FORMATS:
        for ranges in (quotes(text, format), [(edit.start, edit.end) for edit in edits(text, format)]):
            assert ranges == sorted(ranges) and all(0 <= start < end <= len(text) for start, end in ranges)
        marks = _marks(text)
        pieces = segments(text, format, marks, hide=False)
        if format == "html":
            continue
        assert "".join(piece.text for piece in pieces) == text
        for mark in marks:
            assert "".join(piece.text for piece in pieces if mark in piece.marks) == text[mark.start : mark.end]


def secret(text: str) -> None:
    """What is hidden is nowhere on the page, whatever stands around it."""
    word = "SECRETWORD"
    at = zlib.crc32(text.encode(errors="surrogatepass")) % (len(text) + 1)
    whole = f"{text[:at]}{word}{text[at:]}"
    mark = Mark("m0", at, at + len(word), Area.PERSONAL_DATA, "x", private=True)
    for format in FORMATS:
        shown = segments(whole, format, [mark])
        if format != "plain":
            shown = [*shown, *(piece for piece in rendered(whole, format, [mark]) if isinstance(piece, Segment))]
        assert word not in "".join(piece.text for piece in shown)


def page(text: str) -> None:
    """The page holds tags of its own alone, each closed: no script, handler, address, style or form of the post's."""
    for format in FORMATS:
        marks = _marks(text)
        pieces = (
            segments(text, format, marks, hide=False)
            if format == "plain"
            else rendered(text, format, marks, hide=False)
        )
        assert all(piece.name in TAGS for piece in pieces if isinstance(piece, Tag))
        page = _Page(_written(pieces))
        assert not page.open, format
        begun = [mark.id for piece in pieces if isinstance(piece, Segment) for mark in piece.begins]
        assert len(begun) == len(set(begun)), format
        assert page.said() == "".join(_words(piece) for piece in pieces if isinstance(piece, Segment)), format


def _words(piece: Segment) -> str:
    tags = "".join(f"(marked: {mark.words})" for mark in piece.ends)
    return "".join((piece.text + tags).split())


def _marks(text: str) -> list[Mark]:
    """Marks in places that the text itself decides, so that it alone tells what failed."""
    dice = random.Random(zlib.crc32(text.encode(errors="surrogatepass")))
    ranges = [sorted(dice.randrange(len(text) + 1) for _ in range(2)) for _ in range(dice.randrange(5))]
    return [Mark(f"m{n}", start, end, "medical", "words") for n, (start, end) in enumerate(ranges) if start < end]


def _written(pieces: list[Segment | Tag]) -> str:
    """The pieces as the console's own template writes them."""
    app = _app()
    with app.test_request_context("/console/"):
        given = {"may_decide": True, "moderator": SimpleNamespace(softened=True)}
        module = app.jinja_env.get_template("review/_body.html").make_module(vars=given)
        return str(module.body(pieces, True))  # type: ignore[attr-defined]


@cache
def _app() -> Flask:
    from service.web import create_app

    return create_app()


class _Page(HTMLParser):
    """Reads a page and stops at whatever is not ours."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS or tag in OURS, tag
        assert {name for name, _ in attrs} <= OURS.get(tag, set()), (tag, attrs)
        if tag not in EMPTY and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            assert tag in ("path", "circle"), tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_decl = handle_pi = unknown_decl

    def said(self) -> str:
        return "".join("".join(self.words).split())
