"""Drawn figures of the evaluation: precision-recall curves and reliability diagrams."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.metrics import precision_recall_curve

from classifiers.labels import POST_LABELS
from training.measure import Measured, any_of
from training.score import AREAS

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "heed"
import matplotlib.pyplot as plt  # noqa: E402 (the back end is chosen first)

FIGURES = ("precision-recall", "precision-recall-by-label", "reliability", "reliability-by-label")
BINS = 10
COLUMNS = 4
COLOURS = ("#1f5f8b", "#b3541e", "#3f7d4e")


def draw(measured: Measured, folder: Path) -> list[Path]:
    """Write FIGURES as SVG and return their files: one curve an area ("any of its labels"), and one field a label."""
    folder.mkdir(parents=True, exist_ok=True)
    areas = {area: any_of(measured, names) for area, names in AREAS.items()}
    labels = {name: any_of(measured, [name]) for _, name in POST_LABELS}
    labels = {name: (truth, scores) for name, (truth, scores) in labels.items() if any(truth)}
    for name, curve, across, up in (
        ("precision-recall", _precision_recall, "recall", "precision"),
        ("reliability", _reliability, "mean score", "share that carries a label"),
    ):
        _together(curve, areas, folder / f"{name}.svg", across, up)
        _each(curve, labels, folder / f"{name}-by-label.svg", across, up)
    return [folder / f"{name}.svg" for name in FIGURES]


def reliability(truth: list[bool], scores: list[float]) -> list[tuple[float, float, int]]:
    """(mean score, share true, posts) of each of BINS equal bins of the score that holds a post."""
    places = np.minimum((np.array(scores) * BINS).astype(int), BINS - 1)
    rows = [(np.array(scores)[places == b], np.array(truth)[places == b]) for b in range(BINS)]
    return [(float(s.mean()), float(t.mean()), len(s)) for s, t in rows if len(s)]


def _precision_recall(axes, truth: list[bool], scores: list[float], **line) -> None:  # noqa: ANN001
    precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
    axes.step(recall, precision, where="post", **line)


def _reliability(axes, truth: list[bool], scores: list[float], **line) -> None:  # noqa: ANN001
    rows = reliability(truth, scores)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
    axes.plot([row[0] for row in rows], [row[1] for row in rows], marker="o", markersize=4, **line)


def _together(curve, known: dict, file: Path, across: str, up: str) -> None:  # noqa: ANN001
    figure, axes = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    for colour, (area, (truth, scores)) in zip(COLOURS, known.items(), strict=True):
        curve(axes, truth, scores, color=colour, label=f"{area.replace('_', ' ')} ({sum(truth)} of {len(truth)})")
    axes.set(xlabel=across, ylabel=up, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    _save(figure, file)


def _each(curve, known: dict, file: Path, across: str, up: str) -> None:  # noqa: ANN001
    rows = -(-len(known) // COLUMNS)
    size = (2 * COLUMNS, 2 * rows)
    figure, fields = plt.subplots(
        rows, COLUMNS, figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axes in fields.flat[len(known) :]:
        axes.set_axis_off()
    for axes, (name, (truth, scores)) in zip(fields.flat, known.items(), strict=False):
        curve(axes, truth, scores, color=COLOURS[0])
        axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
        axes.set_title(f"{name.replace('_', ' ')} ({sum(truth)})", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(across, fontsize=9)
    figure.supylabel(up, fontsize=9)
    _save(figure, file)


def _save(figure, file: Path) -> None:  # noqa: ANN001
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
