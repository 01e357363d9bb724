"""Bodies cut into segments: nothing lost, nothing added, nothing private shown."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from service.review.highlight import Mark, segments
from service.review.markup import edits, quotes


def mark(start: int, end: int, name: str = "m", *, private: bool = False) -> Mark:
    return Mark(name, start, end, "personal_data" if private else "medical", f"words of {name}", private)


def shown(body: str, *marks: Mark, format: str = "plain", **more) -> str:
    return "".join(piece.text for piece in segments(body, format, marks, **more))


def test_offsets_are_code_points():
    body = "👩‍⚕️ said: “take 50 µg” – naïve 🙃 advice"
    start = body.index("take")
    pieces = segments(body, "plain", [mark(start, start + 10)])
    assert [piece.text for piece in pieces if piece.marks] == ["take 50 µg"]


def test_overlapping_marks_are_cut_where_they_cross():
    pieces = segments("abcdefgh", "plain", [mark(1, 5, "a"), mark(3, 7, "b")])
    assert [(piece.text, [m.id for m in piece.marks]) for piece in pieces] == [
        ("a", []), ("bc", ["a"]), ("de", ["a", "b"]), ("fg", ["b"]), ("h", []),
    ]  # fmt: skip
    assert [[m.id for m in piece.ends] for piece in pieces] == [[], [], ["a"], ["b"], []]
    assert [[m.id for m in piece.begins] for piece in pieces] == [[], ["a"], ["b"], [], []]


def test_marks_outside_the_body_are_clipped_or_dropped():
    marks = [mark(-5, 2, "a"), mark(90, 99, "b"), mark(6, 4, "c"), mark(3, 3, "d"), mark(4, 99, "e")]
    pieces = segments("abcdef", "plain", marks)
    assert [(piece.text, [m.id for m in piece.marks]) for piece in pieces] == [("ab", ["a"]), ("cd", []), ("ef", ["e"])]


def test_private_text_is_left_out_and_said_so_once():
    pieces = segments("ring 0123 456 now", "plain", [mark(5, 13, "p", private=True), mark(0, 9, "e")])
    assert "".join(piece.text for piece in pieces) == "ring  now"
    assert [piece.hidden.id for piece in pieces if piece.hidden] == ["p"]


def test_private_text_is_shown_when_asked_for():
    assert shown("ring 0123 456 now", mark(5, 13, private=True), hide=False) == "ring 0123 456 now"


def test_a_window_never_shows_half_a_secret():
    secret = mark(5, 13, private=True)
    for window in combinations(range(18), 2):
        text = shown("ring 0123 456 now", secret, window=window)
        assert not set(text) & set("0123456"), window


def test_quotes_are_told_from_own_words():
    body = "> she said\n> more\nmine [quote=a]hers [quote]deeper[/quote] still[/quote] mine"
    quoted = [body[start:end] for start, end in quotes(body, "plain")]
    assert quoted == ["> she said\n> more", "[quote=a]hers [quote]deeper[/quote] still[/quote]"]
    assert [piece.text for piece in segments(body, "plain", []) if not piece.quoted] == ["\nmine ", " mine"]


def test_an_unclosed_quote_runs_to_the_end():
    assert quotes("a [quote]b", "bbcode") == [(2, 10)]
    assert quotes("[/quote] a", "bbcode") == []


def test_html_is_shown_as_it_was_meant():
    body = '<p>Hi &amp; bye</p>\n<p>see <a href="https://x.example/">here</a></p><blockquote><p>q</p></blockquote><img alt=":)">'
    assert shown(body, format="html") == "Hi & bye\nsee here (https://x.example/)\nq\n[picture: :)]"
    assert [piece.text for piece in segments(body, "html", []) if piece.quoted and piece.text.strip()] == ["q"]


def test_html_that_is_not_a_tag_stays():
    assert shown("<p>levels < 5 and > 3, <3</p>", format="html").strip() == "levels < 5 and > 3, <3"


def test_an_address_inside_a_tag_is_shown_as_it_was_sent():
    body = '<a href="mailto:jo@example.org">write</a>'
    start = body.index("jo@")
    assert "jo@example.org" not in shown(body, mark(start, start + 14, private=True), format="html")
    assert "jo@example.org" in shown(body, mark(start, start + 14, private=True), format="html", hide=False)
    assert "jo@" not in shown(body, mark(0, len(body) - 4, private=True), format="html")


def test_other_formats_are_shown_as_they_were_typed():
    assert edits("<b>x</b> &amp;", "markdown") == []


PIECES = [*"ab <>/&;\"'=[]\n😀é", "<p>", "</p>", "<a href='", "'>", "</a>", "<img alt='", "<blockquote>", "</blockquote>",
          "[quote]", "[/quote]", "> ", "&amp;", "<!--", "-->"]  # fmt: skip
bodies = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
places = st.lists(st.tuples(st.integers(-3, 90), st.integers(-3, 90), st.booleans()), max_size=6)


@given(bodies, places, st.sampled_from(["plain", "markdown", "bbcode"]))
def test_nothing_is_lost_or_added(body, places, format):
    marks = [mark(start, end, f"m{i}", private=private) for i, (start, end, private) in enumerate(places)]
    assert shown(body, *marks, format=format, hide=False) == body


@given(bodies, places, st.sampled_from(["plain", "html"]), st.tuples(st.integers(0, 80), st.integers(0, 80)))
def test_no_private_character_is_ever_shown(body, places, format, window):
    marks = [mark(start, end, f"m{i}", private=private) for i, (start, end, private) in enumerate(places)]
    for i in {i for start, end, private in places if private for i in range(max(0, start), min(end, len(body)))}:
        body = f"{body[:i]}§{body[i + 1 :]}"
    low, high = min(*window, len(body)), min(max(window), len(body))
    for part in (None, (low, high)):
        assert "§" not in shown(body, *marks, format=format, window=part)


@given(bodies, places)
def test_every_mark_begins_and_ends_once(body, places):
    marks = [mark(start, end, f"m{i}") for i, (start, end, _) in enumerate(places)]
    pieces = segments(body, "html", marks)
    inside = sorted(m.id for m in marks if max(0, m.start) < min(m.end, len(body)))
    assert sorted(m.id for piece in pieces for m in piece.begins) == inside
    assert sorted(m.id for piece in pieces for m in piece.ends) == inside


def test_a_body_made_to_be_slow_is_not():
    many = [mark(i * 15, i * 15 + 9, f"m{i}", private=bool(i % 2)) for i in range(6000)]
    # Quadratic code would need minutes for each of these.
    for piece, format in (
        ("<!--", "html"),
        ("[quote", "plain"),
        ("> a\n\n", "plain"),
        ("<a href='", "html"),
        ("&", "html"),
    ):
        body = piece * (100_000 // len(piece))
        assert segments(body, format, many)
