"""A network's outputs for many windows, read in batches of similar lengths; the precision of this processor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from rich.progress import track

from classifiers.encoding import Window
from classifiers.network import HeedNetwork, Output, collate

TOKENS = 2048
"""Pieces in a batch, padding included."""


def precision() -> torch.autocast:
    """A context that computes in bf16 where the processor can; elsewhere that would be emulated, at a sixth of fp32's speed."""
    able = torch.cpu.get_capabilities()
    has_bf16 = any(able.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bf16)


def outputs(network: HeedNetwork, windows: Sequence[Window], pad: int, description: str = "reading") -> list[Output]:
    """One output per window, in the order given: labels (labels), the others (pieces, …) without the padding."""
    network.eval()
    found: list[Output] = [None] * len(windows)
    # One context around all of it: autocast keeps the weights it has put into bf16 until it is left.
    with torch.inference_mode(), precision():
        for places in track(_batches(windows), description=description):
            output = network(collate([windows[place] for place in places], pad))
            for row, place in enumerate(places):
                pieces = len(windows[place].ids)
                found[place] = Output(output.labels[row], *(part[row, :pieces] for part in output[1:]))
    return found


def _batches(windows: Sequence[Window]) -> list[list[int]]:
    """Places of windows, longest first: what has no room in memory shows at once."""
    batches: list[list[int]] = []
    for place in sorted(range(len(windows)), key=lambda place: -len(windows[place].ids)):
        if not batches or (len(batches[-1]) + 1) * len(windows[batches[-1][0]].ids) > TOKENS:
            batches.append([])
        batches[-1].append(place)
    return batches
