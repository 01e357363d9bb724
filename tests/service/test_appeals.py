"""Appeals: taken in once, refused where nothing was taken, settled, taken back; the forum's state restored exactly."""

import json

import pytest
from appealing import CRISIS, DOSING, FORMS, MEDICAL, WORDS, appeals_of, current, item_of, told
from review_posts import SAMPLES, add_revision
from sqlalchemy import select
from submitting import POST, count, read_pending, signed

from service import appeals
from service.decisions import ACTIONS, UPHOLD, Decision, record_decision, undo_decision
from service.errors import Forbidden, Invalid
from service.forums import add_forum
from service.people.roles import set_role
from service.settings import settings
from service.store.models import Appeal, AuditEntry, Delivery, Moderator, Post, QueueItem, Recusal, now

BODY = SAMPLES[FORMS].body


@pytest.fixture
def act(store, items):
    """`act("robin", place, "remove")` decides; `act("robin", place, "undo")` takes back."""
    with store.write() as session:
        for name in ("robin", "sam", "kim"):
            person = Moderator(name=name)
            session.add(person)
            session.flush()
            set_role(session, person, None, "moderator")

    def act(name: str, place: int, action: str, **more):
        with store.write() as session:
            item = session.get_one(QueueItem, items[place])
            who = session.scalar(select(Moderator).where(Moderator.name == name))
            if action == "undo":
                return undo_decision(session, item.id, item.version, who)
            return record_decision(session, item.id, item.version, who, Decision(action, **more))

    return act


def names_of(store, place: int) -> set[str]:
    """Who is recused from the open appeal of the post."""
    (appeal,) = (each for each in appeals_of(store, place) if each.state == "open")
    query = select(Moderator.name).join(Recusal, Recusal.moderator_id == Moderator.id)
    with store.read() as session:
        return set(session.scalars(query.where(Recusal.appeal_id == appeal.id)))


def test_an_appeal_is_taken_in_and_brings_the_post_back(store, author, act):
    act("robin", MEDICAL, "remove", label="medical.dosing")
    before = item_of(store, MEDICAL)
    answer = author.appeal(MEDICAL, created_at="2026-03-01T12:00:00Z")
    assert answer.status_code == 202
    assert answer.json["external_id"] == "a-1" and answer.json["state"] == "open" and "settled_at" in answer.json
    assert author.standing(MEDICAL)["appeal"] == answer.json and author.standing(DOSING)["appeal"] is None
    assert author.standing(MEDICAL)["verdict"]["action"] == "remove"
    item = item_of(store, MEDICAL)
    assert (item.state, item.version) == ("open", before.version + 1) and appeals.TOPIC in item.labels.split()
    minutes = (item.due_at - now()).total_seconds() / 60
    assert settings().high_minutes - 1 < minutes <= settings().high_minutes
    assert appeals_of(store, MEDICAL)[0].text == WORDS and appeals_of(store, MEDICAL)[0].posted_at.day == 1


def test_the_same_appeal_again_is_the_same(store, author, act):
    act("robin", MEDICAL, "remove")
    first, again = author.appeal(MEDICAL), author.appeal(MEDICAL)
    assert again.status_code == 202 and again.json == first.json and count(store, Appeal) == 1
    other = author.appeal(MEDICAL, text="something else")
    assert other.status_code == 409 and other.json["field"] == "id" and "something" not in other.text
    act("sam", MEDICAL, "approve")
    assert author.appeal(MEDICAL).json["state"] == "granted"


def test_a_forum_that_signs_may_appeal_by_our_own_id_too(client, forum, store, author, items):
    raw = json.dumps({"id": 7}).encode()
    ours = author.standing(MEDICAL)["id"]
    answer = client.post(f"/v1/posts/{ours}/appeals", data=raw, headers=signed(forum, raw))
    assert answer.status_code == 202 and answer.json["external_id"] == "7"
    assert client.post(f"/v1/posts/{ours}/appeals", data=raw + b" ", headers=signed(forum, raw)).status_code == 401
    assert client.post(f"/v1/posts/{ours}/appeals", data=raw).status_code == 401


