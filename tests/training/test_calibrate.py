"""Thresholds keep to their targets, and calibration does not trust a handful of posts."""

import torch

from training import calibrate
from training.calibrate import CUTS, _highest, _lowest, _platt, _thresholds


def test_the_cut_for_recall_finds_the_share_asked_for():
    scores = torch.linspace(0.0, 1.0, 101)
    assert _highest(scores, 0.86) == max(c for c in CUTS if c < 0.14)
    assert _highest(torch.zeros(5), 0.9) == CUTS[0]


def test_the_cut_for_alarms_is_the_lowest_that_keeps_to_them():
    clean = torch.linspace(0.0, 0.5, 101)
    cut = _lowest(clean, 0.1)
    assert float((clean >= cut).float().mean()) <= 0.1
    assert float((clean >= CUTS[CUTS.index(cut) - 1]).float().mean()) > 0.1


def test_a_floor_of_precision_moves_the_threshold_up():
    found = [(90.0 - 2 * i, max(0.0, 100.0 - 3 * i), 10.0 + 2 * i) for i in range(len(CUTS))]
    loose, strict = _thresholds({"x": found})["x"], _thresholds({"x": found}, 0.6)["x"]
    hit, wrong, _ = found[CUTS.index(strict)]
    assert loose < strict and hit / (hit + wrong) >= 0.6


def test_calibration_brings_overconfident_scores_down():
    torch.manual_seed(5)
    truth = (torch.rand(2000, 2) < 0.1).float()
    honest = truth * 3 - 3 + torch.randn(2000, 2)
    scale, shift = _platt(honest * 4, truth)
    mean = (honest * 4 * scale + shift).sigmoid().mean(0)
    assert (scale < 0.7).all() and torch.allclose(mean, truth.mean(0), atol=0.02)


def test_few_posts_leave_a_label_with_the_scale_of_its_area():
    torch.manual_seed(5)
    truth = (torch.rand(2000, 2) < 0.1).float()
    truth[:, 1] = 0
    truth[0, 1] = 1
    logits = (truth * 3 - 3 + torch.randn(2000, 2)) * 2
    logits[0, 1] = -9.0
    scale, _ = _platt(logits, truth)
    assert 0.5 < float(scale[1] / scale[0]) < 2


def test_the_smaller_model_alone_is_moved_from_its_own_thresholds_to_those_of_both(monkeypatch):
    own = {area: dict.fromkeys(names, 0.2) for area, names in calibrate._areas().items()}
    both = {area: dict.fromkeys(names, 0.5) for area, names in own.items()}
    monkeypatch.setattr(calibrate, "thresholds", lambda *_: own)
    moved = calibrate.alone(None, [], both)
    assert set(moved.values()) == {1.386}, "logit(0.5) - logit(0.2)"
    assert len(moved) == sum(map(len, own.values()))
