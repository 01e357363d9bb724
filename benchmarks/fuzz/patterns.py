"""Every regular expression of the code, and text that is made to be slow for it.

A pattern's own syntax tree says what it likes to read: each of its parts is pumped up behind whatever has to stand before
it, and the text ends in something that no part wants.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from importlib.util import find_spec
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from benchmarks.fuzz import hostile as hostile_text

ROOT = Path(__file__).parents[2]
ROOMS = ("classifiers", "service", "workers")
EXTRAS = {"classifiers.backends.compiled": "openvino"}
"""Modules that need a package which may be missing; what is written into their functions is read all the same."""
LONGEST = hostile_text.POST
SECONDS = 1.0
"""What reading the longest text may take one pattern: generous, where few take a hundredth."""
READ_IN_PIECES = {
    "classifiers.language.ADDRESS": "the first 2,000 characters of a post",
    "classifiers.personal_data.credential.SECRET_SHAPE": "a value of 64 characters",
    "classifiers.personal_data.credential.ORDINARY": "the beginning of a value of 64 characters",
    "classifiers.personal_data.date_of_birth.GAP": "40 characters before a date",
    "classifiers.personal_data.medical_id.UNIT": "the beginning of a value of 72 characters",
    "classifiers.personal_data.phone.UNLIKE": "the beginning of a number of 45 characters",
    "classifiers.reading.markdown.BLOCK": "the beginning of a line",
    "classifiers.reading.markdown.RULE": "the beginning of a line",
    "classifiers.personal_data.address.PARTS": "the town and postcode after a street",
    "classifiers.personal_data.address.SENTENCE": "the beginning of a town",
}
"""Patterns that would be slow if they searched a whole post, and what little they read."""
STEPS = (1_500, 6_000, 24_000, LONGEST)
PLAIN = ("a", "A", "1", " ", "\n", ".", "-", "_", "@", "/", ":", "<", "[", "(", ">", "&", "'", '"', "é", "a ", "A ", "1 ", "Aa ", "a.", "1.", "1-", "\t", "=")  # fmt: skip


@dataclass(frozen=True)
class Slow:
    """A text that took a pattern more than its time, and how long text of what length took."""

    place: str
    start: str
    pump: str
    times: dict[int, float]


def compiled() -> dict[str, re.Pattern[str]]:
    """Every pattern of the three rooms by where it stands: those that modules hold, and those written into their functions."""
    found: dict[str, re.Pattern[str]] = {}
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in [package.__name__, *(each.name for each in pkgutil.walk_packages(package.__path__, f"{room}."))]:
            if "migrations" in module or (module in EXTRAS and not find_spec(EXTRAS[module])):
                continue
            for name, pattern in _held(importlib.import_module(module)):
                found.setdefault(f"{module}.{name}", pattern)
        for path in (ROOT / room).rglob("*.py"):
            for line, pattern in _written(path):
                found[f"{path.relative_to(ROOT)}:{line}"] = pattern
    unique: dict[re.Pattern[str], str] = {}
    for place, pattern in found.items():
        unique.setdefault(pattern, place)
    return {place: pattern for pattern, place in unique.items()}


def _held(module: Any) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(module).items():
        if not name.startswith("__"):
            yield from ((f"{name}{way}", pattern) for way, pattern in _inside(value))


def _inside(value: Any, way: str = "", depth: int = 0) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Patterns in a value, in its members, and in theirs."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield way, value
    elif depth > 3:
        return
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _inside(each, f"{way}[{key!r}]", depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, each in enumerate(value):
            yield from _inside(each, f"{way}[{index}]", depth + 1)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _inside(getattr(value, each.name, None), f"{way}.{each.name}", depth + 1)


def _written(path: Path) -> Iterator[tuple[int, re.Pattern[str]]]:
    """Patterns given to `re`'s functions as they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if (
            calls
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr != "compile"
        ):
            wanted = node.args[0]
            if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
                flags = re.IGNORECASE if "IGNORECASE" in ast.dump(node) or "'I'" in ast.dump(node) else 0
                yield node.lineno, re.compile(wanted.value, flags)


