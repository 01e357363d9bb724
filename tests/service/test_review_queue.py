"""The queue: order, filters, counts, pages, and rows that can't break it."""

import re
from datetime import timedelta
from html import unescape
from itertools import product
from urllib.parse import parse_qsl

import pytest
from people import add_person
from review_console import Console, text
from review_posts import SAMPLES, Sample, add_post, add_revision
from sqlalchemy import select, update

from service.forums import add_forum
from service.review import queue
from service.review.counts import load_counts
from service.review.filters import Filters
from service.review.queue import load_rows, next_item, previous_item
from service.store.models import Forum, Moderator, Post, QueueItem, SavedView, Skip, Verdict, now
from service.verdicts import withdraw


def ids(page: str) -> list[str]:
    return re.findall(r'<li class="row" id="(item_\w+)"', page)


READER = "user_of_no_item"


def count(session, filters=Filters()):  # noqa: B008
    return load_counts(session, filters, READER, now())


def all_ids(store, filters=Filters()) -> list[str]:  # noqa: B008
    with store.read() as session:
        rows, cursor = load_rows(session, filters, READER)
        while cursor:
            more, cursor = load_rows(session, filters, READER, cursor)
            rows += more
        return [row.id for row in rows]


def test_the_most_urgent_comes_first_and_then_who_waited_longest(store, items):
    with store.read() as session:
        every = session.scalars(select(QueueItem)).all()
    expected = sorted(every, key=lambda item: (item.lane, item.due_at, item.id))
    assert all_ids(store) == [item.id for item in expected]
    assert all_ids(store)[0] == items[0], "a life before anything else"


def test_a_row_says_what_in_words_and_shows_the_evidence(console, items):
    page = text(console.page("/console/"))
    assert "15 posts wait" in page
    assert re.search(r"Critical 1[01] min left Someone may be in danger now", page)
    assert "I’ve written the letters and the cat is with my neighbour." in page
    assert "Also: telling someone which dose to take, phone number" in page


def test_no_personal_data_stands_in_the_queue(console, items):
    page = console.page("/console/")
    for sample in SAMPLES:
        for _, _, value in sample.spans:
            assert value not in page and value not in unescape(page)
    assert "e-mail address hidden" in text(page)


def test_pages_hold_while_the_queue_moves(store, items, monkeypatch):
    whole = all_ids(store)
    monkeypatch.setattr(queue, "PAGE", 4)
    with store.read() as session:
        first, cursor = load_rows(session, Filters(), READER)
    with store.write() as session:
        session.execute(update(QueueItem).where(QueueItem.id.in_([whole[0], whole[3]])).values(state="decided"))
    with store.read() as session:
        second, _ = load_rows(session, Filters(), READER, cursor)
    assert [row.id for row in first + second] == whole[:8]


def test_pages_part_nothing_and_repeat_nothing(store, items, monkeypatch):
    whole = all_ids(store)
    with store.write() as session:
        session.execute(update(QueueItem).values(lane=1, due_at=session.scalar(select(QueueItem.due_at).limit(1))))
    for size in (1, 2, 15, 16):
        monkeypatch.setattr(queue, "PAGE", size)
        assert all_ids(store) == sorted(whole)


@pytest.mark.parametrize(
    "after", ["x", "1", "1.2", "1.x.item", "9" * 40 + ".1.item", "1." + "9" * 40 + ".i", "....", "-5.-5.%"]
)
def test_a_mended_cursor_shows_a_page_all_the_same(console, items, after):
    assert console.get("/console/", query_string={"after": after}).status_code == 200


@pytest.mark.parametrize("area", ["self_harm", "medical", "personal_data", "claim", "not_checked"])
def test_a_filter_shows_as_many_as_it_counted(store, items, area):
    with store.read() as session:
        counts = count(session)
    said = {choice.value: choice.count for choice in counts.areas}[area]
    assert said > 0 and len(all_ids(store, Filters(label=area))) == said


def test_counts_follow_the_samples(store, items):
    with store.read() as session:
        counts = {choice.value: choice.count for choice in count(session).areas}
    private = sum(
        bool(sample.spans) or any(n == "third_party_health" for n, _, _ in sample.labels) for sample in SAMPLES
    )
    assert counts["personal_data"] == private and counts["not_checked"] == 1
    assert counts["claim"] == sum(bool(sample.claims) for sample in SAMPLES)


def test_boards_and_forums_narrow_each_other(store, items):
    with store.write() as session:
        other = add_forum(session, "cove", "The Cove").forum
        add_post(session, other, Sample("Medicines", "x", labels=(("dosing", 0.9, "x"),)), "1")
    with store.read() as session:
        counts = count(session, Filters(forum="cove"))
        assert [(choice.value, choice.count) for choice in counts.boards] == [("Medicines", 1)]
        assert [(choice.value, choice.count) for choice in counts.forums] == [("cove", 1), ("harbour", 15)]
        assert counts.total == 1
        in_board = count(session, Filters(board="Medicines"))
    assert {choice.value: choice.count for choice in in_board.forums} == {"cove": 1, "harbour": 2}
    assert len(all_ids(store, Filters(board="Medicines"))) == 3
    assert len(all_ids(store, Filters(board="Medicines", forum="cove", label="medical"))) == 1


