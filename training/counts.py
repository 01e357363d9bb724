"""What the corpora hold, in numbers: ``python -m training.counts`` writes them into docs/data-card.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS
from training import corpus
from training.corpus import LabelledPost
from training.slices import SLICES
from training.split import split

CARD = Path(__file__).parents[1] / "docs" / "data-card.md"
BEGIN, END = "<!-- written by python -m training.counts -->\n", "<!-- until here -->\n"
KINDS: dict[str, Callable[[LabelledPost], object]] = {
    "posts": lambda post: True,
    "no label": lambda post: not post.labels,
    "no label and no personal data": lambda post: not post.labels and not post.spans,
    "half of a contrast pair": lambda post: post.pair,
    "a reply, with its parent": lambda post: post.parent,
    "ordinary threads": corpus.is_ordinary,
    "ordinary threads, no label": lambda post: corpus.is_ordinary(post) and not post.labels,
}
CONDITIONS = (
    "addison*|adhd|anaphyla*|anorexi*|anxiety|arthritis|asthma*|autis*|bipolar|bulimi*|cancer|cirrhosis|coeliac|colitis|copd|covid|crohn*|dementia|"
    "depress*|diabet*|dialysis|eczema|endometri*|epilep*|fibro*|glaucoma|gout|graves|haemophilia*|hashimoto*|heart failure|hepatitis|hiv|hypermob*|"
    "ivf|leuk*|lupus|lyme|lymphoma|melanoma|menopaus*|migraine*|mnd|myasthenia|ocd|parkinson*|pcos|pregnan*|psoria*|ptsd|schizo*|scleroderma|"
    "sickle|sjögren*|stoma|stroke*|tb|thalass*|thyroid*|tinnitus|transplant*|vasculitis"
).split("|")
"""Names of conditions; a star stands for how they may go on."""


def tables(posts: Iterable[LabelledPost]) -> str:
    """Posts of each kind, label, type of span and slice, in all and by part, as Markdown."""
    parts = split(posts)
    every = [post for part in parts.values() for post in part]
    groups = [every, *parts.values()]
    head = f"| posts | all | {' | '.join(parts)} |\n|---|---|{'---|' * len(parts)}\n"
    labels = {f"`{name}`": (lambda post, name=name: name in post.labels) for _, name in POST_LABELS}
    rows = [*_rows(KINDS, groups), *_rows(labels, groups)]
    spans = [
        *_span_rows("claim", CLAIMS, "claims", groups),
        *_span_rows("personal data", PERSONAL_DATA, "spans", groups),
    ]
    slices = [f"| {kind} | {sum(map(belongs, every))} |" for kind, belongs in SLICES.items()]
    return "\n\n".join((
        head + "\n".join(rows),
        head.replace("posts |", "posts with at least one | spans |", 1).replace("|---", "|---|---", 1) + "\n".join(spans),
        "| kind (`training/slices.py`: by form, and by words for condition and English) | posts |\n|---|---|\n" + "\n".join(slices),
        "Posts that name a condition in their text, title or parent: " + ", ".join(_conditions(every)) + ".",
    )) + "\n"  # fmt: skip


def _rows(kinds: dict[str, Callable], groups: Collection[list[LabelledPost]]) -> Iterator[str]:
    for kind, belongs in kinds.items():
        yield f"| {kind} | " + " | ".join(str(sum(bool(belongs(post)) for post in group)) for group in groups) + " |"


def _span_rows(area: str, types: Iterable[str], field: str, groups: Collection[list[LabelledPost]]) -> Iterator[str]:
    every, *_ = groups
    for kind in types:
        spans = sum(span.type == kind for post in every for span in getattr(post, field))
        marked = {f"{area}: `{kind}` | {spans}": lambda post, kind=kind: kind in {s.type for s in getattr(post, field)}}
        yield from _rows(marked, groups)


def _conditions(posts: Iterable[LabelledPost]) -> Iterator[str]:
    named = Counter()
    names = "|".join(f"({name})" for name in CONDITIONS).replace("*", r"\w*")
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    for post in posts:
        whole = "\n".join((post.text, post.title, post.parent))
        named.update({CONDITIONS[found.lastindex - 1] for found in pattern.finditer(whole)})
    for name, count in named.most_common():
        yield f"{name.replace('*', '…')} {count}"


def card(page: str, written: str) -> str:
    """The page with the tables between its marks put anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{written}\n{END}{rest.split(END)[1]}"


def main() -> None:
    CARD.write_text(card(CARD.read_text(encoding="utf-8"), tables(corpus.read())), encoding="utf-8")


if __name__ == "__main__":
    main()
