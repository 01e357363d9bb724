"""The trial of the back ends: the quickest whose verdicts are those of fp32."""

from __future__ import annotations

import json
import logging
import time
from functools import cache
from pathlib import Path
from typing import Any

from classifiers.backends import EXACT, fitting
from classifiers.engine import Classifier, Models
from classifiers.findings import Findings, PostText
from classifiers.labels import Area
from service.policy import decide, load
from workers.logs import kind

log = logging.getLogger(__name__)

CANARY = Path(__file__).with_name("canary.jsonl")
"""Posts of the training corpus (`id` says which), some of every label and kind of personal data, and ordinary ones."""
PROBED, ROUNDS = 24, 3
"""So many of them are read again, by the clock, when whatever is made at the first reading is made; the best round counts."""

Verdict = tuple[Any, ...]


def quickest(models: Models) -> str:
    """The name of the first of the quick back ends that passes the trial, else of the exact one."""
    expected, seconds = _tried(Classifier(models))
    for name in fitting():
        if name != EXACT and _is_better(models, name, expected, seconds):
            return name
    log.info("the models run on %s", EXACT)
    return EXACT


def _is_better(models: Models, name: str, expected: list[Verdict], seconds: float) -> bool:
    """Whether the back end `name` is quicker than that and its verdicts are the expected ones."""
    try:
        verdicts, took = _tried(Classifier(models, name))
    except Exception as error:
        log.warning("back end %s refused: it fails on the trial posts (%s)", name, kind(error))
        return False
    other = sum(one != two for one, two in zip(verdicts, expected, strict=True))
    if other:
        log.warning("back end %s refused: %d of %d trial posts get another verdict", name, other, len(expected))
        return False
    if took >= seconds:
        log.info("back end %s is not quicker here than %s", name, EXACT)
        return False
    log.info("the models run on %s, %.1f times as quick as on %s", name, seconds / took, EXACT)
    return True


def _tried(classifier: Classifier) -> tuple[list[Verdict], float]:
    """The verdicts on the trial posts, and the seconds that reading some of them takes."""
    posts = _canary()
    verdicts = [verdict(post, findings) for post, findings in zip(posts, classifier.read(posts), strict=True)]
    return verdicts, min(_seconds(classifier, posts[:PROBED]) for _ in range(ROUNDS))


def _seconds(classifier: Classifier, posts: list[PostText]) -> float:
    started = time.perf_counter()
    classifier.read(posts)
    return time.perf_counter() - started


def verdict(post: PostText, findings: Findings) -> Verdict:
    """What must not change with the back end, by the default policy: the action, the labels that count, to the letter what of
    personal data is marked, and which claims are, of which a word at the edge counts for nothing.
    """
    document = decide(findings, load(), text=post.text, title=post.title)
    labels = tuple(label["label"] for label in document["labels"] if label["flagged"])
    marked = tuple(sorted(_mark(span) for span in document["spans"]))
    return document["action"], document["severity"], labels, marked


def _mark(span: dict[str, Any]) -> tuple[str | int, ...]:
    place = () if span["area"] == Area.CLAIM else (span.get("in", ""), span["start"], span["end"])
    return span["area"], span["type"], *place


@cache
def _canary() -> list[PostText]:
    lines = CANARY.read_text(encoding="utf-8").splitlines()
    return [PostText(post["text"], post["title"], post["parent"]) for post in map(json.loads, lines)]
