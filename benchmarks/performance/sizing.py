"""What a forum needs, reckoned from what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BUSY = 0.5
"""Share of a machine's time that is planned for: at half load nobody waits long, as the latencies show."""
PEAK = 4
"""How many times the day's mean the busiest hour of a forum is."""
LARGE = 1_000
"""Posts a second of the largest there could be."""
DAY, HOUR = 86_400, 3_600


def sizing(figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Question and answer; nothing where what they rest on was not measured."""
    cores = figures["machine"]["cores"]
    if ends := figures.get("end_to_end"):
        rate = ends["posts a second, saturated"]["heed"]["median"]
        daily = rate * BUSY / PEAK * DAY
        yield (
            f"Posts a day that this machine bears, at {BUSY:.0%} of its capacity in the busiest hour, {PEAK} times the mean",
            _round(daily),
        )
        yield "Hours of one core for a million posts", _round(cores * 1e6 / rate / HOUR)
        yield f"Machines like this one to read {LARGE:,} posts a second at {BUSY:.0%}", _round(LARGE / rate / BUSY)
    if grown := figures.get("growth", {}).get("workers", {}).get("PostgreSQL"):
        most = max(row["posts a second"] for row in grown.values())
        yield "Posts a second that PostgreSQL and Heed's own code did here without a model", _round(most)
        yield (
            f"Cores that the same code and one PostgreSQL need for {LARGE:,} posts a second, were it to grow with them",
            _round(LARGE / most * cores),
        )
    if intake := figures.get("intake", {}).get("PostgreSQL"):
        taken = intake["requests a second"]["heed"]["median"]
        yield f"Cores to take in {LARGE:,} posts a second, the sender's own included", _round(LARGE / taken * cores)


def _round(number: float) -> str:
    """Two digits count."""
    digits = len(str(int(number)))
    return f"{round(number, 2 - digits):,.0f}" if number >= 10 else f"{number:.1f}"
