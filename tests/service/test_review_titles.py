"""Personal data in a title counts and is covered; in what a post answers it is covered alone. Redacted beside the original."""

import re

import pytest
from people import add_person
from review_console import Console, text
from review_posts import RULES, Sample, add_post
from sqlalchemy import select
from test_review_item import body, words

from classifiers.findings import Findings, MarkedSpan
from classifiers.labels import Area
from service.intake.accept import accept
from service.intake.submission import Submission
from service.policy import decide
from service.policy.redact import redact_with_places
from service.redactions import is_what_we_told
from service.store.models import AuditEntry, Delivery, Post, QueueItem, Revision, Verdict
from service.verdicts import verdict_json

PHONE = "07700 900 461"
TITLED = Sample(
    "b", "Can somebody look at my letter?", title=f"Ring me on {PHONE}", title_spans=(("phone", 0.99, PHONE),)
)
BOTH = Sample(
    "b", f"I’m up late.\n\n{PHONE} again, after ten.", title=f"Ring me on {PHONE}",
    title_spans=(("phone", 0.99, PHONE),), spans=(("phone", 0.98, PHONE),),
)  # fmt: skip
ANSWERING = Sample(
    "b", "Yes, do that.", labels=(("dosing", 0.9, "Yes, do that."),), parent=f"> Ring {PHONE}", parent_spans=(("phone", 0.9, PHONE),)
)  # fmt: skip


@pytest.fixture
def add(store, forum):
    def add(sample: Sample, id_: str = "x1") -> str:
        with store.write() as session:
            return add_post(session, session.merge(forum.forum, load=False), sample, id_)

    return add


def title(page: str) -> str:
    return words(re.search(r'<h2 class="title" dir="auto">(.*?)</h2>', page, re.S)[1])


def test_a_title_counts_like_the_body(store, add):
    add(TITLED)
    with store.read() as session:
        verdict = session.scalar(select(Verdict))
    (reason,) = verdict.document["reasons"]
    assert (verdict.action, verdict.severity) == ("flag", "medium")
    assert (reason["label"], reason["in"], reason["start"], reason["end"]) == ("phone", "title", 11, 24)
    assert [span["in"] for span in verdict.document["spans"]] == ["title"]
    assert verdict.document["redacted"] is None
    assert verdict_json(verdict)["redacted_title"] == "Ring me on [phone number removed]"


def test_in_the_parent_it_counts_for_nothing_and_is_told_to_nobody(store, add):
    add(ANSWERING)
    with store.read() as session:
        verdict = session.scalar(select(Verdict))
        told = session.scalar(select(Delivery)).payload
    assert [reason["label"] for reason in verdict.document["reasons"]] == ["dosing"]
    assert "parent_spans" in verdict.document and "parent_spans" not in verdict_json(verdict)
    assert PHONE not in str(verdict.document) and "parent" not in str(told)


def test_without_personal_data_beside_the_body_a_verdict_is_as_it_was():
    span = MarkedSpan(Area.PERSONAL_DATA, "phone", 5, 18, 0.99)
    document = decide(Findings(spans=(span,)), RULES, text=f"Ring {PHONE}.", title="Late")
    assert document["redacted"] == "Ring [phone number removed]." and document["redacted_title"] is None
    assert (
        not any("in" in each for each in (*document["spans"], *document["reasons"])) and "parent_spans" not in document
    )


@pytest.mark.parametrize(("sample", "said"), [(TITLED, "phone number hidden"), (BOTH, "phone number hidden")])
def test_a_title_is_covered_until_somebody_asks(store, console, add, sample, said):
    item = add(sample)
    for path in ("/console/", f"/console/items/{item}"):
        shown = console.page(path)
        assert PHONE not in shown and f"Ring me on {said}" in text(shown)
    console.post(f"/console/items/{item}/personal-data", show="yes")
    assert title(console.page(f"/console/items/{item}")) == sample.title
    assert PHONE not in console.page("/console/")
    with store.read() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.what == "showed")).post_id
    console.post(f"/console/items/{item}/personal-data", show="no")
    assert PHONE not in console.page(f"/console/items/{item}")


