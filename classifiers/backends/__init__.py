"""What runs the network: one function from a batch to its numbers, by several libraries and in two precisions.

`torch` in fp32 is what the others are measured by, and is always there. None of them keeps anything of what it read.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import torch

from classifiers.backends import eager
from classifiers.network import Batch, HeedNetwork, Output
from classifiers.weights import ModelError

Forward = Callable[[Batch], Output]

EXACT = "torch"
CUDA = "cuda"
NAMES = (CUDA, "openvino-bf16", "openvino", "torch-bf16", EXACT)
"""The quickest first, as measured on machines with bf16 (docs/performance.md); a GPU's place is a guess."""
GPU = torch.device("cuda", 0)
"""The first that `CUDA_VISIBLE_DEVICES` leaves to the process."""
BATCH_TOKENS = 2048
"""Token budget of one forward pass: beyond it a two-core machine gains nothing (measured, docs/performance.md)."""
GPU_BATCH_TOKENS = 16_384
"""The same on a GPU, which is idle with less: a first guess, not measured yet."""


def forward(name: str, network: HeedNetwork) -> Forward:
    """The network's forward pass by the back end `name`. Raises ModelError where it can't be had here."""
    if name not in NAMES:
        raise ModelError(f"There is no back end {name!r}. Set HEED_BACKEND to auto, {', '.join(NAMES)}.")
    if name == EXACT:
        return eager.exact(network)
    if name == "torch-bf16":
        return eager.bfloat16(network)
    if name == CUDA:
        if not torch.cuda.is_available():
            raise ModelError(
                f"The back end {CUDA} needs an NVIDIA GPU, its driver and a torch built for CUDA; torch {torch.__version__} "
                "sees none. Set HEED_BACKEND=auto to do without."
            )
        return eager.bfloat16(network, GPU)
    if not find_spec("openvino"):
        raise ModelError(f"The back end {name} needs OpenVINO. Run `make openvino`, or set HEED_BACKEND=auto.")
    from classifiers.backends import compiled

    return compiled.forward(network, "bf16" if name.endswith("bf16") else "f32")


def fitting() -> list[str]:
    """The back ends worth a trial on this machine, the quickest first; EXACT is always the last."""
    return [name for name in NAMES if _fits(name)]


def batch_tokens(name: str) -> int:
    """The token budget of one forward pass by the back end `name`, padding included."""
    return GPU_BATCH_TOKENS if name == CUDA else BATCH_TOKENS


def has_bf16() -> bool:
    """Whether the processor multiplies in bf16; where it only imitates that, at a sixth of fp32's speed, fp32 is quicker."""
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _fits(name: str) -> bool:
    if name == CUDA:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if name.endswith("bf16") and not has_bf16():
        return False
    return name.startswith("torch") or find_spec("openvino") is not None
