"""The figures are what they say: worked by hand on four posts."""

from dataclasses import replace

import pytest

from classifiers.findings import Evidence, Findings, LabelScore, MarkedSpan
from classifiers.labels import POST_LABELS, Area
from service.policy import decide, load
from training import evaluate, goals, measure, peers, pictures
from training.corpus import LabelledPost, Span
from training.measure import Measured
from training.slices import SLICES


def found(**scores: float) -> Findings:
    labels = tuple(LabelScore(area, name, scores.get(name, 0.0), Evidence(0, 1)) for area, name in POST_LABELS)
    return Findings(labels=labels, language="en", models={})


@pytest.fixture
def measured() -> Measured:
    posts = [
        LabelledPost("d-1", "t1", "", "", "double it", ("dosing",)),
        LabelledPost("e-1", "t2", "", "parent", "word " * 20, ("dosing",)),
        LabelledPost("d-2", "t3", "", "", "word " * 60),
        LabelledPost("e-2", "t4", "", "", "word " * 200),
    ]
    findings = [found(dosing=0.99), found(dosing=0.01), found(dosing=0.98), found()]
    return Measured(posts, findings, [decide(f, load(), text=p.text) for f, p in zip(findings, posts, strict=True)])


def test_a_label_is_counted_at_the_shipped_threshold(measured):
    row = next(row for row in measure.label_rows(measured) if row["label"] == "dosing")
    assert (row["positives"], row["precision"], row["recall"], row["f1"]) == (2, 0.5, 0.5, 0.5)
    assert row["auprc"] == pytest.approx((1 + 2 / 3) / 2)


def test_an_area_has_its_interval_and_macro_f1(measured):
    row = next(row for row in measure.area_rows(measured) if row["area"] == "medical")
    assert row["macro_f1"] == 0.5
    low, high = row["interval"]
    assert low < row["auprc"] < high


def test_clean_posts_and_ordinary_ones(measured):
    assert measure.clean_rate(measured) == {"clean": 2, "not_allowed": 1}
    assert measure.report("x", measured)["ordinary"] == {"clean": 1, "not_allowed": 1}


def test_slices_part_the_posts_and_leave_out_what_is_few(measured):
    rows = {row["slice"]: row for row in measure.slice_rows(measured)}
    assert sum(rows[kind]["posts"] for kind in list(SLICES)[:4]) == 4
    assert rows["a reply"]["posts"] == 1 and rows["a reply"]["medical"] is None


@pytest.mark.parametrize(
    "text, kinds",
    [
        ("The GP put my mum on apixaban", {"heart, vessels", "Britain, Ireland"}),
        ("the lupus nurse rang me", {"rheumatic, autoimmune", "all lower case"}),
        ("My insurance dropped the insulin", {"diabetes", "North America, Australia"}),
        ("Great cardigan, gpx files and umms", set()),
    ],
)
def test_conditions_and_dialects_are_known_by_whole_words(text, kinds):
    post = LabelledPost("e-9", "t9", "", "", text)
    assert {kind for kind, belongs in SLICES.items() if belongs(post)} - {"up to 12 words", "no parent"} == kinds


def _claim(kind: str, start: int, end: int) -> MarkedSpan:
    return MarkedSpan(Area.CLAIM, kind, start, end, 0.99)


def test_spans_are_counted_with_their_types_and_without():
    text = "Metformin cures colds. Honey never spoils."
    post = LabelledPost("e-1", "t1", "", "", text, claims=(Span("efficacy", 0, 21), Span("risk", 23, 41)))
    findings = [replace(found(), spans=(_claim("cause", 0, 21), _claim("risk", 23, 41)))]
    verdicts = [decide(findings[0], load(), text=text)]
    rows = {
        row["type"]: row for row in measure.span_rows(Measured([post], findings, verdicts)) if row["area"] == "claim"
    }
    assert rows["all"]["f1"] == 0.5 and rows[measure.UNTYPED]["f1"] == 1.0
    assert rows["risk"]["f1"] == 1.0 and rows["efficacy"]["f1"] == 0.0


def test_the_surest_mistakes_come_first(measured):
    assert [(row["id"], row["said"]) for row in measure.errors(measured)] == [("e-1", False), ("d-2", True)]


