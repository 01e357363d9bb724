from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.reading import READERS, read


@pytest.mark.parametrize(
    ("format", "body", "text", "quoted"),
    [
        ("plain", "hi\n> you said\n>> deep\nme", "hi\nme", " you said\n> deep\n"),
        ("plain", '[quote="bob, post:3, topic:5"]x [QUOTE=Al]y[/QUOTE] z[/quote]mine', "mine", "x \ny\n z"),
        ("plain", "mine [quote]never closed", "mine ", "never closed"),
        ("plain", "a [/quote] b", "a \n b", ""),
        ("plain", "a < b & *c* [b]", "a < b & *c* [b]", ""),
        ("markdown", "# Head\n- *it* and **bold**", "Head\nit and bold", ""),
        ("markdown", "jo_b_84 is _me_, 5 * 3, f**k", "jo_b_84 is me, 5 * 3, f**k", ""),
        ("markdown", "> theirs\nlazy line is mine", "lazy line is mine", " theirs\n"),
        ("markdown", "[read](https://nhs.uk/a_b) ![alt](x.png)", "read alt", ""),
        (
            "markdown",
            "[mail](mailto:jo@b.co) [chat](https://wa.me/4477)",
            "mail mailto:jo@b.co chat https://wa.me/4477",
            "",
        ),
        ("markdown", "```\n> code\n```\n\\*no\\* &amp; <jo@b.co>", "> code\n*no* & jo@b.co", ""),
        ("bbcode", "[b]hi[/b] jo [at] x [url=https://t.me/jo]me[/url]", "hi jo [at] x https://t.me/jo me", ""),
        ("bbcode", "[list][*]one[*]two[/list]", "\none\ntwo", ""),
        ("html", "<p>Hi &amp; bye&nbsp;x<br>l2</p>", "Hi & bye x\nl2\n", ""),
        ("html", "<blockquote>a<blockquote>b</blockquote></blockquote><p>mine", "mine", "a\nb\n"),
        (
            "html",
            '<aside class="quote no-group"><div>bob</div><blockquote>z</blockquote></aside>own',
            "own",
            "bob\nz\n",
        ),
        ("html", "a<script>x<y</script><style>p</style><!-- c -->b < c", "ab < c", ""),
        ("html", '<img alt="Dr Hart &amp; me"> <a href="mailto:a@b.c">mail</a>', "Dr Hart & me mailto:a@b.c mail", ""),
        ("html", "<!-- never closed but mine", "never closed but mine", ""),
        ("plain", "j\u200bo\u00ad \uff28\U0001d422\u00a0x", "jo Hi x", ""),
        ("plain", "a\x0bb\x0cc\x00", "a\nb\nc", ""),
        ("unknown", "as it is", "as it is", ""),
    ],
)
def test_own_words_and_quoted_words(format: str, body: str, text: str, quoted: str) -> None:
    reading = read(body, format)
    assert reading.text == text
    assert reading.quoted == quoted


@pytest.mark.parametrize(
    ("format", "body", "part", "original"),
    [
        ("html", "<p>a &amp; b</p>", "&", "&amp;"),
        ("html", "<p>Dr&nbsp;<b>Hart</b></p>", "Dr Hart", "Dr&nbsp;<b>Hart"),
        ("markdown", "call **07700** 900", "07700", "07700"),
        ("markdown", "[me](mailto:jo@b.co)", "jo@b.co", "jo@b.co"),
        ("plain", "x j\u200bo", "jo", "j\u200bo"),
        ("plain", "> q\nme \ufb01n", "fin", "\ufb01n"),
        ("bbcode", "[email]jo@b.co[/email]", "jo@b.co", "jo@b.co"),
    ],
)
def test_a_range_leads_back_to_the_body(format: str, body: str, part: str, original: str) -> None:
    reading = read(body, format)
    start = reading.text.index(part)
    assert body[slice(*reading.original(start, start + len(part)))] == original


PIECES = st.sampled_from(
    ["[quote]", "[/quote]", "<blockquote>", "</blockquote>", "<aside class=quote>", "</aside>", "> ", "\n", "&amp;", "&#x1F600;", "&notit;", "<b>",
     "<!--", "-->", "<script>", "</script>", "**", "_", "```", "[a](mailto:b)", "[url=t.me/a]", '<a href="t.me/x">', "\\", "\r\n", "ﬁ", "\u200b"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join), st.sampled_from(sorted(READERS)))
def test_any_body_is_read_with_offsets_in_range_and_in_order(body: str, format: str) -> None:
    reading = read(body, format)
    assert len(reading.text) == len(reading.offsets) == len(reading.ends)
    assert reading.offsets == sorted(reading.offsets)
    assert reading.ends == sorted(reading.ends)
    assert all(0 <= start < end <= len(body) for start, end in zip(reading.offsets, reading.ends, strict=True))
