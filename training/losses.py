"""What training makes small."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from classifiers.network import Output
from training.batches import Lesson
from training.targets import UNKNOWN, Example

LABELS = 8.0
TAGS = 2.0
"""Weights of the two kinds of loss: a batch has many labels, nearly all of them easy, and many more pieces outside any span."""
OUTSIDE = 0.4
"""Weight of a piece outside any span."""
PAIR = 0.5
MARGIN = 2.0
"""Logits by which the half of a contrast pair that has a label should lie above the half that has not."""
SOFT = 0.5
"""Share of the teacher's word where there is one (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network")."""


def loss(output: Output, lesson: Lesson, balance: Tensor, focus: float = 0.0) -> Tensor:
    """The whole loss of one batch, a scalar; `focus` as in `label_loss`."""
    whole = strongest(output.labels, lesson.posts)
    hard = LABELS * label_loss(output.labels, told(output.labels, lesson.labels, whole[lesson.posts]), balance, focus)
    hard = hard + TAGS * (tag_loss(output.claims, lesson.claims) + tag_loss(output.personal, lesson.personal))
    hard = hard + PAIR * pair_loss(whole, strongest(lesson.labels, lesson.posts), lesson.pairs)
    if lesson.soft is None:
        return hard
    own = lesson.batch.own & (lesson.batch.mask > 0)
    soft = LABELS * functional.binary_cross_entropy_with_logits(output.labels.float(), lesson.soft.labels.sigmoid())
    soft = soft + TAGS * (
        soft_tag_loss(output.claims, lesson.soft.claims, own)
        + soft_tag_loss(output.personal, lesson.soft.personal, own)
    )
    known = bool((lesson.labels != UNKNOWN).any())
    return SOFT * soft + (1 - SOFT) * hard if known else soft


def strongest(values: Tensor, posts: Tensor) -> Tensor:
    """The largest of each post's windows: (windows, labels) and (windows) give (posts, labels)."""
    index = posts[:, None].expand_as(values)
    empty = values.new_zeros(int(posts.max()) + 1, values.shape[1])
    return empty.scatter_reduce(0, index, values, "amax", include_self=False)


def told(logits: Tensor, truth: Tensor, strongest_of_post: Tensor) -> Tensor:
    """The truth of each window: a post's label holds for the window that says it loudest, and is UNKNOWN of its others.

    Multiple-instance learning by the maximum (Dietterich et al. 1997). What a post has not, none of its windows has.
    """
    return truth.masked_fill((truth == 1) & (logits < strongest_of_post), UNKNOWN)


def label_loss(logits: Tensor, truth: Tensor, balance: Tensor, focus: float = 0.0) -> Tensor:
    """Binary cross-entropy over what is known; `balance` (labels) weighs the positives.

    `focus` is gamma of the focal loss (Lin et al. 2017): above 0, what is told right already counts less.
    """
    known = truth != UNKNOWN
    each = functional.binary_cross_entropy_with_logits(
        logits.float(), truth.clamp(min=0).float(), pos_weight=balance, reduction="none"
    )
    if focus:
        each = each * (truth.clamp(min=0) - logits.float().sigmoid()).abs() ** focus
    return (each * known).sum() / known.sum().clamp(min=1)


def tag_loss(logits: Tensor, tags: Tensor) -> Tensor:
    """Cross-entropy over the pieces whose tag is known."""
    if not (tags != UNKNOWN).any():
        return logits.sum() * 0.0
    weight = torch.ones(logits.shape[-1])
    weight[0] = OUTSIDE
    return functional.cross_entropy(logits.float().flatten(0, 1), tags.flatten(), weight=weight, ignore_index=UNKNOWN)


def soft_tag_loss(logits: Tensor, teacher: Tensor, own: Tensor) -> Tensor:
    """Cross-entropy against the teacher's probabilities over the author's pieces."""
    return functional.cross_entropy(logits.float()[own], teacher.softmax(-1)[own])


def pair_loss(logits: Tensor, truth: Tensor, pairs: Tensor) -> Tensor:
    """How far the labelled halves of contrast pairs fall short of MARGIN above the others."""
    if not len(pairs):
        return logits.sum() * 0.0
    one, two = pairs[:, 0], pairs[:, 1]
    known = (truth[one] != UNKNOWN) & (truth[two] != UNKNOWN) & (truth[one] != truth[two])
    if not known.any():
        return logits.sum() * 0.0
    ahead = (logits[one] - logits[two]).float() * (truth[one] - truth[two])
    return functional.softplus(MARGIN - ahead)[known].mean()


def balance(taught: Sequence[Example]) -> Tensor:
    """Weight of a positive, (labels): the root of how rare it is, at most 4."""
    labels = torch.tensor([example.labels for example in taught])
    positive, negative = (labels == 1).sum(0).clamp(min=1), (labels == 0).sum(0)
    return (negative / positive).sqrt().clamp(1, 4)
