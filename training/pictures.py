"""Drawn figures of the evaluation: precision-recall curves and reliability diagrams."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.metrics import precision_recall_curve

from training.measure import AREAS, Measured, any_of

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "heed"
import matplotlib.pyplot as plt  # noqa: E402 (the back end is chosen first)

BINS = 10
COLOURS = ("#1f5f8b", "#b3541e", "#3f7d4e")


def draw(measured: Measured, folder: Path) -> list[Path]:
    """Write both figures as SVG and return their files. Each curve is "any label of the area"."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {area: any_of(measured, names) for area, names in AREAS.items()}
    return [
        _figure(_precision_recall, known, folder / "precision-recall.svg", "recall", "precision"),
        _figure(_reliability, known, folder / "reliability.svg", "mean score", "share that carries a label"),
    ]


def reliability(truth: list[bool], scores: list[float]) -> list[tuple[float, float, int]]:
    """(mean score, share true, posts) of each of BINS equal bins of the score that holds a post."""
    places = np.minimum((np.array(scores) * BINS).astype(int), BINS - 1)
    rows = [(np.array(scores)[places == b], np.array(truth)[places == b]) for b in range(BINS)]
    return [(float(s.mean()), float(t.mean()), len(s)) for s, t in rows if len(s)]


def _precision_recall(axes, truth: list[bool], scores: list[float], **line) -> None:  # noqa: ANN001
    precision, recall, _ = precision_recall_curve(truth, scores)
    axes.step(recall, precision, where="post", **line)


def _reliability(axes, truth: list[bool], scores: list[float], **line) -> None:  # noqa: ANN001
    rows = reliability(truth, scores)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
    axes.plot([row[0] for row in rows], [row[1] for row in rows], marker="o", markersize=4, **line)


def _figure(curve, known: dict, file: Path, across: str, up: str) -> Path:  # noqa: ANN001
    figure, axes = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    for colour, (area, (truth, scores)) in zip(COLOURS, known.items(), strict=True):
        curve(axes, truth, scores, color=colour, label=f"{area.replace('_', ' ')} ({sum(truth)} of {len(truth)})")
    axes.set(xlabel=across, ylabel=up, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file
