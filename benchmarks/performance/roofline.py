"""The physical limit: what a network asks of the processor, and what the processor does of just that and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable

import torch
from torch import nn

from classifiers.backends.eager import prefer_onednn
from classifiers.network import HeedNetwork

ROWS = 2048
"""Tokens of one product: a full batch."""
REPEATS = 3


def operations(network: HeedNetwork, lengths: Iterable[int]) -> float:
    """Floating-point operations of reading windows of so many tokens, padding left out: what has to be done at all."""
    weights = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear))
    config = network.encoder.config
    each = 4 * config.num_hidden_layers * config.hidden_size
    return sum(2.0 * weights * length + each * length**2 for length in lengths)


def peak(network: HeedNetwork, precision: torch.dtype) -> float:
    """Operations a second in products of the encoder's own shapes, the best of a few tries of each."""
    config = network.encoder.config
    wide, tall = config.intermediate_size, config.hidden_size
    # A layer has four products of the first shape, one of each other.
    shapes = ((tall, tall, 4), (tall, wide, 1), (wide, tall, 1))
    prefer_onednn()
    done = sum(2.0 * ROWS * into * out * times for into, out, times in shapes)
    return done / sum(times * _quickest(into, out, precision) for into, out, times in shapes)


def _quickest(into: int, out: int, precision: torch.dtype) -> float:
    layer, rows = nn.Linear(into, out, dtype=precision), torch.randn(ROWS, into, dtype=precision)
    took = []
    with torch.inference_mode():
        layer(rows)
        for _ in range(REPEATS):
            began = time.perf_counter()
            layer(rows)
            took.append(time.perf_counter() - began)
    return min(took)
