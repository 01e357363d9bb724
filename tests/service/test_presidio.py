"""Presidio's analyzer, by its published description (docs/api-docs of microsoft/presidio) and the requests of its own tests."""

import pytest
from jsonschema import Draft202012Validator
from reading_along import worker

from classifiers.labels import PERSONAL_DATA
from classifiers.personal_data import government_id, payment
from service.compatible.presidio import BY_PATTERN, ENTITIES, SUPPORTED
from service.openapi import describe

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""How texts are stored and forgotten, test_readings.py shows on both."""

TEXT = "Ring Karen Holt on 07700 900461, card 4111 1111 1111 1111, NHS 943 476 5919."


@pytest.fixture(autouse=True)
def patient(settings_env, database_url, valkey):
    settings_env(HEED_WAIT_SECONDS_MAX=20)


@pytest.fixture
def analyze(client, forum, store):
    """`analyze(text=…)`: the answer to a request with these members, read by a worker."""

    def analyze(**members):
        with worker(store):
            key = {"Authorization": f"Bearer {forum.api_key}"}
            return client.post("/analyze", json={"text": TEXT, "language": "en"} | members, headers=key)

    return analyze


def found(answer, text: str = TEXT) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {each["entity_type"]: text[each["start"] : each["end"]] for each in answer.json}


def test_personal_data_by_presidios_names_in_the_order_of_the_text(analyze):
    answer = analyze()
    values = {
        "PERSON": "Karen Holt",
        "PHONE_NUMBER": "07700 900461",
        "CREDIT_CARD": "4111 1111 1111 1111",
        "UK_NHS": "943 476 5919",
    }
    assert found(answer) == values and list(found(answer)) == list(values)
    person = {
        "entity_type": "PERSON",
        "start": 5,
        "end": 15,
        "score": 0.99,
        "analysis_explanation": None,
        "recognition_metadata": {"recognizer_name": "Heed", "recognizer_identifier": "Heed_model"},
    }
    assert answer.json[0] == person
    assert not {"X-Heed-Not-Judged", "X-Heed-Not-Checked"} & set(answer.headers)


def test_a_list_of_texts_is_a_list_of_lists(analyze):
    answer = analyze(text=["Karen Holt", "a walk"]).json
    assert [[each["entity_type"] for each in entities] for entities in answer] == [["PERSON"], []]


def test_entities_choose_and_those_that_we_lack_are_named(analyze):
    answer = analyze(entities=["PERSON", "CRYPTO", "US_PASSPORT", "Karen Holt is no name", "NRP\n"])
    assert list(found(answer)) == ["PERSON"]
    assert answer.headers["X-Heed-Not-Judged"] == "CRYPTO, US_PASSPORT"


def test_the_threshold_is_the_policys_unless_one_is_given(analyze):
    text = "perhaps Karen Holt"
    assert found(analyze(text=text), text) == {}
    assert found(analyze(text=text, score_threshold=0.4), text) == {"PERSON": "Karen Holt"}
    assert found(analyze(text=text, score_threshold=0.6), text) == {}


def test_the_decision_is_explained_where_asked(analyze):
    explained = [each["analysis_explanation"] for each in analyze(return_decision_process=True).json]
    assert [each["pattern_name"] for each in explained] == [None, "phone", "card", "gb_nhs"]
    assert all(each["textual_explanation"] and each["score"] == each["original_score"] for each in explained)


def test_allowed_values_are_no_finding(analyze):
    assert "PERSON" not in found(analyze(allow_list=["Karen Holt"])) and "PERSON" in found(
        analyze(allow_list=["Karen"], allow_list_match="exact")
    )


def test_what_else_presidio_takes_changes_nothing(analyze):
    more = {"correlation_id": "123", "trace": "1", "context": ["phone"], "ad_hoc_recognizers": [], "entities": None}
    assert found(analyze(**more)) == found(analyze())
    assert found(analyze(correlation_id=123, score_threshold=None, allow_list=None)) == found(analyze())


def test_another_language_is_said_not_to_be_checked(analyze):
    answer = analyze(text=["GERMAN 07700 900461", "Karen Holt"])
    assert [[each["entity_type"] for each in entities] for entities in answer.json] == [["PHONE_NUMBER"], ["PERSON"]]
    assert answer.headers["X-Heed-Not-Checked"] == "language"
    assert "X-Heed-Not-Checked" not in analyze(text="07700 900461").headers


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"text": ""}, "text: is empty"),
        ({"text": None}, "text"),
        ({"text": []}, "text"),
        ({"language": "zz"}, "read English alone"),
        ({"language": None}, "language"),
        ({"ad_hoc_recognizers": [{"name": "Zip"}]}, "ad_hoc_recognizers"),
        ({"allow_list": ["a+"], "allow_list_match": "regex"}, "no patterns"),
        ({"score_threshold": 2}, "score_threshold"),
    ],
)
def test_what_is_wrong_or_not_offered_is_refused_in_its_shape(analyze, members, says):
    answer = analyze(**members)
    assert answer.status_code == 400 and list(answer.json) == ["error"] and says in answer.json["error"]


def test_who_has_no_key_is_refused_in_its_shape(client):
    for answer in (client.post("/analyze", json={"text": TEXT, "language": "en"}), client.get("/supportedentities")):
        assert answer.status_code == 401 and list(answer.json) == ["error"]


def test_what_is_not_read_in_time_is_503_in_its_shape(client, forum, settings_env):
    settings_env(HEED_WAIT_SECONDS_MAX=0)
    key = {"Authorization": f"Bearer {forum.api_key}"}
    answer = client.post("/analyze", json={"text": TEXT, "language": "en"}, headers=key)
    assert answer.status_code == 503 and list(answer.json) == ["error"] and answer.headers["Retry-After"]


def test_the_entities_are_listed(client, forum):
    key = {"Authorization": f"Bearer {forum.api_key}"}
    assert client.get("/supportedentities?language=en", headers=key).json == SUPPORTED
    assert client.get("/supportedentities", headers=key).json == SUPPORTED
    assert client.get("/supportedentities?language=he", headers=key).status_code == 400


def test_every_type_has_a_name_and_every_pattern_is_one_of_ours():
    assert set(ENTITIES) == set(PERSONAL_DATA)
    sources = {each.name for each in government_id.TABLE} | {"card", "card_context", "iban", "iban_context"}
    assert set(BY_PATTERN) <= sources
    assert {each.source for each in payment.find("Card 4111 1111 1111 1111")} == {"card"}


def test_the_answer_is_as_described(analyze):
    schema = {"$ref": "#/components/schemas/Entities", "components": describe()["components"]}
    for answer in (analyze(return_decision_process=True), analyze(text=[TEXT, TEXT])):
        Draft202012Validator(schema).validate(answer.json)
