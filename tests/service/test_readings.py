"""A text that is no post is read, answered, and was never there."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from marker import MARKER, columns_with, files_with, keys_with
from reading_along import Reader, worker
from redis import Redis
from sqlalchemy import select, update
from submitting import count, read_pending

from service import readings, recheck
from service.callback import again
from service.errors import Invalid, TooLarge, TooMany, Unavailable
from service.intake.accept import accept, find
from service.intake.submission import Submission
from service.metrics import HeedCollector
from service.policy.policy import load
from service.policy.preview import preview
from service.readings import LEFT_OVER, MOST, forget_old, read, text
from service.review.numbers import load_numbers
from service.settings import settings
from service.store.models import Base, Delivery, Forum, Post, QueueItem, Revision, ShadowVerdict, Verdict, now
from service.waiting import place
from workers import sweep
from workers.classify import _conclude, claim, read_some
from workers.leftovers import Leftovers


@pytest.fixture(autouse=True)
def patient(settings_env, valkey):
    settings_env(HEED_WAIT_SECONDS_MAX=20)


@pytest.fixture
def forum(forum):
    return forum.forum


def rows(store) -> dict[str, int]:
    return {name: number for name, table in Base.metadata.tables.items() if (number := count(store, table))}


def left_behind(store, forum, words: str = "dosing crisis", *, age: timedelta = timedelta()) -> str:
    """A text as a web process leaves it that is killed while it waits; the post's id."""
    with store.write() as session:
        id_ = readings._store(session, forum, text(words, field="text"))
        session.get_one(Post, id_).created_at = now() - age
    return id_


def test_texts_are_read_in_their_order_and_nothing_is_left(store, forum):
    before = rows(store)
    with worker(store):
        found = read(forum, [text(words, field="input") for words in ("dosing, do it", "a walk", "crisis now")])
    assert [each.verdict["action"] for each in found] == ["flag", "allow", "escalate"]
    assert [each.flagged for each in found] == [{("medical", "dosing")}, set(), {("self_harm", "crisis")}]
    assert found[0].scores["medical", "dosing"] == 0.99 and found[1].scores["claim", "dose"] == 0.0
    assert rows(store) == before


def test_a_forums_own_policy_judges_them(store, forum):
    with store.write() as session:
        session.get_one(Forum, forum.id).policy = "[actions.medical]\nmedium = 'allow'\n"
    with worker(store):
        [found] = read(forum, [text("dosing", field="input")])
    assert found.verdict["action"] == "allow" and found.flagged


def test_they_come_before_what_nobody_waits_for(store, forum):
    with store.write() as session:
        accept(session, forum, Submission(id="1", body="an earlier post"))
    left_behind(store, forum, "waits")
    with store.write() as session:
        assert [each.body for each in claim(session, "me", settings())] == ["waits", "an earlier post"]


def test_what_is_not_read_in_time_is_503_and_forgotten(store, forum, settings_env):
    settings_env(HEED_WAIT_SECONDS_MAX=0)
    before = rows(store)
    with pytest.raises(Unavailable, match="within 0 s") as error:
        read(forum, [text("words", field="input")])
    assert error.value.retry_after and rows(store) == before


def test_where_half_of_the_threads_wait_it_is_503_at_once(store, forum, settings_env):
    settings_env(HEED_WEB_THREADS=3, HEED_RATE_LIMIT="1/minute")
    before = rows(store)
    with place(), pytest.raises(Unavailable, match="Too many wait") as error:
        read(forum, [text("words", field="input")])
    assert error.value.retry_after and rows(store) == before
    with worker(store):
        assert read(forum, [text("words", field="input")]), "it has its place, and its share of the limit"


def test_what_can_not_be_read_is_no_clean_text(store, forum, settings_env):
    settings_env(HEED_MAX_ATTEMPTS=1)
    before = rows(store)
    with worker(store), pytest.raises(Unavailable, match="in several attempts"):
        read(forum, [text("BREAK", field="input")])
    assert rows(store) == before


