"""With keys set, no word of a post, of a person about it, or of a secret can be read in the database; whoever may sees them as
before.
"""

import re
from datetime import timedelta

import pytest
from appealing import Author
from damage import damage
from marker import MARKER, columns_with, files_with
from people import person
from review_posts import Sample, add_post
from sqlalchemy import select, text

from service import keyring, keys
from service.author_messages import change as change_message
from service.errors import ConfigurationError, EncryptionKeyMissing
from service.keyring import new_key
from service.settings import settings
from service.store.encrypted import DamagedText, columns_of
from service.store.models import Base, Bulk, Delivery, Forum, Moderator, Revision, Verdict, new_id

FLAGGED = (("stop_treatment", 0.95, f"Leave it out, said {MARKER}"),)
BODY = f"Leave it out, said {MARKER}. Ring 07700 900 461."
PHONE = (("phone", 0.99, "07700 900 461"),)


@pytest.fixture
def key(settings_env, database_url) -> str:
    """The one key that everything is encrypted by."""
    made = new_key()
    settings_env(HEED_ENCRYPTION_KEYS=made)
    return made


@pytest.fixture
def plant(store, forum):
    """Store a post that holds the marker wherever words may be; the id of its item."""

    def plant(id_: str, **more) -> str:
        words = {"title": f"{MARKER} again", "parent": f"{MARKER} said so", "spans": PHONE, "author": MARKER}
        with store.write() as session:
            here = session.merge(forum.forum, load=False)
            return add_post(session, here, Sample("thyroid", BODY, labels=FLAGGED, **words | more), id_)

    return plant


def everywhere(store, plant, console, sam, client, forum) -> str:
    """Words on every way in which they get into Heed; an item of theirs."""
    item, *others = plant("1", thread="t"), plant("2"), plant("3")
    question = {"to": person(store, "sam"), "question": f"Is {MARKER} a threat?"}
    assert console.post(f"/console/items/{item}/ask", **question).status_code == 303
    assert sam.post(f"/console/items/{item}/opinion", action="hold", version="1", note=MARKER).status_code == 303
    told = {"note": f"Names {MARKER}.", "left_out": MARKER, "message": f"Dear {MARKER},"}
    assert console.decide(item, "redact", **told).status_code == 303
    assert Author(client, forum).appeal(0, id="a-1", text=f"{MARKER} is my name").status_code == 202
    assert sam.post(f"/console/items/{item}/care", step="help", help=f"Dear {MARKER}").status_code == 303
    form = {
        "post": [f"{each}.1" for each in others],
        "action": "hold",
        "plan": new_id("bulk"),
        "note": f"All {MARKER}'s.",
    }
    assert console.post("/console/together/decide", **form).status_code == 303
    posted = {"id": "4", "body": f"{MARKER} thinks better of it", "url": f"https://forum.example.org/{MARKER}"}
    assert client.post("/v1/posts", json=posted, headers=Author(client, forum).key).status_code == 202
    with store.write() as session:
        here, robin = session.get_one(Forum, forum.forum.id), session.scalar(select(Moderator))
        change_message(session, here, "hold", "en", f"Dear {MARKER}", robin)
        robin.totp_secret = MARKER
        here.discourse_secret = MARKER
    return item


def test_no_word_can_be_read_in_any_column_or_byte(key, store, plant, console, sam, client, forum):
    item = everywhere(store, plant, console, sam, client, forum)
    assert columns_with(store) == [] and files_with(store) == []
    assert columns_with(store, forum.forum.webhook_secret) == []
    shown = console.page(f"/console/items/{item}")
    assert shown.count(MARKER) >= 4
    assert MARKER in str(client.get("/v1/posts/1", headers=Author(client, forum).key).json)


def test_without_keys_everything_stands_as_it_is(store, plant, console, sam, client, forum):
    everywhere(store, plant, console, sam, client, forum)
    found = columns_with(store)
    assert {name for name in found if not name.startswith(("forum.", "moderator."))} >= {
        *(
            "revision.title",
            "revision.body",
            "revision.parent",
            "revision.author",
            "revision.url",
            "verdict.document",
            "verdict.note",
        ),
        *("delivery.payload", "opinion.note", "opinion_request.question", "appeal.text", "author_message.text"),
    }
    wrapped = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in columns_of(table)}
    assert set(found) <= wrapped, "every column that words come into is one that can be encrypted"


