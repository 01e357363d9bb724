"""A network's outputs for many windows, read in batches of similar lengths; the precision of this processor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from rich.progress import track

from classifiers.backends import BATCH_TOKENS, has_bf16
from classifiers.encoding import Window
from classifiers.network import HeedNetwork, Output, collate
from classifiers.reader import budgeted

TOKENS = BATCH_TOKENS
"""Pieces in a batch, padding included: as many as the service reads at once."""


def precision() -> torch.autocast:
    """A context that computes in bf16 where the processor can; elsewhere in fp32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bf16())


def outputs(network: HeedNetwork, windows: Sequence[Window], pad: int, description: str = "reading") -> list[Output]:
    """One output per window, in the order given: labels (labels), the others (pieces, …) without the padding."""
    network.eval()
    order = sorted(range(len(windows)), key=lambda place: len(windows[place].ids))
    found: list[Output] = [None] * len(windows)
    # One context around all of it: autocast keeps the weights it has put into bf16 until it is left.
    with torch.inference_mode(), precision():
        for places in track(list(budgeted(order, windows, TOKENS)), description=description):
            output = network(collate([windows[place] for place in places], pad))
            for row, place in enumerate(places):
                pieces = len(windows[place].ids)
                found[place] = Output(output.labels[row], *(part[row, :pieces] for part in output[1:]))
    return found
