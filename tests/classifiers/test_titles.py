"""Personal data in titles and in what a post answers: found, told apart from the body's, and no change to the body's."""

import pytest

from classifiers.engine import load_classifier
from classifiers.findings import Findings, MarkedSpan, Part, PostText
from classifiers.labels import Area
from classifiers.reading import read

BODY = "Has anyone halved their methotrexate? Mail me at jo.bloggs84@gmail.com any time."


@pytest.fixture(scope="module")
def classifier():
    return load_classifier()


def found(classifier, **more) -> Findings:
    return classifier.read([PostText(BODY, **more)])[0]


def inside(text: str, spans: tuple[MarkedSpan, ...], part: Part) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in spans if span.part is part]


@pytest.mark.parametrize(
    ("title", "spans"),
    [
        ("😀 ring me on 07700 900461", [("phone", "07700 900461")]),
        ("Ｍail jo.bloggs84@gmail.com", [("email", "jo.bloggs84@gmail.com")]),
        ("> 07700 900461", [("phone", "07700 900461")]),
        # A name has no form: only the model knows one.
        ("PIP letter, Derek Maddison", [("person", "Derek Maddison")]),
        ("Week 3 on 7.5 mg, no change", []),
        ("", []),
    ],
)
def test_personal_data_in_a_title_is_found_by_code_points_of_the_title(classifier, title, spans):
    assert inside(title, found(classifier, title=title).spans, Part.TITLE) == spans


def test_a_title_of_a_post_that_no_model_reads_is_looked_at_by_patterns(classifier):
    text = "Bitte schreibt mir privat, ich schlafe nachts leider sehr schlecht."
    (german,) = classifier.read([PostText(text, title="Mail jo.bloggs84@gmail.com")])
    assert not german.checked
    assert inside("Mail jo.bloggs84@gmail.com", german.spans, Part.TITLE) == [("email", "jo.bloggs84@gmail.com")]


def test_personal_data_in_the_parent_is_kept_apart_and_is_nobodys_own(classifier):
    parent = "> Ring me on 07700 900461, I’m up late."
    with_parent = found(classifier, parent=parent)
    assert inside(parent, with_parent.parent, Part.PARENT) == [("phone", "07700 900461")]
    assert {span.part for span in with_parent.spans} == {Part.BODY}


def test_a_title_without_personal_data_leaves_the_findings_byte_for_byte_as_they_were(classifier):
    """What the body's own pass says, in the shape that was stored before titles were looked at."""
    post = PostText(BODY, title="Halving", parent="should I?")
    stored = found(classifier, title="Halving", parent="should I?").to_json()
    (scores,) = classifier._reader.scores([classifier._reader.encode(post, read(BODY, "plain"))])
    assert [label["score"] for label in stored["labels"]] == [round(score, 4) for score in scores.labels]
    assert list(stored) == ["labels", "spans", "not_checked", "language", "hazards", "models"]
    assert stored["spans"]
    assert all(list(span) == ["area", "type", "start", "end", "score", "source"] for span in stored["spans"])


def test_where_a_span_stands_survives_storage(classifier):
    title, parent = "Ring me on 07700 900461", "mail jo.bloggs84@gmail.com"
    first = found(classifier, title=title, parent=parent)
    again = Findings.from_json(first.to_json())
    assert again.to_json() == first.to_json()
    assert inside(title, again.spans, Part.TITLE) == [("phone", "07700 900461")]
    assert inside(parent, again.parent, Part.PARENT) == [("email", "jo.bloggs84@gmail.com")]
    assert [s["in"] for s in first.to_json()["spans"] if s["area"] == Area.PERSONAL_DATA and "in" in s] == ["title"]
