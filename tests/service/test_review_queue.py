"""The queue: order, filters, counts, pages, and rows that can't break it."""

import re
from html import unescape

import pytest
from review_posts import SAMPLES, Sample, add_post, add_revision
from sqlalchemy import select, update

from service.forums import add_forum
from service.review import queue
from service.review.queue import Filters, load_counts, load_rows, next_item, previous_item
from service.store.models import Forum, Post, QueueItem, Verdict
from service.verdicts import withdraw


def ids(page: str) -> list[str]:
    return re.findall(r'<li class="row" id="(item_\w+)"', page)


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def all_ids(store, filters=Filters()) -> list[str]:  # noqa: B008
    with store.read() as session:
        rows, cursor = load_rows(session, filters)
        while cursor:
            more, cursor = load_rows(session, filters, cursor)
            rows += more
        return [row.id for row in rows]


def test_the_most_urgent_comes_first_and_then_who_waited_longest(store, items):
    with store.read() as session:
        every = session.scalars(select(QueueItem)).all()
    expected = sorted(every, key=lambda item: (-item.urgency, item.created_at, item.id))
    assert all_ids(store) == [item.id for item in expected]
    assert all_ids(store)[0] == items[0], "a life before anything else"


def test_a_row_says_what_in_words_and_shows_the_evidence(console, items):
    page = text(console.page("/console/"))
    assert "15 posts wait" in page
    assert "Critical Someone may be in danger now" in page
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
        first, cursor = load_rows(session, Filters())
    with store.write() as session:
        session.execute(update(QueueItem).where(QueueItem.id.in_([whole[0], whole[3]])).values(state="decided"))
    with store.read() as session:
        second, _ = load_rows(session, Filters(), cursor)
    assert [row.id for row in first + second] == whole[:8]


def test_pages_part_nothing_and_repeat_nothing(store, items, monkeypatch):
    whole = all_ids(store)
    with store.write() as session:
        session.execute(
            update(QueueItem).values(urgency=7, created_at=session.scalar(select(QueueItem.created_at).limit(1)))
        )
    for size in (1, 2, 15, 16):
        monkeypatch.setattr(queue, "PAGE", size)
        assert all_ids(store) == sorted(whole)


@pytest.mark.parametrize(
    "after", ["x", "1", "1.2", "1.x.item", "9" * 40 + ".1.item", "1." + "9" * 40 + ".i", "....", "-5.-5.%", "1.2.\x00"]
)
def test_a_mended_cursor_shows_a_page_all_the_same(console, items, after):
    assert console.get("/console/", query_string={"after": after}).status_code == 200


@pytest.mark.parametrize("area", ["self_harm", "medical", "personal_data", "claim", "not_checked"])
def test_a_filter_shows_as_many_as_it_counted(store, items, area):
    with store.read() as session:
        counts = load_counts(session, Filters())
    count = {choice.value: choice.count for choice in counts.areas}[area]
    assert count > 0 and len(all_ids(store, Filters(area=area))) == count


def test_counts_follow_the_samples(store, items):
    with store.read() as session:
        counts = {choice.value: choice.count for choice in load_counts(session, Filters()).areas}
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
        counts = load_counts(session, Filters(forum="cove"))
        assert [(choice.value, choice.count) for choice in counts.boards] == [("Medicines", 1)]
        assert [(choice.value, choice.count) for choice in counts.forums] == [("cove", 1), ("harbour", 15)]
        assert counts.total == 1
        in_board = load_counts(session, Filters(board="Medicines"))
    assert {choice.value: choice.count for choice in in_board.forums} == {"cove": 1, "harbour": 2}
    assert len(all_ids(store, Filters(board="Medicines"))) == 3
    assert len(all_ids(store, Filters(board="Medicines", forum="cove", area="medical"))) == 1


def test_filters_of_a_strange_address_are_left_out(console, items):
    assert Filters.of({"area": "nonsense"}) == Filters()
    page = console.page("/console/?board=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page and "Nothing of this kind waits" in page


def test_an_empty_queue_is_kind(console):
    page = text(console.page("/console/"))
    assert "Nothing waits" in page and "All looked after" in page and "Thank you" in page


def test_what_was_edited_or_deleted_waits_no_longer(store, items):
    with store.write() as session:
        withdraw(session, session.scalar(select(Post).where(Post.external_id == "1")))
        session.scalar(select(Post).where(Post.external_id == "2")).deleted = True
    assert not {items[0], items[1]} & set(all_ids(store))
    with store.read() as session:
        assert load_counts(session, Filters()).total == 13


def test_an_edit_changes_the_row(store, items):
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == "1"))
        add_revision(session, post, Sample("Medicines", "Take two.", labels=(("dosing", 0.9, "Take two."),)), 2)
    with store.read() as session:
        row = next(row for row in load_rows(session, Filters())[0] if row.id == items[0])
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
    assert console.get("/console/?area=medical").status_code == 200
    assert console.get(f"/console/items/{items[4]}").status_code == 200


def test_the_next_and_the_one_before_follow_the_filters(store, items):
    order = all_ids(store, Filters(area="medical"))
    with store.read() as session:
        every = {item.id: item for item in session.scalars(select(QueueItem))}
        for here, there in zip(order, order[1:], strict=False):
            assert next_item(session, Filters(area="medical"), every[here]) == there
            assert previous_item(session, Filters(area="medical"), every[there]) == here
        assert next_item(session, Filters(area="medical"), every[order[-1]]) == order[0], (
            "the end leads to the beginning"
        )
        assert previous_item(session, Filters(area="medical"), every[order[0]]) == ""


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
