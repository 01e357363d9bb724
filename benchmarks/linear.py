"""Whether each reader's time grows with a post's length and no quicker: ``python -m benchmarks.linear``.

Everything that reads a stranger's text gets a long one made to be slow, and the eighth part of it, in turn; the ratio of the
least times is 8 where time is linear and 64 where it is quadratic. Exits with 1 where one is more than `MOST`. `.ci/run`
calls it: a ratio holds on a slow machine too, where a limit in seconds does not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from classifiers.canonical import canonicalise
from classifiers.hazards import hazards
from classifiers.medicines import facts
from classifiers.personal_data import find_patterns
from classifiers.reading import READERS, read
from classifiers.sentences import sentences

LONGEST = 100_000
"""Code points: a post's most by default (`HEED_MAX_TEXT_CHARS`)."""
TIMES = 8
"""How much longer the long text is."""
MOST = 24.0
"""Ratio of the two times: between linear (8) and quadratic (64), as far from both."""
ROUNDS = 6
"""Rounds before a ratio counts as too large. Most need one."""

READING = (
    "<a ",
    "<!--",
    "[quote=",
    "[[",
    "**a ",
    "](x",
    "&",
    "<script>",
    "<aside>",
    "word ",
    "é ",
    "[a](",
    "<a '\"<a' ",
)
PERSONAL = (
    "1", "1 ", "12-", "a.", "a@", "a at b dot ", "oh ", "A ", "Aa ", "Aa, ", "Dr Aa ", "1 Aa Aa ", "password ", "pin a", ":a", "1.1.", "a dot ",
    "born the ", "member id ", "AB12 ", "@a ", "07911 123456 ", "12 Mill Lane, Hebden, ", "ab ", "the ", "login is ", "Flat 1, ", "-", "é", "no no ",
    "my my ", "81.174.52.209 ",
)  # fmt: skip
PLAIN = ("é", "opioids", "a1aa" + "@" * 5_000, "💊\u200d", "👩\u200d❤️\u200d💋\u200d👨", "k.i.l.l.")
MEDICAL = ("my throat closing 1 2 3 double ", "500 mg ", "take 6 g paracetamol a day ", "mg", "stop sertraline ", "1,0")


@dataclass(frozen=True)
class Case:
    """What reads, and a piece that it reads many times over."""

    name: str
    reads: Callable[[str], object]
    piece: str


def cases() -> Iterator[Case]:
    for format in sorted(READERS):
        for piece in READING:
            yield Case(format, lambda text, format=format: read(text, format), piece)  # type: ignore[misc]
    for name, reads, pieces in (
        ("personal data", find_patterns, PERSONAL),
        ("canonical text", canonicalise, PLAIN),
        ("hazards", lambda text: hazards(text, ""), MEDICAL),
        ("medicines", facts, MEDICAL),
        ("sentences", sentences, (".", "a. ", "? ", "\n", "e.g. ")),
    ):
        for piece in pieces:
            yield Case(name, reads, piece)


def ratio(case: Case, longest: int = LONGEST, most: float = MOST, rounds: int = ROUNDS) -> float:
    """Processor time for `longest` code points over that for the eighth part: of the least times of up to `rounds` rounds, which
    end with the first that brings it to `most` or below. No text is read twice, so that nothing is remembered."""
    least = [float("inf")] * 2
    for turn in range(rounds):
        for index, length in enumerate((longest // TIMES, longest)):
            text = f"{turn} {index} " + case.piece * (length // len(case.piece) + 1)
            began = time.process_time()
            case.reads(text[:length])
            least[index] = min(least[index], time.process_time() - began)
        if least[1] <= most * least[0]:
            break
    return least[1] / least[0]


def main() -> int:
    found = [(ratio(case), case) for case in track([*cases()], description="Reading", transient=True)]
    found.sort(key=lambda each: -each[0])
    table = Table("reader", "piece", "ratio of times", title=f"{len(found)} texts made to be slow; the steepest ten")
    for times, case in found[:10]:
        table.add_row(case.name, escape(repr(case.piece[:20])), f"{times:.1f}")
    Console().print(table)
    steep = [f"{case.name} reads {case.piece[:20]!r}" for times, case in found if times > MOST]
    if steep:
        print(f"Quicker than linear with a post's length (more than {MOST:.0f}): {', '.join(steep)}.", file=sys.stderr)
    return bool(steep)


if __name__ == "__main__":
    sys.exit(main())
