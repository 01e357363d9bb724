"""What is measured: labels, spans, clean posts, slices and perturbed text, at the default policy."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from classifiers.engine import Classifier
from classifiers.findings import Findings, PostText
from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS, Area
from service.policy import decide, load
from training import corpus
from training.corpus import LabelledPost
from training.perturb import PERTURBATIONS, perturb
from training.score import AREAS, SpanKey, auprc, match_spans, prf
from training.slices import SLICES

AT_ONCE = 256
"""Posts read before the progress bar moves."""
FEW = 5
RESAMPLES = 400


@dataclass
class Measured:
    """Posts with what was found in them and what the default policy made of it."""

    posts: list[LabelledPost]
    findings: list[Findings]
    verdicts: list[dict]

    def only(self, belongs: Callable[[LabelledPost], bool]) -> Measured:
        rows = [row for row in zip(self.posts, self.findings, self.verdicts, strict=True) if belongs(row[0])]
        return Measured(*map(list, zip(*rows, strict=True))) if rows else Measured([], [], [])


class Way(NamedTuple):
    """Posts measured with one choice of models: seconds it took, share of the posts that the larger model read again."""

    measured: Measured
    seconds: float
    read_again: float


def measure(classifier: Classifier, posts: list[LabelledPost], description: str = "reading") -> Measured:
    given = [PostText(post.text, post.title, post.parent) for post in posts]
    parts = track(range(0, len(given), AT_ONCE), description=description, console=Console(stderr=True))
    findings = [found for at in parts for found in classifier.read(given[at : at + AT_ONCE])]
    policy = load()
    return Measured(
        posts, findings, [decide(f, policy, text=p.text, title=p.title) for f, p in zip(findings, posts, strict=True)]
    )


def label_rows(measured: Measured) -> list[dict]:
    """One row a label: positives, precision, recall, F1 at the shipped threshold, AUPRC."""
    rows = []
    for _, name in POST_LABELS:
        truth = [name in post.labels for post in measured.posts]
        said = [_flag(verdict, name) for verdict in measured.verdicts]
        scores = [_score(found, name) for found in measured.findings]
        hit = sum(t and s for t, s in zip(truth, said, strict=True))
        precision, recall, f1 = prf(hit, sum(said), sum(truth))
        rows.append(
            {"label": name, "positives": sum(truth), "precision": precision, "recall": recall, "f1": f1,
             "auprc": auprc(truth, scores)}
        )  # fmt: skip
    return rows


def area_rows(measured: Measured) -> list[dict]:
    """One row an area: AUPRC of "any of its labels" by the largest score with its 95 % interval, and macro F1."""
    rows = []
    for area, names in AREAS.items():
        truth, scores = any_of(measured, names)
        f1 = [row["f1"] for row in label_rows(measured) if row["label"] in names and row["positives"]]
        rows.append(
            {"area": area, "positives": sum(truth), "auprc": auprc(truth, scores), "interval": _interval(truth, scores),
             "macro_f1": sum(f1) / len(f1) if f1 else None}
        )  # fmt: skip
    return rows


def slice_rows(measured: Measured) -> list[dict]:
    """AUPRC of each area on posts of a kind, where at least FEW of them are positive."""
    rows = []
    for kind, belongs in SLICES.items():
        part = measured.only(belongs)
        row = {"slice": kind, "posts": len(part.posts)}
        for area, names in AREAS.items():
            truth, scores = any_of(part, names)
            row[area] = auprc(truth, scores) if sum(truth) >= FEW else None
        rows.append(row)
    return rows


def timed(classifier: Classifier, posts: list[LabelledPost], name: str) -> Way:
    before, began = classifier.reread, time.perf_counter()
    measured = measure(classifier, posts, name)
    return Way(measured, time.perf_counter() - began, (classifier.reread - before) / len(posts))


def way_rows(ways: dict[str, Way]) -> list[dict]:
    """One row a way of reading the same posts: share read by the larger model, time against the first way, and quality."""
    rows: list[dict] = []
    first = next(iter(ways.values())).seconds
    for name, way in ways.items():
        areas = {row["area"]: row for row in area_rows(way.measured)}
        crisis = next(row for row in label_rows(way.measured) if row["label"] == "crisis")
        ordinary = clean_rate(way.measured.only(corpus.is_ordinary))
        rows.append(
            {"way": name, "read_again": way.read_again, "time": way.seconds / first,
             **{area: areas[area]["auprc"] for area in AREAS}, "medical_macro_f1": areas["medical"]["macro_f1"],
             "self_harm_macro_f1": areas["self_harm"]["macro_f1"], "crisis_recall": crisis["recall"],
             "ordinary_not_allowed": ordinary["not_allowed"]}
        )  # fmt: skip
    return rows


def robustness_rows(classifier: Classifier, posts: list[LabelledPost]) -> list[dict]:
    """AUPRC of each area with every post written otherwise; the first row is the text as it is."""
    rows = []
    for name in ("as it is", *PERTURBATIONS):
        changed = [
            replace(post, text=perturb(name, post.text) if name in PERTURBATIONS else post.text, spans=(), claims=())
            for post in posts
        ]
        measured = measure(classifier, changed, name)
        areas = {area: auprc(*any_of(measured, names)) for area, names in AREAS.items()}
        rows.append({"perturbation": name, **areas})
    return rows


def errors(measured: Measured, most: int = 30) -> list[dict]:
    """The surest mistakes at the shipped thresholds: false alarms by their score, misses by how far they fell short."""
    found = []
    for post, verdict in zip(measured.posts, measured.verdicts, strict=True):
        for label in verdict["labels"]:
            true = label["label"] in post.labels
            if label["flagged"] != true:
                far = label["score"] if label["flagged"] else 1 - label["score"]
                found.append(
                    {
                        "id": post.id,
                        "label": label["label"],
                        "said": label["flagged"],
                        "score": label["score"],
                        "far": far,
                    }
                )
    return sorted(found, key=lambda error: -error["far"])[:most]


ALL, UNTYPED = "all", "all, of any type"


def span_rows(measured: Measured) -> list[dict]:
    """Overlap of half, and exact, of each area: all its spans, all with their types left aside, and those of each type."""
    rows = []
    for area, types, marked in (
        (Area.PERSONAL_DATA, PERSONAL_DATA, lambda post: post.spans),
        (Area.CLAIM, CLAIMS, lambda post: post.claims),
    ):
        for kind in (ALL, UNTYPED, *types):
            half, exact = _span_counts(measured, area, kind, marked), _span_counts(measured, area, kind, marked, True)
            precision, recall, f1 = prf(*half)
            rows.append(
                {"area": area, "type": kind, "true": half[2], "precision": precision, "recall": recall, "f1": f1,
                 "exact_f1": prf(*exact)[2]}
            )  # fmt: skip
    return rows


def clean_rate(measured: Measured) -> dict:
    """Posts without any label or personal data, and how many of them got an action other than `allow`."""
    clean = [v for p, v in zip(measured.posts, measured.verdicts, strict=True) if not p.labels and not p.spans]
    return {"clean": len(clean), "not_allowed": sum(verdict["action"] != "allow" for verdict in clean)}


def report(name: str, measured: Measured) -> dict:
    return {
        "on": name,
        "posts": len(measured.posts),
        "not_checked": sum(not found.checked for found in measured.findings),
        "areas": area_rows(measured),
        "labels": label_rows(measured),
        "spans": span_rows(measured),
        "clean": clean_rate(measured),
        "ordinary": clean_rate(measured.only(corpus.is_ordinary)),
        "slices": slice_rows(measured),
        "errors": errors(measured),
    }


def said_spans(verdict: dict, area: Area) -> list[SpanKey]:
    """The spans of an area that a verdict marks in the post's body."""
    return [(s["type"], s["start"], s["end"]) for s in verdict["spans"] if s["area"] == area and "in" not in s]


