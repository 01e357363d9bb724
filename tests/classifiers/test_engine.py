"""The shipped model reads posts: offsets hold, nothing is cut off, company changes nothing."""

import math
import re

import pytest

from classifiers import weights
from classifiers.cascade import CALM_BELOW, CLEAN_BELOW
from classifiers.engine import Classifier, Models, load_classifier
from classifiers.findings import Findings, NotChecked, PostText
from classifiers.labels import POST_LABELS, Area

INJECTED = "Ring me on 07700 900123 or write to jo.bloggs84@gmail.com any time."


@pytest.fixture(scope="module")
def classifier():
    return load_classifier()


def read(classifier, text: str, **more) -> Findings:
    (found,) = classifier.read([PostText(text, **more)])
    return found


def personal(text: str, found: Findings) -> set[tuple[str, str]]:
    return {(s.type, text[s.start : s.end]) for s in found.spans if s.area is Area.PERSONAL_DATA and s.score >= 0.5}


def test_every_label_is_scored_with_evidence_inside_the_text(classifier):
    text = "Morning all.\n\nJust bin the methotrexate, your body will thank you. Off to feed the dog."
    found = read(classifier, text)
    assert [(label.area, label.label) for label in found.labels] == list(POST_LABELS)
    for label in found.labels:
        assert 0 <= label.score <= 1
        assert 0 <= label.evidence.start < label.evidence.end <= len(text)
    assert found.checked and found.language == "en" and found.models["shared"]


def test_spans_are_code_points_of_the_submitted_body(classifier):
    text = f"😀😀 <b>Zoë</b> &amp; me. <blockquote>ring 07700 900456</blockquote><p>{INJECTED}</p>"
    assert {("phone", "07700 900123"), ("email", "jo.bloggs84@gmail.com")} <= personal(
        text, read(classifier, text, format="html")
    )
    assert not any("900456" in value for _, value in personal(text, read(classifier, text, format="html")))


@pytest.mark.parametrize("words", [30, 400, 2000])
def test_the_end_of_a_long_post_is_read(classifier, words):
    text = "We walked the dog by the canal and it rained. " * (words // 10) + INJECTED
    assert ("email", "jo.bloggs84@gmail.com") in personal(text, read(classifier, text))


def test_neighbours_in_a_batch_change_nothing(classifier):
    posts = [
        PostText("Double it, I did", parent="should I up my prednisone?"),
        PostText("same here x"),
        PostText(INJECTED * 20),
    ]
    together, alone = classifier.read(posts), [read(classifier, p.text, parent=p.parent) for p in posts]
    for one, two in zip(together, alone, strict=True):
        assert [a.score for a in one.labels] == pytest.approx([b.score for b in two.labels], abs=1e-3)
        assert [(s.type, s.start, s.end) for s in one.spans] == [(s.type, s.start, s.end) for s in two.spans]


def test_the_parent_is_read(classifier):
    with_, without = (read(classifier, "yes, do that", parent=p) for p in ("Should I stop the warfarin?", ""))
    assert [a.score for a in with_.labels] != [b.score for b in without.labels]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", NotChecked.EMPTY),
        ("  \n ", NotChecked.EMPTY),
        ("😀 ❤️ !!!", NotChecked.EMPTY),
        ("> only what somebody else said", NotChecked.EMPTY),
        ("Ich nehme seit drei Wochen Kortison und kann nachts nicht mehr schlafen.", NotChecked.LANGUAGE),
        ("我已经吃了三个星期的药，晚上睡不着觉，有人也这样吗？", NotChecked.LANGUAGE),
    ],
)
def test_what_can_not_be_read_says_so(classifier, text, reason):
    found = read(classifier, text)
    assert found.not_checked == reason and found.labels == ()


def test_personal_data_is_found_in_any_language(classifier):
    text = "Bitte schreibt mir privat, ich schlafe nachts sehr schlecht: jo.bloggs84@gmail.com"
    found = read(classifier, text)
    assert found.not_checked is NotChecked.LANGUAGE and ("email", "jo.bloggs84@gmail.com") in personal(text, found)


def test_findings_survive_storage(classifier):
    found = read(classifier, INJECTED)
    again = Findings.from_json(found.to_json())
    assert [label.label for label in again.labels] == [label.label for label in found.labels]
    assert again.to_json() == found.to_json()


def test_a_model_that_reads_alone_has_its_scores_moved_to_the_thresholds_of_both():
    post = [PostText("Some nights I would rather not wake up.")]
    plain, moved = weights.load(), weights.load()
    plain.manifest, moved.manifest = (m.manifest | {"alone": a} for m, a in ((plain, {}), (moved, {"crisis": 1.5})))
    (before,), (after,) = (Classifier(Models(model)).read(post) for model in (plain, moved))
    logits = [{s.label: math.log(s.score / (1 - s.score)) for s in found.labels} for found in (before, after)]
    expected = {label: logit + 1.5 * (label == "crisis") for label, logit in logits[0].items()}
    assert logits[1] == pytest.approx(expected, abs=1e-4)
    unclear = Classifier(Models(moved, weights.load()))
    assert unclear.read(post)[0].labels == Classifier(Models(plain, weights.load())).read(post)[0].labels, (
        "not where both read"
    )


def test_the_larger_model_reads_again_only_what_is_unclear():
    clear, unclear = "thanks everyone x", "Bin the methotrexate, or ask first? I did and never looked back."
    small, large = weights.load(), weights.load()
    small.manifest = small.manifest | {"alone": {}}
    first = {text: read(Classifier(Models(small)), text) for text in (clear, unclear)}
    assert max(label.score for label in first[clear].labels) < CALM_BELOW
    assert max(label.score for label in first[unclear].labels) >= CLEAN_BELOW
    large.manifest = large.manifest | {"name": "heed-larger", "calibration": {"crisis": (0.0, 2.0)}}
    cascade = Classifier(Models(small, large))
    found = dict(zip(first, cascade.read([PostText(text) for text in first]), strict=True))
    assert cascade.reread == 1
    assert re.fullmatch(r"heed-larger@\w+ with heed-minilm@\w+", found[unclear].models["shared"])
    before, after = (next(a.score for a in f[unclear].labels if a.label == "crisis") for f in (first, found))
    said_by_larger = 1 / (1 + math.exp(-2.0))
    assert before < after < said_by_larger, "both have a say"
    assert found[clear].models == first[clear].models
    again = [a.score for a in found[clear].labels]
    assert again == pytest.approx([a.score for a in first[clear].labels], abs=1e-5)
