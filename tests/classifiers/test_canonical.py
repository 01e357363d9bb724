"""Hidden words come to light, medical ones stay, and every piece leads back to the text as it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from classifiers.canonical import MOST_EMOJI, canonicalise
from classifiers.encoding import encode
from classifiers.weights import base_encoder


@pytest.mark.parametrize(
    ("hidden", "plain"),
    [
        ("k1ll myself", "kill myself"),
        ("su1c1de", "suicide"),
        ("unal1v3 tonight!", "unalive tonight!"),
        ("$uicide", "suicide"),
        ("p1lls, all of them", "pills, all of them"),
        ("su!c!de note", "suicide note"),
        ("k i l l myself", "kill myself"),
        ("d.i.e.t. pills", "diet. pills"),
        ("h-e-l-p", "help"),
        ("\u0441ut mys\u0435lf", "cut myself"),
        ("st\u03bfp it", "stop it"),
        ("the 💊 are here", "the  pill  are here"),
    ],
)
def test_what_hides_is_made_plain(hidden, plain):
    assert canonicalise(hidden).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "50mg x2, B12 and T4, HbA1c 48, a1c 6.5, H1N1, CD4 of 300, L4L5, 5ASA, covid19, T1D and T1DM",
        "jo@gmail.com, @jo_84, https://a1bc.example/x, 2pm, 10am, £3.50, $20, 1st and 2nd, MP3, O2 sats 94",
        "take 1-2 a day!!! so tired!!",
        "I am a GP. N.H.S. and U.S. A & E",
        "TNF-α, β-blocker, µg, Привет, Ελλάδα, naïve Zoë",
        "password is wren74kite, code 4f0e, NHS 943 476 5919",
    ],
)
def test_what_means_what_it_says_stays(text):
    assert canonicalise(text).text == text


@given(st.text(alphabet="ab1 3.k$@!\u0441💊👩\u200d⚕️-", max_size=40))
def test_the_way_back_never_goes_backwards_and_stays_inside(text):
    made = canonicalise(text)
    assert len(made.text) == len(made.starts) == len(made.ends)
    assert list(made.starts) == sorted(made.starts) and list(made.ends) == sorted(made.ends)
    assert all(0 <= s < e <= len(text) for s, e in zip(made.starts, made.ends, strict=True))


def test_so_many_emoji_are_named_and_no_more():
    """A name has some ten pieces: a post of emoji alone would be ten times as long for the network as any other."""
    made = canonicalise("💊" * (MOST_EMOJI + 5))
    assert made.text.count("pill") == MOST_EMOJI and made.text.endswith("💊" * 5)
    assert made.starts[-1] == MOST_EMOJI + 4


def test_pieces_lead_back_to_the_text_as_it_stands():
    tokenizer = AutoTokenizer.from_pretrained(base_encoder())
    text = "so 💊 k i l l p1lls"
    (window,) = encode(tokenizer, text).windows
    pieces = {text[s:e] for s, e in zip(window.starts, window.ends, strict=True) if s >= 0}
    assert {"so", "💊", "k i l l", "p1lls"} <= pieces