def test_what_is_erased_goes_from_notes_and_quotes_that_are_encrypted(key, store, plant, console, sam, client, forum):
    plant("1", author="u-1", thread="t")
    plant("answer", parent="Leave it out, said …", thread="t", author="u-2", title="", spans=())
    plant("other", author="u-2")
    with store.read() as session:
        items = dict(
            session.execute(
                text("SELECT external_id, queue_item.id FROM queue_item JOIN post ON post.id = post_id")
            ).all()
        )
    chosen = [f"{items[each]}.1" for each in ("1", "other")]
    form = {"post": chosen, "action": "hold", "plan": new_id("bulk"), "note": f"All {MARKER}'s."}
    assert console.post("/console/together/decide", **form).status_code == 303
    receipt = client.delete("/v1/authors/u-1", headers=Author(client, forum).key).json
    assert (receipt["erased"]["quotes"], receipt["erased"]["notes"], receipt["erased"]["revision"]) == (1, 1, 1)
    with store.read() as session:
        assert set(session.scalars(select(Verdict.note))) == {""} and set(session.scalars(select(Bulk.note))) == {""}
        assert sorted(session.scalars(select(Revision.parent))) == ["", f"{MARKER} said so"]


def test_a_text_that_looks_encrypted_is_a_text_like_any_other(store, forum, settings_env):
    planted = [f"{keyring.SEALED}00000000:gAAAA", f"{keyring.PLAIN}x", keyring.MARK]
    for setting in ("", new_key()):
        settings_env(HEED_ENCRYPTION_KEYS=setting)
        for words in planted:
            with store.write() as session:
                session.get_one(Forum, forum.forum.id).discourse_secret = words
            with store.read() as session:
                assert session.scalar(select(Forum.discourse_secret)) == words


def test_an_old_key_opens_what_it_wrote_and_the_newest_writes(key, store, plant, forum, settings_env):
    plant("1")
    newer = new_key()
    settings_env(HEED_ENCRYPTION_KEYS=f"{newer},{key}")
    with store.write() as session:
        assert session.scalar(select(Revision.body)) == BODY
        session.scalar(select(Revision)).body = "newer"
    settings_env(HEED_ENCRYPTION_KEYS=newer)
    with store.read() as session:
        assert session.scalar(select(Revision.body)) == "newer"
        with pytest.raises(EncryptionKeyMissing) as caught:
            session.scalar(select(Revision.title))
    assert keyring.id_of(key) in str(caught.value) and key not in str(caught.value) and MARKER not in str(caught.value)


def test_an_author_is_found_by_whatever_key_their_name_is_encrypted(store, plant, console, client, forum, settings_env):
    old, new = new_key(), new_key()
    for id_, setting in (("1", ""), ("2", old), ("3", f"{new},{old}"), ("4", f"off,{new},{old}")):
        settings_env(HEED_ENCRYPTION_KEYS=setting)
        last = plant(id_, author="u-1", parent="")
    plant("5", author="u-2")
    with store.read() as session:
        assert len(set(session.scalars(text("SELECT author FROM revision")))) == 4
    earlier = re.search(r'<ul class="earlier">(.*?)</ul>', console.page(f"/console/items/{last}"), re.DOTALL)[1]
    assert earlier.count("<li") == 3
    receipt = client.delete("/v1/authors/u-1", headers=Author(client, forum).key).json
    assert receipt["posts"] == 4 and receipt["state"] == "done"
    with store.read() as session:
        assert session.scalars(select(Revision.author)).all() == ["u-2"]


@pytest.mark.parametrize("setting", ["", "off", new_key()], ids=["none", "off", "another"])
def test_with_the_key_gone_nothing_is_shown_and_the_log_says_which(
    key, store, plant, console, client, forum, settings_env, setting, caplog
):
    item = plant("1")
    settings_env(HEED_ENCRYPTION_KEYS=setting)
    for answer in (
        console.get(f"/console/items/{item}"),
        client.get("/v1/posts/1", headers={"Authorization": f"Bearer {forum.api_key}"}),
    ):
        assert answer.status_code == 500 and MARKER not in answer.text and keyring.MARK not in answer.text
    assert keyring.id_of(key) in caplog.text and key not in caplog.text and MARKER not in caplog.text


def test_what_was_changed_is_not_taken_for_a_text(key, store, plant):
    plant("1")
    with store.write() as session:
        session.execute(text("UPDATE revision SET body = replace(body, 'gAAAA', 'gAAAB')"))
    with store.read() as session:
        assert isinstance(session.scalar(select(Revision.body)), DamagedText)


