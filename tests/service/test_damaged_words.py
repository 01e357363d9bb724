"""A damaged encrypted value harms its own post: pages that list it show the others as ever, and it is not told for a text."""

import pytest
from damage import damage
from review_posts import Sample, add_post, seed
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from service.errors import ValueDamaged
from service.keyring import new_key
from service.store.encrypted import DamagedText
from service.store.models import Moderator, Revision, Verdict

PHONE = "Ring me on 07700 900 461, I’m up late."
LISTS = ("", "decided", "numbers", "together", "policy/harbour", "policy/harbour/shadow", "second-readings")
REVISION = tuple(f"revision.{name}" for name in ("title", "body", "parent", "author", "url", "digest"))


@pytest.fixture
def post(settings_env, database_url, store, forum) -> str:
    """The item of a post in a thread with others, all of them encrypted."""
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        seed(session, here)
        more = {"title": "again", "parent": "said so", "thread": "t", "spans": (("phone", 0.99, "07700 900 461"),)}
        add_post(session, here, Sample("thyroid", PHONE, author="u-2", **more), "neighbour")
        return add_post(session, here, Sample("thyroid", PHONE, **more), "damaged")


OURS = "post_id = (SELECT id FROM post WHERE external_id = 'damaged')"


def neighbour(store) -> str:
    with store.read() as session:
        named = text("SELECT q.id FROM queue_item q JOIN post p ON p.id = q.post_id WHERE external_id = 'neighbour'")
        return session.scalars(named).one()


@pytest.mark.parametrize("columns", [REVISION, ("verdict.document", "verdict.findings")], ids=["text", "verdict"])
def test_pages_that_list_it_show_the_others(post, store, console, log_in, client, forum, columns):
    lead = log_in("kim", "lead", forum.forum.id)
    for column in columns:
        damage(store, column, OURS)
    for path in LISTS:
        assert lead.get(f"/console/{path}", follow_redirects=True).status_code == 200, path
    others = lead.page(f"/console/items/{neighbour(store)}")
    assert "07700 900 461" not in others and "up late" in others
    assert console.get(f"/console/items/{post}").status_code == 200
    key = {"Authorization": f"Bearer {forum.api_key}"}
    answer = client.get("/v1/posts/damaged", headers=key)
    assert answer.status_code == 200 and answer.json["verdict"]["action"] == "flag"
    assert client.get("/v1/posts/neighbour", headers=key).json["verdict"]["redacted"]


def test_its_own_page_says_so(post, store, console):
    damage(store, "revision.body", OURS)
    page = console.page(f"/console/items/{post}")
    assert "damaged in the database" in page and "\N{REPLACEMENT CHARACTER}" in page
    assert "damaged in the database" not in console.page(f"/console/items/{neighbour(store)}")


def test_what_stands_for_its_text_is_never_published(post, store, console):
    assert console.decide(post, "redact").status_code == 303
    damage(store, "revision.body", OURS)
    undone = console.post(f"/console/items/{post}/undo", version="2")
    assert undone.status_code == 409 and "restored from a back-up" in undone.text
    with store.read() as session:
        assert session.scalar(select(Verdict.action).where(Verdict.current, text(OURS))) == "redact"


def test_a_damaged_text_is_not_redacted(post, store, console):
    damage(store, "revision.body", OURS)
    assert console.decide(post, "redact").status_code == 409


def test_what_may_be_restored_is_not_overwritten(post, store):
    damage(store, "revision.body", OURS)
    with pytest.raises(StatementError, match="can't be copied"), store.write() as session:
        revision = session.scalars(select(Revision).where(text(OURS))).one()
        assert isinstance(revision.body, DamagedText)
        session.scalars(select(Revision).where(Revision.post_id != revision.post_id)).first().body = revision.body


def test_a_damaged_secret_is_none(post, store, moderator):
    """Read as anything it would be a key that others may know, or a second factor that is not asked for."""
    with store.write() as session:
        session.get_one(Moderator, moderator.id).totp_secret = "JBSWY3DPEHPK3PXP"
    damage(store, "moderator.totp_secret")
    with store.read() as session, pytest.raises(ValueDamaged):
        session.get_one(Moderator, moderator.id)
