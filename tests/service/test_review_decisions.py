"""Deciding: recorded, told, taken back, refused; two at once; nothing lost."""

import re
from datetime import timedelta

import pytest
from redis import Redis
from review_console import text
from review_posts import SAMPLES, add_revision
from sqlalchemy import select

from service.settings import settings
from service.store.models import AuditEntry, Delivery, Opinion, Post, QueueItem, Verdict, now

DOSING, CRISIS, MEDICAL = 13, 0, 2
"""Places of samples: a flagged dose, somebody in danger, a held post about stopping a treatment."""


def current(store, item: str) -> Verdict:
    with store.read() as session:
        post = session.get_one(QueueItem, item).post_id
        return session.scalar(select(Verdict).where(Verdict.post_id == post, Verdict.current))


def state(store, item: str) -> str:
    with store.read() as session:
        return session.get_one(QueueItem, item).state


@pytest.mark.parametrize(
    ("action", "becomes", "said"),
    [("approve", "allow", "Approved"), ("hold", "hold", "Held"), ("escalate", "escalate", "Escalated")],
)
def test_a_decision_is_recorded_told_and_leads_on(store, console, items, moderator, valkey, action, becomes, said):
    answer = console.decide(items[MEDICAL], action, note="  looked at it twice\r\nwith Ann ")
    verdict = current(store, items[MEDICAL])
    assert (verdict.action, verdict.decided_by) == (becomes, moderator.id)
    assert verdict.note == "looked at it twice\nwith Ann"
    assert state(store, items[MEDICAL]) == "decided"
    with store.read() as session:
        delivery = session.scalar(select(Delivery).where(Delivery.verdict_id == verdict.id))
        assert delivery.event == "post.decision" and delivery.payload["data"]["action"] == becomes
    assert Redis.from_url(valkey).llen("rq:queue:deliver") == 1
    assert answer.status_code == 303 and re.fullmatch(r"/console/items/item_\w+", answer.headers["Location"])
    assert items[MEDICAL] not in answer.headers["Location"]
    assert f"{said}. Undo" in text(console.page(answer.headers["Location"]))


def test_a_removal_names_what_it_is_for(store, console, items):
    assert console.decide(items[DOSING], "remove", label="medical.dosing").status_code == 303
    verdict = current(store, items[DOSING])
    assert verdict.action == "remove" and verdict.document["removed_for"] == "medical.dosing"
    page = text(console.page(f"/console/items/{items[DOSING]}"))
    assert "robin · Removed for: telling someone which dose to take" in page


@pytest.mark.parametrize("label", ["", "medical.nonsense", "self_harm.crisis", "dosing"])
def test_a_removal_without_a_rule_of_the_policy_is_not_done(store, console, items, label):
    answer = console.decide(items[DOSING], "remove", label=label, note="my words")
    assert answer.status_code == 422 and "Choose what the post is removed for" in answer.text
    assert "my words</textarea>" in answer.text and state(store, items[DOSING]) == "open"


def test_what_was_found_is_offered_first(console, items):
    form = console.form(items[MEDICAL])
    offered = re.findall(r'name="label" value="([^"]+)"( checked)?', form)
    assert offered[:3] == [("medical.stop_treatment", " checked"), ("medical.dosing", ""), ("personal_data.phone", "")]
    assert len({value for value, _ in offered}) == len(offered) and ("forum_rules", "") in offered
    assert not [value for value, _ in offered if value.startswith("claim")]


def test_nobody_is_removed_for_their_own_distress_by_one_person(store, console, items):
    answer = console.decide(items[CRISIS], "remove", label="forum_rules")
    assert answer.status_code == 403 and "never punished" in answer.text
    for _ in range(2):
        answer = console.decide(items[CRISIS], "remove", label="forum_rules", note="keep this")
        assert answer.headers["Location"] == f"/console/items/{items[CRISIS]}"
    assert state(store, items[CRISIS]) == "open" and current(store, items[CRISIS]).decided_by is None
    page = text(console.page(answer.headers["Location"]))
    assert "You would remove this post for: the forum’s other rules. “keep this” A colleague has to agree." in page
    with store.read() as session:
        assert len(session.scalars(select(Opinion)).all()) == 1


