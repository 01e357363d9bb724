"""Whatever order news of a post comes in, and however often, the same state stands at the end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from service.errors import Conflict
from service.intake import accept
from service.intake.submission import Submission
from service.store.models import Post, Revision

START = datetime(2026, 11, 20, 21, tzinfo=UTC)


def submission(revision: int, body: str = "", minute: int = 0) -> Submission:
    text = body or f"text {revision}"
    return Submission(id="1", revision=revision, body=text, created_at=START + timedelta(minutes=minute))


def tell(session, forum, news) -> None:
    kind, value, minute = news
    if kind == "text":
        revision, body = value
        accept.accept(session, forum, submission(revision, body, minute), latest_wins=True)
    elif kind == "deleted":
        accept.delete(session, forum, "1", START + timedelta(minutes=minute))
    else:
        accept.recover(session, forum, "1", START + timedelta(minutes=minute))


def state(session) -> tuple:
    post = session.scalar(select(Post))
    newest = session.scalar(select(Revision).where(Revision.number == post.revision))
    others = session.scalars(select(Revision.state).where(Revision.number != post.revision)).all()
    waiting = session.scalar(select(func.count()).where(Revision.state == "pending"))
    return (
        post.revision,
        post.deleted,
        newest and (newest.body, newest.state),
        set(others) <= {"superseded"},
        waiting,
    )


TEXTS = st.tuples(st.just("text"), st.tuples(st.integers(1, 3), st.sampled_from(["a", "b", "c"])), st.integers(0, 30))
FATES = st.tuples(st.sampled_from(["deleted", "recovered"]), st.none(), st.integers(0, 30))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_order_and_repetition_never_matter(store, forum, data):
    news = data.draw(st.lists(TEXTS | FATES, min_size=1, max_size=5, unique=True))
    again = data.draw(st.permutations(news + data.draw(st.lists(st.sampled_from(news), max_size=3))))
    ends = []
    for order in (news, again):
        with store.write() as session:
            session.execute(delete_rows(Revision))
            session.execute(delete_rows(Post))
            for one in order:
                tell(session, forum.forum, one)
            session.flush()
            ends.append(state(session))
    assert ends[0] == ends[1]


def test_one_post_sent_by_many_at_once_is_stored_once(store, forum):
    def send(number: int) -> str:
        with store.write() as session:
            return accept.accept(session, forum.forum, submission(1 + number % 3)).post.id

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(send, range(24)))
    assert len(ids) == 1
    with store.read() as session:
        post, pending = (
            session.scalar(select(Post)),
            session.scalars(select(Revision).where(Revision.state == "pending")),
        )
        assert post.revision == 3 and [revision.number for revision in pending] == [3]


def test_without_a_clock_another_text_is_a_conflict(store, forum):
    with store.write() as session:
        accept.accept(session, forum.forum, submission(1, "one"))
    with pytest.raises(Conflict), store.write() as session:
        accept.accept(session, forum.forum, submission(1, "two"))


def test_a_recovered_post_after_erasure_takes_its_text_anew(store, forum):
    with store.write() as session:
        accept.accept(session, forum.forum, submission(4))
        accept.erase(session, forum.forum, "1", START)
        assert not accept.accept(session, forum.forum, submission(5)).is_new
        accept.recover(session, forum.forum, "1", START + timedelta(minutes=1))
        assert accept.accept(session, forum.forum, submission(4)).is_new
