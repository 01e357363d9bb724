"""Train the shipped model: ``make train``.

Fine-tunes the encoder with its heads on the corpus's training threads, keeps the epoch that is best on the development
threads, calibrates on them, and writes the weights and the thresholds. Seeded; resumes from its last epoch.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import time
from pathlib import Path

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from transformers import AutoTokenizer

from classifiers import weights
from classifiers.network import HeedNetwork, Output, collate
from training import calibrate, corpus, outside, score
from training.beginnings import KNOWN, beginnings
from training.split import split
from training.targets import UNKNOWN, Example, examples

RUNS = Path(__file__).parent / "runs"
TAGS = 2.0
"""Weight of the taggers' losses: most pieces are outside any span and teach little."""


def main() -> None:
    arguments = _arguments()
    random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    base = weights.base_encoder()
    tokenizer = AutoTokenizer.from_pretrained(base)
    network = weights.build(base)
    network.get_parameter(weights.FROZEN).requires_grad_(False)
    parts = split(corpus.read())
    taught = [example for post in parts["train"] for example in examples(tokenizer, post)]
    taught += [example for post in beginnings(parts["train"]) for example in examples(tokenizer, post, KNOWN)]
    taught += outside.examples_of(tokenizer, arguments.data, arguments.outside, arguments.seed)
    print(f"{len(parts['train'])} posts to learn from, {len(parts['dev'])} to choose by; {len(taught)} windows")
    run = RUNS / arguments.name
    run.mkdir(parents=True, exist_ok=True)
    best = fit(network, taught, parts["dev"], tokenizer, run, arguments)
    network.load_state_dict(torch.load(best, weights_only=True))
    network.eval()
    manifest = {"name": "heed-minilm", "trained": _trained(arguments, parts)}
    weights.save(network, run / "model", manifest | {"temperatures": {}}, base)
    calibration = calibrate.calibrate(run / "model", parts["dev"])
    target = weights.SHIPPED if arguments.ship else run / "model"
    weights.save(network, target, manifest | {"temperatures": calibration.temperatures}, base)
    if arguments.ship:
        calibrate.write_thresholds(calibration.thresholds)
    print(f"Written to {target}")


