"""The back ends side by side: how quickly each reads, how near that is to the limit, and what its roundings change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from benchmarks.performance import roofline, workload
from benchmarks.performance.figures import ratio, spread
from classifiers.backends import EXACT, Forward, fitting, forward
from classifiers.engine import Classifier, Models, load_models
from classifiers.findings import Findings, PostText
from classifiers.network import Batch, Output, collate
from classifiers.reader import Reader, budgeted
from classifiers.reading import read
from workers.backend import verdict

AT_ONCE = 64
"""Posts read together, as a worker with a backlog does."""


def measure(texts: Sequence[str], rounds: int, tell: Callable[[], None]) -> dict[str, Any]:
    """The figures of every back end that fits this machine; `tell` is called after each round of each."""
    models = load_models()
    posts = [PostText(text) for text in texts]
    tokenizer = models.model.tokenizer
    windows = [
        window for post in posts for window in Reader(models.model).encode(post, read(post.text, "plain")).windows
    ]
    windows.sort(key=lambda window: len(window.ids))
    lengths = [len(window.ids) for window in windows]
    batches = [
        collate([windows[i] for i in group], tokenizer.pad_token_id) for group in budgeted(range(len(windows)), windows)
    ]
    needed, names = roofline.operations(models.model.network, lengths), fitting()
    networks = {name: _Clocked(forward(name, models.model.network)) for name in names}
    classifiers = {name: _on(models, networks[name]) for name in names}
    took: dict[str, list[float]] = {name: [] for name in names}
    whole: dict[str, list[float]] = {name: [] for name in names}
    beside: dict[str, list[float]] = {name: [] for name in names}
    limits: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    findings: dict[str, list[Findings]] = {}
    for name in names:
        _forward(networks[name], batches)
        findings[name] = _read(classifiers[name], posts)
        tell()
    for _ in range(rounds):
        for precision, found in limits.items():
            found.append(roofline.peak(models.model.network, precision))
        for name in names:
            took[name].append(_seconds(lambda name=name: _forward(networks[name], batches)))
            networks[name].seconds = 0.0
            whole[name].append(_seconds(lambda name=name: _read(classifiers[name], posts)))
            beside[name].append(whole[name][-1] - networks[name].seconds)
            tell()
    rows = {}
    for name in names:
        limit = limits[torch.bfloat16 if name.endswith("bf16") else torch.float32]
        rows[name] = {
            "tokens a second": spread([sum(lengths) / seconds for seconds in took[name]]),
            "posts a second, encoder alone": spread([len(posts) / seconds for seconds in took[name]]),
            "posts a second, text to findings": spread([len(posts) / seconds for seconds in whole[name]]),
            "Python, ms a post": spread([1000 * seconds / len(posts) for seconds in beside[name]]),
            "share of the limit": ratio([needed / seconds for seconds in took[name]], limit),
            "times as quick as torch": ratio(took[EXACT], took[name]),
            **_drift(posts, findings[EXACT], findings[name]),
        }
    return {
        "workload": workload.described([len(tokenizer(text)["input_ids"]) for text in texts]),
        "operations a post": round(needed / len(posts)),
        "limit, GFLOP/s": {"fp32": spread([p / 1e9 for p in limits[torch.float32]]),
                           "bf16": spread([p / 1e9 for p in limits[torch.bfloat16]])},
        "rounds": rounds,
        "back ends": rows,
    }  # fmt: skip


class _Clocked:
    """A forward pass that adds up its seconds."""

    def __init__(self, network: Forward) -> None:
        self._network, self.seconds = network, 0.0

    def __call__(self, batch: Batch) -> Output:
        began = time.perf_counter()
        try:
            return self._network(batch)
        finally:
            self.seconds += time.perf_counter() - began


def _on(models: Models, network: _Clocked) -> Classifier:
    """A classifier on that very network."""
    classifier = Classifier(models)
    classifier._reader._forward = network
    return classifier


def warm_rounds(rounds: int) -> int:
    """How often `tell` is called."""
    return len(fitting()) * (rounds + 1)


def _forward(network: Callable[[Batch], Any], batches: Sequence[Batch]) -> None:
    for batch in batches:
        network(batch)


def _read(classifier: Classifier, posts: Sequence[PostText]) -> list[Findings]:
    return [found for at in range(0, len(posts), AT_ONCE) for found in classifier.read(posts[at : at + AT_ONCE])]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _drift(posts: Sequence[PostText], exact: Sequence[Findings], other: Sequence[Findings]) -> dict[str, float]:
    """Shares of the posts whose verdict is the same in each of its parts, and the largest difference of a score."""
    pairs = [(verdict(p, a), verdict(p, b)) for p, a, b in zip(posts, exact, other, strict=True)]
    same = [sum(one[part] == two[part] for one, two in pairs) / len(pairs) for part in (0, 2, 3)]
    scores = zip(exact, other, strict=True)
    return {
        "same action": same[0],
        "same labels": same[1],
        "same spans": same[2],
        "largest difference of a score": max(
            abs(a.score - b.score) for one, two in scores for a, b in zip(one.labels, two.labels, strict=True)
        ),
    }
