"""Every perturbation changes a text, the same way every time, and leaves something to read."""

import pytest

from training.perturb import PERTURBATIONS, perturb

TEXT = "Morning Everyone, stop taking the methotrexate because your liver will never thank you for swallowing another tablet."


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_each_changes_the_text_the_same_way_every_time(name):
    texts = [perturb(name, TEXT, seed) for seed in range(5)]
    assert texts == [perturb(name, TEXT, seed) for seed in range(5)]
    assert any(changed != TEXT for changed in texts)
    assert all(len(changed) > 0.8 * len(TEXT) for changed in texts)


def test_there_are_twelve():
    assert len(PERTURBATIONS) == 12
