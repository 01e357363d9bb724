"""The corpus files: their shape, the policy's own rules about them, and their counts.

Run as ``python -m training.corpus training/corpora/*.jsonl``: prints every fault with its line and exits 1 if there is one.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from classifiers import labels

FOLDER = Path(__file__).parent / "corpora"
ORDINARY = frozenset({"d", "h", "s", "z", "bj", "bk"})
"""Files of whole threads at natural prevalence: nine of ten posts are what the forum is for."""


@dataclass(frozen=True)
class Span:
    """One marked stretch: `start` and `end` are code points of the post's text."""

    type: str
    start: int
    end: int


@dataclass(frozen=True)
class LabelledPost:
    """One post of the corpus with everything the policy says of it."""

    id: str
    thread: str
    title: str
    parent: str
    text: str
    medical: tuple[str, ...] = ()
    self_harm: tuple[str, ...] = ()
    third_party_health: bool = False
    claims: tuple[Span, ...] = ()
    spans: tuple[Span, ...] = ()
    pair: str = ""

    @property
    def labels(self) -> frozenset[str]:
        third_party = {labels.THIRD_PARTY_HEALTH} if self.third_party_health else set()
        return frozenset({*self.medical, *self.self_harm, *third_party})


def file_of(post: LabelledPost) -> str:
    """The name of the file that a post stands in."""
    return post.id.split("-")[0]


def is_ordinary(post: LabelledPost) -> bool:
    return file_of(post) in ORDINARY


@dataclass
class Faults:
    """What is wrong with a file, each with its place."""

    found: list[str] = field(default_factory=list)

    def add(self, place: str, what: str) -> None:
        self.found.append(f"{place}: {what}")


def locate(text: str, part: str, nth: int = 0) -> tuple[int, int]:
    """Code point range of the `nth` occurrence of `part`; ValueError where there is none."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(part, start + 1)
    return start, start + len(part)


def parse(record: dict) -> LabelledPost:
    """Read one line; ValueError or KeyError says what is missing."""
    text = record["text"]

    def spans(name: str, known: tuple[str, ...]) -> tuple[Span, ...]:
        found = []
        for span in record[name]:
            if span["type"] not in known:
                raise ValueError(f"unknown type {span['type']!r} in {name}")
            try:
                found.append(Span(span["type"], *locate(text, span["text"], span.get("nth", 0))))
            except ValueError:
                raise ValueError(f"{name}: {span['text']!r} (nth {span.get('nth', 0)}) is not in the text") from None
        return tuple(found)

    for area, known in (("medical", labels.MEDICAL), ("self_harm", labels.SELF_HARM)):
        if unknown := set(record[area]) - set(known):
            raise ValueError(f"unknown {area} labels {sorted(unknown)}")
    if not text.strip():
        raise ValueError("empty text")
    if "misinformation" in record["medical"] and len(record["medical"]) > 1:
        raise ValueError("misinformation never stands beside another medical label: the act wins")
    if {"crisis", "ideation"} <= set(record["self_harm"]):
        raise ValueError("ideation with a plan or intent is crisis alone")
    return LabelledPost(
        id=record["id"],
        thread=record.get("thread", record["id"]),
        title=record["title"],
        parent=record["parent"],
        text=text,
        medical=tuple(record["medical"]),
        self_harm=tuple(record["self_harm"]),
        third_party_health=bool(record["third_party_health"]),
        claims=spans("claims", labels.CLAIMS),
        spans=spans("spans", labels.PERSONAL_DATA),
        pair=record.get("pair", ""),
    )


def read(paths: list[Path] | None = None) -> Iterator[LabelledPost]:
    """Every post of the given files, or of the whole corpus in the order of the file names."""
    for path in paths or sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield parse(json.loads(line))


def check(paths: list[Path]) -> tuple[Counter, list[str]]:
    """Counts of what the files hold, and their faults."""
    counts: Counter = Counter()
    faults = Faults()
    posts: dict[str, LabelledPost] = {}
    texts: dict[tuple[str, str], str] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{path.name}:{number}"
            try:
                post = parse(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                faults.add(place, f"{type(error).__name__}: {error}")
                continue
            if post.id in posts:
                faults.add(place, f"id {post.id} is used twice")
            if (post.parent, post.text) in texts:
                faults.add(place, f"same text as {texts[post.parent, post.text]}")
            posts[post.id] = post
            texts[post.parent, post.text] = post.id
            counts.update(
                ["posts", *sorted(post.labels), *(f"claim:{s.type}" for s in post.claims)]
                + [f"span:{s.type}" for s in post.spans]
                + [name for name in ("title", "parent", "pair") if getattr(post, name)]
            )
            if not post.labels:
                counts["clean (no label)"] += 1
    for post in posts.values():
        if post.pair and (post.pair not in posts or posts[post.pair].thread != post.thread):
            faults.add(post.id, f"its pair {post.pair} is missing or in another thread")
    return counts, faults.found


def main() -> int:
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.jsonl"))
    counts, faults = check(paths)
    for name, count in sorted(counts.items()):
        print(f"{count:6d}  {name}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