def test_a_second_person_may_agree(store, console, sam, items, moderator):
    console.decide(items[CRISIS], "remove", label="forum_rules", note="names the ward and the nurses")
    console.get(f"/console/items/{items[MEDICAL]}")
    page = text(sam.page(f"/console/items/{items[CRISIS]}"))
    assert "robin would remove this post for: the forum’s other rules. “names the ward and the nurses”" in page
    assert 'name="label" value="forum_rules"' in sam.form(items[CRISIS])
    assert sam.decide(items[CRISIS], "remove", label="forum_rules").status_code == 303
    assert current(store, items[CRISIS]).action == "remove"
    with store.read() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.what == "decided"))
    assert entry.detail["agreed_by"] == moderator.id != entry.moderator_id


def test_a_second_person_may_decide_otherwise(store, console, sam, items):
    console.decide(items[CRISIS], "remove", label="forum_rules", note="names the ward")
    console.get(f"/console/items/{items[MEDICAL]}")
    assert sam.decide(items[CRISIS], "escalate").status_code == 303
    assert current(store, items[CRISIS]).action == "escalate"


def test_what_was_proposed_of_an_older_text_counts_no_more(store, console, sam, items):
    console.decide(items[CRISIS], "remove", label="forum_rules", note="names the ward")
    console.get(f"/console/items/{items[MEDICAL]}")
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == str(CRISIS + 1)))
        add_revision(session, post, SAMPLES[4], 2)
    answer = sam.decide(items[CRISIS], "remove", label="forum_rules", note="I agree")
    assert answer.status_code == 303 and state(store, items[CRISIS]) == "open"


@pytest.mark.parametrize(("field", "value"), [("action", "burn"), ("action", ""), ("version", "x"), ("version", "")])
def test_an_incomplete_form_does_nothing(store, console, items, field, value):
    form = {"action": "approve", "version": console.version(items[MEDICAL]), field: value}
    assert console.post(f"/console/items/{items[MEDICAL]}/decide", **form).status_code == 422
    assert state(store, items[MEDICAL]) == "open"


def test_a_note_too_long_is_not_cut_in_silence(store, console, items):
    assert console.decide(items[MEDICAL], "approve", note="x" * 2001).status_code == 422
    assert state(store, items[MEDICAL]) == "open"


def test_a_hostile_note_is_text(console, items):
    console.decide(items[MEDICAL], "approve", note="<script>alert(1)</script>")
    for path in ("/console/decided", f"/console/items/{items[MEDICAL]}"):
        page = console.page(path)
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_the_second_of_two_sees_what_the_first_did(store, console, sam, items):
    version = console.version(items[MEDICAL])
    sam.post(f"/console/items/{items[MEDICAL]}/take-over")
    sam.decide(items[MEDICAL], "hold", note="asked the author first")
    answer = console.post(
        f"/console/items/{items[MEDICAL]}/decide", action="approve", version=version, note="seems fine to me"
    )
    page = text(answer.text)
    assert answer.status_code == 409 and "Somebody changed this item" in page
    assert "sam chose held" in page and "asked the author first" in page and "seems fine to me" in page
    assert current(store, items[MEDICAL]).action == "hold"


def test_the_note_of_who_came_second_is_not_lost(console, sam, items):
    version = console.version(items[MEDICAL])
    sam.post(f"/console/items/{items[MEDICAL]}/take-over")
    answer = console.post(f"/console/items/{items[MEDICAL]}/decide", action="hold", version=version, note="my words")
    assert answer.status_code == 409 and "Your note was: my words" in text(answer.text)


def test_an_edit_meanwhile_shows_the_new_text_and_keeps_the_note(store, console, items):
    version = console.version(items[MEDICAL])
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == str(MEDICAL + 1)))
        add_revision(session, post, SAMPLES[7], 2)
    answer = console.post(f"/console/items/{items[MEDICAL]}/decide", action="approve", version=version, note="my note")
    assert answer.status_code == 409 and "unopened boxes" in answer.text and "my note</textarea>" in answer.text
    assert state(store, items[MEDICAL]) == "open"


def test_one_form_sent_twice_decides_once(store, console, items):
    form = {"action": "approve", "version": console.version(items[MEDICAL])}
    first = console.post(f"/console/items/{items[MEDICAL]}/decide", **form)
    second = console.post(f"/console/items/{items[MEDICAL]}/decide", **form)
    assert (first.status_code, second.status_code) == (303, 409)
    with store.read() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.what == "decided")).all()) == 1


