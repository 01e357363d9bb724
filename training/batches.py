"""Examples as the network is taught them: shuffled batches of similar lengths under a token budget."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from classifiers.network import Batch, collate
from training.targets import UNKNOWN, Example, Soft

MOST_WINDOWS = 32


@dataclass(slots=True)
class Lesson:
    """One batch: what goes in, and what should come out.

    `labels` is (windows, labels), `claims` and `personal` (windows, pieces), all with UNKNOWN where nothing is known;
    `soft` are the teacher's logits of the same shapes with a last axis of tags, None where there is no teacher;
    `posts` (windows) numbers the posts of the batch; `pairs` (pairs, 2) holds the numbers of two that are a contrast pair.
    """

    batch: Batch
    labels: Tensor
    claims: Tensor
    personal: Tensor
    soft: Soft | None
    posts: Tensor
    pairs: Tensor


def lessons(taught: Sequence[Example], chance: random.Random, tokens: int, pad: int) -> Iterator[Lesson]:
    """Every example once. All windows of a post and both halves of a contrast pair stand in one batch."""
    for group in _groups(taught, chance, tokens):
        yield _lesson(group, pad)


def count(taught: Sequence[Example], tokens: int) -> int:
    """About how many batches an epoch has: the shuffle moves it by a few."""
    return len(_groups(taught, random.Random(0), tokens))


def _groups(taught: Sequence[Example], chance: random.Random, tokens: int) -> list[list[Example]]:
    """Lists of examples, each under `tokens` when padded to its longest."""
    units = _units(taught)
    units.sort(key=lambda unit: max(len(e.window.ids) for e in unit) + chance.random() * 12)
    groups: list[list[Example]] = [[]]
    for unit in units:
        longest = max(len(e.window.ids) for e in (*groups[-1], *unit))
        size = len(groups[-1]) + len(unit)
        if groups[-1] and (size * longest > tokens or size > MOST_WINDOWS):
            groups.append([])
        groups[-1] += unit
    chance.shuffle(groups)
    return groups


def _units(taught: Sequence[Example]) -> list[list[Example]]:
    """Examples that stay together: the windows of a post or of both halves of a pair."""
    units: dict[str, list[Example]] = {}
    for example in taught:
        units.setdefault(example.pair or example.post, []).append(example)
    return list(units.values())


def _lesson(group: list[Example], pad: int) -> Lesson:
    batch = collate([example.window for example in group], pad)
    numbers = {post: number for number, post in enumerate(dict.fromkeys(example.post for example in group))}
    longest = batch.ids.shape[1]
    soft = None
    if all(example.soft for example in group):
        found = [example.soft for example in group]
        soft = Soft(
            torch.stack([s.labels for s in found]).float(),
            torch.stack([_longer(s.claims, longest) for s in found]).float(),
            torch.stack([_longer(s.personal, longest) for s in found]).float(),
        )
    return Lesson(
        batch,
        torch.tensor([e.labels for e in group]),
        _padded([e.claims for e in group], longest),
        _padded([e.personal for e in group], longest),
        soft,
        torch.tensor([numbers[example.post] for example in group]),
        _pairs(group, numbers),
    )


def _pairs(group: list[Example], numbers: dict[str, int]) -> Tensor:
    versions: dict[str, set[int]] = {}
    for example in group:
        if example.pair:
            versions.setdefault(example.pair, set()).add(numbers[example.post])
    return torch.tensor([two for posts in versions.values() for two in combinations(posts, 2)]).reshape(-1, 2)


def _padded(rows: list[list[int]], longest: int) -> Tensor:
    return torch.tensor([[*row, *([UNKNOWN] * (longest - len(row)))] for row in rows])


def _longer(rows: Tensor, longest: int) -> Tensor:
    return torch.nn.functional.pad(rows, (0, 0, 0, longest - rows.shape[0]))
