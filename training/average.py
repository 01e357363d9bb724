"""Average the weights of several models over one encoder into a run: ``python -m training.average --name both --of run shipped``.

Runs that went on from one another lie in one basin, and their mean is often better than each of them
("model soups", Wortsman et al. 2022). Measure it on the development posts before it is shipped.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from classifiers import weights
from training import corpus, score
from training.split import split
from training.train import RUNS, ship


def mean(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Of each tensor the mean; ValueError where the states are not of one network."""
    first = states[0]
    if any({n: t.shape for n, t in s.items()} != {n: t.shape for n, t in first.items()} for s in states):
        raise ValueError("the runs are not of one network")
    return {name: torch.stack([s[name].float() for s in states]).mean(0).to(t.dtype) for name, t in first.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="folder under training/runs to write")
    parser.add_argument("--of", nargs="+", required=True, help="names of runs, or shipped")
    parser.add_argument("--base", type=Path, help="folder of their encoder; empty: the MiniLM wheel")
    parser.add_argument("--rank", type=int, default=0, help="ship the encoder as a difference of this rank; 0: whole")
    parser.add_argument("--ship", action="store_true", help="write to classifiers/shipped, and the default thresholds")
    arguments = parser.parse_args()
    base = arguments.base or weights.base_encoder()
    shipped = weights.LARGER if arguments.base else weights.SHIPPED
    models = [
        weights.load(str(shipped if name == "shipped" else RUNS / name / "model"), str(base)) for name in arguments.of
    ]
    network = models[0].network
    network.load_state_dict(mean([model.network.state_dict() for model in models]))
    run = RUNS / arguments.name
    run.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), run / "best.pt")
    manifest = {
        "name": models[0].manifest["name"],
        "trained": {"mean_of": [model.manifest["trained"] for model in models]},
    }
    weights.save(network, run / "model", manifest | {"calibration": {}}, base)
    dev = split(corpus.read())["dev"]
    print(f"{arguments.name}: dev {score.quick(network, models[0].tokenizer, dev)}")
    if arguments.ship:
        ship(network, base, manifest, shipped, dev, arguments.rank)


if __name__ == "__main__":
    main()
