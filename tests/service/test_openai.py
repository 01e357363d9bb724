"""OpenAI's own client, pointed at us."""

import httpx2
import openai
import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI
from reading_along import worker
from sqlalchemy import update
from submitting import count

from classifiers.labels import SELF_HARM
from service.compatible.openai import JUDGED, NOT_JUDGED
from service.openapi import describe
from service.readings import EVERYTHING
from service.store.models import Forum, Post

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""How texts are stored and forgotten, test_readings.py shows on both."""


@pytest.fixture(autouse=True)
def patient(settings_env, database_url, valkey):
    settings_env(HEED_WAIT_SECONDS_MAX=20)


@pytest.fixture
def connect(app, forum):
    """`connect(api_key=…)`: the client, on the application itself."""

    def connect(**more) -> OpenAI:
        http = httpx2.Client(transport=httpx2.WSGITransport(app=app))
        given = {"api_key": forum.api_key, "base_url": "http://heed.test/v1", "max_retries": 0} | more
        return OpenAI(http_client=http, **given)

    return connect


@pytest.fixture
def moderate(connect, store):
    """`moderate(input)`: what the client makes of the answer, read by a worker."""

    def moderate(given):
        with worker(store):
            return connect().moderations.create(input=given, model="omni-moderation-latest")

    return moderate


def test_a_string_gets_one_result(moderate):
    answer = moderate("dosing")
    assert answer.id.startswith("modr-") and answer.model.startswith("heed-")
    [result] = answer.results
    assert result.flagged and result.category_scores.model_extra["medical/dosing"] == 0.99
    assert result.categories.model_extra["medical/dosing"] is True
    assert result.categories.model_extra["medical/misinformation"] is False
    heed = result.model_extra["heed"]
    assert (heed["action"], heed["severity"], heed["checked"]) == ("flag", "medium", True)
    assert [reason["label"] for reason in heed["reasons"]] == ["dosing"]
    assert [(span["type"], span["start"], span["end"]) for span in heed["spans"]] == [("dosing", 0, 6)]


def test_a_list_gets_a_result_for_each_in_its_order(moderate):
    answer = moderate(["a walk", "crisis", "Ring Karen Holt"])
    assert [result.flagged for result in answer.results] == [False, True, True]
    assert answer.results[2].categories.model_extra["personal_data/person"] is True


def test_what_is_answered_of_every_category(moderate):
    [result] = moderate("crisis").results
    categories = result.categories.model_dump(by_alias=True)
    assert set(categories) == {*JUDGED, *NOT_JUDGED, *(f"{area}/{name}" for area, name in EVERYTHING)}
    assert not any(categories[name] for name in NOT_JUDGED)
    scores, applied = result.category_scores.to_dict(), result.category_applied_input_types.to_dict()
    assert {scores[name] for name in NOT_JUDGED} == {0.0}
    assert [name for name in categories if not applied[name]] == list(NOT_JUDGED)
    assert result.model_extra["heed"]["not_judged"] == {"categories": list(NOT_JUDGED), "input_types": []}


@pytest.mark.parametrize(
    ("label", "theirs"),
    [
        ("crisis", ["self-harm", "self-harm/intent"]),
        ("ideation", ["self-harm"]),
        ("self_injury", ["self-harm", "self-harm/intent"]),
        ("disordered_eating", ["self-harm", "self-harm/intent"]),
        ("encouragement", ["self-harm", "self-harm/instructions"]),
        ("concern_for_other", []),
    ],
)
def test_which_of_our_labels_are_their_self_harm(moderate, label, theirs):
    [result] = moderate(label).results
    assert result.flagged and result.categories.to_dict()[f"self_harm/{label}"]
    assert [name for name in JUDGED if result.categories.to_dict()[name]] == theirs
    scores = result.category_scores.to_dict()
    assert [name for name in JUDGED if scores[name] == 0.99] == theirs


def test_every_label_of_self_harm_was_thought_of():
    assert {label for labels in JUDGED.values() for label in labels} == set(SELF_HARM) - {"concern_for_other"}


def test_parts_are_one_text_and_an_image_is_said_not_to_be_judged(moderate):
    parts = [
        {"type": "text", "text": "a walk"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "text", "text": "dosing"},
    ]
    [result] = moderate(parts).results
    heed = result.model_extra["heed"]
    assert heed["not_judged"]["input_types"] == ["image"]
    assert [(span["start"], span["end"]) for span in heed["spans"]] == [(len("a walk\n\n"), len("a walk\n\ndosing"))]


def test_another_language_is_flagged_and_said_not_to_be_checked(moderate):
    [result] = moderate("GERMAN crisis 07700 900461").results
    assert result.flagged and not result.categories.self_harm
    assert set(map(tuple, result.category_applied_input_types.to_dict().values())) == {()}
    heed = result.model_extra["heed"]
    assert (heed["checked"], heed["not_checked"]) == (False, "language")


def test_the_policy_and_not_the_score_says_what_is_flagged(moderate, store):
    label = "self_injury"
    assert moderate(f"perhaps {label}").results[0].flagged
    with store.write() as session:
        session.execute(update(Forum).values(policy=f"[thresholds.self_harm]\n{label} = 0.6"))
    [result] = moderate(f"perhaps {label}").results
    assert not result.flagged and not result.categories.to_dict()[f"self_harm/{label}"]
    assert result.category_scores.to_dict()[f"self_harm/{label}"] == 0.5


@pytest.mark.parametrize("given", [[], [[1, 2]], [{"type": "audio"}], {"text": "a"}, ["a"] * 101, 7, "a\0", "a" * 101])
def test_a_wrong_input_is_a_bad_request(connect, store, given, settings_env):
    settings_env(HEED_MAX_TEXT_CHARS=100)
    with pytest.raises(openai.BadRequestError) as error:
        connect().moderations.create(input=given)
    assert error.value.param == "input" and error.value.type == "invalid_request_error"
    assert error.value.body["message"] and count(store, Post) == 0


def test_images_alone_are_refused_not_passed(connect):
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    with pytest.raises(openai.BadRequestError, match="images it does not judge"):
        connect().moderations.create(input=[image])


def test_its_own_exceptions_are_raised(connect, settings_env):
    with pytest.raises(openai.AuthenticationError) as error:
        connect(api_key="heed_wrong").moderations.create(input="a")
    assert error.value.code == "invalid_api_key"
    settings_env(HEED_WAIT_SECONDS_MAX=0, HEED_RATE_LIMIT="1/minute")
    with pytest.raises(openai.InternalServerError) as error:
        connect().moderations.create(input="a")
    assert error.value.status_code == 503 and error.value.response.headers["retry-after"]
    with pytest.raises(openai.RateLimitError) as error:
        connect().moderations.create(input="a")
    assert error.value.code == "rate_limit_exceeded" and error.value.response.headers["retry-after"]
    with pytest.raises(openai.APIStatusError) as error:
        connect().moderations.create(input="a" * 1_000_000)
    assert (error.value.status_code, error.value.code) == (413, "request_too_large")


def test_what_breaks_is_said_in_their_shape_too(connect, monkeypatch):
    monkeypatch.setattr("service.readings.read", lambda *_: 1 / 0)
    with pytest.raises(openai.InternalServerError) as error:
        connect().moderations.create(input="a")
    assert error.value.status_code == 500 and error.value.type == "server_error"


def test_the_answer_is_as_described(moderate):
    answer = moderate(["crisis", "a walk"]).to_dict()
    schema = {"$ref": "#/components/schemas/Moderations", "components": describe()["components"]}
    Draft202012Validator(schema).validate(answer)