def test_an_id_with_slashes_is_no_other_address(client, forum, store):
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    client.post("/v1/posts", json=POST | {"id": "forum.example.org/p/9"}, headers=headers)
    read_pending(store, "stop_treatment")
    path = "/v1/posts/forum.example.org/p/9"
    with store.write() as session:
        post = session.scalar(select(Post))
        item = session.scalar(select(QueueItem))
        who = Moderator(name="robin")
        session.add(who)
        session.flush()
        record_decision(session, item.id, item.version, who, Decision("hold"))
    assert client.post(f"{path}/appeals", json={"id": "a/1"}, headers=headers).status_code == 202
    assert client.delete(f"{path}/appeals/a/1", headers=headers).json["state"] == "withdrawn"
    assert client.get(path, headers=headers).json["id"] == post.id and count(store, Post) == 1


def test_what_was_not_taken_is_not_appealed(author, act):
    answer = author.appeal(DOSING)
    assert answer.status_code == 409 and "nothing was taken" in answer.json["detail"]
    act("robin", MEDICAL, "approve")
    assert author.appeal(MEDICAL).status_code == 409
    assert author.appeal(99).status_code == 404 and author.withdraw(MEDICAL).status_code == 404


def test_without_a_verdict_there_is_nothing_to_appeal(client, forum, store, author, act):
    headers = {"Authorization": f"Bearer {forum.api_key}"}
    client.post("/v1/posts", json=POST, headers=headers)
    pending = client.post("/v1/posts/41/appeals", json={"id": "1"}, headers=headers)
    assert pending.status_code == 409 and "no verdict" in pending.json["detail"]
    act("robin", MEDICAL, "remove")
    client.delete(f"/v1/posts/{MEDICAL + 1}", headers=headers)
    assert author.appeal(MEDICAL).status_code == 409
    assert count(store, Appeal) == 0


def test_another_forums_post_can_not_be_appealed(store, client, author, act):
    act("robin", MEDICAL, "remove")
    with store.write() as session:
        other = add_forum(session, "elsewhere", "Elsewhere")
    ours = author.standing(MEDICAL)["id"]
    answer = client.post(
        f"/v1/posts/{ours}/appeals", json={"id": "1"}, headers={"Authorization": f"Bearer {other.api_key}"}
    )
    assert answer.status_code == 404 and count(store, Appeal) == 0


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"text": "x"}, "id"),
        ({"id": " ", "text": "x"}, "id"),
        ({"id": "1", "text": "nul \x00"}, "text"),
        ({"id": "1", "text": "half \ud800"}, "text"),
        ({"id": "1", "text": "x" * 10_001}, "text"),
        ({"id": "1", "text": None}, "text"),
        ({"id": "1", "txet": "x"}, "txet"),
        ({"id": "1", "created_at": "yesterday"}, "created_at"),
    ],
)
def test_a_bad_appeal_names_its_field(store, client, author, items, document, field):
    answer = client.post(f"/v1/posts/{MEDICAL + 1}/appeals", data=json.dumps(document), headers=author.key)
    assert (answer.status_code, answer.json["field"]) == (422, field) and count(store, Appeal) == 0


def test_one_appeal_at_a_time_and_three_in_all(store, author, act):
    act("robin", MEDICAL, "remove")
    assert author.appeal(MEDICAL, "a-1").status_code == 202
    second = author.appeal(MEDICAL, "a-2")
    assert second.status_code == 409 and "open already" in second.json["detail"]
    author.withdraw(MEDICAL, "a-1")
    for id in ("a-2", "a-3"):
        assert author.appeal(MEDICAL, id).status_code == 202
        author.withdraw(MEDICAL, id)
    last = author.appeal(MEDICAL, "a-4")
    assert last.status_code == 409 and "3 times" in last.json["detail"] and item_of(store, MEDICAL).state == "decided"


def test_what_the_models_hold_may_be_appealed_while_it_waits(store, author, act):
    with store.write() as session:
        item = session.get_one(QueueItem, item_of(store, MEDICAL).id)
        item.due_at = soon = now()
    before = item_of(store, MEDICAL)
    author.appeal(MEDICAL)
    item = item_of(store, MEDICAL)
    assert (item.state, item.due_at, item.created_at) == ("open", soon, before.created_at)
    assert item.version == before.version + 1 and names_of(store, MEDICAL) == set()
    act("robin", MEDICAL, UPHOLD)
    assert current(store, MEDICAL).action == "hold" and author.standing(MEDICAL)["appeal"]["state"] == "upheld"


