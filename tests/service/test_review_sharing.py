"""Sharing the work: one person reads a post, others see so; it is let go of, taken over, handed over, skipped."""

import re
from datetime import timedelta
from html import unescape

import pytest
from people import person
from review_console import text
from review_posts import SAMPLES, add_revision
from sqlalchemy import func, select

from service.store.models import AuditEntry, Moderator, Post, QueueItem, Skip, now

CRISIS, HELD = 0, 2


def item_of(store, item: str) -> QueueItem:
    with store.read() as session:
        return session.get_one(QueueItem, item)


def began(page: str) -> str:
    return unescape(re.search(r'name="began" value="([^"]+)"', page)[1])


def test_who_opens_a_post_has_it_and_others_see_so(store, console, sam, items, moderator):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    assert item_of(store, items[HELD]).claimed_by == moderator.id
    page = sam.page(path)
    assert "robin is reading this post at the moment" in text(page) and 'value="approve"' not in page
    assert item_of(store, items[HELD]).claimed_by == moderator.id
    assert "robin has it" in text(sam.page("/console/")) and "robin has it" not in text(console.page("/console/"))


def test_the_next_post_is_not_one_that_somebody_reads(console, sam, items):
    first = re.search(r'<li class="row" id="(\w+)"', console.page("/console/"))[1]
    following = re.search(r'href="/console/items/(\w+)" data-key="j"', console.page(f"/console/items/{first}"))[1]
    sam.page(f"/console/items/{following}")
    assert f'/console/items/{following}" data-key="j"' not in console.page(f"/console/items/{first}")


def test_opening_another_post_lets_go_of_the_first(store, console, items, moderator):
    console.page(f"/console/items/{items[HELD]}")
    console.page(f"/console/items/{items[CRISIS]}")
    assert item_of(store, items[HELD]).claimed_by is None
    assert item_of(store, items[CRISIS]).claimed_by == moderator.id


def test_leaving_a_page_lets_go_unless_it_was_opened_again(store, console, items, moderator):
    path = f"/console/items/{items[HELD]}"
    older, newer = began(console.page(path)), began(console.page(path))
    assert console.post(f"{path}/release", began=older).status_code == 204
    assert item_of(store, items[HELD]).claimed_by == moderator.id
    console.post(f"{path}/release", began=newer)
    assert item_of(store, items[HELD]).claimed_by is None
    assert console.post(f"{path}/release", began="yesterday").status_code == 204


def test_a_claim_runs_out(store, console, sam, items):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    with store.write() as session:
        session.get_one(QueueItem, items[HELD]).claimed_until = now() - timedelta(seconds=1)
    assert 'value="approve"' in sam.page(path)
    assert console.post(f"{path}/claim").status_code == 409
    assert sam.post(f"{path}/claim").status_code == 204


def test_a_page_that_is_still_open_keeps_its_post(store, console, items):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    with store.write() as session:
        session.get_one(QueueItem, items[HELD]).claimed_until = soon = now() + timedelta(seconds=1)
    console.post(f"{path}/claim")
    assert item_of(store, items[HELD]).claimed_until > soon + timedelta(minutes=1)


def test_looking_ahead_claims_nothing(store, console, items):
    console.get(f"/console/items/{items[HELD]}", headers={"Sec-Purpose": "prefetch"})
    assert item_of(store, items[HELD]).claimed_by is None


def test_a_post_somebody_reads_is_not_decided_by_another(store, console, sam, items):
    path = f"/console/items/{items[HELD]}"
    version = console.version(items[HELD])
    sam.post(f"{path}/take-over")
    answer = console.post(f"{path}/decide", action="approve", version=version, note="my words")
    assert answer.status_code == 409 and "sam is reading this post" in text(answer.text)
    assert item_of(store, items[HELD]).state == "open"


def test_taking_over_is_written_down(store, console, sam, items):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    assert sam.post(f"{path}/take-over").headers["Location"] == path
    page = text(sam.page(path))
    assert "sam · Took it over" in page
    assert sam.decide(items[HELD], "approve").status_code == 303
    with store.read() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.what == "took_over"))
    assert entry.detail == {"before": person(store, "robin")}


def test_a_post_is_handed_to_a_colleague(store, console, sam, items):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    answer = console.post(f"{path}/hand-over", to=person(store, "sam"))
    assert answer.status_code == 303 and answer.headers["Location"] != path
    assert items[HELD] in sam.page("/console/?who=me") and items[HELD] not in console.page("/console/?who=me")
    assert "Handed to sam" in text(console.page(path))
    assert "robin · Handed it to sam" in text(sam.page(path))
    assert sam.decide(items[HELD], "approve").status_code == 303


@pytest.mark.parametrize("to", ["", "user_nobody", "robin", "gone"])
def test_a_post_is_handed_to_somebody_who_is_there(store, console, sam, items, to):
    with store.write() as session:
        session.add(Moderator(id="user_gone", name="gone", password_hash="x", active=False))
    known = person(store, to) or to
    answer = console.post(f"/console/items/{items[HELD]}/hand-over", to=known)
    assert answer.status_code == 422 and "Choose a colleague" in answer.text
    assert item_of(store, items[HELD]).assigned_to is None


def test_what_is_skipped_does_not_come_back(store, console, sam, items):
    path = f"/console/items/{items[HELD]}"
    console.page(path)
    answer = console.post(f"{path}/skip", reason="heavy")
    assert answer.status_code == 303 and answer.headers["Location"] != path
    assert items[HELD] not in console.page("/console/") and items[HELD] in sam.page("/console/")
    assert items[HELD] in console.page("/console/?who=skipped")
    assert item_of(store, items[HELD]).claimed_by is None
    assert "robin · Left it to others" in text(sam.page(path)) and "Too heavy for me today" in text(sam.page(path))
    page = console.page(path)
    assert "You left this post to the others" in page
    console.post(f"{path}/unskip")
    assert items[HELD] in console.page("/console/")


@pytest.mark.parametrize("reason", ["", "bored"])
def test_a_skip_has_a_reason(store, console, items, reason):
    answer = console.post(f"/console/items/{items[HELD]}/skip", reason=reason)
    assert answer.status_code == 422 and "Choose why you skip it" in answer.text
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Skip)) == 0


def test_an_edit_brings_a_skipped_post_back(store, console, items):
    console.post(f"/console/items/{items[HELD]}/skip", reason="unsure")
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == str(HELD + 1)))
        add_revision(session, post, SAMPLES[7], 2)
    assert items[HELD] in console.page("/console/")


def test_the_last_one_does_not_leave_a_life_alone(store, console, sam, items):
    path = f"/console/items/{items[CRISIS]}/skip"
    assert console.post(path, reason="heavy").status_code == 303
    answer = sam.post(path, reason="heavy")
    assert answer.status_code == 409 and "Nobody else is left" in answer.text
    assert items[CRISIS] in sam.page("/console/")


@pytest.mark.parametrize("what", ["take-over", "hand-over", "skip"])
def test_nothing_is_shared_that_waits_no_longer(store, console, sam, items, what):
    path = f"/console/items/{items[HELD]}"
    console.decide(items[HELD], "approve")
    answer = sam.post(f"{path}/{what}", reason="heavy", to=person(store, "robin"))
    assert answer.status_code == 409 and "somebody decided it meanwhile" in answer.text
    assert sam.post("/console/items/item_0/" + what, reason="heavy").status_code == 404
