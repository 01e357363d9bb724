"""Statements of reasons: why something was taken, never a word of the post, and never to somebody in distress."""

import json
import re

import pytest
from appealing import CRISIS, DOSING, FORMS, MEDICAL, current
from click.testing import CliRunner
from review_posts import SAMPLES
from sqlalchemy import select

from service import author_messages, statements
from service.decisions import Decision, record_decision
from service.store.models import Moderator, QueueItem
from workers.cli import main

MOST = {
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "decision_facts": 5000,
    "puid": 500,
}
"""Characters, by the database's own rules."""
VALUES = {
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT", "content_type": ["CONTENT_TYPE_TEXT"], "content_language": "EN",
    "source_type": "SOURCE_VOLUNTARY", "automated_detection": "Yes",
}  # fmt: skip


@pytest.fixture
def ask(author, items):
    def ask(place: int, language: str = ""):
        query = f"?language={language}" if language else ""
        return author.client.get(f"/v1/posts/{place + 1}/statement{query}", headers=author.key)

    return ask


@pytest.fixture
def decide(store, items, moderator):
    def decide(place: int, action: str, **more) -> None:
        with store.write() as session:
            item = session.get_one(QueueItem, items[place])
            robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
            record_decision(session, item.id, item.version, robin, Decision(action, **more))

    return decide


def test_a_post_that_the_models_hold_is_explained(ask, store):
    answer = ask(MEDICAL)
    assert answer.status_code == 200
    told, verdict = answer.json, current(store, MEDICAL)
    assert told["verdict_id"] == verdict.id and told["action"] == "hold" and told["language"] == "en"
    assert [each["label"] for each in told["reasons"]] == ["medical.stop_treatment", "medical.dosing"]
    assert told["reasons"][0]["text"] == author_messages.reason("medical.stop_treatment", "en")
    assert len(told["to_fix"]) == 1 and "yourself" in told["to_fix"][0], "the same for both labels: said once"
    dsa = told["dsa"]
    assert VALUES.items() <= dsa.items() and dsa["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert dsa["category"] == "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
    assert dsa["category_specification"] == ["KEYWORD_RISK_PUBLIC_HEALTH"]
    assert (
        dsa["automated_decision"] == "AUTOMATED_DECISION_FULLY"
        and dsa["application_date"] == f"{verdict.created_at:%Y-%m-%d}"
    )
    assert re.fullmatch(r"[a-zA-Z0-9-_]+", dsa["puid"]) and all(len(dsa[name]) <= most for name, most in MOST.items())


def test_a_moderators_removal_is_for_what_they_say(ask, decide):
    decide(MEDICAL, "remove", label="medical.medicine_supply")
    told = ask(MEDICAL, "de").json
    assert [each["label"] for each in told["reasons"]] == ["medical.medicine_supply"] and told["language"] == "de"
    assert told["reasons"][0]["text"].startswith("er ") and "Apotheke" in told["to_fix"][0]
    assert told["dsa"]["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert told["dsa"]["category"] == "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS"
    assert told["dsa"]["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"


def test_personal_data_can_be_taken_out(ask, decide):
    assert "Take the details out" in ask(FORMS, "xx").json["to_fix"][0], "an unknown language is English"
    decide(FORMS, "redact")
    dsa = ask(FORMS).json["dsa"]
    assert dsa["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"] and dsa["decision_visibility_other"]
    assert dsa["category"] == "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"


def test_the_appeal_it_names_can_be_made(ask, author):
    address = ask(MEDICAL).json["appeal"]
    answer = author.client.post(address, json={"id": "a-9", "text": "My clinic told me to."}, headers=author.key)
    assert answer.status_code == 202


def test_nothing_taken_nothing_stated(ask, decide, author):
    assert ask(DOSING).status_code == 409 and "Nothing was taken" in ask(DOSING).json["detail"]
    decide(MEDICAL, "approve")
    assert ask(MEDICAL).status_code == 409
    assert author.client.get("/v1/posts/nowhere/statement", headers=author.key).status_code == 404


def test_a_person_in_distress_is_sent_no_statement(ask, decide):
    assert ask(CRISIS).status_code == 409 and "cry for help" in ask(CRISIS).json["detail"]
    decide(CRISIS, "hold")
    assert ask(CRISIS).status_code == 409, "held while somebody answers them, all the same"


def test_the_export_has_what_stands_and_no_word_of_it(store, items, decide, tmp_path):
    decide(MEDICAL, "remove", label="forum_rules")
    path = tmp_path / "statements.jsonl"
    done = CliRunner().invoke(
        main, ["export-statements", "--forum", "harbour", "--since", "2026-01-01", "--output", str(path)]
    )
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert done.exit_code == 0 and done.output == f"{len(lines)} statements.\n"
    assert {line["puid"] for line in lines} >= {current(store, place).id for place in (MEDICAL, FORMS)}
    assert current(store, CRISIS).id not in {line["puid"] for line in lines}
    for sample in SAMPLES:
        assert not [words for words in re.findall(r"\w+ \w+ \w+ \w+", sample.body) if words in path.read_text()]
    later = CliRunner().invoke(
        main, ["export-statements", "--forum", "harbour", "--since", "2199-01-01", "--output", str(path)]
    )
    assert later.output == "0 statements.\n" and path.read_text() == ""


def test_every_language_can_fix_the_same():
    texts = statements._texts()
    fixes = {language: set(texts[language]["fix"]) for language in author_messages.languages()}
    assert len({frozenset(labels) for labels in fixes.values()}) == 1
