"""How far two readers of the same posts agree. ``python -m training.agreement --blind 0.15 > blind.jsonl`` prints posts
without their labels for a second reader, who fills in the same fields; ``python -m training.agreement second.jsonl``
prints Cohen's kappa per dimension and every difference.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.metrics import cohen_kappa_score

from classifiers.labels import MEDICAL, SELF_HARM
from training import corpus
from training.corpus import LabelledPost
from training.score import match_spans, prf

SHOWN = ("id", "thread", "title", "parent", "text")
ANSWERS = {"medical": [], "claims": [], "spans": [], "third_party_health": False, "self_harm": []}


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa (Cohen 1960) of one yes-or-no question over `posts` posts, and how often each reader said yes."""

    question: str
    posts: int
    first: int
    second: int
    kappa: float


def blind(share: float, paths: list[Path] | None = None) -> Iterator[dict]:
    """A `share` of the posts by a hash of the id, each with empty answers."""
    for path in paths or sorted(corpus.FOLDER.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            place = int.from_bytes(hashlib.sha256(f"second {record['id']}".encode()).digest()[:4]) / 2**32
            if place < share:
                yield {name: record[name] for name in SHOWN} | ANSWERS


def readings(answers: list[Path]) -> tuple[list[LabelledPost], list[LabelledPost]]:
    """The posts that the files `answers` speak of, as the corpus labels them and as the second reader did.

    A line holds a post's id and the second reader's fields. Raises KeyError where the corpus has no such post.
    """
    lines = [line for path in sorted(corpus.FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    records = {record["id"]: record for record in map(json.loads, lines)}
    given = [json.loads(line) for path in answers for line in path.read_text("utf-8").splitlines()]
    answered = [{name: answer[name] for name in ("id", *ANSWERS)} for answer in given]
    pairs = [(records[answer["id"]], records[answer["id"]] | answer) for answer in answered]
    return [corpus.parse(first) for first, _ in pairs], [corpus.parse(second) for _, second in pairs]


def agreements(first: Sequence[LabelledPost], second: Sequence[LabelledPost]) -> Iterator[Agreement]:
    """One an area and one a label that either reader used; the posts are the same, in the same order."""
    questions = {"any medical": set(MEDICAL), "any self_harm": set(SELF_HARM)}
    questions |= {name: {name} for name in (*MEDICAL, *SELF_HARM, "third_party_health")}
    for question, names in questions.items():
        one, two = ([bool(post.labels & names) for post in posts] for posts in (first, second))
        if any(one) or any(two):
            yield Agreement(question, len(one), sum(one), sum(two), _kappa(one, two))
    for question, field in (("has a claim", "claims"), ("has personal data", "spans")):
        one, two = ([bool(getattr(post, field)) for post in posts] for posts in (first, second))
        yield Agreement(question, len(one), sum(one), sum(two), _kappa(one, two))


def span_agreement(first: Sequence[LabelledPost], second: Sequence[LabelledPost], field: str) -> float:
    """F1 of the second reader's spans against the first's: same type, overlap of half."""
    totals = (0, 0, 0)
    for one, two in zip(first, second, strict=True):
        mine, other = ([(s.type, s.start, s.end) for s in getattr(post, field)] for post in (one, two))
        totals = tuple(a + b for a, b in zip(totals, match_spans(other, mine), strict=True))
    return prf(*totals)[2]


def differences(first: Sequence[LabelledPost], second: Sequence[LabelledPost]) -> Iterator[str]:
    for one, two in zip(first, second, strict=True):
        if one.labels != two.labels:
            yield f"{one.id}: first {sorted(one.labels)}, second {sorted(two.labels)}: {one.text[:300]!r}"


def _kappa(one: list[bool], two: list[bool]) -> float:
    return 1.0 if one == two else float(cohen_kappa_score(one, two))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("second", nargs="*", type=Path, help="files with the second reader's answers")
    parser.add_argument("--blind", type=float, help="print this share of the posts without labels instead")
    parser.add_argument("--only", nargs="*", type=Path, help="corpus files to take them from")
    arguments = parser.parse_args()
    if arguments.blind:
        for record in blind(arguments.blind, arguments.only):
            print(json.dumps(record, ensure_ascii=False))
        return
    first, second = readings(arguments.second)
    print("| question | posts | first yes | second yes | kappa |\n|---|---|---|---|---|")
    for row in agreements(first, second):
        print(f"| {row.question} | {row.posts} | {row.first} | {row.second} | {row.kappa:.2f} |")
    for field in ("claims", "spans"):
        print(f"\n{field}: F1 of one reader against the other {span_agreement(first, second, field):.2f}")
    print("\n".join(["", *differences(first, second)]))


if __name__ == "__main__":
    main()
