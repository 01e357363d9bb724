"""Which back end reads: a quick one whose verdicts are those of fp32, and none whose are not."""

import math
from importlib.util import find_spec

import pytest
import torch

from classifiers import backends
from classifiers.backends import EXACT, eager
from classifiers.engine import Classifier, load_models
from classifiers.findings import Findings, MarkedSpan, PostText
from classifiers.labels import Area
from workers import backend
from workers.backend import quickest


@pytest.fixture(scope="module")
def models():
    return load_models()


@pytest.fixture(scope="module")
def expected(models):
    return backend._tried(Classifier(models))[0]


@pytest.fixture(autouse=True)
def _few(monkeypatch, request):
    """One quick back end that every machine has."""
    monkeypatch.setattr(backend, "fitting", lambda: ["torch-bf16", EXACT])


def test_the_trial_posts_are_of_many_kinds(expected):
    actions, _, labels, marked = zip(*expected, strict=True)
    assert len(expected) == 64 and {"allow", "hold", "escalate"} <= set(actions)
    assert len({name for each in labels for name in each}) >= 12
    assert len({kind for each in marked for _, kind, *_ in each}) >= 12


@pytest.mark.skipif(not find_spec("openvino"), reason="OpenVINO, an extra, is not installed: make openvino")
def test_openvino_passes_the_trial(models, expected):
    assert backend._is_better(models, "openvino", expected, math.inf)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_passes_the_trial(models, expected):
    assert backend._better(models, "cuda", expected, math.inf)


def test_one_that_gives_other_verdicts_is_refused(models, monkeypatch, caplog):
    sound = eager.bfloat16

    def broken(network):
        wrong = sound(network)
        with torch.no_grad():
            wrong._network.value.bias[0] += 9
        return wrong

    monkeypatch.setattr(backends.eager, "bfloat16", broken)
    monkeypatch.setattr(backend, "_tried", _never_slow(backend._tried))
    assert quickest(models) == EXACT
    assert "torch-bf16 refused" in caplog.text and "another verdict" in caplog.text


@pytest.mark.parametrize(("area", "type_", "counts"), [(Area.CLAIM, "dose", False), (Area.PERSONAL_DATA, "phone", True)])
def test_a_word_at_the_edge_counts_in_personal_data_alone(area, type_, counts):
    post = PostText("call me on 0161 496 0000 or take 8 a day")
    short, long = (Findings(spans=(MarkedSpan(area, type_, 11, end, 0.99, "model"),)) for end in (23, 24))
    assert (backend.verdict(post, short) != backend.verdict(post, long)) is counts
    assert backend.verdict(post, short) != backend.verdict(post, Findings())


def _never_slow(tried):
    """The trial by a clock on which everything takes a second, but the exact one's an age."""
    ages = iter([math.inf])
    return lambda classifier: (tried(classifier)[0], next(ages, 1.0))


def test_one_that_fails_is_passed_over(models, monkeypatch, caplog):
    def failing(network):
        return lambda batch: (_ for _ in ()).throw(RuntimeError("words of a post"))

    monkeypatch.setattr(backends.eager, "bfloat16", failing)
    assert quickest(models) == EXACT
    assert "torch-bf16 refused" in caplog.text and "words of a post" not in caplog.text


def test_the_first_that_agrees_and_is_quicker_is_taken(models, monkeypatch):
    monkeypatch.setattr(backends.eager, "bfloat16", eager.exact)
    posts = backend._canary()[:3]
    monkeypatch.setattr(backend, "_canary", lambda: posts)
    said = backend._tried(Classifier(models))[0]
    assert backend._is_better(models, "torch-bf16", said, math.inf)
    assert not backend._is_better(models, "torch-bf16", said, 0.0)
    monkeypatch.setattr(backend, "_tried", _never_slow(backend._tried))
    assert quickest(models) == "torch-bf16"
