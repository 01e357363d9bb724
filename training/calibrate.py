"""Calibration and thresholds, chosen on the development posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from classifiers.cascade import logit
from classifiers.engine import Classifier, load_classifier
from classifiers.findings import Findings, Part, PostText
from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS, SPAN_TYPES, THIRD_PARTY_HEALTH, Area
from training.corpus import LabelledPost
from training.score import match_spans

RECALL = {"crisis": 0.93, "encouragement": 0.93}
"""Share of these posts that is to be found: a missed goodbye may cost a life."""
ALARMS = 0.04
"""Share of clean posts that each label of RECALL may raise by mistake, at most; beyond it recall has to wait for a better
model. The posts are written to be hard: in ordinary threads it is far less. A false alarm costs a moderator's glance."""
ALARMS_ALONE = 0.08
"""The same where the smaller model reads alone: it tells goodbyes from near misses less well, and at ALARMS misses plain ones."""
MERCY = {"ideation": 1.5, "concern_for_other": 1.5}
"""F-beta's beta of labels that escalate: how many times what precision does recall counts; 1 for the others."""
PRECISION = 0.5
"""Share of what a medical label says that is to be right: it hides a post. On posts of which half are near misses."""
PRIOR = {Area.MEDICAL: 64.0}
"""Positives that the whole area's curve counts for in each label's, FEW elsewhere: few posts of its own can't decide alone.
Chosen on the development posts by thresholds of four fifths of the threads on the last fifth (docs/experiments.md)."""
FEW = 8.0
PULL = 4.0
"""How strongly a label's calibration is held to its area's, in nats."""
CUTS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, *(round(0.1 + 0.025 * step, 3) for step in range(34)))
THRESHOLDS = Path(__file__).parents[1] / "service" / "policy" / "thresholds.toml"

Counts = list[tuple[float, float, float]]
"""Hits, false alarms and misses at each of CUTS."""


def calibrate(model: Path, base: Path, posts: list[LabelledPost]) -> dict[str, tuple[float, float]]:
    """Of each label the scale and the shift that make its logit a probability. The model is one saved without any."""
    findings = _read(load_classifier(str(model), str(base)), posts)
    fitted = {}
    for names in _areas().values():
        scale, shift = _platt(*_table(findings, posts, names))
        pairs = zip(names, scale.tolist(), shift.tolist(), strict=True)
        fitted |= {name: (round(a, 3), round(b, 3)) for name, a, b in pairs}
    return fitted


def thresholds(
    classifier: Classifier, posts: list[LabelledPost], alarms: float = ALARMS
) -> dict[str, dict[str, float]]:
    """The score at which each label and span type counts, by area, from what the calibrated classifier finds."""
    findings = _read(classifier, posts)
    clean = torch.tensor([not post.labels for found, post in zip(findings, posts, strict=True) if found.checked])
    chosen = {}
    for area, names in _areas().items():
        logits, truths = _table(findings, posts, names)
        scores = logits.sigmoid()
        counts = {name: _label_counts(scores[:, i], truths[:, i] > 0) for i, name in enumerate(names)}
        chosen[area] = _thresholds(counts, PRECISION if area is Area.MEDICAL else 0.0, PRIOR.get(area, FEW))
        for name in RECALL.keys() & set(names):
            mine = scores[:, names.index(name)]
            wanted = _highest(mine[truths[:, names.index(name)] > 0], RECALL[name])
            chosen[area][name] = max(wanted, _lowest(mine[clean], alarms))
    for area, types in SPAN_TYPES.items():
        counts = {name: _span_counts(findings, posts, area, name) for name in types}
        chosen.setdefault(area, {}).update(_thresholds(counts))
    return chosen


def alone(smaller: Classifier, posts: list[LabelledPost], chosen: dict[str, dict[str, float]]) -> dict[str, float]:
    """How far each label's logit of the smaller model has to move for its own best threshold to become the `chosen` one."""
    own = thresholds(smaller, posts, ALARMS_ALONE)
    return {label: round(logit(chosen[area][label]) - logit(own[area][label]), 3) for area, label in POST_LABELS}


def _areas() -> dict[Area, list[str]]:
    areas: dict[Area, list[str]] = {}
    for area, name in POST_LABELS:
        areas.setdefault(area, []).append(name)
    return areas


def _read(classifier: Classifier, posts: list[LabelledPost]) -> list[Findings]:
    return classifier.read([PostText(post.text, post.title, post.parent) for post in posts])


