"""The figures of docs/performance.md, drawn from its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "heed"
import matplotlib.pyplot as plt  # noqa: E402 (the back end is chosen first)
from matplotlib.axes import Axes  # noqa: E402

from benchmarks.performance.roofline import limit_of  # noqa: E402

COLOURS = ("#1f5f8b", "#b3541e", "#3f7d4e")
CUTS = ("p50", "p95", "p99")


def draw(figures: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write each figure whose numbers are there as SVG; their names, with the path that the page names them by."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    if found := figures.get("encoder"):
        drawn["encoder"] = _save(_encoder, found, folder / "performance-encoder.svg")
    if found := figures.get("end_to_end"):
        drawn["end-to-end"] = _save(_end_to_end, found, folder / "performance-end-to-end.svg")
        drawn["latency"] = _save(_latency, found, folder / "performance-latency.svg")
    return {name: f"{folder.name}/{file}" for name, file in drawn.items()}


def _encoder(axes: Axes, found: dict[str, Any]) -> None:
    """One bar a back end, one inside it for the whole way from text to findings, and a line at its precision's limit."""
    for place, (name, row) in enumerate(reversed(found["back ends"].items())):
        alone, whole = row["posts a second, encoder alone"], row["posts a second, text to findings"]
        limit = 1e9 * found["limit, GFLOP/s"][limit_of(name)]["median"]
        axes.barh(place, alone["median"], 0.6, color=COLOURS[0], xerr=_error(alone), label="" if place else "encoder")
        axes.barh(place, whole["median"], 0.3, color=COLOURS[1], label="" if place else "text to findings")
        axes.vlines(limit / found["operations a post"], place - 0.4, place + 0.4, color="#777777", linestyle=":",
                    label="" if place else "limit")  # fmt: skip
    axes.set_yticks(range(len(found["back ends"])), list(reversed(found["back ends"])))
    axes.set(xlabel="posts a second", xlim=(0, None))


def _end_to_end(axes: Axes, found: dict[str, Any]) -> None:
    rates = found["posts a second, saturated"]
    for place, (name, rate) in enumerate(reversed(rates.items())):
        axes.barh(place, rate["median"], 0.6, color=COLOURS[0 if name == "heed" else 1], xerr=_error(rate))
        axes.annotate(f" {rate['median']:.3g}", (rate["most"], place), va="center")
    axes.set_yticks(range(len(rates)), list(reversed(rates)))
    axes.set(xlabel="posts a second, logarithmic", xscale="log")
    axes.margins(x=0.15)


def _latency(axes: Axes, found: dict[str, Any]) -> None:
    for colour, (name, loads) in zip(COLOURS, found["latency, ms"].items(), strict=False):
        for line, (load, cuts) in zip(("-", "--", ":"), loads.items(), strict=False):
            axes.plot(CUTS, [cuts[cut] for cut in CUTS], line, marker="o", color=colour, label=f"{name}, {load}")
    axes.set(ylabel="milliseconds, logarithmic", yscale="log")


def _error(spread: dict[str, float]) -> list[list[float]]:
    return [[spread["median"] - spread["least"]], [spread["most"] - spread["median"]]]


def _save(draw_on, found: dict[str, Any], file: Path) -> str:  # noqa: ANN001
    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    draw_on(axes, found)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file.name
