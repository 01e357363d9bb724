"""PyTorch as it is: exact in fp32, and with its encoder in bf16, on the processor or on a GPU."""

from __future__ import annotations

import copy
from functools import cache

import torch

from classifiers.errors import DeviceLost
from classifiers.network import Batch, HeedNetwork, Output

CPU = torch.device("cpu")


class Eager:
    """Runs a network on its device without keeping what gradients need; batches and their numbers lie on the CPU."""

    def __init__(self, network: HeedNetwork, device: torch.device = CPU) -> None:
        self._network, self._device = network.to(device), device

    def __call__(self, batch: Batch) -> Output:
        try:
            with torch.inference_mode():
                # Only this way may be left to itself: numbers on their way back could be read before they are there.
                found = self._network(Batch(*(part.to(self._device, non_blocking=True) for part in batch)))
                return Output(*(part.cpu() for part in found))
        except torch.AcceleratorError as error:
            raise DeviceLost from error


def exact(network: HeedNetwork) -> Eager:
    prefer_onednn()
    return Eager(network)


def bfloat16(network: HeedNetwork, device: torch.device = CPU) -> Eager:
    """The heads stay in fp32: they cost little, and the encoder's roundings are enough."""
    rounded = copy.deepcopy(network)
    rounded.encoder.to(torch.bfloat16)
    return Eager(rounded, device)


@cache
def prefer_onednn() -> None:
    """Let oneDNN multiply fp32 matrices for this process, where it rounds nothing.

    PyTorch gives it these only by leave to use bf16, which oneDNN takes where the processor has AMX. On others it keeps to fp32
    and is up to twice as quick as MKL, most of all on AMD's. So a product is looked at.
    """
    chance = torch.Generator().manual_seed(1)
    left, right = (torch.randn(384, 384, generator=chance) for _ in range(2))
    whole = left @ right
    before = torch.backends.mkldnn.matmul.fp32_precision
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    if not torch.allclose(left @ right, whole, rtol=1e-4, atol=1e-4):
        torch.backends.mkldnn.matmul.fp32_precision = before