@pytest.mark.parametrize("column", ["revision.body", "revision.author", "verdict.document"])
@pytest.mark.parametrize(("at", "to"), [(15, "0"), (15, "5"), (17, "g"), (19, "00"), (24, "A"), (25, ";")])
def test_where_only_the_name_of_its_key_was_damaged_it_is_read(key, store, plant, column, at, to):
    plant("1")
    table, name = column.split(".")
    query = select(Base.metadata.tables[table].c[name])
    with store.read() as session:
        before = session.scalar(query)
    damage(store, column, at=at, to=to)
    with store.read() as session:
        assert session.scalar(query) == before and before


@pytest.mark.parametrize("at", [0, 7, 14])
def test_with_its_mark_damaged_it_is_no_text_either(key, store, plant, at):
    plant("1")
    damage(store, "revision.body", at=at, to="#")
    with store.read() as session:
        assert isinstance(session.scalar(select(Revision.body)), DamagedText)


def test_what_no_key_can_have_named_is_damaged_and_no_missing_key(key, store, plant, settings_env):
    plant("1")
    damage(store, "revision.body", at=17, to="no id")
    settings_env(HEED_ENCRYPTION_KEYS=new_key())
    with store.read() as session:
        assert isinstance(session.scalar(select(Revision.body)), DamagedText)


def test_a_missing_key_may_be_a_damaged_value_and_the_message_says_so(key, store, plant):
    plant("1")
    damage(store, "revision.body", at=17, to="00000000")
    damage(store, "revision.body")
    with store.read() as session, pytest.raises(EncryptionKeyMissing, match="00000000.*was damaged"):
        session.scalar(select(Revision.body))


K = "C0pNbE0wZ2h0Rk1kd1R4c3l2bGJ3U1F6aWpQcVJ0WWE="


@pytest.mark.parametrize(
    "wrong", ["hunter2", "aaaa,b", f"{K},hunter2", f"{K},off", f"{K},", f"{K}x", K[:-1], f"{K} {K}"]
)
def test_a_malformed_key_is_told_without_showing_it(settings_env, wrong):
    settings_env(HEED_ENCRYPTION_KEYS=wrong)
    with pytest.raises(ConfigurationError) as caught:
        settings()
    said = str(caught.value)
    assert "HEED_ENCRYPTION_KEYS" in said and "heed encryption new-key" in said
    assert not any(part in said for part in wrong.split(",") if len(part) > 3)


def test_secrets_are_encrypted_and_an_old_api_key_is_still_found_by_its_hash(key, store, forum):
    with store.write() as session:
        here = session.get_one(Forum, forum.forum.id)
        for kind in keys.KINDS:
            keys.rotate(session, here, kind, timedelta(days=1))
    with store.read() as session:
        assert keys.forum_of(session, forum.api_key).id == forum.forum.id
        assert forum.forum.webhook_secret in keys.holding(session, "harbour", "webhook")[1]
    assert columns_with(store, forum.forum.webhook_secret) == []


def test_the_longest_values_have_room(key, store, client, forum):
    longest = {
        "author": "🫀" * 200,
        "url": "https://forum.example.org/" + "x" * 1970,
        "body": "🫀" * 100,
        "title": "ß" * 9_000,
    }
    answer = client.post("/v1/posts", json={"id": "1", **longest}, headers=Author(client, forum).key)
    assert answer.status_code == 202, answer.text
    with store.read() as session:
        kept = session.scalar(select(Revision))
        assert {name: getattr(kept, name) for name in longest} == longest


def test_no_statement_can_look_for_words():
    for wrong in (
        lambda: Revision.body == MARKER,
        lambda: Revision.author == MARKER,
        lambda: Verdict.note.in_([MARKER]),
        lambda: Revision.url.endswith(MARKER),
        lambda: Revision.title.contains(MARKER),
        lambda: Revision.title.desc(),
    ):
        with pytest.raises(TypeError, match="encrypted"):
            wrong()
    for right in (Revision.parent != "", Delivery.payload.is_(None), Revision.body.is_not(None), Revision.title == ""):
        assert right is not None


def test_what_a_verdict_was_read_by_can_still_be_asked_in_sql(key, store, plant):
    plant("1")
    with store.read() as session:
        by = Verdict.document["models"]["encoder"].as_string()
        assert session.scalars(select(Verdict.id).where(by == "all-MiniLM-L6-v2")).all()
        assert not session.scalars(select(Delivery.id).where(Delivery.payload.is_(None))).all()


def test_its_columns_can_still_be_keys_of_a_dict():
    """SQLAlchemy compares them where their hashes meet, and asks whether they are the same."""
    body, title = Revision.__table__.c.body, Revision.__table__.c.title
    assert bool(body == body) and not bool(body == title) and bool(body != title)
