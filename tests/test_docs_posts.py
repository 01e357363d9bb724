"""The posts that our guides have somebody write do what the guides say."""

import json
import re
from pathlib import Path

import pytest

from classifiers.engine import load_classifier
from classifiers.findings import PostText
from service.policy import decide, load

ROOT = Path(__file__).parents[1]
TRIED = ["docs/discourse.md", *(f"integrations/{forum}/README.md" for forum in ("nodebb", "flarum", "phpbb"))]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def acted():
    classifier = load_classifier(threads=2)

    def actions(posts: list[str]) -> list[str]:
        read = classifier.read([PostText(post) for post in posts])
        return [decide(found, load(), text=post)["action"] for found, post in zip(read, posts, strict=True)]

    return actions


def test_the_tutorials_posts_go_as_it_tells(acted):
    posts = [json.loads(each)["text"] for each in re.findall(r"curl -d '(\{.*?\})'", page("docs/tutorial.md"))]
    assert acted(posts) == ["allow", "hold", "allow", "escalate", "hold"]


@pytest.mark.parametrize("name", TRIED)
def test_the_post_that_shows_whether_all_is_set_up_is_held(acted, name):
    (post,) = re.findall(r'"(Listen to me: [^"]+)"', page(name))
    assert acted([post]) == ["hold"]
