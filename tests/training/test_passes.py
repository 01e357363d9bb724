"""Windows read in batches: each has its own output, as if it were read alone."""

import pytest
import torch

from classifiers import weights
from classifiers.network import collate
from training import passes
from training.corpus import LabelledPost
from training.targets import examples

TEXTS = [
    "Thanks.",
    "I took 20 mg at night and slept. " * 40,
    "How long did it take for you?",
    "Call me on 07700 900123, Ann.",
]


@pytest.fixture(scope="module")
def model():
    return weights.load()


def test_a_window_read_among_others_is_read_as_alone(model, monkeypatch):
    monkeypatch.setattr(passes, "TOKENS", 200)
    cut = [e.window for text in TEXTS for e in examples(model.tokenizer, LabelledPost("p", "t", "", "", text))]
    pad = model.tokenizer.pad_token_id
    found = passes.outputs(model.network, cut, pad)
    assert len(found) == len(cut) > len(TEXTS)
    with torch.inference_mode(), passes.precision():
        for window, output in zip(cut, found, strict=True):
            alone = model.network(collate([window], pad))
            assert output.claims.shape == alone.claims[0].shape == (len(window.ids), output.claims.shape[-1])
            for part, mine in zip(output, alone, strict=True):
                torch.testing.assert_close(part.float(), mine[0].float(), atol=0.2, rtol=0.05)