def test_the_parent_is_covered_until_somebody_asks(console, add):
    item = add(ANSWERING)
    shown = console.page(f"/console/items/{item}")
    assert PHONE not in shown and "Ring phone number hidden" in text(shown)
    console.post(f"/console/items/{item}/personal-data", show="yes")
    assert f"Ring {PHONE}" in text(console.page(f"/console/items/{item}"))


def test_a_verdict_that_can_not_be_read_covers_title_and_parent(store, console, add):
    item = add(Sample("b", "words", labels=(("dosing", 0.9, "words"),), title=f"t {PHONE}", parent=f"p {PHONE}"))
    with store.write() as session:
        session.scalar(select(Verdict)).document = {"odd": 1}
    shown = console.page(f"/console/items/{item}")
    assert PHONE not in shown and "the title hidden" in text(shown) and "the post it answers hidden" in text(shown)
    console.post(f"/console/items/{item}/personal-data", show="yes")
    assert console.page(f"/console/items/{item}").count(PHONE) == 2


def test_a_reason_in_the_title_leads_there(console, add):
    shown = console.page(f"/console/items/{add(BOTH)}")
    assert re.findall(r'href="#(\w+)"', shown.partition('class="reasons"')[2].partition("</section>")[0]) == [
        "t0",
        "m0",
    ]
    assert '<span id="t0" class="anchor">' in shown and '<span id="m0" class="anchor">' in shown


def test_a_hostile_title_or_parent_is_text(console, add):
    hostile = f"</h2></article><svg onload=alert(1)> {PHONE} {{{{ 7*7 }}}}"
    found = (("phone", 0.9, PHONE),)
    item = add(Sample("b", "x", title=hostile, title_spans=found, parent=hostile, parent_spans=found))
    for path in ("/console/", f"/console/items/{item}"):
        for show in ("no", "yes"):
            console.post(f"/console/items/{item}/personal-data", show=show)
            page = console.page(path)
            assert "<svg onload" not in page and "49" not in text(page)
    assert page.count("</article>") == 1


def told(store) -> dict:
    with store.read() as session:
        query = (
            select(Delivery)
            .where(Delivery.event == "post.decision")
            .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        )
        return session.scalars(query.limit(1)).one().payload["data"]


REMOVED = "Ring me on [phone number removed]"


def test_a_redaction_never_publishes_the_title_as_it_is(store, console, add):
    item = add(TITLED)
    assert REMOVED in text(console.form(item))
    assert console.decide(item, "redact").status_code == 303
    assert (told(store)["title"], told(store)["body"]) == (REMOVED, TITLED.body)
    with store.read() as session:
        assert "published_title" not in verdict_json(session.scalar(select(Verdict).where(Verdict.current)))


def test_where_the_title_stays_only_the_body_is_told(store, console, items):
    console.decide(items[5], "redact")
    assert "[address removed]" in told(store)["body"] and "title" not in told(store)


def test_words_may_be_left_out_of_a_title(store, console, add):
    item = add(Sample("b", "Come round.", title="Our house in Quarry Lane", labels=(("dosing", 0.9, "Come"),)))
    assert console.decide(item, "redact", left_out="nowhere").status_code == 422
    assert console.decide(item, "redact", left_out="Quarry Lane").status_code == 303
    assert (told(store)["title"], told(store)["body"]) == ("Our house in [removed]", "Come round.")


def test_a_redaction_taken_back_brings_the_title_back(store, console, add):
    item = add(BOTH)
    console.decide(item, "redact")
    with store.read() as session:
        version = session.get_one(QueueItem, item).version
    assert console.post(f"/console/items/{item}/undo", version=str(version)).status_code == 303
    assert (told(store)["title"], told(store)["body"]) == (BOTH.title, BOTH.body)


