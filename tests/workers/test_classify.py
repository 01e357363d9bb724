"""Pending posts become verdicts: each exactly one, whatever fails, edits or dies meanwhile."""

import logging
import threading
import time

import pytest
from reading import Reader
from rq.timeouts import JobTimeoutException
from sqlalchemy import select, update

from classifiers.errors import DeviceLost
from service.intake import accept
from service.intake.accept import AWAITED, LOW
from service.intake.submission import Submission
from service.store.models import Forum, Post, QueueItem, Revision, Verdict, now
from service.waiting import TOLD_SECONDS, until_told
from service.wakeup import redis_connection
from workers import classify, stopping
from workers.classify import PATIENCE, claim, read_all, read_some


def claimed(store, chosen, owner="me"):
    with store.write() as session:
        return [revision.body for revision in claim(session, owner, chosen)]


def test_every_pending_post_gets_one_verdict(store, desk, chosen):
    for number in range(5):
        desk.submit(str(number), "a crisis" if number == 3 else "words")
    assert read_all(store, Reader(), chosen) == 5
    assert desk.verdicts() == {"0": ["allow"], "1": ["allow"], "2": ["allow"], "3": ["escalate"], "4": ["allow"]}
    assert {(r.state, r.lease_owner, r.lease_until) for r in desk.revisions()} == {("done", "", None)}
    assert read_all(store, Reader(), chosen) == 0


def test_the_verdict_its_queue_item_and_its_callback_are_written(store, desk, chosen):
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    with store.read() as session:
        assert session.scalar(select(QueueItem.state)) == "open"
    assert [(d.event, d.state) for d in desk.deliveries()] == [("post.verdict", "pending")]


def test_verdicts_wake_the_deliver_worker(store, desk, chosen, valkey):
    desk.submit()
    read_all(store, Reader(), chosen)
    assert redis_connection().llen("rq:queue:deliver") == 1


def test_whoever_waits_for_a_post_is_told_that_it_is_read_and_nobody_else(store, desk, chosen, valkey):
    awaited, _ = desk.submit("awaited"), desk.submit("as it comes")
    with store.write() as session:
        session.execute(update(Revision).where(Revision.post_id == awaited).values(urgent=AWAITED))
    read_all(store, Reader(), chosen)
    assert redis_connection().keys("heed:read:*") == [f"heed:read:{awaited}".encode()]
    assert 0 < redis_connection().ttl(f"heed:read:{awaited}") <= TOLD_SECONDS
    until_told([awaited], time.monotonic() + 60)
    assert not redis_connection().exists(f"heed:read:{awaited}"), "it was told, and not looked up"


def test_the_most_urgent_come_first_then_the_oldest(store, desk, chosen):
    posts = {id_: desk.submit(id_, id_) for id_ in ("old", "new", "urgent")}
    earlier = now() - PATIENCE / 2
    with store.write() as session:
        session.execute(update(Revision).where(Revision.post_id == posts["urgent"]).values(urgent=AWAITED))
        session.execute(update(Revision).where(Revision.post_id == posts["old"]).values(received_at=earlier))
    assert claimed(store, chosen) == ["urgent", "old", "new"]


def test_however_many_are_waited_for_what_waits_long_has_its_turn(store, desk, choose):
    """An archive, which nobody waits for, still comes last."""
    earlier = now() - 2 * PATIENCE
    posts = {id_: desk.submit(id_, id_) for id_ in ("archive", "old", "urgent", "urgent too")}
    with store.write() as session:
        for id_, turn in (("archive", LOW), ("urgent", AWAITED), ("urgent too", AWAITED)):
            session.execute(update(Revision).where(Revision.post_id == posts[id_]).values(urgent=turn))
        waited = Revision.post_id.in_([posts["archive"], posts["old"]])
        session.execute(update(Revision).where(waited).values(received_at=earlier))
    assert [claimed(store, choose(batch_posts=1)) for _ in posts] == [["old"], ["urgent"], ["urgent too"], ["archive"]]


def test_behind_a_head_of_the_line_that_others_claim_just_now_there_is_more(store, desk, choose, monkeypatch):
    monkeypatch.setattr(classify, "HEAD", 2)
    for number in range(3):
        desk.submit(str(number), str(number))
    if store.is_sqlite:
        # One writer at a time: nobody claims meanwhile.
        assert [claimed(store, choose(batch_posts=2)) for _ in "12"] == [["0", "1"], ["2"]]
        return
    with store.write() as session:
        assert [revision.body for revision in claim(session, "another", choose(batch_posts=2))] == ["0", "1"]
        assert claimed(store, choose(batch_posts=2)) == ["2"]