def test_a_crisis_waits_no_longer_for_being_appealed(store, author, act):
    act("robin", CRISIS, "hold")
    author.appeal(CRISIS)
    assert (item_of(store, CRISIS).due_at - now()).total_seconds() <= settings().crisis_minutes * 60


def test_the_forum_is_told_nothing_until_somebody_decides(store, author, act):
    act("robin", MEDICAL, "remove")
    before = count(store, Delivery)
    author.appeal(MEDICAL)
    assert count(store, Delivery) == before and current(store, MEDICAL).action == "remove"
    act("sam", MEDICAL, "approve", message="You were right.")
    (appeal,) = appeals_of(store, MEDICAL)
    data = told(store, MEDICAL)[-1]
    assert data["appeal"] == {"id": appeal.id, "external_id": "a-1", "outcome": "granted"}
    assert (data["action"], data["message"]) == ("allow", "You were right.") and "body" not in data
    assert all("appeal" not in each for each in told(store, MEDICAL)[:-1])


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        ("remove", "remove", "upheld"),
        ("remove", UPHOLD, "upheld"),
        ("remove", "hold", "granted"),
        ("remove", "redact", "granted"),
        ("hold", "approve", "granted"),
        ("hold", "escalate", "upheld"),
        ("hold", "remove", "upheld"),
        ("redact", UPHOLD, "upheld"),
        ("redact", "redact", "upheld"),
        ("redact", "approve", "granted"),
    ],
)
def test_granted_is_whatever_gives_the_author_something_back(store, author, act, first, then, outcome):
    act("robin", FORMS, first)
    author.appeal(FORMS)
    act("sam", FORMS, then)
    assert author.standing(FORMS)["appeal"]["state"] == outcome == told(store, FORMS)[-1]["appeal"]["outcome"]
    assert appeals.TOPIC not in item_of(store, FORMS).labels.split()


def test_other_words_left_out_grant_an_appeal(author, act):
    act("robin", FORMS, "redact", left_out=("Dear Sir or Madam",))
    author.appeal(FORMS)
    act("sam", FORMS, "redact")
    assert author.standing(FORMS)["appeal"]["state"] == "granted"


def test_upholding_leaves_everything_as_it_stands(store, author, act):
    act("robin", FORMS, "redact", left_out=("Dear Sir or Madam",))
    first = current(store, FORMS)
    author.appeal(FORMS)
    act("sam", FORMS, UPHOLD, note="looked again", message="It stays so.")
    verdict = current(store, FORMS)
    assert verdict.document == first.document | {"message": "It stays so."}
    assert verdict.note == "looked again" and told(store, FORMS)[-1]["body"] == first.document["published"]


def test_without_an_appeal_there_is_nothing_to_uphold(act):
    with pytest.raises(Invalid):
        act("robin", MEDICAL, UPHOLD)
    assert UPHOLD not in ACTIONS


def test_a_removal_by_the_models_is_upheld_for_what_weighed_most(store, author, act, items):
    with store.write() as session:
        verdict = session.merge(current(store, MEDICAL), load=True)
        verdict.action, verdict.document = "remove", verdict.document | {"action": "remove"}
    author.appeal(MEDICAL)
    act("robin", MEDICAL, UPHOLD)
    assert told(store, MEDICAL)[-1]["removed_for"] == "medical.stop_treatment"


def test_whoever_decided_is_not_to_decide_again(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    with pytest.raises(Forbidden, match="fresh eyes"):
        act("robin", MEDICAL, "approve")
    assert item_of(store, MEDICAL).state == "open"
    act("sam", MEDICAL, UPHOLD)
    author.appeal(MEDICAL, "a-2")
    assert names_of(store, MEDICAL) == {"robin", "sam"}
    for name in ("robin", "sam"):
        with pytest.raises(Forbidden):
            act(name, MEDICAL, "approve")
    act("kim", MEDICAL, "approve")


def test_both_of_two_who_removed_it_together_leave_it_to_a_third(store, author, act):
    with store.read() as session:
        sam = session.scalar(select(Moderator.id).where(Moderator.name == "sam"))
    act("robin", CRISIS, "remove", agreed_by=sam)
    author.appeal(CRISIS)
    assert names_of(store, CRISIS) == {"robin", "sam"}
    act("kim", CRISIS, UPHOLD)
    assert current(store, CRISIS).action == "remove", "two people removed it already"


def test_the_only_one_left_may_and_it_is_written_down(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    with store.write() as session:
        for person in session.scalars(select(Moderator).where(Moderator.name != "robin")):
            person.active = False
    act("robin", MEDICAL, "approve")
    with store.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.what == "decided")).all()[-1]
    assert entry.detail["own_decision"] and entry.detail["outcome"] == "granted"


