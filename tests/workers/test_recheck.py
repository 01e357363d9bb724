"""Past posts are read again by newer models: after all else, without a gap, and without a word where nothing changes."""

from datetime import UTC, datetime

import pytest
from reading import Reader, findings
from sqlalchemy import select

from service.decisions import Decision, record_decision
from service.intake import accept
from service.recheck import Wanted, ask, count
from service.store.models import Delivery, QueueItem, Revision, Verdict, now
from workers import recheck
from workers.classify import read_all, read_some

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Newer(Reader):
    """A model of another name, to which "crisis" says nothing and "ideation" is a crisis."""

    def read(self, posts):
        self.batches.append([post.text for post in posts])
        found = [findings(*(["crisis"] if "ideation" in post.text else [])) for post in posts]
        for each in found:
            each.models["shared"] = "newer"
        return found


def wanted(*models: str) -> Wanted:
    return Wanted(LONG_AGO, now(), models or ("newer",))


def again(store, chosen, reader=None) -> int:
    with store.write() as session:
        asked = ask(session, wanted())
    read_all(store, reader or Newer(), chosen)
    return asked


def currents(store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.scalars(select(Verdict).where(Verdict.current).order_by(Verdict.action))
        return [(row.action, row.document["models"]["shared"]) for row in rows]


def item(store) -> QueueItem:
    with store.read() as session:
        return session.scalars(select(QueueItem)).one()


def test_the_old_verdict_stands_until_the_new_one_does(store, desk, chosen):
    desk.submit("1", "words")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        assert count(session, wanted()) == ask(session, wanted()) == 1
    assert currents(store) == [("allow", "told")]
    read_all(store, Newer(), chosen)
    assert currents(store) == [("allow", "newer")]
    with store.read() as session:
        assert count(session, wanted()) == 0


def test_where_nothing_changes_nobody_is_told_and_no_item_moves(store, desk, chosen):
    desk.submit("1", "words")
    desk.submit("2", "a crisis")
    read_all(store, Reader(), chosen)
    before = item(store)
    again(store, chosen, Reader())
    assert len(desk.deliveries()) == 2
    after = item(store)
    assert (after.version, after.created_at, after.state) == (before.version, before.created_at, "open")
    with store.read() as session:
        assert session.get_one(Verdict, after.verdict_id).current


def test_a_verdict_that_changes_moves_the_item_and_is_told(store, desk, chosen):
    desk.submit("1", "a crisis")
    desk.submit("2", "an ideation")
    read_all(store, Reader(), chosen)
    desk.change(Delivery, state="delivered")
    again(store, chosen)
    assert currents(store) == [("allow", "newer"), ("escalate", "newer")]
    assert sorted(d.event for d in desk.deliveries() if d.state == "pending") == ["post.verdict"] * 2
    with store.read() as session:
        assert sorted(session.scalars(select(QueueItem.state))) == ["open", "withdrawn"]


def test_what_a_person_decided_stays(store, desk, chosen, moderator):
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        found = session.scalars(select(QueueItem)).one()
        record_decision(session, found.id, found.version, moderator, Decision("approve"))
    assert again(store, chosen) == 0


def test_a_person_who_decides_while_it_waits_has_the_last_word(store, desk, chosen, moderator):
    desk.submit("1", "a crisis")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        ask(session, wanted())
        found = session.scalars(select(QueueItem)).one()
        record_decision(session, found.id, found.version, moderator, Decision("approve"))
    read_all(store, Newer(), chosen)
    with store.read() as session:
        assert session.scalar(select(Verdict.decided_by).where(Verdict.current)) == moderator.id
        assert session.scalar(select(Revision.state)) == "done"


@pytest.mark.parametrize("news", ["deleted", "edited"])
def test_what_is_gone_is_not_read_again(store, desk, chosen, news):
    desk.submit("1", "words")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        ask(session, wanted())
    if news == "edited":
        desk.submit("1", "other words", revision=2)
    else:
        with store.write() as session:
            accept.delete(session, desk.forum, "1", now())
    reader = Newer()
    read_all(store, reader, chosen)
    assert reader.batches == ([["other words"]] if news == "edited" else [])


def test_new_posts_come_before_old_ones(store, desk, choose):
    one = choose(batch_posts=1)
    desk.submit("old", "old words")
    read_all(store, Reader(), one)
    with store.write() as session:
        ask(session, wanted())
    desk.submit("new", "new words")
    reader = Newer()
    read_some(store, reader, one)
    read_some(store, reader, one)
    assert reader.batches == [["new words"], ["old words"]]


def test_another_forum_or_an_earlier_day_is_left_alone(store, desk, chosen):
    desk.submit("1", "words")
    read_all(store, Reader(), chosen)
    with store.read() as session:
        assert count(session, Wanted(now(), now(), ("newer",))) == 0
        assert count(session, Wanted(LONG_AGO, now(), ("newer",), "another")) == 0
        assert count(session, Wanted(LONG_AGO, now(), ("newer",), "harbour")) == 1
        assert count(session, Wanted(LONG_AGO, now(), ("told",))) == 0


def test_the_command_hands_over_a_few_at_a_time(store, desk, chosen, valkey, monkeypatch):
    for number in range(7):
        desk.submit(str(number), "words")
    read_all(store, Reader(), chosen)
    monkeypatch.setattr(recheck, "HAND_OVER", 3)
    monkeypatch.setattr(recheck, "classifier", lambda: type("Loaded", (), {"readers": frozenset({"newer"})}))
    monkeypatch.setattr(recheck.time, "sleep", lambda _: read_all(store, Newer(), chosen))
    assert recheck.recheck(store, LONG_AGO) == 7
    assert currents(store) == [("allow", "newer")] * 7
    assert recheck.recheck(store, LONG_AGO) == 0