def test_filters_of_a_strange_address_are_left_out(console, items):
    odd = {"label": "nonsense", "severity": "awful", "age": "old", "who": "them"}
    assert Filters.of(odd) == Filters() == Filters.of({"label": "medical.nonsense"})
    page = console.page("/console/?board=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page and "Nothing of this kind waits" in page


def test_an_empty_queue_is_kind(console):
    page = text(console.page("/console/"))
    assert "Nothing waits" in page and "All looked after" in page and "Thank you" in page


def test_what_was_edited_or_deleted_waits_no_longer(store, items):
    with store.write() as session:
        withdraw(session, session.scalar(select(Post).where(Post.external_id == "1")), edited=False)
        withdraw(session, session.scalar(select(Post).where(Post.external_id == "2")), edited=False)
    assert not {items[0], items[1]} & set(all_ids(store))
    with store.read() as session:
        assert count(session).total == 13


def test_an_edit_changes_the_row(store, items):
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == "1"))
        add_revision(session, post, Sample("Medicines", "Take two.", labels=(("dosing", 0.9, "Take two."),)), 2)
    with store.read() as session:
        row = next(row for row in load_rows(session, Filters(), READER)[0] if row.id == items[0])
    assert row.labels == ["Telling someone which dose to take"] and row.board == "Medicines"


@pytest.mark.parametrize(
    "document",
    [{}, {"reasons": None, "not_checked": None}, {"reasons": [{}], "not_checked": None}, [], "text",
     {"reasons": [{"area": "medical", "label": "dosing", "start": "x", "end": 3, "severity": "high"}], "not_checked": None}],
)  # fmt: skip
def test_one_bad_row_never_breaks_the_page(store, console, items, document):
    with store.write() as session:
        verdict = session.get_one(Verdict, session.get_one(QueueItem, items[4]).verdict_id)
        verdict.document = document
    page = console.page("/console/")
    assert len(ids(page)) == 15 and "A post whose reasons can’t be shown" in page
    assert console.get("/console/?label=medical").status_code == 200
    assert console.get(f"/console/items/{items[4]}").status_code == 200


def test_the_next_and_the_one_before_follow_the_filters(store, items):
    order = all_ids(store, Filters(label="medical"))
    with store.read() as session:
        every = {item.id: item for item in session.scalars(select(QueueItem))}
        for here, there in zip(order, order[1:], strict=False):
            assert next_item(session, Filters(label="medical"), READER, every[here]) == there
            assert previous_item(session, Filters(label="medical"), READER, every[there]) == here
        assert next_item(session, Filters(label="medical"), READER, every[order[-1]]) == order[0], (
            "the end leads to the beginning"
        )
        assert previous_item(session, Filters(label="medical"), READER, every[order[0]]) == ""


def test_an_excerpt_is_not_cut_within_a_word(store, forum, moderator, console):
    body = "word " * 60 + "this is the evidence " + "word " * 60
    with store.write() as session:
        sample = Sample("b", body, labels=(("dosing", 0.9, "this is the evidence"),))
        add_post(session, session.merge(forum.forum, load=False), sample, "1")
    excerpt = text(re.search(r'class="excerpt"[^>]*>(.*?)</p>', console.page("/console/"), re.S)[1])
    assert set(excerpt.split()) == {"…", "word", "this", "is", "the", "evidence"}


def test_forums_of_others_are_named_only_where_there_are_several(store, console, items):
    assert "Harbour" not in text(console.page("/console/"))
    with store.write() as session:
        other = add_forum(session, "cove", "The Cove").forum
        add_post(session, session.get_one(Forum, other.id), Sample("b", "x", labels=(("dosing", 0.9, "x"),)), "1")
    assert "The Cove" in text(console.page("/console/"))


def choices(found) -> dict[str, int]:
    return {choice.value: choice.count for choice in found}


NARROW = (
    "label=medical", "label=medical.dosing", "label=not_checked.language", "severity=high", "severity=critical",
    "board=Medicines", "age=overdue", "age=day", "age=week", "who=me", "who=nobody", "who=skipped",
)  # fmt: skip


