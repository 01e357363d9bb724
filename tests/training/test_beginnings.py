"""Short posts out of long ones."""

from training.beginnings import beginnings
from training.corpus import LabelledPost


def post(text: str, **more) -> LabelledPost:
    return LabelledPost(id="x-001", thread="x-t1", title="", parent="", text=text, **more)


def test_the_first_sentence_of_a_clean_post_stands_alone():
    (short,) = beginnings([post("Hello from Cork. I have had this for nine years and the dog is deaf.")])
    assert (short.text, short.thread) == ("Hello from Cork.", "x-t1") and not short.labels


def test_nothing_is_made_of_labelled_long_or_single_sentences():
    assert not list(beginnings([post("Stop it now. I mean it.", medical=("stop_treatment",))]))
    assert not list(beginnings([post("Hello there")]))
    assert not list(beginnings([post("one " * 20 + ". Two.")]))