def test_the_page_shows_every_table(measured):
    robustness = [{"perturbation": "as it is", "medical": 0.5}]
    others = {"labels": [{"peer": "keyword list", "medical": 0.21}], "spans": [{"peer": "Presidio", "f1": 0.33}]}
    page = evaluate.page([measure.report("Four posts", measured)], [], others, robustness, "heed-x@1")
    for shown in (
        "| keyword list | 0.21 |",
        "| Presidio | 0.33 |",
        "## Four posts",
        "2 clean posts, 1 got",
        "| dosing | 2 | 0.50",
        "as it is",
        "d-2",
    ):
        assert shown in page


def test_the_page_says_a_word_on_a_mistake(measured, tmp_path, monkeypatch):
    (tmp_path / "remarks.jsonl").write_text('{"id": "e-1", "label": "dosing", "why": "needs the parent"}\n')
    monkeypatch.setattr(evaluate, "REMARKS", tmp_path / "remarks.jsonl")
    page = evaluate.page([measure.report("Four posts", measured)], [], {}, [], "heed-x@1")
    assert "| e-1 | dosing | no | 0.01 | needs the parent |" in page


def test_a_mistake_without_a_word_is_named(measured, tmp_path, monkeypatch):
    (tmp_path / "remarks.jsonl").write_text('{"id": "e-1", "label": "dosing", "why": "needs the parent"}\n')
    monkeypatch.setattr(evaluate, "REMARKS", tmp_path / "remarks.jsonl")
    assert evaluate.unremarked([measure.report("Four posts", measured)]) == [("d-2", "dosing")]


def test_each_aim_says_how_far_its_least_is_missed(measured):
    report = measure.report("Four posts", measured)
    robustness = [{"perturbation": "as it is", "medical": 0.9, "self_harm": None}, {"perturbation": "x", "medical": 0.8, "self_harm": None}]  # fmt: skip
    rows = {row["figure"]: row for row in goals.rows([report, report], robustness)}
    assert rows["medical labels, macro F1"]["Four posts"] == "0.500"
    assert rows["medical labels, macro F1"]["short of the least by"] == "0.180"
    assert rows["any medical label, AUPRC"]["short of the least by"] is None
    assert rows["clean posts of ordinary threads not allowed"]["short of the least by"] == "0.970"
    assert rows["AUPRC lost to the worst way of writing"]["short of the least by"] == "0.020"


def test_a_reliability_diagram_bins_the_scores():
    assert pictures.reliability([False, True, True], [0.05, 0.05, 1.0]) == [(0.05, 0.5, 2), (1.0, 1.0, 1)]


def test_the_figures_are_drawn_and_drawn_again_alike(measured, tmp_path):
    measured.posts[0] = replace(measured.posts[0], self_harm=("crisis",), third_party_health=True)
    once, again = ([file.read_bytes() for file in pictures.draw(measured, tmp_path / name)] for name in "ab")
    assert once == again and all(b"<svg" in picture for picture in once)


def test_a_keyword_list_and_learners_have_a_row_each():
    bad, good = "stop taking your insulin today", "my nurse said hello and we laughed"
    posts = [LabelledPost(f"x-{i}", f"t{i}", "", "", f"{text} {i}", labels, third_party_health=bool(labels),
             self_harm=("crisis",) if labels else ()) for i in range(6) for text, labels in ((bad, ("stop_treatment",)), (good, ()))]  # fmt: skip
    rows = {row["peer"]: row for row in peers.label_rows(posts, posts)}
    assert len(rows) == 3 and all(row["medical"] == 1.0 for row in rows.values())
    assert rows["keyword list"]["self_harm"] == 0.5


def test_a_peer_is_also_measured_on_the_types_that_it_knows(monkeypatch):
    posts = [LabelledPost("x-1", "t1", "", "", "Ann Lee, born 1 May 1990", spans=(Span("person", 0, 7), Span("date_of_birth", 14, 24)))]  # fmt: skip
    monkeypatch.setattr(peers, "presidio", lambda: lambda text: iter([("person", 0, 7)]))
    monkeypatch.setattr(peers, "_scrubadub", lambda: lambda text: iter([]))
    own = [[("date_of_birth", 14, 24), ("person", 14, 24)]]
    rows = {row["peer"]: row for row in peers.span_rows(posts, own)}
    assert rows["Heed"]["f1"] == 0.5
    assert rows["Presidio"]["recall"] == 0.5
    assert (rows["Presidio"]["f1_on_its_types"], rows["Presidio"]["heed_f1_on_them"]) == (1.0, 0.0)
    assert (rows["scrubadub"]["f1_on_its_types"], rows["scrubadub"]["heed_f1_on_them"]) == (0.0, 1.0)