def test_a_claim_walks_the_line_by_its_index_and_touches_no_post_that_is_read(store):
    if not store.is_sqlite:
        pytest.skip("PostgreSQL reads a small table whole, and rightly")
    with store.read() as session:
        connection = session.connection()
        query = classify.in_line(now(), 5).compile(connection, compile_kwargs={"render_postcompile": True})
        plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + str(query), tuple("1" for _ in query.positiontup))
        steps = [row.detail for row in plan]
    assert any("ix_revision_unread" in step for step in steps)
    assert not any(step.startswith("SCAN post") for step in steps)


def test_a_batch_keeps_to_its_posts(store, desk, choose):
    for number in range(5):
        desk.submit(str(number))
    reader = Reader()
    read_all(store, reader, choose(batch_posts=2))
    assert [len(batch) for batch in reader.batches] == [2, 2, 1]


def test_a_batch_keeps_to_its_tokens_and_a_long_post_comes_alone(store, desk, choose):
    for number, length in enumerate((400, 400, 400, 9000, 100)):
        desk.submit(str(number), "x" * length)
    reader = Reader()
    read_all(store, reader, choose(batch_tokens=256))
    assert [[len(text) for text in batch] for batch in reader.batches] == [[400, 400], [400], [9000], [100]]


def test_only_the_newest_revision_is_read(store, desk, chosen):
    desk.submit("1", "first")
    desk.submit("1", "second", revision=2)
    assert claimed(store, chosen) == ["second"]


def test_a_deleted_post_is_not_read(store, desk, chosen):
    desk.submit()
    with store.write() as session:
        accept.delete(session, session.merge(desk.forum, load=False), "1", now())
    assert claimed(store, chosen) == []


@pytest.mark.parametrize("news", [{"deleted": True}, {"revision": 2}])
def test_what_the_post_itself_says_counts(store, desk, chosen, news):
    """Whatever its revision's own state is."""
    desk.submit()
    desk.change(Post, **news)
    assert claimed(store, chosen) == []


def test_a_leased_post_is_nobody_elses_until_its_lease_is_over(store, desk, chosen):
    desk.submit()
    assert claimed(store, chosen, "first") == ["words"]
    assert claimed(store, chosen, "second") == []
    desk.pass_time()
    assert claimed(store, chosen, "second") == ["words"]
    assert [(r.lease_owner, r.attempts) for r in desk.revisions()] == [("second", 2)]


def test_what_was_tried_before_comes_alone(store, desk, chosen):
    for number in range(3):
        desk.submit(str(number), str(number))
    claimed(store, chosen, "dies")
    desk.pass_time()
    desk.submit("fresh", "fresh")
    assert [len(claimed(store, chosen)) for _ in range(4)] == [1, 1, 1, 1]


