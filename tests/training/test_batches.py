"""Batches hold every example once, under their budget, with contrast pairs side by side."""

import random

import pytest
import torch
from transformers import AutoTokenizer

from classifiers import weights
from classifiers.labels import POST_LABELS
from training import losses
from training.batches import lessons
from training.corpus import LabelledPost
from training.targets import UNKNOWN, Soft, examples

STOP = [name for _, name in POST_LABELS].index("stop_treatment")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(weights.base_encoder())


def post(number: int, text: str, pair: int | None = None, medical: tuple[str, ...] = ()) -> LabelledPost:
    return LabelledPost(
        f"x-{number}", f"x-t{number}", "", "", text, medical, pair=f"x-{pair}" if pair is not None else ""
    )


@pytest.fixture
def taught(tokenizer):
    posts = [post(n, "We walked by the canal. " * (n % 9 + 1)) for n in range(60)]
    posts += [
        post(60, "Bin the warfarin, love.", 61, ("stop_treatment",)),
        post(61, "They binned my warfarin. " * 9, 60),
    ]
    return [example for p in posts for example in examples(tokenizer, p)]


def test_every_example_once_and_under_the_budget(taught):
    made = list(lessons(taught, random.Random(3), 256, 0))
    assert sum(len(lesson.labels) for lesson in made) == len(taught)
    assert all(lesson.batch.ids.numel() <= 256 for lesson in made)
    assert [len(lesson.labels) for lesson in made] != [len(x.labels) for x in lessons(taught, random.Random(4), 256, 0)]


def test_both_halves_of_a_pair_stand_in_one_batch(taught):
    (lesson,) = (found for found in lessons(taught, random.Random(3), 256, 0) if len(found.pairs))
    labels = losses.strongest(lesson.labels, lesson.posts)
    assert labels[lesson.pairs[0], STOP].sum() == 1


def test_a_label_is_taught_to_the_window_that_says_it_loudest(tokenizer):
    long = post(70, "We walked by the canal. " * 70 + "Bin the warfarin, love.", medical=("stop_treatment",))
    taught = [example for p in (post(71, "A calm day."), long) for example in examples(tokenizer, p)]
    (lesson,) = lessons(taught, random.Random(3), 2048, 0)
    windows = [row for row in range(len(taught)) if lesson.labels[row, STOP]]
    assert len(windows) > 2
    logits = torch.zeros(len(taught), len(POST_LABELS))
    logits[windows[1], STOP] = 1.0
    whole = losses.strongest(logits, lesson.posts)
    assert whole[:, STOP].sum() == 1
    truth = losses.told(logits, lesson.labels, whole[lesson.posts])
    assert [int(truth[row, STOP]) for row in windows] == [1 if row == windows[1] else UNKNOWN for row in windows]
    assert (truth[:, :STOP] == 0).all()


def test_the_pair_loss_wants_the_labelled_half_above_the_other():
    truth = torch.tensor([[1, 0], [0, 0], [0, 0]])
    pairs = torch.tensor([[1, 0]])
    apart = losses.pair_loss(torch.tensor([[5.0, 0], [-5.0, 0], [0, 0]]), truth, pairs)
    level = losses.pair_loss(torch.zeros(3, 2), truth, pairs)
    turned = losses.pair_loss(torch.tensor([[-5.0, 0], [5.0, 0], [0, 0]]), truth, pairs)
    assert apart < 0.01 < 1 < level < turned
    assert losses.pair_loss(torch.ones(3, 2), truth, torch.empty(0, 2, dtype=torch.long)) == 0


def test_what_is_unknown_teaches_nothing():
    truth = torch.tensor([[1, UNKNOWN], [0, UNKNOWN]])
    sure = losses.label_loss(torch.tensor([[9.0, 9.0], [-9.0, -9.0]]), truth, torch.ones(2))
    assert sure < 0.001
    assert losses.tag_loss(torch.randn(2, 5, 3), torch.full((2, 5), UNKNOWN)) == 0


def test_a_teacher_is_heard_only_where_every_example_has_one(taught):
    assert all(lesson.soft is None for lesson in lessons(taught, random.Random(1), 512, 0))
    for example in taught:
        pieces = len(example.window.ids)
        example.soft = Soft(torch.zeros(len(POST_LABELS)), torch.zeros(pieces, 15), torch.zeros(pieces, 23))
    for lesson in lessons(taught, random.Random(1), 512, 0):
        assert lesson.soft.claims.shape[:2] == lesson.soft.personal.shape[:2] == lesson.batch.ids.shape


def test_a_focal_loss_looks_away_from_what_is_told_right():
    truth, even = torch.tensor([[1, 1]]), torch.ones(2)
    right, wrong = torch.tensor([[3.0, 3.0]]), torch.tensor([[-3.0, -3.0]])
    plain = losses.label_loss(right, truth, even) / losses.label_loss(wrong, truth, even)
    focal = losses.label_loss(right, truth, even, 2.0) / losses.label_loss(wrong, truth, even, 2.0)
    assert focal < plain / 100