def _table(findings: list[Findings], posts: list[LabelledPost], names: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and truths, (posts, names), of the posts that were read."""
    rows, truths = [], []
    for found, post in zip(findings, posts, strict=True):
        if found.checked:
            by_name = {label.label: label.score for label in found.labels}
            rows.append([by_name[name] for name in names])
            truths.append([float(name in post.labels) for name in names])
    return torch.tensor(rows).clamp(1e-6, 1 - 1e-6).logit(), torch.tensor(truths)


def _platt(logits: torch.Tensor, truths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A scale and a shift a label (Platt 1999), drawn towards one scale for the whole area: few positives decide little alone."""
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    common, scale, shift = (torch.zeros(n, requires_grad=True) for n in (1, logits.shape[1], logits.shape[1]))
    optimizer = torch.optim.LBFGS([common, scale, shift], max_iter=200, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        drawn = PULL * ((scale - common) ** 2 + shift**2).sum()
        value = loss(logits * scale.exp() + shift, truths, reduction="sum") + drawn
        value.backward()
        return value

    optimizer.step(step)
    return scale.detach().exp(), shift.detach()


def _label_counts(scores: torch.Tensor, truth: torch.Tensor) -> Counts:
    said = [scores >= cut for cut in CUTS]
    return [(int((s & truth).sum()), int((s & ~truth).sum()), int((~s & truth).sum())) for s in said]


def _span_counts(findings: Sequence[Findings], posts: Sequence[LabelledPost], area: Area, kind: str) -> Counts:
    counts = []
    for cut in CUTS:
        hits = said = true = 0
        for found, post in zip(findings, posts, strict=True):
            mine = [
                (s.type, s.start, s.end)
                for s in found.spans
                if (s.area, s.type, s.part) == (area, kind, Part.BODY) and s.score >= cut
            ]
            marked = post.claims if area is Area.CLAIM else post.spans
            matched = match_spans(mine, [(s.type, s.start, s.end) for s in marked if s.type == kind])
            hits, said, true = hits + matched[0], said + matched[1], true + matched[2]
        counts.append((hits, said - hits, true - hits))
    return counts


def _thresholds(counts: dict[str, Counts], precision: float = 0.0, prior: float = FEW) -> dict[str, float]:
    """For each name the cut with the best F-beta among those of at least this precision, if any has it.

    Its own counts are joined by its area's, scaled to `prior` positives.
    """
    pooled = [tuple(map(sum, zip(*at, strict=True))) for at in zip(*counts.values(), strict=True)]
    share = prior / max(1.0, pooled[0][0] + pooled[0][2])
    chosen = {}
    for name, own in counts.items():
        joined = [
            tuple(mine + share * all_ for mine, all_ in zip(at, of_area, strict=True))
            for at, of_area in zip(own, pooled, strict=True)
        ]
        precise = [hit >= precision * (hit + wrong) for hit, wrong, _ in joined]
        values = [(ok, _f_beta(*at, MERCY.get(name, 1.0))) for ok, at in zip(precise, joined, strict=True)]
        chosen[name] = CUTS[max(range(len(CUTS)), key=values.__getitem__)]
    return chosen


def _highest(positive: torch.Tensor, share: float) -> float:
    """The highest cut that at least `share` of the positives' scores reach."""
    return next((cut for cut in reversed(CUTS) if float((positive >= cut).float().mean()) >= share), CUTS[0])


def _lowest(clean: torch.Tensor, share: float) -> float:
    """The lowest cut that at most `share` of the clean posts' scores reach."""
    return next((cut for cut in CUTS if float((clean >= cut).float().mean()) <= share), CUTS[-1])


def _f_beta(hit: float, wrong: float, missed: float, beta: float) -> float:
    weight = beta * beta
    total = (1 + weight) * hit + weight * missed + wrong
    return (1 + weight) * hit / total if total else 0.0


def write_thresholds(chosen: dict[str, dict[str, float]]) -> None:
    """Write the default thresholds beside the policy, in the policy's order."""
    order = {
        Area.MEDICAL: [n for a, n in POST_LABELS if a is Area.MEDICAL],
        Area.SELF_HARM: [n for a, n in POST_LABELS if a is Area.SELF_HARM],
        Area.PERSONAL_DATA: [*PERSONAL_DATA, THIRD_PARTY_HEALTH],
        Area.CLAIM: list(CLAIMS),
    }
    lines = [
        "# Written by `make train`: the score at which a label counts, chosen on the development posts. "
        "Change them per forum, not here."
    ]
    for area, names in order.items():
        lines += [f"[thresholds.{area}]", *(f"{name} = {chosen[area][name]}" for name in names), ""]
    THRESHOLDS.write_text("\n".join(lines), encoding="utf-8")
