"""What the models were to reach on posts they never saw, beside what they reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from classifiers.labels import Area


class Goal(NamedTuple):
    """A figure of merit: what was aimed at, and the least that counts as done. Where `most`, less is better."""

    on: str
    goal: float
    least: float
    most: bool = False


GOALS = {
    "medical": Goal("any medical label, AUPRC", 0.92, 0.82),
    "medical_macro": Goal("medical labels, macro F1", 0.80, 0.68),
    "claim": Goal("claims, span F1", 0.75, 0.60),
    "self_harm": Goal("any self-harm label, AUPRC", 0.96, 0.90),
    "self_harm_macro": Goal("self-harm labels, macro F1", 0.85, 0.74),
    "crisis": Goal("`crisis`, recall", 0.98, 0.93),
    "encouragement": Goal("`encouragement`, recall", 0.98, 0.93),
    "personal_data": Goal("personal data, span F1", 0.93, 0.86),
    "personal_data_exact": Goal("personal data, exact span F1", 0.88, 0.78),
    "third_party_health": Goal("third-party health, F1", 0.80, 0.65),
    "ordinary": Goal("clean posts of ordinary threads not allowed", 0.01, 0.03, most=True),
    "robustness": Goal("AUPRC lost to the worst way of writing", 0.03, 0.08, most=True),
}
"""The project's own aims, for posts of which half are near misses."""


def rows(reports: list[dict], robustness: list[dict]) -> Iterator[dict]:
    """One row a goal: what each report reached, and how far the first of them is short of the least."""
    reached = [_reached(found) for found in reports]
    if robustness:
        reached[0]["robustness"] = _lost(robustness)
    for name, (on, goal, least, most) in GOALS.items():
        found = [figures.get(name) for figures in reached]
        short = 0.0 if found[0] is None else found[0] - least if most else least - found[0]
        figures = {"goal": goal, "least": least, **{r["on"]: f for r, f in zip(reports, found, strict=True)}}
        figures["short of the least by"] = short if short > 0 else None
        yield {"figure": on} | {name: _exactly(value) for name, value in figures.items()}


def _reached(report: dict) -> dict[str, float | None]:
    areas = {row["area"]: row for row in report["areas"]}
    labels = {row["label"]: row for row in report["labels"]}
    spans = {row["area"]: row for row in report["spans"] if row["type"] == "all"}
    ordinary = report["ordinary"]
    return {
        "medical": areas["medical"]["auprc"],
        "medical_macro": areas["medical"]["macro_f1"],
        "claim": spans[Area.CLAIM]["f1"],
        "self_harm": areas["self_harm"]["auprc"],
        "self_harm_macro": areas["self_harm"]["macro_f1"],
        "crisis": labels["crisis"]["recall"],
        "encouragement": labels["encouragement"]["recall"],
        "personal_data": spans[Area.PERSONAL_DATA]["f1"],
        "personal_data_exact": spans[Area.PERSONAL_DATA]["exact_f1"],
        "third_party_health": labels["third_party_health"]["f1"],
        "ordinary": ordinary["not_allowed"] / ordinary["clean"] if ordinary["clean"] else None,
    }


def _lost(robustness: list[dict]) -> float:
    """The most that any area loses in any row against the first, the text as it is."""
    as_it_is, *others = robustness
    areas = [name for name, value in as_it_is.items() if isinstance(value, float)]
    return max((as_it_is[area] - row[area] for row in others for area in areas), default=0.0)


def _exactly(value: float | None) -> str | None:
    """Three places: at two, a figure just short of its least would look as if it reached it."""
    return None if value is None else f"{value:.3f}"