def fit(
    network: HeedNetwork, taught: list[Example], dev: list, tokenizer: object, run: Path, arguments: argparse.Namespace
) -> Path:
    """All epochs; returns the file of the best one. Picks up after the last whole epoch found in `run`."""
    optimizer = torch.optim.AdamW(_groups(network, arguments.rate), weight_decay=0.01)
    batches = len(list(_batches(taught, random.Random(0), arguments.tokens)))
    total = batches * arguments.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _slope(step, total))
    balance = _balance(taught)
    state_file, best_file = run / "last.pt", run / "best.pt"
    begin, best = 0, -math.inf
    if state_file.exists() and arguments.resume:
        state = torch.load(state_file, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        begin, best = state["epoch"] + 1, state["best"]
    for epoch in range(begin, arguments.epochs):
        began = time.monotonic()
        shuffled = _batches(taught, random.Random(epoch), arguments.tokens)
        loss = _epoch(network, shuffled, batches, optimizer, schedule, balance, epoch)
        figures = score.quick(network, tokenizer, dev)
        print(f"epoch {epoch}: loss {loss:.3f}, dev {figures}, {time.monotonic() - began:.0f} s", flush=True)
        if figures["mean"] > best:
            best = figures["mean"]
            torch.save(network.state_dict(), best_file)
        state = {"network": network, "optimizer": optimizer, "schedule": schedule}
        saved = {name: part.state_dict() for name, part in state.items()}
        torch.save(saved | {"epoch": epoch, "best": best}, state_file)
    return best_file


def _epoch(network, batches, count, optimizer, schedule, balance, epoch) -> float:  # noqa: ANN001
    network.train()
    losses = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        for batch, labels, claims, personal in progress.track(batches, total=count, description=f"epoch {epoch}"):
            with torch.autocast("cpu", torch.bfloat16):
                output = network(batch)
            loss = _loss(output, labels, claims, personal, balance)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return sum(losses) / len(losses)


def _loss(output: Output, labels: Tensor, claims: Tensor, personal: Tensor, balance: Tensor) -> Tensor:
    known = labels != UNKNOWN
    per_label = nn.functional.binary_cross_entropy_with_logits(
        output.labels.float(), labels.clamp(min=0).float(), pos_weight=balance, reduction="none"
    )
    label_loss = (per_label * known).sum() / known.sum().clamp(min=1) * 8
    return label_loss + TAGS * (_tag_loss(output.claims, claims) + _tag_loss(output.personal, personal))


def _tag_loss(logits: Tensor, tags: Tensor) -> Tensor:
    weight = torch.ones(logits.shape[-1])
    weight[0] = 0.4
    if not (tags != UNKNOWN).any():
        return logits.sum() * 0.0
    return nn.functional.cross_entropy(
        logits.float().flatten(0, 1), tags.flatten(), weight=weight, ignore_index=UNKNOWN
    )


def _batches(taught: list[Example], chance: random.Random, tokens: int):  # noqa: ANN202
    """Shuffled batches of similar lengths under a token budget."""
    order = sorted(chance.sample(taught, len(taught)), key=lambda e: len(e.window.ids) + chance.random() * 12)
    groups: list[list[Example]] = [[]]
    for example in order:
        if groups[-1] and (len(groups[-1]) + 1) * len(example.window.ids) > tokens or len(groups[-1]) >= 32:
            groups.append([])
        groups[-1].append(example)
    chance.shuffle(groups)
    for group in groups:
        batch = collate([example.window for example in group], pad=0)
        longest = batch.ids.shape[1]
        yield (
            batch,
            torch.tensor([e.labels for e in group]),
            _padded(group, "claims", longest),
            _padded(group, "personal", longest),
        )


def _padded(group: list[Example], name: str, longest: int) -> Tensor:
    return torch.tensor([[*getattr(e, name), *([UNKNOWN] * (longest - len(getattr(e, name))))] for e in group])


def _balance(taught: list[Example]) -> Tensor:
    """Weight of a positive: the root of how rare it is, at most 4."""
    labels = torch.tensor([example.labels for example in taught])
    positive, negative = (labels == 1).sum(0).clamp(min=1), (labels == 0).sum(0)
    return (negative / positive).sqrt().clamp(1, 4)


def _groups(network: HeedNetwork, rate: float) -> list[dict]:
    encoder = [p for n, p in network.named_parameters() if n.startswith("encoder.") and p.requires_grad]
    heads = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    return [{"params": encoder, "lr": rate}, {"params": heads, "lr": rate * 10}]


def _slope(step: int, total: int, warm: float = 0.1) -> float:
    return min(step / (warm * total), max(0.0, (total - step) / ((1 - warm) * total)))


def _trained(arguments: argparse.Namespace, parts: dict) -> dict:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"seed": arguments.seed, "epochs": arguments.epochs, "rate": arguments.rate, "outside": arguments.outside,
            "commit": commit, "posts": {name: len(posts) for name, posts in parts.items()}}  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="student", help="folder under training/runs")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--rate", type=float, default=2e-4, help="learning rate of the encoder; heads take ten times it"
    )
    parser.add_argument("--tokens", type=int, default=1024, help="token budget of a batch")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--outside", type=int, default=300, help="posts taken from each public set, 0 for none")
    parser.add_argument("--data", type=Path, default=Path("training/data"), help="folder of the public sets")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole epoch of this name")
    parser.add_argument("--ship", action="store_true", help="write to classifiers/shipped and the default thresholds")
    print(json.dumps({k: str(v) for k, v in vars(parser.parse_args()).items()}))
    return parser.parse_args()


if __name__ == "__main__":
    main()
