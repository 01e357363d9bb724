"""OpenVINO, an extra (`heed[openvino]`): the network compiled for this processor, in fp32 or bf16."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from classifiers.encoding import SHAPES
from classifiers.network import Batch, HeedNetwork, Output

EXAMPLE = (2, 9)
"""Windows and pieces of the batch that shows the network's way; any other size goes the same."""
SHAPES_HELD = 16
"""What is made ready for a shape is kept for so many of them: each batch has its own, and OpenVINO's 5,000 would be a leak."""


class _Flat(nn.Module):
    """The network with tensors in and tensors out, as a trace has it."""

    def __init__(self, network: HeedNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, own: Tensor, shapes: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(Batch(ids, types, mask, own, shapes)))


class Compiled:
    """Runs a compiled network. Not for several threads at once."""

    def __init__(self, model: openvino.CompiledModel) -> None:
        # What a network does not look at (MPNet: the types) is no input of it.
        self._names = [name for name in Batch._fields for port in model.inputs if name in port.get_names()]
        self._request = model.create_infer_request()

    def __call__(self, batch: Batch) -> Output:
        inputs = {name: getattr(batch, name).numpy() for name in self._names}
        found = self._request.infer(inputs, share_inputs=True)
        return Output(*(torch.from_numpy(found[place]) for place in range(len(Output._fields))))


def forward(network: HeedNetwork, precision: str) -> Compiled:
    """The network compiled for the CPU; `precision` is `f32` or `bf16`."""
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        # Pinned, the threads of all workers would share the first cores.
        "ENABLE_CPU_PINNING": False,
    }
    with TemporaryDirectory() as folder:
        # Compiled from memory, it would hold on to everything that torch has loaded, beside its own copy. Of fp16 bf16 keeps less
        # than is lost here.
        file = Path(folder) / "network.xml"
        openvino.save_model(_converted(network), file, compress_to_fp16=precision == "bf16")
        return Compiled(_core().compile_model(file, "CPU", settings))


def _converted(network: HeedNetwork) -> openvino.Model:
    """The network as OpenVINO reads it. Not by `openvino.convert_model`, which tells Google Analytics of each conversion."""
    with torch.inference_mode(), warnings.catch_warnings():
        # Of the attention mask's checks, which a trace leaves out.
        warnings.simplefilter("ignore")
        decoder = TorchScriptPythonDecoder(_Flat(network), example_input=tuple(_example()))
    front = FrontEndManager().load_by_framework("pytorch")
    return front.convert(front.load(decoder))


def _example() -> Batch:
    windows, pieces = EXAMPLE
    mask = torch.ones(windows, pieces, dtype=torch.int64)
    mask[-1, -2:] = 0
    return Batch(torch.ones_like(mask), torch.zeros_like(mask), mask, mask.bool(), torch.zeros(windows, pieces, SHAPES))


@cache
def _core() -> openvino.Core:
    core = openvino.Core()
    core.set_property("CPU", {"CPU_RUNTIME_CACHE_CAPACITY": SHAPES_HELD})
    return core