def test_a_decision_on_nothing_is_not_found(console, items):
    assert console.post("/console/items/item_0/decide", action="approve", version="1").status_code == 404
    assert console.post("/console/items/item_0/undo", version="1").status_code == 404
    assert console.post("/console/items/item_0/personal-data", show="yes").status_code == 404


def test_undo_brings_the_post_back_and_says_so(store, console, items):
    following = console.decide(items[DOSING], "remove", label="medical.dosing").headers["Location"]
    undo = re.search(r'class="flash".*?action="([^"]+)".*?name="version" value="(\d+)"', console.page(following), re.S)
    answer = console.post(undo[1], version=undo[2])
    assert answer.headers["Location"] == f"/console/items/{items[DOSING]}"
    page = console.page(answer.headers["Location"])
    assert 'value="approve"' in page and "Undo" not in text(page)
    assert "robin · Took the decision back" in text(page)
    assert state(store, items[DOSING]) == "open" and current(store, items[DOSING]).action == "flag"
    assert console.decide(items[DOSING], "approve").status_code == 303


def test_undo_is_offered_on_every_page_until_its_time_is_over(console, items, monkeypatch):
    console.decide(items[DOSING], "approve")
    for path in ("/console/", "/console/decided", f"/console/items/{items[MEDICAL]}"):
        assert 'class="flash"' in console.page(path)
    monkeypatch.setattr(settings(), "undo_seconds", 0)
    console.decide(items[MEDICAL], "approve")
    assert 'class="flash"' not in console.page("/console/")


def test_a_decision_is_taken_back_long_after(store, console, items, monkeypatch):
    console.decide(items[DOSING], "approve")
    monkeypatch.setattr(settings(), "undo_seconds", 0)
    with store.write() as session:
        item = session.get_one(QueueItem, items[DOSING])
        item.decided_at, version = now() - timedelta(days=30), item.version
    assert "Undo" in text(console.page(f"/console/items/{items[DOSING]}"))
    assert console.post(f"/console/items/{items[DOSING]}/undo", version=str(version)).status_code == 303
    assert state(store, items[DOSING]) == "open"


def test_the_list_of_decisions_is_newest_first_with_a_way_back(console, items):
    console.decide(items[DOSING], "approve", note="a note for later")
    console.decide(items[MEDICAL], "hold")
    page = console.page("/console/decided")
    assert text(page).index("Held Urging to stop") < text(page).index("Approved Telling someone")
    assert "by robin" in page and "a note for later" in page
    undo = re.search(rf'action="(/console/items/{items[DOSING]}/undo)".*?name="version" value="(\d+)"', page, re.S)
    console.post(undo[1], version=undo[2])
    assert f"/console/items/{items[DOSING]}/undo" not in console.page("/console/decided")


def test_a_bad_verdict_breaks_neither_list_nor_decision(store, console, items):
    console.decide(items[DOSING], "approve")
    with store.write() as session:
        verdict = session.scalar(select(Verdict).where(Verdict.decided_by.is_not(None)))
        verdict.document = {"odd": 1}
    assert "by robin" in console.page("/console/decided")


def test_the_way_goes_on_within_the_filter(console, items):
    form = {"action": "approve", "version": console.version(items[DOSING])}
    answer = console.post(f"/console/items/{items[DOSING]}/decide?label=medical&board=Treatments", **form)
    assert answer.headers["Location"] == f"/console/items/{items[9]}?label=medical&board=Treatments"
    form = {"action": "approve", "version": console.version(items[9])}
    answer = console.post(f"/console/items/{items[9]}/decide?label=medical&board=Treatments", **form)
    assert answer.headers["Location"] == "/console/?label=medical&board=Treatments"


def test_the_last_one_leads_to_an_empty_queue(console, items):
    for item in items:
        answer = console.decide(item, "approve")
    assert answer.headers["Location"] == "/console/" and "All looked after" in console.page("/console/")


def test_a_decision_stands_although_redis_is_down(store, console, items, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    assert console.decide(items[MEDICAL], "approve").status_code == 303
    assert state(store, items[MEDICAL]) == "decided"


def test_no_word_of_a_post_is_logged(console, items, caplog):
    caplog.set_level("DEBUG")
    console.page("/console/")
    console.page(f"/console/items/{items[MEDICAL]}")
    console.decide(items[MEDICAL], "remove", label="medical.dosing", note="a private note")
    console.decide(items[CRISIS], "remove", label="forum_rules")
    for word in ("tacrolimus", "evening", "Moira", "letters", "private note"):
        assert word not in caplog.text
