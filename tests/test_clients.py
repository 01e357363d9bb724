"""The clients' types say what the API's description says."""

import json
import re
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

ROOT = Path(__file__).parents[1]
DESCRIBED = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["components"]["schemas"]
ANSWERS = ("Label", "Span", "Reason", "CrisisResource", "Verdict", "Appeal", "Erasure", "Standing")
ADDED = {"Standing": {"verdict_url"}}
"""Told by the answer to a submission alone."""


@pytest.fixture
def client(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "clients" / "python"))
    import heed_client

    yield heed_client
    for name in [name for name in sys.modules if name.partition(".")[0] == "heed_client"]:
        del sys.modules[name]


def properties(name: str) -> set[str]:
    return set(DESCRIBED[name]["properties"])


def interfaces() -> dict[str, set[str]]:
    """Members by interface of index.d.ts, those it extends included."""
    source = (ROOT / "clients" / "javascript" / "index.d.ts").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name, base, body in re.findall(r"^export interface (\w+)(?: extends (\w+))? {\n(.*?)^}", source, re.M | re.S):
        found[name] = set(re.findall(r"^  (\w+)\??:", body, re.M)) | found.get(base, set())
    return found


@pytest.mark.parametrize("name", ANSWERS)
def test_the_types_of_answers_are_those_described(client, name):
    wanted = properties(name) | ADDED.get(name, set())
    assert set(get_type_hints(getattr(client, name))) == wanted
    assert interfaces()[name] == wanted


def test_a_post_may_hold_what_is_described(client):
    from heed_client.client import PostDetails

    assert set(get_type_hints(PostDetails)) | {"id", "body"} == properties("Submission") == interfaces()["Submission"]


def test_a_callback_holds_what_is_described(client):
    told = DESCRIBED["Callback"]["properties"]["data"]["properties"]
    assert set(get_type_hints(client.CallbackData)) == set(told)
    care = set(DESCRIBED["CareCallback"]["properties"]["data"]["properties"])
    assert care == interfaces()["Told"] | {"message", "crisis_resources"} == set(get_type_hints(client.CareData))


def test_both_clients_have_the_same_methods_and_errors(client):
    source = (ROOT / "clients" / "javascript" / "index.d.ts").read_text(encoding="utf-8")
    body = re.search(r"export class Heed {\n(.*?)^}", source, re.M | re.S)[1]
    methods = {
        re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name) for name in re.findall(r"^  (\w+)\(", body, re.M)
    }
    ours = {name for name in vars(client.Heed) if not name.startswith("_")} - {"close"}
    assert methods - {"constructor"} == ours
    errors = {
        name
        for name in client.__all__
        if isinstance(getattr(client, name), type) and issubclass(getattr(client, name), Exception)
    }
    assert set(re.findall(r"^export class (\w*) extends", source, re.M)) == errors


def test_nobody_is_let_in_without_credentials(client):
    for given in ({}, {"forum": "harbour"}, {"webhook_secret": "whsec_AAAA"}):
        with pytest.raises(ValueError, match="heed forum add"):
            client.Heed("http://127.0.0.1", **given)
