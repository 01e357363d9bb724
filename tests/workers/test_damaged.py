"""A damaged encrypted value stops the reading and the telling of its own post alone."""

import logging
from datetime import timedelta

import pytest
from click.testing import CliRunner
from damage import damage
from marker import MARKER
from reading import Reader
from sqlalchemy import select, text

from service.keyring import new_key
from service.recheck import Wanted, ask
from service.store.models import Verdict, now
from workers.classify import read_all
from workers.cli import main
from workers.deliver import claim, replay

BODIES = {"1": f"{MARKER} is well", "2": f"{MARKER} has a crisis", "3": f"{MARKER} is well again"}


@pytest.fixture
def key(settings_env, database_url, store) -> str:
    made = new_key()
    settings_env(HEED_ENCRYPTION_KEYS=made)
    return made


@pytest.fixture
def pending(key, desk) -> dict[str, str]:
    """Three posts that wait to be read, by the forum's ids; their own."""
    return {id_: desk.submit(id_, body, parent="said so", title="again") for id_, body in BODIES.items()}


@pytest.mark.parametrize("column", ["title", "body", "parent"])
def test_the_others_have_their_verdicts_and_it_goes_to_people(pending, store, desk, chosen, caplog, column):
    damage(store, f"revision.{column}", f"post_id = '{pending['2']}'")
    reader = Reader()
    assert read_all(store, reader, chosen) == 3
    assert sorted(text for batch in reader.batches for text in batch) == [BODIES["1"], BODIES["3"]]
    assert desk.verdicts() == {"1": ["allow"], "2": ["flag"], "3": ["allow"]}
    with store.read() as session:
        document = session.scalar(select(Verdict.document).where(Verdict.post_id == pending["2"]))
    assert document["not_checked"] == "failed" and document["redacted"] is None
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(said) == 1 and pending["2"] in said[0] and column in said[0] and MARKER not in said[0]


def test_restored_it_is_read(pending, store, desk, chosen):
    with store.read() as session:
        whole = session.scalar(text(f"SELECT body FROM revision WHERE post_id = '{pending['2']}'"))  # noqa: S608
    damage(store, "revision.body", f"post_id = '{pending['2']}'")
    read_all(store, Reader(), chosen)
    with store.write() as session:
        session.execute(text(f"UPDATE revision SET body = :it WHERE post_id = '{pending['2']}'"), {"it": whole})  # noqa: S608
        assert ask(session, Wanted(now() - timedelta(days=1), now(), ["told"])) == 1
    read_all(store, Reader(), chosen)
    assert desk.verdicts()["2"] == ["escalate"]


def test_read_again_its_damaged_verdict_gives_way(pending, store, desk, chosen):
    read_all(store, Reader(), chosen)
    damage(store, "verdict.document", f"post_id = '{pending['2']}'")
    with store.write() as session:
        session.execute(text("UPDATE revision SET state = 'pending'"))
    read_all(store, Reader(), chosen)
    assert [revision.state for revision in desk.revisions()] == ["done"] * 3
    assert desk.verdicts()["2"] == ["escalate"]


def test_a_reply_to_it_is_read_without_it(pending, store, desk, chosen):
    damage(store, "revision.body", f"post_id = '{pending['2']}'")
    desk.submit("reply", "So do I.", reply_to="2")
    read_all(store, Reader(), chosen)
    assert desk.verdicts()["reply"] == ["allow"]


def test_the_callbacks_of_others_leave(pending, store, desk, chosen, caplog):
    read_all(store, Reader(), chosen)
    damage(store, "delivery.payload", f"post_id = '{pending['2']}'")
    with store.write() as session:
        _looked_at, parcels = claim(session, "owner", chosen)
    assert {parcel.payload["data"]["external_id"] for parcel in parcels} == {"1", "3"}
    lost = next(each for each in desk.deliveries() if each.post_id == pending["2"])
    assert lost.state == "given_up" and "damaged" in lost.last_error and lost.id in caplog.text
    with store.write() as session:
        assert replay(session, lost.id).state == "pending", "once it is restored"


def test_the_keys_are_changed_once_somebody_has_mended_it(pending, store, desk, settings_env, key):
    damage(store, "revision.body", f"post_id = '{pending['2']}'")
    settings_env(HEED_ENCRYPTION_KEYS=f"{new_key()},{key}")
    ended = CliRunner().invoke(main, ["encryption", "rotate"], catch_exceptions=False)
    revision = next(each.id for each in desk.revisions() if each.post_id == pending["2"])
    assert ended.exit_code == 1 and f"body of revision {revision}" in ended.output
    assert MARKER not in ended.output
