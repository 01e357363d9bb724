"""Two models' numbers become one."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.cascade import combined, is_unclear
from classifiers.labels import POST_LABELS
from classifiers.reader import Scores


def scores(labels: list[float], *tables: list[float]) -> Scores:
    """Of one piece."""
    return Scores(labels, *(np.array([table]) for table in tables), [(0, 4)])


SMALL = scores([0.5, 0.02], [0.1, 0.2], [0.4, 0.6, 0.0], [1.0, 0.0, 0.0])
LARGE = scores([0.9, 0.98], [0.3, 0.4], [0.8, 0.2, 0.0], [0.0, 1.0, 0.0])


def test_labels_meet_by_their_logits_and_claims_by_their_tags():
    both = combined(SMALL, LARGE, 0.5)
    assert both.labels == pytest.approx([0.75, 0.5])
    assert both.claims[0] == pytest.approx([0.6, 0.4, 0.0])


def test_personal_data_and_evidence_are_the_larger_models():
    both = combined(SMALL, LARGE, 0.5)
    assert both.personal is LARGE.personal and both.weights is LARGE.weights and both.offsets == LARGE.offsets


def test_pieces_cut_otherwise_are_not_mixed():
    other = replace(LARGE, offsets=[(0, 5)])
    assert combined(SMALL, other, 0.5).claims is LARGE.claims
    assert combined(SMALL, other, 0.5).labels == pytest.approx([0.75, 0.5])


def test_no_probability_is_too_sure_to_be_mixed():
    sure = replace(LARGE, labels=[1.0, 0.0])
    assert 0 < combined(SMALL, sure).labels[1] < 0.02 and combined(SMALL, sure).labels[0] < 1


@pytest.mark.parametrize(
    ("label", "score", "unclear"),
    [("dosing", 0.049, False), ("dosing", 0.05, True), ("crisis", 0.014, False), ("crisis", 0.015, True)],
)
def test_a_post_is_clear_only_where_every_label_is_low(label, score, unclear):
    labels = [score if name == label else 0.01 for _, name in POST_LABELS]
    assert is_unclear(replace(SMALL, labels=labels)) is unclear
