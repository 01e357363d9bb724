"""Google's Perspective API, by its published description (commentanalyzer v1alpha1)."""

import io
import logging

import pytest
from jsonschema import Draft202012Validator
from reading_along import worker

from service.compatible.perspective import ATTRIBUTES
from service.openapi import describe
from service.settings import settings
from workers.web import options

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""How texts are stored and forgotten, test_readings.py shows on both."""

PATH = "/v1alpha1/comments:analyze"


@pytest.fixture(autouse=True)
def patient(settings_env, database_url, valkey):
    settings_env(HEED_WAIT_SECONDS_MAX=20)


@pytest.fixture
def analyze(client, forum, store):
    """`analyze(text, SELF_HARM_CRISIS={}, languages=["en"])`: attributes in capitals, the other members as they are."""

    def analyze(text: str, path: str = "", **members):
        attributes = {name: value for name, value in members.items() if name.isupper()}
        body = {"comment": {"text": text}, "requestedAttributes": attributes, "doNotStore": True}
        body |= {name: value for name, value in members.items() if not name.isupper()}
        with worker(store):
            return client.post(path or f"{PATH}?key={forum.api_key}", json=body)

    return analyze


def test_scores_of_the_attributes_asked_for(analyze):
    answer = analyze("a crisis", SELF_HARM_CRISIS={}, MEDICAL_DOSING={"scoreType": "PROBABILITY"}, clientToken="t-1")
    assert answer.status_code == 200, answer.text
    score = {"value": 0.99, "type": "PROBABILITY"}
    crisis = {"spanScores": [{"begin": 0, "end": 8, "score": score}], "summaryScore": score}
    assert answer.json["attributeScores"]["SELF_HARM_CRISIS"] == crisis
    assert answer.json["attributeScores"]["MEDICAL_DOSING"]["summaryScore"]["value"] == 0.001
    told = {name: value for name, value in answer.json.items() if name != "attributeScores"}
    assert told == {"languages": ["en"], "detectedLanguages": ["en"], "clientToken": "t-1"}


def test_spans_are_in_googles_units(analyze):
    answer = analyze("💊💊 dosing, ring Karen Holt", MEDICAL_DOSING={}, PERSONAL_DATA_PERSON={}, spanAnnotations=True)
    found = answer.json["attributeScores"]
    assert [(each["begin"], each["end"]) for each in found["MEDICAL_DOSING"]["spanScores"]] == [(5, 11)]
    assert [(each["begin"], each["end"]) for each in found["PERSONAL_DATA_PERSON"]["spanScores"]] == [(18, 28)]


def test_where_nothing_was_found_no_span_is_made_up(analyze):
    answer = analyze("a walk", PERSONAL_DATA_EMAIL={}, spanAnnotations=True)
    empty = {"spanScores": [], "summaryScore": {"value": 0.0, "type": "PROBABILITY"}}
    assert answer.json["attributeScores"] == {"PERSONAL_DATA_EMAIL": empty}


def test_below_its_threshold_an_attribute_is_left_out(analyze):
    answer = analyze("a crisis", SELF_HARM_CRISIS={"scoreThreshold": 0.9}, MEDICAL_DOSING={"scoreThreshold": 0.9})
    assert list(answer.json["attributeScores"]) == ["SELF_HARM_CRISIS"]


def test_what_we_do_not_judge_is_refused_and_named_never_scored(analyze):
    answer = analyze("words", TOXICITY={}, SELF_HARM_CRISIS={})
    error = answer.json["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert "TOXICITY does not exist here" in error["message"]
    assert all(name in error["message"] for name in ATTRIBUTES)
    assert "of that name" in analyze("words", **{"A WHOLE COMMENT": {}}).json["error"]["message"]
    dropped = analyze("words", TOXICITY={}, SELF_HARM_CRISIS={}, dropUnsupportedAttributes=True)
    assert list(dropped.json["attributeScores"]) == ["SELF_HARM_CRISIS"]


def test_another_language_is_refused_in_perspectives_words(analyze):
    for answer in (analyze("GERMAN", SELF_HARM_CRISIS={}), analyze("words", SELF_HARM_CRISIS={}, languages=["de"])):
        [detail] = answer.json["error"]["details"]
        assert answer.status_code == 400 and detail["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
        assert detail["languageNotSupportedByAttributeError"]["attribute"] == "SELF_HARM_CRISIS"
    dropped = analyze("GERMAN", SELF_HARM_CRISIS={}, dropUnsupportedAttributes=True).json
    assert dropped == {"attributeScores": {}, "languages": [], "detectedLanguages": []}


def test_an_empty_comment_is_refused_in_perspectives_words(analyze):
    for text in ("", "  ", "!?"):
        answer = analyze(text, SELF_HARM_CRISIS={})
        assert answer.status_code == 400 and answer.json["error"]["details"][0]["errorType"] == "COMMENT_EMPTY"
    assert analyze("07700 900461", PERSONAL_DATA_PHONE={}).json["attributeScores"]["PERSONAL_DATA_PHONE"]


def test_context_and_format_are_read_along(analyze, monkeypatch):
    from service import readings

    stored = []
    keep = readings._store
    monkeypatch.setattr(
        readings, "_store", lambda session, forum, each: stored.append(each) or keep(session, forum, each)
    )
    context = {"entries": [{"text": "Should I?"}], "articleAndParentComment": {"parentComment": {"text": "No."}}}
    comment = {"text": "<p>words</p>", "type": "HTML"}
    assert analyze("", SELF_HARM_CRISIS={}, comment=comment, context=context).status_code == 200
    assert [(each.body, each.format, each.parent) for each in stored] == [("<p>words</p>", "html", "Should I?\n\nNo.")]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"MEDICAL_DOSING": {"scoreType": "STDDEV_SCORE"}},
        {"MEDICAL_DOSING": {"scoreThreshold": 2}},
        {"MEDICAL_DOSING": {}, "comment": {}},
        {"MEDICAL_DOSING": {}, "comment": {"text": "a\0"}},
    ],
)
def test_what_is_wrong_is_refused_in_googles_shape(analyze, members):
    answer = analyze("words", **members)
    assert answer.status_code == 400 and answer.json["error"]["status"] == "INVALID_ARGUMENT"


def test_the_key_is_taken_in_the_address_or_the_header(analyze, client, forum):
    assert analyze("words", PATH, SELF_HARM_CRISIS={}).json["error"]["status"] == "UNAUTHENTICATED"
    assert analyze("words", f"{PATH}?key=heed_wrong", SELF_HARM_CRISIS={}).status_code == 401
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {forum.api_key}"
    assert analyze("words", PATH, SELF_HARM_CRISIS={}).status_code == 200


def test_a_key_in_the_address_opens_nothing_else(client, forum):
    for path in ("/v1/posts/1", "/supportedentities", "/v1/erasures/1"):
        assert client.get(f"{path}?key={forum.api_key}").status_code == 401


def test_the_key_is_in_no_log(client, forum, monkeypatch):
    """gunicorn writes no line for a request, and of one that breaks we say the rule."""
    assert not {"accesslog", "access_log_format"} & options(settings()).keys()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    monkeypatch.setattr("service.readings.read", lambda *_: 1 / 0)
    body = {"comment": {"text": "words"}, "requestedAttributes": {"SELF_HARM_CRISIS": {}}}
    answer = client.post(f"{PATH}?key={forum.api_key}", json=body)
    logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500 and answer.json["error"]["status"] == "INTERNAL"
    assert PATH in written.getvalue() and forum.api_key not in written.getvalue() + answer.text


def test_what_is_not_read_in_time_is_503_in_googles_shape(client, forum, settings_env):
    settings_env(HEED_WAIT_SECONDS_MAX=0)
    body = {"comment": {"text": "words"}, "requestedAttributes": {"SELF_HARM_CRISIS": {}}}
    answer = client.post(f"{PATH}?key={forum.api_key}", json=body)
    assert answer.status_code == 503 and answer.json["error"]["status"] == "UNAVAILABLE"
    assert answer.headers["Retry-After"]


def test_the_answer_is_as_described(analyze):
    answer = analyze("dosing, Karen Holt", **dict.fromkeys(ATTRIBUTES, {}), spanAnnotations=True)
    schema = {"$ref": "#/components/schemas/CommentScores", "components": describe()["components"]}
    Draft202012Validator(schema).validate(answer.json)
    assert set(answer.json["attributeScores"]) == set(ATTRIBUTES)
