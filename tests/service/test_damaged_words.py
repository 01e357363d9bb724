"""A damaged encrypted value harms its own post: pages that list it show the others as ever, and it is not told for a text."""

import pytest
from damage import damage
from review_posts import Sample, add_post, seed
from sqlalchemy import delete, select, text
from sqlalchemy.exc import StatementError

from service.callback.again import turn_on
from service.erasure.quotes import unquote
from service.errors import ValueDamaged
from service.intake import accept
from service.keyring import new_key
from service.redactions import forget
from service.store.encrypted import DamagedText
from service.store.models import Delivery, Forum, Moderator, Post, Revision, Verdict, now

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


def told_anew(store) -> dict[str, dict]:
    """What the forum is told once its callbacks are on again, by its own ids."""
    with store.write() as session:
        session.execute(delete(Delivery))
        turn_on(session, session.scalars(select(Forum)).one())
    with store.read() as session:
        return {row.payload["data"]["external_id"]: row.payload["data"] for row in session.scalars(select(Delivery))}


def test_a_damaged_verdict_is_told_by_what_stands_beside_it(post, store):
    before = told_anew(store)["damaged"]
    damage(store, "verdict.document", OURS)
    after = told_anew(store)["damaged"]
    assert after["action"] == before["action"] == "flag" and after["severity"] == before["severity"] != "none"
    assert after["not_checked"] == "failed"


def test_of_a_damaged_redaction_nothing_is_told_and_the_others_are(post, store, console, caplog):
    assert console.decide(post, "redact").status_code == 303
    before = told_anew(store)
    assert PHONE not in before["damaged"]["body"]
    damage(store, "verdict.document", f"{OURS} AND action = 'redact'")
    assert told_anew(store).keys() == before.keys() - {"damaged"} and "is not told of it" in caplog.text


def test_recovered_a_post_whose_redaction_was_damaged_is_read_anew(post, store, console, forum):
    assert console.decide(post, "redact").status_code == 303
    damage(store, "verdict.document", f"{OURS} AND action = 'redact'")
    with store.write() as session:
        here = session.get_one(Forum, forum.forum.id)
        accept.delete(session, here, "damaged", now())
        session.execute(delete(Delivery))
        accept.recover(session, here, "damaged", now())
    with store.read() as session:
        assert session.scalar(select(Revision.state).where(text(OURS))) == "pending"
        assert session.scalar(select(Delivery)) is None


def test_a_damaged_verdict_is_neither_redacted_nor_brought_back(post, store, console):
    damage(store, "verdict.document", OURS)
    assert console.decide(post, "redact").status_code == 409
    assert console.decide(post, "approve").status_code == 303
    undone = console.post(f"/console/items/{post}/undo", version="2")
    assert undone.status_code == 409 and "restored from a back-up" in undone.text


def appealed(client, forum) -> int:
    key = {"Authorization": f"Bearer {forum.api_key}"}
    appeal = {"id": "a-1", "text": "Please read it again."}
    return client.post("/v1/posts/damaged/appeals", json=appeal, headers=key).status_code


def last_told(store) -> dict:
    """The newest decision that the forum was told."""
    with store.read() as session:
        return (
            session.scalars(select(Delivery).order_by(Delivery.created_at.desc(), Delivery.id.desc()))
            .first()
            .payload["data"]
        )


def test_a_damaged_decision_is_not_upheld_as_another(post, store, console, sam, client, forum):
    assert console.decide(post, "remove", label="medical.dosing", message="sorry").status_code == 303
    damage(store, "verdict.document", f"{OURS} AND action = 'remove'")
    assert appealed(client, forum) == 202
    refused = sam.decide(post, "uphold")
    assert refused.status_code == 409 and "can’t be upheld" in refused.text


DECISION = f"{OURS} AND action = 'remove'"


@pytest.mark.parametrize(
    ("damaged", "action", "outcome"),
    [(OURS, "approve", "granted"), (OURS, "hold", "granted"), (DECISION, "remove", "upheld")],
)
def test_an_appeal_against_a_damaged_decision_is_decided(
    post, store, console, sam, client, forum, damaged, action, outcome
):
    assert console.decide(post, "remove", label="medical.dosing").status_code == 303
    damage(store, "verdict.document", damaged)
    assert appealed(client, forum) == 202
    assert sam.decide(post, action, label="medical.dosing").status_code == 303
    assert last_told(store)["appeal"]["outcome"] == outcome


def test_an_appeal_against_a_damaged_redaction_gives_the_whole_text_back(post, store, console, sam, client, forum):
    assert console.decide(post, "redact").status_code == 303
    damage(store, "verdict.document", f"{OURS} AND action = 'redact'")
    assert appealed(client, forum) == 202
    assert sam.decide(post, "approve").status_code == 303
    told = last_told(store)
    assert told["appeal"]["outcome"] == "granted" and (told["body"], told["title"]) == (PHONE, "again")


def test_redacted_anew_where_the_redaction_was_damaged_the_author_got_nothing_back(
    post, store, console, sam, client, forum
):
    assert console.decide(post, "redact").status_code == 303
    damage(store, "verdict.document", f"{OURS} AND action = 'redact'")
    assert appealed(client, forum) == 202
    assert sam.decide(post, "redact").status_code == 303
    told = last_told(store)
    assert told["appeal"]["outcome"] == "upheld" and PHONE not in told["body"]


def test_what_may_be_restored_of_a_verdict_is_not_overwritten(post, store, console, forum):
    assert console.decide(post, "redact").status_code == 303
    damage(store, "verdict.document", OURS)
    damage(store, "verdict.findings", f"{OURS} AND findings IS NOT NULL AND CAST(findings AS TEXT) <> 'null'")
    stands = text(f"SELECT CAST(document AS TEXT), CAST(findings AS TEXT) FROM verdict WHERE {OURS} ORDER BY id")  # noqa: S608
    with store.write() as session:
        before = session.execute(stands).all()
        revision = session.scalars(select(Revision).where(text(OURS))).one()
        revision.reply_to = "neighbour"
        forget(session, revision)
        answered = session.scalars(select(Post.id).where(Post.external_id == "neighbour")).all()
        assert unquote(session, forum.forum.id, answered) == 1 and revision.parent == ""
    with store.read() as session:
        assert session.execute(stands).all() == before


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
