"""Two readers' answers side by side."""

import json
from pathlib import Path

import pytest

from training import agreement, corpus
from training.corpus import LabelledPost, Span


def post(number: int, *medical: str, spans: tuple[Span, ...] = ()) -> LabelledPost:
    return LabelledPost(f"x-{number}", "t", "", "", "Ring Ann Lee about the tablets", medical, spans=spans)


def test_kappa_as_cohen_defines_it():
    first = [post(1, "dosing"), post(2, "dosing"), post(3), post(4)]
    second = [post(1, "dosing"), post(2), post(3), post(4)]
    found = {row.question: row for row in agreement.agreements(first, second)}
    assert found["dosing"].kappa == pytest.approx(0.5)
    assert (found["dosing"].first, found["dosing"].second) == (2, 1)
    assert found["has a claim"].kappa == 1.0
    assert "crisis" not in found


def test_spans_agree_by_overlap_of_half():
    name = Span("person", 5, 12)
    assert agreement.span_agreement([post(1, spans=(name,))], [post(1, spans=(Span("person", 5, 11),))], "spans") == 1
    assert agreement.span_agreement([post(1, spans=(name,))], [post(1, spans=(Span("phone", 5, 12),))], "spans") == 0


def test_the_differences_are_named():
    assert [line[:4] for line in agreement.differences([post(1), post(2)], [post(1), post(2, "dosing")])] == ["x-2:"]


def test_a_blind_post_shows_no_label(tmp_path):
    path = tmp_path / "x.jsonl"
    line = json.loads((corpus.FOLDER / "e.jsonl").read_text(encoding="utf-8").splitlines()[0])
    path.write_text(json.dumps(line | {"medical": ["dosing"]}) + "\n")
    (shown,) = agreement.blind(1.0, [path])
    assert shown["medical"] == [] and shown["claims"] == [] and "pair" not in shown
    assert corpus.parse(shown).text == line["text"]


def test_the_second_reader_speaks_of_posts_of_the_corpus():
    first, second = agreement.readings([Path(agreement.__file__).parent / "second_reader" / "readings.jsonl"])
    assert [post.id for post in first] == [post.id for post in second] and len(first) >= 600
    any_medical = next(row for row in agreement.agreements(first, second) if row.question == "any medical")
    assert 0.9 < any_medical.kappa < 1.0