def test_a_worker_that_comes_too_late_finds_nothing_and_goes_on(store, forum):
    id_ = left_behind(store, forum, age=LEFT_OVER * 2)
    with store.write() as session:
        claimed = claim(session, "me", settings())
    findings = Reader()._read(claimed[0].body)
    assert forget_old(store) == 1
    assert _conclude(store, "me", [(claimed[0], findings)]) == 0
    with store.read() as session:
        assert session.get(Post, id_) is None and session.scalar(select(Revision)) is None


def test_no_queue_no_callback_no_number_hears_of_it(store, forum):
    """A text that was read, and that the web process has not taken away yet."""
    before = told(store, forum)
    id_ = left_behind(store, forum)
    assert told(store, forum) == before, "unread"
    read_pending(store, "dosing", "crisis")
    with store.read() as session:
        assert session.scalar(select(Verdict.action).where(Verdict.post_id == id_)) == "escalate"
    assert told(store, forum) == before
    assert count(store, QueueItem) == count(store, Delivery) == 0
    with store.write() as session:
        assert again.turn_on(session, session.get_one(Forum, forum.id)) == 0
    assert count(store, Delivery) == 0


def told(store, forum) -> list:
    metrics = [(m.name, [(s.labels, round(s.value)) for s in m.samples]) for m in HeedCollector(store).collect()]
    wanted = recheck.Wanted(since=now() - timedelta(days=1), began=now() + timedelta(days=1), models=["another"])
    with store.read() as session:
        read = load_numbers(session, 7, "").read
        previewed = preview(session, session.get_one(Forum, forum.id), load(), load()).posts
        return [metrics, read, previewed, recheck.count(session, wanted)]


def test_it_is_no_post_that_the_api_knows(store, forum):
    id_ = left_behind(store, forum)
    with store.read() as session:
        external = session.get_one(Post, id_).external_id
        assert find(session, forum, id_) is find(session, forum, external) is None


def test_a_shadow_does_not_judge_it(store, forum):
    with store.write() as session:
        session.execute(update(Forum).values(shadow_policy="", shadow_since=now()))
    left_behind(store, forum)
    assert read_some(store, Reader(), settings()) == 1
    assert count(store, ShadowVerdict) == 0


def test_what_a_killed_process_left_goes_after_some_minutes(store, forum, valkey):
    young, old = left_behind(store, forum), left_behind(store, forum, age=LEFT_OVER * 2)
    sweep.once()
    with store.read() as session:
        assert session.scalars(select(Post.id)).all() == [young]
        assert session.get(Post, old) is None


def test_nothing_stands_in_the_files_or_in_redis_once_it_is_answered(store, forum, valkey):
    with worker(store):
        read(forum, [text(f"{MARKER} dosing", field="input", parent=MARKER)])
    assert columns_with(store) == [] and keys_with(Redis.from_url(valkey)) == []
    Leftovers().turn(store)
    assert files_with(store) == []


def test_words_are_encrypted_meanwhile(store, forum, settings_env):
    key = Fernet.generate_key().decode()
    settings_env(HEED_ENCRYPTION_KEYS=key)
    left_behind(store, forum, MARKER)
    with store.engine.connect() as connection:
        stored = json.dumps([str(row) for row in connection.exec_driver_sql("SELECT * FROM revision")])
    assert count(store, Revision) == 1 and MARKER not in stored


def test_limits_hold_for_them(store, forum, settings_env):
    texts = [text("words", field="input")] * 2
    settings_env(HEED_RATE_LIMIT="1/minute", HEED_WAIT_SECONDS_MAX=0)
    with pytest.raises(TooLarge):
        read(forum, texts)
    with pytest.raises(Unavailable):
        read(forum, texts[:1])
    with pytest.raises(TooMany):
        read(forum, texts[:1])
    settings_env(HEED_RATE_LIMIT="9/minute", HEED_MAX_PENDING=1)
    left_behind(store, forum)
    with pytest.raises(Unavailable, match="Too many posts"):
        read(forum, texts[:1])


def test_a_text_is_named_as_its_api_calls_it(settings_env):
    settings_env(HEED_MAX_TEXT_CHARS=100)
    with pytest.raises(Invalid, match=r"^input: is longer than 100") as error:
        text("a" * 101, field="input")
    assert error.value.field == "input" and MOST == 100
    with pytest.raises(Invalid, match=r"^context: holds a NUL"):
        text("a", field="input", parent="\0")
