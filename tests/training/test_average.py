"""The mean of two runs' weights."""

import pytest
import torch

from training.average import mean


def test_each_tensor_is_averaged_and_keeps_its_type():
    one = {"weight": torch.tensor([1.0, 3.0]), "positions": torch.tensor([0, 1])}
    two = {"weight": torch.tensor([3.0, 5.0]), "positions": torch.tensor([0, 1])}
    made = mean([one, two])
    assert made["weight"].tolist() == [2.0, 4.0]
    assert made["positions"].dtype == torch.int64 and made["positions"].tolist() == [0, 1]


def test_runs_of_different_networks_are_refused():
    with pytest.raises(ValueError, match="one network"):
        mean([{"weight": torch.zeros(2)}, {"weight": torch.zeros(3)}])