def _span_counts(
    measured: Measured, area: Area, kind: str, marked: Callable, exact: bool = False
) -> tuple[int, int, int]:
    totals = [0, 0, 0]
    for post, verdict in zip(measured.posts, measured.verdicts, strict=True):
        said = said_spans(verdict, area)
        truth = [(s.type, s.start, s.end) for s in marked(post)]
        if kind == UNTYPED:
            said, truth = ([(UNTYPED, start, end) for _, start, end in spans] for spans in (said, truth))
        elif kind != ALL:
            said, truth = [s for s in said if s[0] == kind], [t for t in truth if t[0] == kind]
        totals = [a + b for a, b in zip(totals, match_spans(said, truth, exact), strict=True)]
    return totals[0], totals[1], totals[2]


def _flag(verdict: dict, name: str) -> bool:
    return any(found["label"] == name and found["flagged"] for found in verdict["labels"])


def _score(found: Findings, name: str) -> float:
    return next((label.score for label in found.labels if label.label == name), 0.0)


def any_of(measured: Measured, names: Collection[str]) -> tuple[list[bool], list[float]]:
    """Of each post, whether it carries any of the labels and the largest of their scores."""
    truth = [bool(post.labels & set(names)) for post in measured.posts]
    return truth, [max(_score(found, name) for name in names) for found in measured.findings]


def _interval(truth: list[bool], scores: list[float]) -> tuple[float, float] | None:
    """95 % of AUPRC over RESAMPLES bootstrap resamples of the posts (Efron 1979)."""
    if not any(truth):
        return None
    chance, places = random.Random(7), range(len(truth))
    drawn = (chance.choices(places, k=len(truth)) for _ in range(RESAMPLES))
    values = (auprc([truth[i] for i in some], [scores[i] for i in some]) for some in drawn)
    ordered = sorted(value for value in values if value is not None)
    return ordered[int(0.025 * len(ordered))], ordered[int(0.975 * len(ordered)) - 1]
