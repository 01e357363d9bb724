"""The formulary: `formulary.jsonl`, one medicine a line, each fact with the public source it was read in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "formulary.jsonl"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read. `date` is the document's, as exact as it says; empty where it says none."""

    title: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class Maximum:
    """The highest published dose of an adult: `unit` is mg, mcg, g or units, `per` is day or week."""

    amount: float
    unit: str
    per: str
    route: str
    who: str


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine, by its international name."""

    name: str
    spellings: frozenset[str]
    """What it is called, in lower case: its generic names and brands, rightly and wrongly spelled."""
    combined: frozenset[str]
    """Those of the spellings that hold another medicine too: whose dose is told with them, nobody knows."""
    hazard: str
    """What telling others about it risks, a category of `classifiers.hazards`; empty where it is none of these."""
    maximum: Maximum | None
    taper_why: str
    """What a sudden stop may bring; empty where the medicine is not known for it."""
    sources: dict[str, Source]
    """By fact: `max_daily`, `narrow`, `taper`. The first of several."""


def records() -> Iterator[dict[str, Any]]:
    """The lines of the file as they stand."""
    with FILE.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@cache
def medicines() -> tuple[Medicine, ...]:
    return tuple(map(_medicine, records()))


def _medicine(record: dict[str, Any]) -> Medicine:
    names = (record["name"], *record["also"], *record["brands"], *record["combined"], *record["misspellings"])
    sources: dict[str, Source] = {}
    for source in record["sources"]:
        sources.setdefault(source["fact"], Source(source["title"], source["url"], source["date"]))
    return Medicine(
        name=record["name"],
        spellings=frozenset(name.lower() for name in names),
        combined=frozenset(name.lower() for name in record["combined"]),
        hazard=record["hazard"],
        maximum=Maximum(**record["max_daily"]) if record["max_daily"] else None,
        taper_why=record["taper_why"] if record["taper"] else "",
        sources=sources,
    )
