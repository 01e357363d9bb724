"""Temperatures and thresholds, chosen on the development posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from classifiers.engine import load_classifier
from classifiers.findings import Findings, PostText
from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS, SPAN_TYPES, THIRD_PARTY_HEALTH, Area
from training.corpus import LabelledPost

MERCY = {"crisis": 3.0, "encouragement": 2.0, "ideation": 1.5, "concern_for_other": 1.5}
"""How many false alarms a missed post of this label is worth when its threshold is chosen (F-beta's beta)."""
THRESHOLDS = Path(__file__).parents[1] / "service" / "policy" / "thresholds.toml"


@dataclass
class Calibration:
    """One temperature an area, one threshold a label or span type."""

    temperatures: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, dict[str, float]] = field(default_factory=dict)


def calibrate(model: Path, posts: list[LabelledPost]) -> Calibration:
    """Fit temperatures (Guo et al. 2017, "On Calibration of Modern Neural Networks") and thresholds by F-beta."""
    findings = load_classifier(str(model)).read([PostText(p.text, p.title, p.parent) for p in posts])
    result = Calibration()
    for area in dict.fromkeys(area for area, _ in POST_LABELS):
        names = [name for a, name in POST_LABELS if a == area]
        scores, truths = _table(findings, posts, names)
        temperature = _temperature(scores, truths)
        result.temperatures[area] = temperature
        calm = (scores / temperature).sigmoid()
        result.thresholds[area] = {
            name: _threshold(calm[:, i], truths[:, i], MERCY.get(name, 1.0)) for i, name in enumerate(names)
        }
    for area, types in SPAN_TYPES.items():
        result.thresholds.setdefault(area, {}).update(dict.fromkeys(types, 0.5))
    return result


def _table(findings: list[Findings], posts: list[LabelledPost], names: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and truths, (posts, names), of the posts that were read."""
    rows, truths = [], []
    for found, post in zip(findings, posts, strict=True):
        if found.checked:
            by_name = {label.label: label.score for label in found.labels}
            rows.append([by_name[name] for name in names])
            truths.append([float(name in post.labels) for name in names])
    return torch.tensor(rows).clamp(1e-6, 1 - 1e-6).logit(), torch.tensor(truths)


def _temperature(logits: torch.Tensor, truths: torch.Tensor) -> float:
    grid = [0.5 + 0.05 * step for step in range(71)]
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return round(min(grid, key=lambda t: float(loss(logits / t, truths))), 2)


def _threshold(scores: torch.Tensor, truth: torch.Tensor, beta: float) -> float:
    """The grid point with the best F-beta; its neighbours count too, so that one post can't decide."""
    grid = [0.05 + 0.025 * step for step in range(37)]
    values = [_f_beta(scores >= cut, truth > 0, beta) for cut in grid]
    smooth = [sum(values[max(0, i - 2) : i + 3]) / len(values[max(0, i - 2) : i + 3]) for i in range(len(values))]
    return round(grid[max(range(len(grid)), key=smooth.__getitem__)], 3)


def _f_beta(said: torch.Tensor, truth: torch.Tensor, beta: float) -> float:
    hit, wrong, missed = (said & truth).sum(), (said & ~truth).sum(), (~said & truth).sum()
    weight = beta * beta
    return float((1 + weight) * hit / ((1 + weight) * hit + weight * missed + wrong).clamp(min=1e-9))


def write_thresholds(thresholds: dict[str, dict[str, float]]) -> None:
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
        lines += [f"[thresholds.{area}]", *(f"{name} = {thresholds[area][name]}" for name in names), ""]
    THRESHOLDS.write_text("\n".join(lines), encoding="utf-8")