def test_an_appeal_that_is_withdrawn_leaves_what_was_decided(store, author, act):
    act("robin", MEDICAL, "remove")
    before, deliveries = item_of(store, MEDICAL), count(store, Delivery)
    author.appeal(MEDICAL)
    answer = author.withdraw(MEDICAL)
    assert answer.status_code == 200 and answer.json["state"] == "withdrawn" and answer.json["settled_at"]
    item = item_of(store, MEDICAL)
    assert (item.state, item.labels) == ("decided", before.labels)
    assert (item.decision, item.decided_by, item.decided_at) == ("remove", before.decided_by, before.decided_at)
    assert item.created_at <= item.decided_at and count(store, Delivery) == deliveries
    assert author.withdraw(MEDICAL).json == answer.json


def test_one_on_what_waits_anyway_leaves_it_waiting(store, author, items):
    author.appeal(MEDICAL)
    author.withdraw(MEDICAL, appeals_of(store, MEDICAL)[0].id)
    item = item_of(store, MEDICAL)
    assert item.state == "open" and appeals.TOPIC not in item.labels and item.labels.startswith(" ")


def test_what_is_settled_is_not_withdrawn(store, author, act):
    author.appeal(MEDICAL)
    act("robin", MEDICAL, "approve")
    assert author.withdraw(MEDICAL).json["state"] == "granted" and item_of(store, MEDICAL).state == "decided"


