"""Training under way: batch after batch, saved now and then, gone on with where it was cut off."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from classifiers.network import HeedNetwork
from training import losses
from training.batches import Lesson
from training.passes import precision

SAVE_SECONDS = 600
"""Training that is cut off loses no more than this."""


class Training:
    """A network on its way, saved to a file every SAVE_SECONDS and after each epoch."""

    def __init__(
        self,
        network: HeedNetwork,
        file: Path,
        steps: int,
        weighed: Tensor,
        rates: tuple[float, float],
        focus: float = 0.0,
    ) -> None:
        """`steps` is about how many batches all epochs have, `weighed` (labels) the weight of a positive, `rates` are those of
        the encoder and of the heads."""
        self.network, self.file, self.weighed, self.focus = network, file, weighed, focus
        self.optimizer = torch.optim.AdamW(_groups(network, *rates), weight_decay=0.01, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: _slope(step, steps))
        self.epoch, self.batch, self.best = 0, 0, -math.inf
        """The epoch under way, its batches that are learned already, the best figure of those before."""

    def learn(self, taught: Iterable[Lesson], batches: int) -> float:
        """Go through the rest of an epoch of about so many batches; returns the mean loss of a batch."""
        self.network.train()
        total, first, saved = 0.0, self.batch, time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress:
            rest = islice(taught, first, None)
            for lesson in progress.track(rest, total=batches - first, description=f"epoch {self.epoch}"):
                total += self._step(lesson)
                self.batch += 1
                if time.monotonic() - saved > SAVE_SECONDS:
                    self._save()
                    saved = time.monotonic()
        return total / max(1, self.batch - first)

    def next_epoch(self) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._save()

    def resume(self) -> None:
        if self.file.exists():
            state = torch.load(self.file, weights_only=True)
            self.epoch, self.batch, self.best = state["epoch"], state["batch"], state["best"]
            for name, part in self._parts().items():
                part.load_state_dict(state[name])

    def _step(self, lesson: Lesson) -> float:
        with precision():
            output = self.network(lesson.batch)
        loss = losses.loss(output, lesson, self.weighed, self.focus)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def _save(self) -> None:
        saved = {name: part.state_dict() for name, part in self._parts().items()}
        # Not in place: cut off while it is written, the one before is still whole.
        part = self.file.with_suffix(".part")
        torch.save(saved | {"epoch": self.epoch, "batch": self.batch, "best": self.best}, part)
        part.replace(self.file)

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer, "schedule": self.schedule}


def _groups(network: HeedNetwork, rate: float, heads_rate: float) -> list[dict]:
    encoder = [p for n, p in network.named_parameters() if n.startswith("encoder.") and p.requires_grad]
    heads = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    return [{"params": encoder, "lr": rate}, {"params": heads, "lr": heads_rate}]


def _slope(step: int, total: int, warm: float = 0.1) -> float:
    return min(step / (warm * total), max(0.0, (total - step) / ((1 - warm) * total)))
