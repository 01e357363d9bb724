"""Decisions as training data: only with the forum's consent, only what a decision says, and nothing that points to a person."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from people import add_person
from review_console import Console, text
from review_posts import SAMPLES, Sample, add_post
from sqlalchemy import select, update

from service.decisions import Decision, record_decision, undo_decision
from service.forums import add_forum
from service.intake.accept import delete, erase
from service.review.examples.cover import Cover, Secret
from service.review.examples.export import BATCH, lines
from service.store.models import AuditEntry, Forum, Moderator, Post, QueueItem, Revision, Verdict, now
from training import corpus, decided

NAME = "[name removed]"


@pytest.fixture
def lea(app, store, items) -> Console:
    """A lead, logged in."""
    with store.write() as session:
        add_person(session, "lea", "lead")
    console = Console(app.test_client())
    console.log_in("lea")
    return console


@pytest.fixture
def consenting(store, items) -> None:
    with store.write() as session:
        session.execute(update(Forum).values(training_consent=True))


def decide(store, item: str, action: str, label: str = "", left_out: tuple[str, ...] = ()) -> None:
    with store.write() as session:
        robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
        version = session.get_one(QueueItem, item).version
        record_decision(session, item, version, robin, Decision(action, label=label, left_out=left_out))


def exported(store, **narrowed) -> list[dict]:
    return [json.loads(line) for line in lines(store.read, **narrowed)]


def of(store, sample: Sample, action: str, label: str = "") -> dict:
    """The line that a decision on the sample gives."""
    with store.write() as session:
        item = add_post(session, session.scalar(select(Forum)), sample, f"x{now():%H%M%S%f}")
    before = {each["id"] for each in exported(store)}
    decide(store, item, action, label)
    (made,) = [each for each in exported(store) if each["id"] not in before]
    return made


EVERY = {0: "escalate", 1: "escalate", 4: "approve", 8: "hold", 11: "hold", 5: "approve", 6: "hold", 7: "hold", 13: "approve",
         14: "hold", 2: "hold", 3: "hold", 9: "hold", 10: "approve", 12: "approve"}  # fmt: skip


@pytest.fixture
def all_decided(store, moderator, items, consenting) -> None:
    for place, action in EVERY.items():
        decide(store, items[place], action)


def test_the_corpus_reads_the_export_without_complaint(store, all_decided, tmp_path):
    path = tmp_path / "decided.jsonl"
    path.write_text("".join(lines(store.read)), encoding="utf-8")
    counts, faults = corpus.check([path])
    assert faults == [] and counts["posts"] == len(SAMPLES) - 1, "the one that no model could read is left out"
    assert counts["span:phone"] == 1 and counts["third_party_health"] == 1 and counts["stop_treatment"] == 1
    for post in corpus.read([path]):
        for span in post.spans:
            assert re.fullmatch(r"\[[\w -]+ removed\]", post.text[span.start : span.end])


def test_nothing_in_the_export_points_to_a_person_or_the_forum(store, all_decided):
    with store.read() as session:
        ids = [each for row in session.execute(select(Post.id, Post.forum_id)) for each in row]
    written = "".join(lines(store.read))
    everything = json.dumps([json.loads(line) for line in written.splitlines()], ensure_ascii=False)
    for sample in SAMPLES:
        assert all(value not in everything for _, _, value in sample.spans)
        assert not re.search(rf"(?<!\w){re.escape(sample.author)}(?!\w)", everything, re.I)
        assert sample.board not in everything
    for never in ("harbour", "Moira", "sandpiper", "example.org", "forum.example", *ids):
        assert never.lower() not in everything.lower()
    assert {key for line in written.splitlines() for key in json.loads(line)} == {
        *(
            "id",
            "thread",
            "title",
            "parent",
            "text",
            "medical",
            "self_harm",
            "third_party_health",
            "claims",
            "spans",
            "pair",
        ),
        *("known", "decision", "month"),
    }


def test_its_months_are_no_finer_and_its_order_tells_no_times(store, all_decided):
    made = exported(store)
    assert {each["month"] for each in made} == {f"{now():%Y-%m}"}
    assert [each["id"] for each in made] == sorted(each["id"] for each in made)


def test_without_consent_nothing_is_exported(store, moderator, items):
    decide(store, items[2], "hold")
    assert exported(store) == []


@pytest.mark.parametrize(
    ("action", "label", "medical", "phones"),
    [
        ("approve", "", [], 0),
        ("hold", "", ["stop_treatment", "dosing"], 1),
        ("escalate", "", ["stop_treatment", "dosing"], 1),
        ("redact", "", ["stop_treatment", "dosing"], 1),
        ("remove", "medical.dosing", ["dosing"], 0),
        ("remove", "personal_data.phone", [], 1),
    ],
)
def test_a_decision_implies_its_labels(store, moderator, consenting, action, label, medical, phones):
    made = of(store, replace(SAMPLES[2], body=SAMPLES[2].body + " "), action, label)
    assert made["medical"] == medical and [each["type"] for each in made["spans"]] == ["phone"] * phones
    assert "[phone number removed]" in made["text"] and made["claims"] == []
    area = label.partition(".")[0]
    assert made["known"] == ([area] if area else ["medical", "self_harm", "personal_data"])
    assert made["decision"] == {"approve": "allow"}.get(action, action)


def test_removed_for_the_forums_other_rules_says_nothing_of_labels(store, moderator, items, consenting):
    decide(store, items[7], "remove", "forum_rules")
    assert exported(store) == []


def test_third_party_health_is_what_the_decision_says(store, moderator, items, consenting):
    decide(store, items[6], "remove", "personal_data.third_party_health")
    (made,) = exported(store)
    assert made["third_party_health"] is True and made["spans"] == [] and NAME in made["text"]


def test_where_the_policy_lets_one_label_win_it_does(store, moderator, consenting):
    words = "vitamin C works better than the steroid cream"
    both = replace(SAMPLES[9], labels=(("misinformation", 0.9, words), ("false_cure", 0.9, words)))
    assert of(store, both, "hold")["medical"] == ["false_cure"]
    sad = SAMPLES[4].labels[0][2]
    assert of(store, replace(SAMPLES[4], labels=(("crisis", 0.9, sad), ("ideation", 0.9, sad))), "hold")[
        "self_harm"
    ] == ["crisis"]


def test_what_was_undone_edited_deleted_or_erased_is_absent(store, moderator, forum, items, consenting):
    for place in (2, 3, 6, 7, 9, 11):
        decide(store, items[place], "hold")
    assert len(exported(store)) == 6
    with store.write() as session:
        ours, robin = session.get_one(Forum, forum.forum.id), session.get_one(Moderator, moderator.id)
        undo_decision(session, items[2], session.get_one(QueueItem, items[2]).version, robin)
        delete(session, ours, "4", now())
        erase(session, ours, "7", now())
        session.execute(update(Post).where(Post.external_id == "8").values(revision=2))
        session.execute(update(Post).where(Post.external_id == "12").values(deleted=True))
    assert [each["medical"] for each in exported(store)] == [["misinformation"]]


def test_decided_again_after_an_undo_it_is_there(store, moderator, items, consenting):
    decide(store, items[2], "hold")
    with store.write() as session:
        version = session.get_one(QueueItem, items[2]).version
        undo_decision(session, items[2], version, session.get_one(Moderator, moderator.id))
    decide(store, items[2], "approve")
    (made,) = exported(store)
    assert made["medical"] == [] and "07700" not in made["text"]


def test_a_post_whose_redaction_is_unsure_is_left_out(store, moderator, items, consenting, caplog):
    for place in (2, 3, 5, 6, 7):
        decide(store, items[place], "hold")
    with store.write() as session:
        verdicts = {
            place: session.scalars(
                select(Verdict).where(Verdict.post_id == session.get_one(QueueItem, items[place]).post_id)
            ).all()
            for place in (2, 3, 5, 6)
        }
        for each in verdicts[2]:
            each.document = {**each.document, "reasons": None}
        for each in verdicts[3]:
            each.findings = None
        for each in verdicts[5]:
            each.findings = each.findings and {
                **each.findings,
                "spans": [{"area": "personal_data", "type": "email", "start": 9, "end": 9999}],
            }
        for each in verdicts[6]:
            each.document = {"odd": True}
    assert [each["medical"] for each in exported(store)] == [["medicine_supply"]]
    assert "left out of the training data" in caplog.text and "Moira" not in caplog.text


def test_what_a_person_had_to_leave_out_by_hand_is_left_out_whole(store, moderator, items, consenting):
    decide(store, items[2], "redact", left_out=("Moira",))
    assert exported(store) == []


def test_what_the_models_doubted_is_covered_as_well(store, moderator, consenting):
    doubted = replace(SAMPLES[4], spans=(("person", 0.02, "the dog"),))
    made = of(store, doubted, "hold")
    assert "there’s [name removed] and the school run" in made["text"] and made["spans"] == []


def test_the_same_words_twice_are_exported_once(store, moderator, consenting):
    of(store, SAMPLES[7], "hold")
    with store.write() as session:
        item = add_post(session, session.scalar(select(Forum)), SAMPLES[7], "again")
    decide(store, item, "approve")
    assert [each["decision"] for each in exported(store) if each["title"] == SAMPLES[7].title] == ["allow"], (
        "the newer counts"
    )


def test_replies_to_one_post_are_of_one_thread(store, moderator, consenting):
    first = of(store, SAMPLES[2], "hold")
    second = of(store, replace(SAMPLES[2], body=SAMPLES[2].body.replace("I’m up late", "I’m up")), "hold")
    alone = of(store, SAMPLES[7], "hold")
    assert first["thread"] == second["thread"] != alone["thread"] and first["id"] != second["id"]


def test_the_ids_are_of_the_secret_key(store, settings_env, moderator, items, consenting):
    decide(store, items[2], "hold")
    before = exported(store)[0]["id"]
    assert exported(store)[0]["id"] == before
    settings_env(HEED_SECRET_KEY="another-secret-of-more-than-32-characters")
    assert exported(store)[0]["id"] != before


def test_batches_follow_one_another_without_gap_or_double(store, forum, moderator, consenting, monkeypatch):
    monkeypatch.setattr("service.review.examples.export.BATCH", 2)
    assert BATCH == 200
    with store.write() as session:
        ours = session.get_one(Forum, forum.forum.id)
        items = [add_post(session, ours, replace(SAMPLES[7], body=f"{SAMPLES[7].body} {n}"), f"n{n}") for n in range(5)]
    for item in items:
        decide(store, item, "hold")
    with store.write() as session:
        session.execute(update(QueueItem).values(decided_at=now()))
    assert len({each["text"] for each in exported(store)}) == len(exported(store)) == 5


def test_since_a_day_and_of_one_forum(store, forum, moderator, items, consenting):
    decide(store, items[2], "hold")
    decide(store, items[7], "hold")
    with store.write() as session:
        session.get_one(QueueItem, items[2]).decided_at = datetime(2020, 1, 1, tzinfo=UTC)
        other = add_forum(session, "elsewhere", "Elsewhere").forum
    assert [each["medical"] for each in exported(store, since=now() - timedelta(days=1))] == [["medicine_supply"]]
    assert len(exported(store, forum_id=forum.forum.id)) == 2 and exported(store, forum_id=other.id) == []


# what is covered


def covered(body: str, *secrets: tuple[str, str], format: str = "plain", names=(), **more) -> str:
    revision = Revision(body=body, format=format, title="", parent="", author="", **more)
    found = [Secret(body.index(value), body.index(value) + len(value), type) for value, type in secrets]
    return "".join(piece.text for piece in Cover(revision, found, names).body())


@pytest.mark.parametrize(
    ("body", "secrets", "wanted"),
    [
        ("Ann Lee rang. ann lee!", [("Ann Lee", "person")], f"{NAME} rang. {NAME}!"),
        (
            "Ann Lee rang, then Lee did, and I fled.",
            [("Ann Lee", "person")],
            f"{NAME} rang, then {NAME} did, and I fled.",
        ),
        ("ask @sand.piper or jo@x.example", [], "ask [member removed] or [e-mail address removed]"),
        ("see https://x.example/u/jo (mine)", [], "see [link removed] (mine)"),
        ("It helps.\n\nMoira x", [], f"It helps.\n\n{NAME}"),
        ("It helps.\nMoira knows it does", [], "It helps.\nMoira knows it does"),
        ("60 50 40 30 20 10 and off", [], "60 50 40 30 20 10 and off"),
        ("pin 4821, yes 4821", [("4821", "credential")], "pin [log-in removed], yes [log-in removed]"),
    ],
)
def test_covered_in_a_body(body, secrets, wanted):
    assert covered(body, *secrets) == wanted


def test_the_authors_and_the_forums_name_are_covered_but_no_number():
    names = ("Kestrel77", "The Harbour", "40", "jo")
    assert covered("kestrel77 of the harbour took 40 mg, jo", names=names) == f"{NAME} of {NAME} took 40 mg, jo"


def test_a_post_that_names_its_author_and_forum_does_so_no_more(store, moderator, consenting):
    made = of(store, replace(SAMPLES[7], body="Spare_cupboard here, of Harbour: I’ll post them.", labels=(
        ("medicine_supply", 0.96, "I’ll post them."),)), "hold")  # fmt: skip
    assert made["text"] == f"{NAME} here, of {NAME}: I’ll post them."


def test_an_html_body_becomes_plain_text_with_its_quotes_marked():
    body = (
        '<p>Hi &amp; bye</p><blockquote><p>stop it</p></blockquote><p>by <a href="https://x.example/jo">Jo Poe</a></p>'
    )
    made = covered(body, ("Jo Poe", "person"), format="html")
    assert made.split() == f"Hi & bye [quote]stop it [/quote] by {NAME} ([link removed])".split()


def test_titles_and_parents_lose_all_that_may_be_a_name_or_number():
    body = "Mail me."
    revision = Revision(
        body=body,
        format="plain",
        author="",
        title="Dr Amelia Hart 07700 900 461",
        parent="When I saw Jo P. Poe, I’m sure I cried. Go to 7.5 mg.",
    )
    cover = Cover(revision, [], ())
    assert cover.title == f"{NAME} [number removed]"
    assert cover.parent == f"When I saw {NAME}, I’m sure I cried. Go to 7.5 mg."


def test_a_value_found_in_the_body_is_covered_in_title_and_parent():
    revision = Revision(body="i am jo poe", format="plain", author="", title="jo poe here", parent="hello jo poe")
    cover = Cover(revision, [Secret(5, 11, "person")], ())
    assert (cover.title, cover.parent) == (f"{NAME} here", f"hello {NAME}")
    revision = Revision(body="pin 4821", format="plain", author="", title="my 4821", parent="")
    assert "4821" not in Cover(revision, [Secret(4, 8, "credential")], ()).title


def test_no_body_makes_covering_slow():
    for body in (
        "a" * 100_000,
        "A" * 100_000,
        "\n" + "Ax" * 50_000 + "!",
        "1" * 50_000 + "x",
        "@a" * 50_000,
        "\nA" * 50_000 + "1",
    ):
        revision = Revision(body=body, format="plain", author="", title=body[:5000], parent=body[:5000])
        cover = Cover(revision, [], ("member", "The Harbour"))
        assert cover.body() and cover.title and cover.parent is not None


# consent and download


def test_a_lead_switches_it_on_and_off_and_it_is_written_down(store, lea, forum):
    page = lea.page("/console/policy/harbour")
    assert "It is off." in text(page) and "training.jsonl" not in page
    assert lea.post("/console/policy/harbour/training", consent="yes").status_code == 303
    lea.post("/console/policy/harbour/training", consent="yes")
    page = lea.page("/console/policy/harbour")
    assert "It is on." in text(page) and "training.jsonl" in page
    lea.post("/console/policy/harbour/training", consent="no")
    with store.read() as session:
        wanted = AuditEntry.what.in_(["gave_training_consent", "took_back_training_consent"])
        entries = session.scalars(select(AuditEntry).where(wanted).order_by(AuditEntry.number)).all()
        assert [(each.what, each.detail) for each in entries] == [
            ("gave_training_consent", {"forum": forum.forum.id}),
            ("took_back_training_consent", {"forum": forum.forum.id}),
        ]
        assert not session.get_one(Forum, forum.forum.id).training_consent


def test_a_download_is_the_forums_lines_and_written_down(store, lea, moderator, items, consenting):
    decide(store, items[2], "hold")
    answer = lea.post("/console/policy/harbour/training.jsonl", since="2026-01-01")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert answer.text == "".join(lines(store.read)) and json.loads(answer.text)["medical"] == [
        "stop_treatment",
        "dosing",
    ]
    with store.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.what == "exported_training")).one()
        assert entry.detail["since"] == "2026-01-01" and entry.moderator_id
    assert lea.post("/console/policy/harbour/training.jsonl", since="then").status_code == 422


def test_without_consent_there_is_no_download(store, lea):
    assert lea.post("/console/policy/harbour/training.jsonl").status_code == 409
    with store.read() as session:
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.what == "exported_training")) is None


def test_only_who_leads_that_forum_may(app, store, console, items, consenting):
    for path in ("training", "training.jsonl"):
        assert console.post(f"/console/policy/harbour/{path}", consent="no").status_code == 403
    with store.write() as session:
        other = add_forum(session, "elsewhere", "Elsewhere").forum
        add_person(session, "eli", "lead", forum_id=other.id)
    eli = Console(app.test_client())
    eli.log_in("eli")
    for path in ("training", "training.jsonl"):
        assert eli.post(f"/console/policy/harbour/{path}", consent="no").status_code == 404
    with store.read() as session:
        assert session.scalar(select(Forum.training_consent).where(Forum.slug == "harbour"))


def test_a_forum_whose_private_messages_are_read_can_not_consent(store, lea, moderator, items):
    with store.write() as session:
        session.execute(update(Forum).values(read_private_messages=True))
    answer = lea.post("/console/policy/harbour/training", consent="yes")
    assert answer.status_code == 409 and "private messages" in text(answer.text)
    with store.write() as session:
        session.execute(update(Forum).values(training_consent=True))
    decide(store, items[2], "hold")
    assert exported(store) == []


# what training makes of it


def test_training_is_taught_what_the_decisions_speak_of(store, moderator, items, consenting, tmp_path):
    decide(store, items[2], "approve")
    decide(store, items[7], "remove", "medical.medicine_supply")
    decide(store, items[5], "remove", "personal_data.address")
    path = Path(tmp_path / "decided.jsonl")
    path.write_text("".join(lines(store.read)), encoding="utf-8")
    taught = {known: post.medical for post, known in decided.posts([path])}
    assert taught == {frozenset({"medical", "self_harm"}): (), frozenset({"medical"}): ("medicine_supply",)}