@pytest.fixture
def busy(store, items, moderator) -> str:
    """Items of many ages, handed over, claimed and skipped; the id of the moderator who looks."""
    with store.write() as session:
        add_person(session, "sam")
        sam = session.scalar(select(Moderator.id).where(Moderator.name == "sam"))
        every = {item.id: item for item in session.scalars(select(QueueItem))}
        for place, days in ((3, 2), (5, 9), (7, 30)):
            item = every[items[place]]
            item.created_at, item.due_at = now() - timedelta(days=days), item.due_at - timedelta(days=days)
        every[items[1]].assigned_to = every[items[2]].assigned_to = moderator.id
        every[items[3]].assigned_to = sam
        every[items[4]].claimed_by, every[items[4]].claimed_until = sam, now() + timedelta(minutes=1)
        every[items[5]].claimed_by, every[items[5]].claimed_until = sam, now() - timedelta(minutes=1)
        every[items[6]].claimed_by, every[items[6]].claimed_until = moderator.id, now() + timedelta(minutes=1)
        session.add_all([Skip(item_id=items[place], moderator_id=moderator.id, reason="heavy") for place in (8, 9)])
    return moderator.id


def test_every_count_is_of_what_a_click_on_it_shows(store, busy):
    """With any filter set, the number beside any other is what the queue then holds."""
    for first, second in product(("", *NARROW), NARROW):
        chosen, (name, value) = Filters.of(dict(parse_qsl(first))), second.split("=")
        if name in chosen.query():
            continue
        with store.read() as session:
            counts = load_counts(session, chosen, busy, now())
            rows, _ = load_rows(session, Filters.of({**chosen.query(), name: value}), busy)
        kinds = {"severity": counts.severities, "board": counts.boards, "age": counts.ages, "who": counts.whose}
        kinds["label"] = [*counts.areas, *counts.labels]
        assert choices(kinds[name]).get(value, 0) == len(rows), (first, second)


def test_what_was_skipped_is_kept_apart(store, busy, items):
    with store.read() as session:
        assert {row.id for row in load_rows(session, Filters(who="skipped"), busy)[0]} == {items[8], items[9]}
        assert choices(load_counts(session, Filters(), busy, now()).whose)["skipped"] == 2
        assert load_counts(session, Filters(), busy, now()).total == 13
        assert load_counts(session, Filters(), "somebody else", now()).total == 15


def test_the_way_leads_past_what_others_have(store, busy, items):
    passed = {items[3], items[4], items[8], items[9]}
    with store.read() as session:
        every = {item.id: item for item in session.scalars(select(QueueItem))}
        here, seen = items[0], []
        while here not in seen:
            seen.append(here)
            here = next_item(session, Filters(), busy, every[here])
    assert set(seen) == set(items) - passed


def test_age_wins_over_severity_but_never_over_a_life(store, items):
    with store.write() as session:
        mild = session.scalar(select(QueueItem).where(QueueItem.severity == "medium").limit(1))
        mild.due_at -= timedelta(days=3)
        mild_id = mild.id
    assert all_ids(store)[:2] == [items[0], mild_id]


def test_who_has_a_post_is_said_in_its_row(console, busy):
    assert text(console.page("/console/")).count("sam has it") == 2


def test_a_crisis_that_waits_too_long_is_told_on_every_page(store, console, items):
    assert 'class="late"' not in console.page("/console/decided")
    with store.write() as session:
        session.get_one(QueueItem, items[0]).due_at = now() - timedelta(minutes=7)
    for path in ("/console/", "/console/decided", f"/console/items/{items[5]}"):
        page = console.page(path)
        assert "Someone may be in danger, and their post is overdue" in text(page)
        assert f'<a href="/console/items/{items[0]}" data-key="!"' in page
    assert "7 min overdue" in text(console.page("/console/"))


def test_a_view_is_saved_used_and_deleted(store, console, items):
    save = "/console/views?label=medical&age=overdue"
    assert console.post(save, name=" My  evening ").headers["Location"] == "/console/?label=medical&age=overdue"
    page = console.page("/console/")
    assert '<a href="/console/?label=medical&amp;age=overdue">My evening</a>' in page
    console.post("/console/views?severity=high", name="My evening")
    page = console.page("/console/?severity=high")
    assert page.count("My evening") == 1 and "Delete this view" in page
    view = re.search(r'action="(/console/views/view_\w+/delete[^"]*)"', page)[1]
    assert console.post(unescape(view)).status_code == 303
    assert "My evening" not in console.page("/console/")


@pytest.mark.parametrize(("query", "name"), [("", "all"), ("?label=medical", ""), ("?label=medical", "x" * 61)])
def test_a_view_without_filters_or_name_is_refused(console, items, query, name):
    assert console.post(f"/console/views{query}", name=name).status_code == 422


def test_views_are_ones_own(store, app, console, items):
    console.post("/console/views?label=medical", name="mine")
    with store.write() as session:
        add_person(session, "sam")
        view = session.scalar(select(SavedView.id))
    sam = Console(app.test_client())
    sam.log_in("sam")
    assert "mine" not in text(sam.page("/console/"))
    sam.post(f"/console/views/{view}/delete")
    assert "mine" in text(console.page("/console/"))
