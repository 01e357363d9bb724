import random

import pytest
import torch
from torch import nn
from transformers import AutoTokenizer

from classifiers import weights
from training import losses, progress
from training.batches import lessons
from training.corpus import LabelledPost
from training.targets import examples

TOKENS = 64


@pytest.fixture(scope="module")
def taught():
    tokenizer = AutoTokenizer.from_pretrained(weights.base_encoder())
    posts = [LabelledPost(f"a-{n}", f"t{n}", "", "", f"the pain was worse on day {n}") for n in range(40)]
    return [example for post in posts for example in examples(tokenizer, post)]


def begin(folder, taught) -> tuple[progress.Training, list]:
    torch.manual_seed(1)
    network = weights.build(weights.base_encoder())
    for part in network.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    batches = list(lessons(taught, random.Random(0), TOKENS, 0))
    return progress.Training(network, folder / "last.pt", len(batches), losses.balance(taught), (1e-4, 1e-3)), batches


def test_training_that_is_cut_off_goes_on_to_the_same_weights(tmp_path, taught, monkeypatch):
    whole, batches = begin(tmp_path / "whole", taught)
    monkeypatch.setattr(progress, "SAVE_SECONDS", 3600)
    whole.learn(batches, len(batches))

    monkeypatch.setattr(progress, "SAVE_SECONDS", -1)
    cut, _ = begin(tmp_path, taught)

    def until_killed():
        yield from batches[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.learn(until_killed(), len(batches))
    resumed, _ = begin(tmp_path, taught)
    resumed.resume()
    assert resumed.batch == 2
    resumed.learn(batches, len(batches))
    for name, weight in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], weight, msg=name)


def test_an_epoch_that_is_over_is_not_begun_again(tmp_path, taught):
    training, _ = begin(tmp_path, taught)
    training.best, training.batch = 0.5, 7
    training.next_epoch()
    again, _ = begin(tmp_path, taught)
    again.resume()
    assert (again.epoch, again.batch, again.best) == (1, 0, 0.5)
