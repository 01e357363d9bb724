"""Long posts are read in overlapping windows, and no piece of theirs is left out."""

import pytest
from transformers import AutoTokenizer

from classifiers.encoding import BODY_TOKENS, CONTEXT_TOKENS, encode, shape
from classifiers.weights import base_encoder


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(base_encoder())


@pytest.mark.parametrize("words", [0, 1, 159, 160, 161, 200, 280, 281, 1000])
def test_every_piece_is_in_a_window_and_none_is_longer_than_the_encoder_reads(tokenizer, words):
    text = " ".join(["pain"] * words)
    encoded = encode(tokenizer, text, "A title", "what the parent said " * 200)
    seen = {w.first + i for w in encoded.windows for i in range(sum(s >= 0 for s in w.starts))}
    assert seen == set(range(words)) and encoded.pieces == words
    assert all(len(w.ids) <= 512 and sum(s >= 0 for s in w.starts) <= BODY_TOKENS for w in encoded.windows)
    assert all(len(set(map(len, (w.ids, w.types, w.own, w.starts, w.ends, w.shapes)))) == 1 for w in encoded.windows)


def test_offsets_are_code_points(tokenizer):
    text = "😀 Zoë rang"
    (window,) = encode(tokenizer, text).windows
    assert [text[s:e] for s, e in zip(window.starts, window.ends, strict=True) if s >= 0][-2:] == ["Zoë", "rang"]


def test_context_is_seen_but_not_the_authors_own(tokenizer):
    (window,) = encode(tokenizer, "double it", "", "should I go up? " * 100).windows
    own = [i for i, mine in enumerate(window.own) if mine]
    assert [window.starts[i] >= 0 for i in own] == [True, True]
    assert sum(window.types) == CONTEXT_TOKENS + 1


def test_shape_tells_what_lower_casing_hides():
    assert shape("Hart", 0, 4)[:2] == (1.0, 0.0)
    assert shape("NHS", 0, 3)[:2] == (1.0, 1.0)
    assert shape("a12", 1, 3)[2] == 1.0
    assert shape("a b", 2, 3)[5] == 1.0 and shape("ab", 1, 2)[5] == 0.0


def test_small_letters_have_no_shape_but_where_they_stand():
    assert shape("my pain", 3, 5) == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert shape("my pain", 5, 7) == (0.0,) * 6
    assert shape("my 10mg", 3, 7)[3] == 1.0 and shape("it's", 2, 3)[4] == 1.0
