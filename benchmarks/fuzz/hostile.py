"""Hostile text: pieces that parsers trip over, put together by Hypothesis or by a seeded mutation of what worked before."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import strategies as st

MARKUP = (
    "[quote]", "[/quote]", '[quote="bob, post:3"]', "[QUOTE=", "[url]", "[url=javascript:alert(1)]", "[/url]", "[b]", "[/b]", "[*]", "[list]", "[code]",
    "[img]", "[", "]", "](", "[a](javascript:alert(1))", "![a](data:text/html,x)", "[a]: http://b\n", "[a][a]", "**", "*", "_", "~~", "`", "```\n", "> ",
    ">> ", "# ", "- ", "1. ", "|a|\n|-|\n", "\\", "<", ">", "</", "<b>", "</b>", "<p>", "</p>", "<div>", "<blockquote>", "</blockquote>",
    "<aside class=quote>", "</aside>", "<pre>", "</pre>", "<script>", "</script>", "<style>", "</style>", "<template>", "<svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>", '<a href="mailto:a@b.co">', "</a>", "<form action=//e>", "<base href=//e>",
    "<iframe srcdoc='<script>'>", "<math><mi xlink:href=javascript:x>", "<p style=position:fixed>", "<!--", "-->", "<![CDATA[", "<?", "&", "&amp;", "&lt;script&gt;",
    "&#x3c;", "&#0;", "&#1114112;", "&#55296;", "&NotEqualTilde;", '"', "'", "=", "{{7*7}}", "{%", "{#", "javascript:", "\u2028", "<noscript>", "<table><tr><td>",
)  # fmt: skip
PERSONAL = (
    "jo.b_92@gmail.com", "jo [at] b dot org", "07911 123456", "(212) 736-5000", "+44 7911 123456", "oh seven double nine ", "943 476 5919", "NHS ", "219-09-9999",
    "12 Mill Lane, Hebden HX7 8AB", "born 14/02/61", "DOB: 1961-02-14", "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32", "my ip is ", "81.174.52.209",
    "2a02:8109::7d", "::ffff:1.2.3.4", "password: wren74kite", "pin 4471", "Dr Amelia Hart", "Mrs O'Neill-Byrne", "insta @beth.b", "https://wa.me/4477", "MRN: 00718264",
)  # fmt: skip
ODD = (
    "\x00", "\r", "\r\n", "\n\n", "\t", "\x0b", "\x85", "\u00ad", "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\ufffd", "\U000f0000", "\U0010ffff", "\u0301", "\u0600",
    "ﬁ", "ﷺ", "𝐤", "🇬🇧", "💊", "👩\u200d❤️\u200d💋\u200d👨", "1️⃣", "\u0130", "ß", "\u0441", "k1ll", "k i l l", "su!c!de", "$uicide", "ab", " ", "a", "é", "1", "١", "word ", "I ", "\ue000",
)  # fmt: skip
PIECES = (*MARKUP, *PERSONAL, *ODD)
POST = 100_000
"""A post's most characters, by default."""
MARKS = "ab1 @.:/-_<>[]()&;#*`!?'\"=\\|~\n\u0441💊\u200d"


def texts(longest: int = 24) -> st.SearchStrategy[str]:
    """Any text, and pieces of the above in any order, some of them many times."""
    piece = st.sampled_from(PIECES) | st.text(max_size=6) | st.text(MARKS, max_size=12)
    many = st.tuples(st.sampled_from(PIECES), st.integers(2, 60)).map(lambda pair: pair[0] * pair[1])
    return st.lists(piece | many, max_size=longest).map("".join)


def mutated(seed: int) -> Callable[[], str]:
    """Texts without end, mostly no longer than people's posts are."""
    return Mutation(seed, longest=1_000, seldom=20_000).text


class Mutation:
    """Texts without end from a seed: each is some before it, one behind the other, cut, doubled, swapped and mixed with the pieces
    above. One in `seldom` is as long as a post may be."""

    def __init__(self, seed: int, longest: int = 4_000, seldom: int = 0) -> None:
        self.dice, self.longest, self.seldom = random.Random(seed), longest, seldom
        self.pool = [*PIECES]

    def text(self) -> str:
        made = "".join(self.dice.choices(self.pool, k=self.dice.randrange(1, 9)))[: self.longest]
        for _ in range(self.dice.randrange(1, 8)):
            made = self._changed(made)
        made = made[: self.longest]
        if self.dice.random() < 0.2:
            self._remember(made)
        if self.seldom and not self.dice.randrange(self.seldom):
            return (made * (POST // max(1, len(made)) + 1))[:POST]
        return made

    def _remember(self, made: str) -> None:
        if len(self.pool) < 500:
            self.pool.append(made)
        else:
            self.pool[self.dice.randrange(len(PIECES), len(self.pool))] = made

    def _changed(self, text: str) -> str:
        dice = self.dice
        at, to = sorted(dice.randrange(len(text) + 1) for _ in range(2))
        match dice.randrange(8):
            case 0 | 1:
                return text[:at] + dice.choice(PIECES) + text[at:]
            case 2:
                return text[:at] + text[to:]
            case 3:
                return text[:at] + text[at:to] * dice.randrange(2, 12) + text[to:]
            case 4:
                return text[:at] + dice.choice(self.pool) + text[to:]
            case 5:
                return text[:at] + chr(dice.choice((dice.randrange(128), dice.randrange(0x3000), dice.randrange(0xE000, 0x110000)))) + text[at:]  # fmt: skip
            case 6:
                return text[to:] + text[at:to] + text[:at]
            case _:
                return text[:at] + text[at:to].swapcase() + text[to:]
