"""The committed corpus follows its own rules, and the splits keep threads apart."""

import json
from itertools import combinations

import pytest

from training import corpus
from training.corpus import file_of
from training.split import part, split

FILES = sorted(corpus.FOLDER.glob("*.jsonl"))
GOOD = {
    "id": "x-1", "thread": "x-t1", "title": "", "parent": "", "text": "Ring Ann Lee, Ann Lee!", "medical": [], "claims": [],
    "spans": [{"type": "person", "text": "Ann Lee", "nth": 1}], "third_party_health": False, "self_harm": [], "pair": "",
}  # fmt: skip


def test_the_corpus_has_no_faults():
    counts, faults = corpus.check(FILES)
    assert faults == []
    assert counts["posts"] >= 7000


def test_nth_finds_the_later_occurrence():
    (span,) = corpus.parse(GOOD).spans
    assert (span.start, span.end) == (14, 21)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": " "}, "empty text"),
        ({"medical": ["dose"]}, "unknown medical"),
        ({"medical": ["dosing", "misinformation"]}, "misinformation never stands"),
        ({"self_harm": ["crisis", "ideation"]}, "crisis alone"),
        ({"spans": [{"type": "person", "text": "Bob Lee", "nth": 0}]}, "not in the text"),
        ({"claims": [{"type": "fact", "text": "Ring"}]}, "unknown type"),
    ],
)
def test_a_faulty_line_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        corpus.parse(GOOD | change)


def test_check_names_the_line(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD) + "\nnot json\n")
    _, faults = corpus.check([path])
    assert any("x.jsonl:2" in fault and "used twice" in fault for fault in faults)
    assert any("x.jsonl:3" in fault for fault in faults)


def test_no_thread_and_no_text_stands_on_two_sides():
    parts = split(corpus.read())
    threads = {name: {post.thread for post in posts} for name, posts in parts.items()}
    texts = {name: {post.text for post in posts if len(post.text) > 60} for name, posts in parts.items()}
    for one, two in combinations(parts, 2):
        assert not threads[one] & threads[two]
        assert not texts[one] & texts[two]
    assert all(part(post) == name for name, posts in parts.items() for post in posts)
    files = {name: {file_of(post) for post in posts} for name, posts in parts.items()}
    assert not files["unseen"] & {*files["train"], *files["dev"], *files["test"]}
    assert 0.08 < len(parts["test"]) / sum(map(len, parts.values())) < 0.25
