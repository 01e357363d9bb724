"""What is published about a medicine, as a moderator reads it."""

import pytest
from flask_babel import force_locale
from review_console import text
from sqlalchemy import select

from service.review.facts import PublishedFact
from service.store.models import QueueItem, Verdict

SOURCE = {"title": "A <b>label</b>", "url": "javascript:alert(1)", "date": "2023"}
DOSE = {
    "kind": "dose",
    "medicine": "paracetamol",
    "said": {"amount": 6000.0, "unit": "mg", "per": "day"},
    "maximum": {"amount": 4.0, "unit": "g", "per": "day", "route": "oral", "who": "adults"},
    "source": SOURCE,
}
STOP = {"kind": "sudden_stop", "medicine": "sertraline", "why": "withdrawal symptoms", "source": SOURCE}


@pytest.mark.parametrize(
    ("language", "fact", "words"),
    [
        ("en", DOSE, "Says 6,000 mg a day of paracetamol; the published maximum is 4,000 mg a day."),
        ("de", DOSE, "Nennt 6.000 mg am Tag paracetamol; die veröffentlichte Höchstdosis ist 4.000 mg am Tag."),
        ("en", STOP, "Says to stop sertraline, which is not to be stopped suddenly: withdrawal symptoms."),
        ("de", STOP, "Rät, sertraline abzusetzen, das man nicht plötzlich absetzen soll: Entzugserscheinungen."),
    ],
)
def test_a_fact_is_a_sentence(app, language, fact, words):
    with app.test_request_context(), force_locale(language):
        assert PublishedFact.of(fact).words.replace("\u00a0", " ") == words


def test_whom_a_maximum_is_for_is_said_in_the_readers_language(app):
    whom = {**DOSE, "maximum": {**DOSE["maximum"], "who": "adults, in 24 hours"}}
    with app.test_request_context(), force_locale("de"):
        assert PublishedFact.of(whom).who == "Erwachsene, in 24 Stunden"
        assert PublishedFact.of({**DOSE, "maximum": {**DOSE["maximum"], "who": "nobody knows"}}).who == "nobody knows"
        assert PublishedFact.of(STOP).who == ""


def test_only_addresses_of_the_web_become_links(app):
    with app.test_request_context():
        assert PublishedFact.of(DOSE).url == ""
        https = {**DOSE, "source": {**SOURCE, "url": "https://example.org"}}
        assert PublishedFact.of(https).url == "https://example.org"


def test_the_page_shows_it_beside_its_reason_and_the_source_as_text(store, console, items):
    with store.write() as session:
        verdict = session.scalar(
            select(Verdict).join(QueueItem, QueueItem.verdict_id == Verdict.id).where(QueueItem.id == items[2])
        )
        first, *others = verdict.document["reasons"]
        verdict.document = verdict.document | {"reasons": [first | {"facts": [DOSE]}, *others]}
    page = console.page(f"/console/items/{items[2]}")
    assert "Says 6,000 mg a day of paracetamol" in text(page).replace("\u00a0", " ")
    assert "A &lt;b&gt;label&lt;/b&gt;" in page and "javascript:" not in page