def hostile(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(start, pump): texts that begin with `start` and go on with `pump` repeated."""
    seen = set()
    tree = parser.parse(pattern.pattern, pattern.flags)
    own = itertools.chain(_pumps(list(tree), ""), (("", pump) for pump in PLAIN))
    for start, pump in own:
        if pump and (start, pump) not in seen:
            seen.add((start, pump))
            yield start, pump


def _pumps(items: list[Any], lead: str) -> Iterator[tuple[str, str]]:
    """Each part of a sequence pumped up alone, and with all that stands before it."""
    before = lead
    for index, (kind, value) in enumerate(items):
        piece = _sample([(kind, value)])
        if index and before.strip("\x00"):
            yield "", before
            yield "", before + piece
        if kind in REPEATS:
            body = _sample(list(value[2]))
            yield before, body
            yield "", body
            for other in _samples(list(value[2])):
                yield before, other
        for inner in _branches(kind, value):
            yield from _pumps(inner, before)
        before = (before + piece)[-200:]
    yield "", before
    yield "", before[:-1]


REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}


def _branches(kind: Any, value: Any) -> Iterator[list[Any]]:
    if kind is codes.BRANCH:
        yield from (list(branch) for branch in value[1])
    elif kind is codes.SUBPATTERN:
        yield list(value[3])
    elif kind is codes.ATOMIC_GROUP:
        yield list(value)
    elif kind in REPEATS:
        yield list(value[2])


def _samples(items: list[Any]) -> Iterator[str]:
    """A few different texts that the items match."""
    if len(items) == 1:
        kind, value = items[0]
        if kind is codes.BRANCH:
            yield from (_sample(list(branch)) for branch in value[1][:6])
        elif kind is codes.SUBPATTERN:
            yield from _samples(list(value[3]))
        elif kind is codes.IN:
            yield from itertools.islice((char for char in CHARACTERS if _fits(value, char)), 4)
        elif kind in (codes.NOT_LITERAL, codes.ANY):
            yield from ("a", " ", "1")


CHARACTERS = "aA1 _.-@\n\t<>[](){}/:'\"&;,!?#*+=|\\~`^%$é’–…İß٣\u200b"


def _fits(members: list[Any], char: str) -> bool:
    negated, fits = False, False
    for kind, value in members:
        if kind is codes.NEGATE:
            negated = True
        elif kind is codes.LITERAL:
            fits |= ord(char) == value
        elif kind is codes.RANGE:
            fits |= value[0] <= ord(char) <= value[1]
        elif kind is codes.CATEGORY:
            fits |= CATEGORIES[value].match(char) is not None
    return fits != negated


CATEGORIES = {
    codes.CATEGORY_DIGIT: re.compile(r"\d"),
    codes.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    codes.CATEGORY_SPACE: re.compile(r"\s"),
    codes.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    codes.CATEGORY_WORD: re.compile(r"\w"),
    codes.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _sample(items: list[Any]) -> str:
    """The shortest text that the items match, or nearly."""
    out = ""
    for kind, value in items:
        if kind is codes.LITERAL:
            out += chr(value)
        elif kind in (codes.NOT_LITERAL, codes.ANY):
            out += "a"
        elif kind is codes.IN:
            out += next((char for char in CHARACTERS if _fits(value, char)), "") or _first(value)
        elif kind is codes.BRANCH:
            out += _sample(list(value[1][0]))
        elif kind is codes.SUBPATTERN:
            out += _sample(list(value[3]))
        elif kind is codes.ATOMIC_GROUP:
            out += _sample(list(value))
        elif kind in REPEATS:
            out += _sample(list(value[2])) * max(1, min(value[0], 12))
    return out


def _first(members: list[Any]) -> str:
    return next((chr(value if kind is codes.LITERAL else value[0]) for kind, value in members if kind in (codes.LITERAL, codes.RANGE)), "")  # fmt: skip


def slowest(pattern: re.Pattern[str], start: str, pump: str, longest: int = LONGEST) -> dict[int, float]:
    """Seconds of processor time by length of text; it ends with the first that took more than SECONDS."""
    times: dict[int, float] = {}
    for length in (step for step in STEPS if step <= longest):
        text = start + pump * ((length - len(start)) // len(pump) + 1)
        times[length] = max(_seconds(pattern, text[:length] + end) for end in ("", "\x00"))
        if times[length] > SECONDS * length / LONGEST * 4 and times[length] > 0.1:
            break
    return times


def is_slow(times: dict[int, float]) -> bool:
    """Whether the longest text would have taken more than SECONDS, were time to grow no worse than at the last step."""
    length, seconds = list(times.items())[-1]
    return seconds * LONGEST / length > SECONDS and seconds > 0.05


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.process_time()
    with _ended_after(3 * SECONDS):
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - began


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """`re` looks for signals while it works: what would take hours is ended."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Scan:
    """How many patterns and texts there were, and which texts were slow."""

    patterns: int = 0
    texts: int = 0
    slow: list[Slow] = field(default_factory=list)


def scan(seconds: float = float("inf"), longest: int = LONGEST) -> Scan:
    """Try the texts of all patterns in turns, until all are tried or the time is up."""
    patterns, done, end = compiled(), Scan(), time.monotonic() + seconds
    done.patterns = len(patterns)
    waiting = {place: hostile(pattern) for place, pattern in patterns.items() if place not in READ_IN_PIECES}
    while waiting and time.monotonic() < end:
        for place, texts in list(waiting.items()):
            start, pump = next(texts, (None, ""))
            if start is None:
                del waiting[place]
                continue
            done.texts += 1
            times = slowest(patterns[place], start, pump, longest)
            if is_slow(times):
                done.slow.append(Slow(place, start, pump, times))
                del waiting[place]
    return done