def test_an_edit_ends_an_appeal(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    edited = {"id": str(MEDICAL + 1), "revision": 2, "body": "Is 50 of levothyroxine a lot?"}
    author.client.post("/v1/posts", json=edited, headers=author.key)
    assert author.standing(MEDICAL)["appeal"]["state"] == "withdrawn" and item_of(store, MEDICAL).state == "withdrawn"
    with store.write() as session:
        add_revision(session, session.scalar(select(Post).where(Post.external_id == "3")), SAMPLES[3], 3)
    assert appeals.TOPIC not in item_of(store, MEDICAL).labels and author.appeal(MEDICAL, "a-2").status_code == 202
    assert names_of(store, MEDICAL) == set(), "nobody decided about the new text"


def test_a_deletion_ends_an_appeal_and_erasure_takes_its_words(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    author.client.delete(f"/v1/posts/{MEDICAL + 1}", headers=author.key)
    assert author.standing(MEDICAL)["appeal"]["state"] == "withdrawn" and count(store, Recusal) == 1
    author.client.delete(f"/v1/posts/{MEDICAL + 1}?erase=true", headers=author.key)
    assert (count(store, Appeal), count(store, Recusal)) == (0, 0) and author.standing(MEDICAL)["appeal"] is None


def test_its_words_stand_in_no_log_audit_or_callback(store, author, act, caplog):
    caplog.set_level("DEBUG")
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    act("sam", MEDICAL, UPHOLD)
    with store.read() as session:
        details = [str(entry.detail) for entry in session.scalars(select(AuditEntry))]
        payloads = [str(each) for each in session.scalars(select(Delivery.payload))]
    assert "clinic" not in "".join([caplog.text, *details]) and "letter here" not in "".join(payloads)
    with store.read() as session:
        assert {"appealed", "decided"} <= set(session.scalars(select(AuditEntry.what)))


def test_the_models_hold_stands_again_after_an_approval_taken_back(store, act):
    act("robin", MEDICAL, "approve", message="Thank you.")
    act("robin", MEDICAL, "undo")
    approved, undone = told(store, MEDICAL)
    assert (approved["action"], undone["action"]) == ("allow", "hold")
    assert undone["decided_by"] == "models" and undone["message"] == "" and "body" not in undone
    item = item_of(store, MEDICAL)
    assert (item.state, item.decision, item.decided_by) == ("open", "", None)


def test_a_persons_removal_stands_again_after_a_granted_appeal_taken_back(store, author, act):
    act("robin", MEDICAL, "remove", label="medical.dosing", note="tells a dose", message="We took it down.")
    first = current(store, MEDICAL)
    author.appeal(MEDICAL)
    act("sam", MEDICAL, "approve")
    act("sam", MEDICAL, "undo")
    removed, granted, undone = told(store, MEDICAL)
    assert [each["action"] for each in (removed, granted, undone)] == ["remove", "allow", "remove"]
    assert (granted["appeal"]["outcome"], undone["appeal"]["outcome"]) == ("granted", "open")
    assert (undone["decided_by"], undone["removed_for"]) == ("moderator", "medical.dosing")
    assert undone["message"] == "", "the author was told before"
    verdict = current(store, MEDICAL)
    assert (verdict.decided_by, verdict.note, verdict.document) == (first.decided_by, "tells a dose", first.document)
    item = item_of(store, MEDICAL)
    assert item.state == "open" and appeals.TOPIC in item.labels.split() and item.decided_by == first.decided_by
    assert author.standing(MEDICAL)["appeal"]["state"] == "open"
    with pytest.raises(Forbidden):
        act("robin", MEDICAL, "approve")
    act("sam", MEDICAL, UPHOLD)
    assert author.standing(MEDICAL)["appeal"]["state"] == "upheld"


def test_decisions_are_taken_back_in_the_turn_they_were_made(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    for _ in range(2):
        act("sam", MEDICAL, "approve")
        act("sam", MEDICAL, "undo")
    author.withdraw(MEDICAL)
    act("robin", MEDICAL, "undo")
    assert [each["action"] for each in told(store, MEDICAL)] == ["remove", "allow", "remove", "allow", "remove", "hold"]
    assert current(store, MEDICAL).decided_by is None and item_of(store, MEDICAL).state == "open"


def test_whoever_lost_an_appeal_does_not_take_it_back(store, author, act):
    act("robin", MEDICAL, "remove")
    author.appeal(MEDICAL)
    act("sam", MEDICAL, "approve")
    with pytest.raises(Forbidden):
        act("robin", MEDICAL, "undo")
    assert author.standing(MEDICAL)["appeal"]["state"] == "granted" and current(store, MEDICAL).action == "allow"
    act("kim", MEDICAL, "undo")


def test_the_whole_text_is_sent_again_after_a_redaction_that_is_appealed(store, author, act):
    act("robin", FORMS, "redact")
    author.appeal(FORMS)
    act("sam", FORMS, "approve")
    act("sam", FORMS, "undo")
    act("sam", FORMS, "approve")
    bodies = [each["body"] for each in told(store, FORMS)]
    assert bodies[0] == bodies[2] != BODY and bodies[1] == bodies[3] == BODY
    assert [each["action"] for each in told(store, FORMS)] == ["redact", "allow", "redact", "allow"]


def test_a_callback_that_is_overtaken_takes_no_text_with_it(store, act):
    act("robin", FORMS, "redact")
    act("robin", FORMS, "undo")
    act("robin", FORMS, "approve")
    assert told(store, FORMS)[-1]["body"] == BODY, "the one that said so first was never sent"


def test_the_forum_publishing_what_it_was_told_is_no_edit(store, author, act):
    act("robin", FORMS, "redact")
    author.appeal(FORMS)
    post = {"id": str(FORMS + 1), "title": SAMPLES[FORMS].title}
    partly = post | {"revision": 2, "body": told(store, FORMS)[0]["body"]}
    assert author.client.post("/v1/posts", json=partly, headers=author.key).json["status"] == "done"
    assert author.standing(FORMS)["appeal"]["state"] == "open", "its redaction is no edit of the author's"
    act("sam", FORMS, "approve")
    whole = post | {"revision": 3, "body": told(store, FORMS)[-1]["body"]}
    answer = author.client.post("/v1/posts", json=whole, headers=author.key).json
    assert (answer["status"], answer["revision"], answer["verdict"]["action"]) == ("done", 3, "allow")
    assert item_of(store, FORMS).state == "decided"
    edited = author.client.post("/v1/posts", json=whole | {"revision": 4, "body": "x"}, headers=author.key).json
    assert edited["status"] == "pending"
