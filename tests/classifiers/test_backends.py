"""Every back end gives the network's numbers; one that can't be had says what to do."""

from importlib.util import find_spec

import pytest

from classifiers import backends
from classifiers.backends import EXACT, NAMES, eager
from classifiers.engine import Classifier, load_models
from classifiers.findings import PostText
from classifiers.weights import ModelError

POSTS = [
    PostText("Just bin the methotrexate, your body will thank you."),
    PostText("thanks all x"),
    PostText("yes, do that", title="Jo Bloggs, 07700 900123", parent="Should I stop the warfarin?"),
    PostText("We walked the dog by the canal and it rained. " * 60 + "Write to jo.bloggs84@gmail.com any time."),
]
NEAR = {"torch-bf16": 0.1, "openvino": 1e-3, "openvino-bf16": 0.1}
"""How far a score may be from the exact one."""


@pytest.fixture(scope="module")
def models():
    return load_models()


@pytest.fixture(scope="module")
def exact(models):
    return Classifier(models).read(POSTS)


@pytest.mark.parametrize("name", sorted(NEAR))
def test_a_back_end_says_what_torch_says(models, exact, name):
    if name.startswith("openvino") and not find_spec("openvino"):
        pytest.skip("OpenVINO, an extra, is not installed: make openvino")
    found = Classifier(models, name).read(POSTS)
    for one, two in zip(exact, found, strict=True):
        assert [a.score for a in one.labels] == pytest.approx([b.score for b in two.labels], abs=NEAR[name])
        marked = [[(s.type, s.start, s.end) for s in each.spans if s.source == "model"] for each in (one, two)]
        assert name.endswith("bf16") or marked[0] == marked[1]


def test_the_quick_way_to_multiply_is_left_where_it_rounds(monkeypatch):
    matmul = eager.torch.backends.mkldnn.matmul
    before = matmul.fp32_precision
    monkeypatch.setattr(eager.torch, "allclose", lambda *_, **__: False)
    eager.prefer_onednn.__wrapped__()
    assert matmul.fp32_precision == before


def test_what_is_missing_is_said(models, monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    assert backends.fitting()[-1] == EXACT and "openvino" not in backends.fitting()
    with pytest.raises(ModelError, match="make openvino"):
        Classifier(models, "openvino-bf16")
    with pytest.raises(ModelError, match="openvino-bf16, openvino, torch-bf16, torch"):
        Classifier(models, "tensorflow")


def test_bf16_is_tried_only_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: object())
    monkeypatch.setattr(backends.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert backends.fitting() == ["openvino", EXACT]
    monkeypatch.setattr(backends.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert backends.fitting() == list(NAMES)
