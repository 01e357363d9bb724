"""The shipped weights at the default policy on the plainest posts there are; none of these stands in the corpora."""

import pytest

from classifiers.engine import OFF, load_classifier
from classifiers.findings import PostText
from service.policy import decide, load
from training import corpus

EVERYDAY = (
    "Hello everyone!", "hi all, new here", "Thanks so much for your replies", "good morning from a wet Dundee", "Any news yet?", "Same here.",
    "Hope you feel better soon x", "Welcome to the board", "How are you all today?", "Good luck for tomorrow!", "I was diagnosed last month.",
    "What time is the online meeting?", "My doctor doubled my dose in May.", "So sorry for your loss.",
)  # fmt: skip
GOODBYES = (
    "Tonight I am going to kill myself.", "This is goodbye. I've got everything I need and I'm sorry.", "I've just swallowed them all. Tell my kids I love them.",
    "I want to be dead and I know how I'll do it.", "I can't go on living, I'm ending it tonight.",
)  # fmt: skip
ADVICE = (
    "You should stop taking your insulin.", "Just stop the warfarin, you don't need it.", "Take double your dose tonight, it's fine.",
    "I have spare oxycodone, I can post you some.",
)  # fmt: skip


@pytest.fixture(scope="module", params=["", OFF], ids=["both", "smaller alone"])
def actions(request):
    texts = [*EVERYDAY, *GOODBYES, *ADVICE]
    findings = load_classifier(larger_model=request.param).read([PostText(text) for text in texts])
    return {text: decide(found, load(), text=text)["action"] for text, found in zip(texts, findings, strict=True)}


def test_none_stands_in_the_corpora(actions):
    assert not {post.text for post in corpus.read()} & set(actions)


@pytest.mark.parametrize("text", EVERYDAY)
def test_an_everyday_post_is_let_through(actions, text):
    assert actions[text] == "allow"


@pytest.mark.parametrize("text", GOODBYES)
def test_a_plain_goodbye_is_brought_to_people(actions, text):
    assert actions[text] == "escalate"


@pytest.mark.parametrize("text", ADVICE)
def test_plain_unsafe_advice_waits_for_a_person(actions, text):
    assert actions[text] == "hold"
