"""Bodies as their readers see them: rendered, harmless, marked in place, and nothing hidden comes through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.review.highlight import Mark, Segment
from service.review.rendered import FIRST, TAGS, Tag, rendered


def html(pieces) -> str:
    """Tags as they are, marks in brackets with their id."""
    out = []
    for piece in pieces:
        if isinstance(piece, Tag):
            out.append(f"<{'/' if piece.closes else ''}{piece.name}>")
        elif piece.hidden:
            out.append(f"[{piece.hidden.id}: hidden]")
        else:
            ids = ",".join(mark.id for mark in piece.marks)
            out.append(f"[{ids}: {piece.text}]" if ids and piece.text else piece.text)
    return "".join(out).strip()


def mark(body: str, words: str, id: str = "m0", *, private: bool = False) -> Mark:
    start = body.index(words)
    return Mark(id, start, start + len(words), "medical", "said", private)


@pytest.mark.parametrize(
    ("format", "body", "shown"),
    [
        ("markdown", "**stop** it, *now*", "<p><strong>stop</strong> it, <em>now</em></p>"),
        ("markdown", "> hers\n\nmine", "<blockquote><p>hers</p></blockquote><p>mine</p>"),
        ("markdown", "[a study](https://example.org/x)", "<p>a study (https://example.org/x)</p>"),
        ("markdown", "![me](https://example.org/me.png)", "<p>[picture: me]</p>"),
        ("markdown", "one\ntwo", "<p>one<br>two</p>"),
        ("markdown", "# Big\n\n- a\n- b", "<h3>Big</h3><ul><li>a</li><li>b</li></ul>"),
        ("bbcode", "[b]stop[/b] [quote=ann]hers[/quote]", "<strong>stop</strong> <blockquote>hers</blockquote>"),
        ("bbcode", "[url=https://example.org]there[/url]", "there (https://example.org)"),
        ("bbcode", "[url]https://example.org[/url]", "https://example.org"),
        ("markdown", "[a][1]\n\n[1]: https://example.org", "<p>[a][1]</p><p>[1]: https://example.org</p>"),
        ("html", "<p>a &amp; b</p><h1>x</h1><div>y</div>", "<p>a & b</p><h3>x</h3><p>y</p>"),
    ],
)
def test_a_body_is_shown_as_its_readers_see_it(format, body, shown):
    assert html(rendered(body, format, [])).replace("\n", "") == shown


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("markdown", "<script>alert(1)</script> <b onclick=x>y</b> [z](javascript:alert(1))"),
        ("bbcode", "<script>alert(1)</script> [url=javascript:alert(1)]z[/url] [b]<img src=x onerror=y>[/b]"),
        ("html", "<script>alert(1)</script><img src=x onerror=y><a href='javascript:alert(1)'>z</a><svg><style>"),
        ("html", "<p title='</p><script>alert(1)</script>'>x</p><form action=/><input name=y></form><base href=//e>"),
    ],
)
def test_no_markup_of_the_body_gets_through(format, body):
    for piece in rendered(body, format, []):
        assert piece.name in TAGS if isinstance(piece, Tag) else isinstance(piece, Segment)
    assert "javascript:" not in "".join(p.text for p in rendered(body, format, []) if isinstance(p, Segment)) or (
        format == "markdown"
    ), "an address is shown only where it leads somewhere"


def test_a_mark_goes_through_emphasis_and_paragraphs():
    body = "Just **stop the tablets\n\ntonight**, all of you."
    pieces = rendered(body, "markdown", [mark(body, "stop the tablets\n\ntonight")])
    assert html(pieces) == "<p>Just **[m0: stop the tablets]</p>\n<p>[m0: tonight]**, all of you.</p>"
    bold = "**stop the tablets** now"
    assert html(rendered(bold, "markdown", [mark(bold, "stop the tablets** now")])) == (
        "<p><strong>[m0: stop the tablets]</strong>[m0:  now]</p>"
    )


def test_each_mark_begins_and_ends_once():
    body = "a **b** c [d](https://example.org/e) f"
    marks = [mark(body, "b** c [d", "m0"), mark(body, "c", "m1"), mark(body, "example.org/e", "m2")]
    pieces = [piece for piece in rendered(body, "markdown", marks) if isinstance(piece, Segment)]
    for each in ("m0", "m1", "m2"):
        assert [m.id for p in pieces for m in p.begins].count(each) == 1
        assert [m.id for p in pieces for m in p.ends].count(each) == 1
    assert "[m2:  (https://example.org/e)]" in html(rendered(body, "markdown", marks))


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("markdown", "write to [me](mailto:jo@example.org) or **jo@example.org**"),
        ("markdown", "`jo@example.org` <jo@example.org> ![jo@example.org](https://jo@example.org/x.png)"),
        ("bbcode", "[email]jo@example.org[/email] [url=mailto:jo@example.org]me[/url] [code]jo@example.org[/code]"),
        ("html", "<a href='mailto:jo@example.org' title='jo@example.org'>jo@example.org</a><p>jo@example.org"),
    ],
)
def test_what_is_hidden_is_gone_before_anything_is_rendered(format, body):
    places = [i for i in range(len(body)) if body.startswith("jo@example.org", i)]
    marks = [Mark(f"m{i}", i, i + 14, "personal_data", "E-mail address", True) for i in places]
    pieces = rendered(body, format, marks)
    assert "jo@" not in html(pieces) and "hidden" in html(pieces)
    assert "jo@example.org" in html(rendered(body, format, marks, hide=False)).replace("[", "").replace("]", "")


def test_private_characters_of_the_body_are_no_marks():
    body = f"a {chr(FIRST)}b{chr(FIRST + 1)} c"
    assert html(rendered(body, "markdown", [mark(body, "c")])) == "<p>a \ufffdb\ufffd [m0: c]</p>"


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("bbcode", "[url]" * 15 + "an end"),
        ("bbcode", "[url][b]" * 9 + "an end"),
        ("markdown", f"[x]: https://example.org/{'a' * 2_000}\n\n" + "[x]" * 300),
    ],
)
def test_a_page_grows_no_faster_than_its_post(format, body):
    """The bounds are generous: what these became once was a hundred and a thousand times as long."""
    pieces = rendered(body, format, [])
    assert sum(len(piece.text) for piece in pieces if isinstance(piece, Segment)) < 4 * len(body)


@pytest.mark.parametrize("depth", [5, 18, 19, 20, 21, 3_000])
@pytest.mark.parametrize(
    ("format", "piece"),
    [("markdown", "> "), ("markdown", "* "), ("markdown", "1. > "), ("bbcode", "[quote]"), ("html", "<blockquote>")],
)
def test_however_deep_it_is_nested_no_word_is_left_out(format, piece, depth):
    body = f"before\n\n{piece * depth}the end"
    pieces = rendered(body, format, [mark(body, "the end")])
    shown = "".join(each.text for each in pieces if isinstance(each, Segment))
    assert "before" in shown and "the end" in shown


@pytest.mark.parametrize("format", ["markdown", "bbcode", "html"])
@pytest.mark.parametrize(
    "piece", ["[b]", "[quote]", "[url=", "> ", "<div>", "<b>", "**", "[", "`", "[a](", "|a|\n|-|\n"]
)
def test_what_is_never_closed_is_shown_all_the_same(format, piece):
    assert isinstance(rendered(piece * 3_000 + "the end", format, [Mark("m0", 9, 99, "medical", "x")]), list)


@given(
    body=st.text(alphabet="ab *_`[]()<>/\\\n#!&;=\"'-1.", max_size=60),
    format=st.sampled_from(["markdown", "bbcode", "html"]),
    secret=st.integers(0, 60),
)
def test_whatever_the_body_a_secret_in_it_never_shows(body, format, secret):
    whole = f"{body[:secret]}SECRET{body[secret:]}"
    start = whole.index("SECRET")
    pieces = rendered(whole, format, [Mark("m0", start, start + 6, "personal_data", "x", True)])
    assert "SECRET" not in "".join(piece.text for piece in pieces if isinstance(piece, Segment))


def test_a_mark_in_the_address_of_a_link_that_the_parser_doubles_has_one_anchor():
    body = '<a href="https://x.example/<12345"><p>one<div>two</a> three'
    pieces = rendered(body, "html", [mark(body, "12345")])
    assert [each.id for piece in pieces if isinstance(piece, Segment) for each in piece.begins] == ["m0"]
    assert html(pieces).count("[m0: 12345]") == 2
