"""The demo thread: whole, different from post to post, invented, and showing every action."""

import json
import re
from pathlib import Path

import pytest

from classifiers.engine import load_classifier
from classifiers.findings import PostText
from service.policy import decide, load

FILE = Path(__file__).parents[2] / "workers" / "demo" / "posts.jsonl"
POSTS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
KEYS = ["id", "board", "title", "body", "format", "parent", "author", "language"]


def test_every_line_has_the_same_shape():
    assert len(POSTS) == 25
    assert all(list(post) == KEYS and all(isinstance(value, str) for value in post.values()) for post in POSTS)
    assert [post["id"] for post in POSTS] == [f"demo-{number:02d}" for number in range(1, 26)]
    assert all(post["author"].startswith("u-") and post["board"] and post["body"].strip() for post in POSTS)


def test_every_format_and_two_languages_occur():
    assert {post["format"] for post in POSTS} == {"plain", "markdown", "bbcode", "html"}
    assert {post["language"] for post in POSTS} == {"en", "es"}
    assert any(not re.search(r"\w", post["body"]) for post in POSTS)


def test_replies_answer_a_post_of_the_same_board_that_came_before():
    replies = [post for post in POSTS if post["parent"]]
    assert len(replies) >= 6
    for reply in replies:
        before = POSTS[: POSTS.index(reply)]
        assert [post["board"] for post in before if post["body"] == reply["parent"]] == [reply["board"]]
        assert not reply["title"]


def test_no_two_posts_are_alike():
    words = [set(re.findall(r"\w+", post["body"].lower())) for post in POSTS]
    pairs = [(a, b) for number, a in enumerate(words) for b in words[:number] if a and b]
    assert max(len(a & b) / len(a | b) for a, b in pairs) < 0.5


def test_personal_data_is_invented():
    everything = " ".join(post["body"] for post in POSTS)
    numbers = re.findall(r"(?<!\d)(?:\+44 ?|0)\d{3,4} ?\d{3} ?\d{3,4}", everything)
    assert numbers and all(re.sub(r"\s", "", number).startswith("07700900") for number in numbers)
    addresses = re.findall(r"\S+@\S+\w", everything)
    assert addresses and all(address.endswith(".example") for address in addresses)
    # 999 … NHS numbers are kept for tests.
    assert all(number.startswith("999") for number in re.findall(r"\b\d{3} \d{3} \d{4}\b", everything))


@pytest.fixture(scope="module")
def verdicts():
    texts = [PostText(post["body"], post["title"], post["parent"], post["format"]) for post in POSTS]
    findings = load_classifier(threads=2).read(texts)
    return [
        decide(found, load(), text=post["body"], board=post["board"])
        for found, post in zip(findings, POSTS, strict=True)
    ]


def test_the_shipped_model_shows_every_action(verdicts):
    assert {verdict["action"] for verdict in verdicts} == {"allow", "flag", "hold", "escalate"}


def test_what_can_not_be_read_says_why(verdicts):
    assert {verdict["not_checked"] for verdict in verdicts} == {None, "empty", "language"}