def test_workers_side_by_side_read_each_post_once(store, desk, choose):
    for number in range(60):
        desk.submit(str(number), str(number))
    readers = [Reader() for _ in range(4)]
    few = choose(batch_posts=4)
    threads = [threading.Thread(target=read_all, args=(store, reader, few)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [text for reader in readers for batch in reader.batches for text in batch]
    assert sorted(texts, key=int) == [str(number) for number in range(60)]
    assert [len(actions) for actions in desk.verdicts(current=False).values()] == [1] * 60


def test_who_lost_the_lease_writes_nothing(store, desk, chosen):
    desk.submit("1", "a crisis")

    def overtaken() -> None:
        desk.pass_time()
        read_some(store, Reader(), chosen)

    assert read_some(store, Reader(during=overtaken), chosen) == 1
    assert desk.verdicts(current=False) == {"1": ["escalate"]}


def test_who_lost_the_lease_leaves_it_to_its_new_holder(store, desk, chosen):
    desk.submit()

    def overtaken() -> None:
        desk.pass_time()
        claimed(store, chosen, "new holder")

    read_some(store, Reader(during=overtaken), chosen)
    assert desk.verdicts() == {}
    assert [(r.state, r.lease_owner) for r in desk.revisions()] == [("leased", "new holder")]


def test_an_edit_while_it_is_read_leaves_the_old_text_without_a_verdict(store, desk, chosen):
    desk.submit("1", "a crisis")
    read_some(store, Reader(during=lambda: desk.submit("1", "words", revision=2)), chosen)
    assert desk.verdicts() == {}
    read_all(store, Reader(), chosen)
    assert desk.verdicts(current=False) == {"1": ["allow"]}
    assert [(r.number, r.state) for r in desk.revisions()] == [(1, "superseded"), (2, "done")]


def test_a_post_deleted_while_it_is_read_gets_no_verdict(store, desk, chosen):
    desk.submit()

    def delete() -> None:
        with store.write() as session:
            accept.delete(session, session.merge(desk.forum, load=False), "1", now())

    read_some(store, Reader(during=delete), chosen)
    assert desk.verdicts() == {}
    assert [r.state for r in desk.revisions()] == ["deleted"]
    assert read_all(store, Reader(), chosen) == 0


def test_a_post_that_can_not_be_read_spoils_no_other_and_goes_to_a_person(store, desk, choose):
    for number in range(6):
        desk.submit(str(number), "BREAK" if number == 2 else "words")
    twice = choose(max_attempts=2)
    reader = Reader()
    for _ in range(4):
        read_all(store, reader, twice)
        desk.pass_time()
    verdicts = desk.verdicts(current=False)
    assert [actions for id_, actions in sorted(verdicts.items()) if id_ != "2"] == [["allow"]] * 5
    assert len(verdicts["2"]) == 1 and verdicts["2"] != ["allow"]
    with store.read() as session:
        failed = session.scalar(select(Verdict).join(Post).where(Post.external_id == "2"))
    assert (failed.document["not_checked"], failed.document["checked"]) == ("failed", False)
    assert sum("BREAK" in text for batch in reader.batches for text in batch) == 2


def test_a_failed_batch_waits_before_it_is_read_again(store, desk, chosen):
    desk.submit("1", "BREAK")
    assert read_all(store, Reader(), chosen) == 1
    assert claimed(store, chosen) == []


def test_a_process_that_dies_counts_as_an_attempt(store, desk, choose):
    desk.submit()
    twice = choose(max_attempts=2)
    for _ in range(2):
        claimed(store, twice, "dies")
        desk.pass_time()
    reader = Reader()
    read_all(store, reader, twice)
    assert reader.batches == []
    with store.read() as session:
        assert session.scalar(select(Verdict)).document["not_checked"] == "failed"


def test_a_job_out_of_time_gives_its_posts_back_and_ends(store, desk, chosen):
    class Slow:
        def read(self, posts):
            raise JobTimeoutException

    desk.submit()
    with pytest.raises(JobTimeoutException):
        read_some(store, Slow(), chosen)
    assert [(r.state, r.lease_owner) for r in desk.revisions()] == [("pending", "")]


def test_a_worker_whose_gpu_is_lost_stops_and_leaves_its_posts_to_the_next(store, desk, choose):
    class Lost(Reader):
        def read(self, posts):
            super().read(posts)
            raise DeviceLost

    for number in range(3):
        desk.submit(str(number))
    lost, one = Lost(), choose(batch_posts=1)
    try:
        read_all(store, lost, one)
        assert stopping.requested() and len(lost.batches) == 1, "it would go through all posts, and give them up unread"
    finally:
        stopping.forget()
    desk.pass_time()
    assert read_all(store, Reader(), one) == 3
    assert desk.verdicts() == {str(number): ["allow"] for number in range(3)}


def test_no_log_line_holds_a_text(store, desk, chosen, caplog):
    caplog.set_level(logging.DEBUG)
    desk.submit("1", "BREAK my private sorrow")
    desk.submit("2", "another private sorrow")
    read_all(store, Reader(), chosen)
    desk.pass_time()
    read_all(store, Reader(), chosen)
    assert "RuntimeError" in caplog.text
    assert "sorrow" not in caplog.text


def test_a_policy_that_can_not_be_used_gives_way_to_the_default(store, desk, chosen, caplog):
    desk.change(Forum, policy="nonsense = = 1")
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"1": ["escalate"]}
    assert "harbour" in caplog.text


def test_the_forums_own_policy_counts(store, desk, chosen):
    desk.change(Forum, policy="[label_actions]\nideation = 'flag'\n")
    desk.submit("1", "ideation")
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"1": ["flag"]}


def test_the_boards_own_policy_counts(store, desk, chosen):
    desk.change(Forum, policy="[boards.support.label_actions]\nideation = 'flag'\n")
    desk.submit("1", "ideation", board="support")
    desk.submit("2", "ideation", board="elsewhere")
    read_all(store, Reader(), chosen)
    assert desk.verdicts() == {"1": ["flag"], "2": ["escalate"]}


def test_what_somebody_waits_for_comes_first_and_an_archive_last(store, desk, choose):
    one = choose(batch_posts=1)
    desk.submit("archive", "archive", priority="low")
    desk.submit("as they come", "as they come")
    with store.write() as session:
        accept.accept(session, session.merge(desk.forum, load=False), Submission(id="x", body="awaited"), awaited=True)
    reader = Reader()
    read_all(store, reader, one)
    assert reader.batches == [["awaited"], ["as they come"], ["archive"]]


def test_what_is_sent_again_with_somebody_waiting_moves_up(store, desk, chosen):
    desk.submit("1", "archive", priority="low")
    desk.submit("2", "as they come")
    with store.write() as session:
        again = Submission(id="1", body="archive", priority="low")
        accept.accept(session, session.merge(desk.forum, load=False), again, awaited=True)
    reader = Reader()
    read_all(store, reader, chosen)
    assert reader.batches == [["archive", "as they come"]]
