"""The API's description says what the API does."""

import json
import re
from pathlib import Path

from appealing import FORMS
from jsonschema import Draft202012Validator
from sqlalchemy import select
from submitting import POST, read_pending

from service.openapi import describe
from service.store.models import Delivery

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_description_is_the_one_served(client):
    assert client.get("/openapi.json").json == json.loads(COMMITTED.read_text(encoding="utf-8")) == describe()


def test_every_endpoint_is_described_and_nothing_else(app):
    rules = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not str(rule).startswith("/console") and str(rule) != "/"
    }
    described = {
        (path, method)
        for path, operations in describe()["paths"].items()
        for method in operations
        if method in {"get", "post", "delete"}
    }
    assert described == rules


def test_answers_have_the_described_shape(client, forum, store):
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    description = describe()

    def fits(name: str, document: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        Draft202012Validator(schema).validate(document)

    fits("Submission", POST)
    fits("Standing", client.post("/v1/posts", json=POST, headers=headers).json)
    read_pending(store, "crisis", "dosing")
    answer = client.get("/v1/posts/41", headers=headers).json
    assert answer["verdict"]
    fits("Standing", answer)
    fits("BatchResult", client.post("/v1/posts/batch", json={"posts": [POST, {}]}, headers=headers).json)
    fits("Problem", client.post("/v1/posts", json={}, headers=headers).json)


def test_an_appeal_and_its_callback_have_the_described_shape(author, items, console, store):
    schemas = {"components": describe()["components"]}

    def fits(name: str, document: object) -> None:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}"} | schemas).validate(document)

    fits("Appeal", author.appeal(FORMS).json)
    console.decide(items[FORMS], "redact")
    fits("Standing", author.standing(FORMS))
    form = {"step": "help", "help": "We are here."}
    assert console.post(f"/console/items/{items[FORMS]}/care", **form).status_code == 303
    with store.read() as session:
        payloads = {each.event: each.payload for each in session.scalars(select(Delivery).order_by(Delivery.id))}
    fits("Callback", payloads["post.decision"])
    fits("CareCallback", payloads["post.care"])
    assert {"body", "message", "appeal"} <= set(payloads["post.decision"]["data"])


def test_callbacks_have_the_described_shape(client, forum, store):
    client.post("/v1/posts", json=POST, headers={"Authorization": f"Bearer {forum.api_key}"})
    read_pending(store, "crisis", "dosing")
    with store.read() as session:
        payload = session.scalar(select(Delivery.payload))
    schema = {"$ref": "#/components/schemas/Callback", "components": describe()["components"]}
    Draft202012Validator(schema).validate(payload)
    assert len(json.dumps(payload)) < 20_000 and "levothyroxine" not in json.dumps(payload)
