"""The physical limit: what a network asks of the processor, and what the processor does of just that and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import nn

from classifiers.backends import CUDA, GPU, batch_tokens
from classifiers.backends.eager import CPU, prefer_onednn
from classifiers.network import HeedNetwork

REPEATS = 3


class Product(NamedTuple):
    """Where, in what precision and of how many tokens (a full batch) products are taken, and so many in a row."""

    device: torch.device
    precision: torch.dtype
    rows: int
    in_a_row: int


# A GPU is given many at once: one takes it less time than Python needs to ask for it.
PRODUCTS = {
    "fp32": Product(CPU, torch.float32, batch_tokens("torch"), 1),
    "bf16": Product(CPU, torch.bfloat16, batch_tokens("torch-bf16"), 1),
    CUDA: Product(GPU, torch.bfloat16, batch_tokens(CUDA), 50),
}
"""By the name of the limit that they show."""


def limit_of(back_end: str) -> str:
    """Which limit a back end has."""
    return back_end if back_end == CUDA else "bf16" if back_end.endswith("bf16") else "fp32"


def operations(network: HeedNetwork, lengths: Iterable[int]) -> float:
    """Floating-point operations of reading windows of so many tokens, padding left out: what has to be done at all."""
    weights = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear))
    config = network.encoder.config
    each = 4 * config.num_hidden_layers * config.hidden_size
    return sum(2.0 * weights * length + each * length**2 for length in lengths)


def peak(network: HeedNetwork, product: Product) -> float:
    """Operations a second in products of the encoder's own shapes, the best of a few tries of each."""
    config = network.encoder.config
    wide, tall = config.intermediate_size, config.hidden_size
    # A layer has four products of the first shape, one of each other.
    shapes = ((tall, tall, 4), (tall, wide, 1), (wide, tall, 1))
    prefer_onednn()
    done = sum(2.0 * product.rows * into * out * times for into, out, times in shapes)
    return done / sum(times * _quickest(into, out, product) for into, out, times in shapes)


def _quickest(into: int, out: int, product: Product) -> float:
    layer = nn.Linear(into, out, dtype=product.precision, device=product.device)
    rows = torch.randn(product.rows, into, dtype=product.precision, device=product.device)
    took = []
    with torch.inference_mode():
        layer(rows)
        for _ in range(REPEATS):
            began = time.perf_counter()
            for _ in range(product.in_a_row):
                last = layer(rows)
            # A GPU works on behind Python's back until it is asked for a number.
            last[-1, -1].item()
            took.append((time.perf_counter() - began) / product.in_a_row)
    return min(took)
