"""HTML as forums send it: visible words, entities decoded, quotes of others apart."""

from __future__ import annotations

import re
from html import unescape

from classifiers.reading.builder import Builder
from classifiers.reading.lexer import ENTITY, Token, tokens
from classifiers.reading.links import is_personal

BLOCKS = frozenset(
    (
        "address article aside blockquote br center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr "
        "li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
    ).split()
)
WORDS = re.compile(r"\s+|\S+")
"""Runs of white space and of anything else."""


def read_html(builder: Builder) -> None:
    Reader(builder).read()


class Reader:
    """One pass over the tokens; `asides` holds for each open one whether it is a quote."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.asides: list[bool] = []
        self.quoted_asides = 0
        self.blockquotes = 0
        self.preformatted = 0

    def read(self) -> None:
        for token in tokens(self.builder.body):
            match token.kind:
                case "text":
                    self.text(token)
                case "entity":
                    self.builder.put(token.value, token.start, token.end)
                case _:
                    self.tag(token)
        self.builder.quoting = False

    def text(self, token: Token) -> None:
        """Visible text; line breaks of the source are spaces outside `pre`."""
        body, at = self.builder.body, token.start
        if self.preformatted:
            return self.builder.keep(at, token.end)
        for word in WORDS.findall(body[at : token.end]):
            if word.isspace():
                self.builder.space(at, at + len(word))
            else:
                self.builder.keep(at, at + len(word))
            at += len(word)

    def tag(self, token: Token) -> None:
        if token.value in BLOCKS:
            self.builder.newline(token.start, token.end)
        if token.kind == "open":
            self.open(token)
        else:
            self.close(token)
        self.builder.quoting = self.blockquotes + self.quoted_asides > 0
        if token.value in BLOCKS:
            self.builder.newline(token.start, token.end)

    def open(self, token: Token) -> None:
        match token.value:
            case "blockquote":
                self.blockquotes += 1
            case "aside":
                self.asides.append("quote" in self.value(token, "class").lower().split())
                self.quoted_asides += self.asides[-1]
            case "pre":
                self.preformatted += 1
            case "img":
                self.attribute(token, "alt")
            case "a" if is_personal(self.value(token, "href")):
                self.attribute(token, "href")

    def close(self, token: Token) -> None:
        match token.value:
            case "blockquote":
                self.blockquotes = max(0, self.blockquotes - 1)
            case "aside" if self.asides:
                self.quoted_asides -= self.asides.pop()
            case "pre":
                self.preformatted = max(0, self.preformatted - 1)

    def value(self, token: Token, name: str) -> str:
        start, end = token.attributes.get(name, (0, 0))
        return unescape(self.builder.body[start:end])

    def attribute(self, token: Token, name: str) -> None:
        """An attribute's value as a word of its own, at its exact place."""
        start, end = token.attributes.get(name, (0, 0))
        if start == end:
            return
        self.builder.space(token.start, start)
        for entity in ENTITY.finditer(self.builder.body, start, end):
            self.builder.keep(start, entity.start())
            self.builder.put(unescape(entity[0]), *entity.span())
            start = entity.end()
        self.builder.keep(start, end)
        self.builder.space(end, token.end)
