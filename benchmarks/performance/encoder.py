"""The back ends side by side: how quickly each reads, how near that is to the limit, and what its roundings change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.performance import roofline, workload
from benchmarks.performance.figures import ratio, spread
from classifiers.backends import EXACT, Forward, batch_tokens, fitting
from classifiers.encoding import Window
from classifiers.engine import Classifier, load_models
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
    needed, names = roofline.operations(models.model.network, lengths), fitting()
    batches = {name: _batches(windows, batch_tokens(name), tokenizer.pad_token_id) for name in names}
    classifiers = {name: Classifier(models, name) for name in names}
    networks = {name: _clocked(classifier) for name, classifier in classifiers.items()}
    took: dict[str, list[float]] = {name: [] for name in names}
    whole: dict[str, list[float]] = {name: [] for name in names}
    beside: dict[str, list[float]] = {name: [] for name in names}
    limits: dict[str, list[float]] = {name: [] for name in ("fp32", "bf16", *map(roofline.limit_of, names))}
    findings: dict[str, list[Findings]] = {}
    for name in names:
        _forward(networks[name], batches[name])
        findings[name] = _read(classifiers[name], posts)
        tell()
    for _ in range(rounds):
        for name, found in limits.items():
            found.append(roofline.peak(models.model.network, roofline.PRODUCTS[name]))
        for name in names:
            took[name].append(_seconds(lambda name=name: _forward(networks[name], batches[name])))
            networks[name].seconds = 0.0
            whole[name].append(_seconds(lambda name=name: _read(classifiers[name], posts)))
            beside[name].append(whole[name][-1] - networks[name].seconds)
            tell()
    rows = {}
    for name in names:
        limit = limits[roofline.limit_of(name)]
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
        "limit, GFLOP/s": {name: spread([p / 1e9 for p in found]) for name, found in limits.items()},
        "rounds": rounds,
        "back ends": rows,
    }


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


def _clocked(classifier: Classifier) -> _Clocked:
    """The classifier's network, from now on by the clock."""
    classifier._reader._forward = clocked = _Clocked(classifier._reader._forward)
    return clocked


def _batches(windows: Sequence[Window], tokens: int, pad: int) -> list[Batch]:
    return [collate([windows[i] for i in group], pad) for group in budgeted(range(len(windows)), windows, tokens)]


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
