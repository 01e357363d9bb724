"""Every back end gives the network's numbers; one that can't be had says what to do."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from classifiers import backends
from classifiers.backends import BATCH_TOKENS, EXACT, NAMES, batch_tokens, eager
from classifiers.encoding import SHAPES, Window
from classifiers.engine import Classifier, load_models
from classifiers.errors import DeviceLost
from classifiers.findings import PostText
from classifiers.network import Batch, collate
from classifiers.reader import budgeted
from classifiers.weights import ModelError

POSTS = [
    PostText("Just bin the methotrexate, your body will thank you."),
    PostText("thanks all x"),
    PostText("yes, do that", title="Jo Bloggs, 07700 900123", parent="Should I stop the warfarin?"),
    PostText("We walked the dog by the canal and it rained. " * 60 + "Write to jo.bloggs84@gmail.com any time."),
]
NEAR = {"cuda": 0.1, "torch-bf16": 0.1, "openvino": 1e-3, "openvino-bf16": 0.1}
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
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    found = Classifier(models, name).read(POSTS)
    for one, two in zip(exact, found, strict=True):
        assert [a.score for a in one.labels] == pytest.approx([b.score for b in two.labels], abs=NEAR[name])
        marked = [[(s.type, s.start, s.end) for s in each.spans if s.source == "model"] for each in (one, two)]
        assert name != "openvino" or marked[0] == marked[1]


def test_the_quick_way_to_multiply_is_left_where_it_rounds(monkeypatch):
    matmul = eager.torch.backends.mkldnn.matmul
    before = matmul.fp32_precision
    monkeypatch.setattr(eager.torch, "allclose", lambda *_, **__: False)
    eager.prefer_onednn.__wrapped__()
    assert matmul.fp32_precision == before


def batch(models) -> Batch:
    return collate([window(5), window(9)], models.model.tokenizer.pad_token_id)


def window(pieces: int) -> Window:
    ids, none = list(range(1, pieces + 1)), [0] * pieces
    return Window(ids, none, [True] * pieces, none, none, [(0.0,) * SHAPES] * pieces, 0)


def test_cuda_reads_as_torch_bf16_does(models, monkeypatch):
    """To the last bit, on this machine's processor and in batches of one size: the device is all that differs."""
    monkeypatch.setattr(backends, "GPU", eager.CPU)
    monkeypatch.setattr(backends, "GPU_BATCH_TOKENS", BATCH_TOKENS)
    monkeypatch.setattr(backends.torch.cuda, "is_available", lambda: True)
    assert Classifier(models, "cuda").read(POSTS) == Classifier(models, "torch-bf16").read(POSTS)


def test_everything_moves_to_the_device_and_the_numbers_come_back(models, monkeypatch):
    """On torch's device of shapes without numbers, which no more than a GPU takes what lies elsewhere."""
    monkeypatch.setattr(torch.Tensor, "cpu", lambda part: torch.empty_like(part, device="cpu"))
    # Transformers asks whether anything is padded.
    monkeypatch.setattr(torch.Tensor, "__bool__", lambda part: False)
    run = eager.bfloat16(models.model.network, torch.device("meta"))
    assert all(part.is_meta for part in [*run._network.parameters(), *run._network.buffers()])
    found, near = run(batch(models)), eager.bfloat16(models.model.network)(batch(models))
    assert [(part.shape, part.dtype) for part in found] == [(part.shape, part.dtype) for part in near]
    assert not any(part.is_meta for part in found)
    with torch.inference_mode(), pytest.raises(RuntimeError, match="device"):
        run._network(batch(models))


def test_a_gpu_reads_more_at_once():
    windows = [window(100)] * 160
    sizes = {name: [len(group) for group in budgeted(range(160), windows, batch_tokens(name))] for name in NAMES}
    assert sizes["cuda"] == [160] and sizes[EXACT] == [BATCH_TOKENS // 100] * 8
    assert all(sizes[name] == sizes[EXACT] for name in NAMES if name != "cuda")


def test_a_gpu_that_is_lost_is_said_without_its_words(models):
    def lost(_batch):
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    run = eager.bfloat16(models.model.network)
    run._network.forward = lost
    with pytest.raises(DeviceLost):
        run(batch(models))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_where_there_is_no_gpu_that_is_said(models):
    assert "cuda" not in backends.fitting()
    with pytest.raises(ModelError, match="needs an NVIDIA GPU, its driver and a torch built for CUDA"):
        Classifier(models, "cuda")


def test_what_is_missing_is_said(models, monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    assert backends.fitting()[-1] == EXACT and "openvino" not in backends.fitting()
    with pytest.raises(ModelError, match="make openvino"):
        Classifier(models, "openvino-bf16")
    with pytest.raises(ModelError, match="cuda, openvino-bf16, openvino, torch-bf16, torch"):
        Classifier(models, "tensorflow")


def test_bf16_is_tried_only_where_it_is_not_imitated(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: object())
    monkeypatch.setattr(backends.torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    monkeypatch.setattr(backends.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert backends.fitting() == ["openvino", EXACT]
    monkeypatch.setattr(backends.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert backends.fitting() == ["openvino-bf16", "openvino", "torch-bf16", EXACT]
    monkeypatch.setattr(backends.torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert backends.fitting() == list(NAMES)


def test_the_caches_of_shapes_are_bounded_before_torch_looks():
    """Unbounded they are a leak: each batch has a shape of its own. ideep looks while torch is imported."""
    read = (
        "import sys, classifiers; assert 'torch' not in sys.modules; from os import environ; "
        "print(environ['ONEDNN_PRIMITIVE_CACHE_CAPACITY'], environ['LRU_CACHE_CAPACITY'])"
    )
    asked = {name: value for name, value in os.environ.items() if "CACHE_CAPACITY" not in name}
    told = subprocess.run([sys.executable, "-c", read], env=asked, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["8", "8"]