@pytest.mark.parametrize(
    ("sent_title", "sent_body", "ours"),
    [
        (REMOVED, "[phone number removed] again", True),
        # The forum changed the body first, and the title comes with its next edit.
        (BOTH.title, "[phone number removed] again", True),
        ("Another title", "[phone number removed] again", False),
        (REMOVED, "another text", False),
    ],
)
def test_a_forum_that_publishes_the_redacted_title_edits_nothing(
    store, forum, console, add, sent_title, sent_body, ours
):
    console.decide(add(BOTH), "redact")
    sent = BOTH.body.replace(f"{PHONE} again", sent_body)
    with store.write() as session:
        post = session.scalar(select(Post))
        assert is_what_we_told(session, session.scalar(select(Revision)), sent_title, sent) is ours
        edited = Submission(id=post.external_id, revision=2, title=sent_title, body=sent)
        assert accept(session, session.merge(forum.forum, load=False), edited).is_new is not ours


def test_the_text_without_its_personal_data_stands_beside_the_original(console, add):
    shown = console.page(f"/console/items/{add(BOTH)}")
    sides = shown.partition('<div class="sides">')[2]
    original, _, without = sides.partition('<details class="redacted">')
    assert "As it was written" in original and words(body(original)).startswith("I’m up late.")
    without = without.partition("</details>")[0]
    assert re.findall(r'<mark class="left-out">(.*?)</mark>', without) == ["[phone number removed]"] * 2
    assert text(without) == f"Without its personal data {REMOVED} I’m up late. [phone number removed] again, after ten."


def test_what_an_author_typed_like_a_removal_is_not_marked_as_one(console, add):
    body = f"[phone number removed] **is** what they wrote. {PHONE}"
    item = add(Sample("b", body, spans=(("phone", 0.99, PHONE),), format="markdown"))
    without = (
        console.page(f"/console/items/{item}").partition('<details class="redacted">')[2].partition("</details>")[0]
    )
    assert without.count('<mark class="left-out">') == 1 and "<strong>is</strong>" in without
    assert without.index("they wrote") < without.index("left-out")


def test_where_nothing_is_left_out_there_is_no_second_text(console, items):
    assert 'class="redacted"' not in console.page(f"/console/items/{items[0]}")


def test_places_of_a_redaction_are_those_of_its_removals():
    spans = [
        MarkedSpan(Area.PERSONAL_DATA, kind, *at, 0.9)
        for kind, at in (("phone", (2, 6)), ("email", (4, 9)), ("person", (9, 11)))
    ]
    made, places = redact_with_places("a 0123@45Jo.", spans)
    assert made == "a [phone number removed][name removed]." and [made[s:e] for s, e in places] == [
        "[phone number removed]",
        "[name removed]",
    ]


def test_a_claim_says_its_type_where_it_stands(console, items):
    shown = body(console.page(f"/console/items/{items[2]}"))
    said = re.findall(
        r'<mark class="mark claim" title="(.*?)">(.*?)</mark><span class="tag claim">.*?</span>(.*?)<', shown
    )
    assert said == [
        ("Claim: a figure", "About 30% of us shake like that", "Claim: a figure"),
        ("Claim: a dose", "the levels they aim for are far too high", "Claim: a dose"),
    ]


def test_a_claim_that_is_also_unsafe_advice_is_underlined_all_the_same(console, add):
    claim = "It heals eczema in everybody."
    item = add(Sample("b", claim, labels=(("false_cure", 0.9, claim),), claims=(("efficacy", 0.9, claim),)))
    shown = body(console.page(f"/console/items/{item}"))
    assert '<mark class="mark claim medical" title="Promising a false cure; Claim: a treatment works">' in shown
    assert re.findall(r'<span class="tag (\w+)">', shown) == ["medical", "claim"]


def test_a_person_without_the_right_to_decide_can_not_uncover_a_title(store, app, add):
    item = add(TITLED)
    with store.write() as session:
        add_person(session, "vera", "viewer")
    vera = Console(app.test_client())
    vera.log_in("vera")
    assert vera.post(f"/console/items/{item}/personal-data", show="yes").status_code == 403
    assert PHONE not in vera.page(f"/console/items/{item}")
