"""Forgotten means forgotten: a post, or all of an author, in every table and in the database's files."""

from datetime import UTC, datetime, timedelta

import pytest
from appealing import Author
from marker import MARKER, columns_with, files_with
from people import person
from review_console import text
from review_posts import Sample, add_post
from sqlalchemy import ForeignKeyConstraint, func, select

from service.erasure import receipts, rows
from service.forums import add_forum
from service.intake import accept
from service.intake.submission import Submission
from service.policy import shadow
from service.review.examples.export import lines
from service.store.models import (
    AuditEntry,
    Base,
    Bulk,
    Delivery,
    Erasure,
    Forum,
    Post,
    QueueItem,
    Revision,
    ShadowVerdict,
    Verdict,
    new_id,
    now,
)

WORDLESS = {
    *("audit_cut", "audit_entry", "author_message", "erasure", "forum", "invitation", "login_session", "membership"),
    *("event_count", "moderator", "policy_version", "post", "recovery_code", "retired_key", "saved_view"),
}
"""Tables that hold nothing of any post's words."""
FLAGGED = (("stop_treatment", 0.95, "Leave the evening one out"),)
PHONE = (("phone", 0.99, "07700 900 461"),)
BODY = f"Leave the evening one out, said {MARKER}. Ring 07700 900 461."


@pytest.fixture
def key(forum) -> dict[str, str]:
    return {"Authorization": f"Bearer {forum.api_key}"}


@pytest.fixture
def say(store, forum):
    """Store a post with its verdict; the id of its item."""

    def say(id_: str, body: str = BODY, author: str = "u-1", labels=FLAGGED, **more) -> str:
        with store.write() as session:
            here = session.merge(forum.forum, load=False)
            return add_post(session, here, Sample("thyroid", body, labels=labels, author=author, **more), id_)

    return say


def erase(client, key, author: str = MARKER) -> dict:
    answer = client.delete(f"/v1/authors/{author}", headers=key)
    assert answer.status_code == 200, answer.text
    return answer.json


def of(store, table):
    with store.read() as session:
        return list(session.scalars(select(table)))


def everything(store, say, console, sam, client, forum, key) -> str:
    """Every way in which words get into Heed, done to one author's posts; an item of theirs."""
    item = say("1", title=f"{MARKER} again", parent=f"{MARKER} said so", author=MARKER, spans=PHONE, thread="t")
    say(
        "answer",
        body="I am not so sure.",
        labels=(),
        parent=f"Leave the evening one out, said {MARKER}",
        reply_to="1",
        thread="t",
    )
    say("excerpt", body="Nor am I.", labels=(), parent=f"… said {MARKER}. …", thread="t")
    to = person(store, "sam")
    assert console.post(f"/console/items/{item}/ask", to=to, question=f"Is {MARKER} a threat?").status_code == 303
    assert sam.post(f"/console/items/{item}/opinion", action="hold", version="1", note=MARKER).status_code == 303
    redacted = console.decide(item, "redact", note=f"Names {MARKER}.", left_out=MARKER, message=f"Dear {MARKER},")
    assert redacted.status_code == 303, text(redacted.text)
    author = Author(client, forum)
    assert author.appeal(0, id=MARKER, text=f"{MARKER} is my name").status_code == 202
    assert sam.post(f"/console/items/{item}/care", step="help", help=f"Dear {MARKER}").status_code == 303
    others = say("2", author=MARKER), say("other", body="Leave the evening one out, I say.", author="u-2")
    chosen = [f"{each}.1" for each in others]
    form = {"post": chosen, "action": "hold", "plan": new_id("bulk"), "note": f"All of {MARKER}'s."}
    assert console.post("/console/together/decide", **form).status_code == 303
    with store.write() as session:
        shadow.note(session, session.scalar(select(Verdict).where(Verdict.current)), {
            "action": "allow", "reasons": [], "not_checked": None, "policy_version": "1", "models": {},
        })  # fmt: skip
    # A second revision, which waits to be read.
    posted = {"id": "2", "revision": 2, "body": f"{MARKER} thinks better of it", "author": "somebody-else"}
    assert client.post("/v1/posts", json=posted, headers=key).status_code == 202
    return item


def test_nothing_of_an_author_is_left_in_any_table_or_file(store, say, console, sam, client, forum, key):
    everything(store, say, console, sam, client, forum, key)
    planted = set(columns_with(store))
    assert planted >= {
        "revision.title", "revision.body", "revision.parent", "revision.author", "verdict.document", "verdict.note",
        "delivery.payload", "opinion.note", "opinion_request.question", "appeal.text", "appeal.external_id", "bulk.note",
    }  # fmt: skip
    receipt = erase(client, key)
    assert columns_with(store) == []
    assert files_with(store) == []
    assert receipt["state"] == "done" and receipt["posts"] == 2 and receipt["of"] == "author"
    assert receipt["erased"]["quotes"] == 2 and receipt["erased"]["notes"] == 1
    assert {"revision", "verdict", "queue_item", "delivery", "appeal", "opinion", "opinion_request", "care"} <= set(
        receipt["erased"]
    )
    assert receipt["erased"]["revision"] == 3


def test_the_receipt_can_be_fetched_again_and_a_second_asking_gives_the_same(store, say, client, key):
    say("1", author=MARKER)
    receipt = erase(client, key)
    assert erase(client, key) == receipt
    assert client.get(f"/v1/erasures/{receipt['id']}", headers=key).json == receipt
    assert MARKER not in str(receipt) and len(of(store, Erasure)) == 1
    with store.write() as session:
        other = add_forum(session, "cove", "The Cove")
    theirs = {"Authorization": f"Bearer {other.api_key}"}
    assert client.get(f"/v1/erasures/{receipt['id']}", headers=theirs).status_code == 404
    assert client.get(f"/v1/erasures/{receipt['id']}").status_code == 401


def test_a_newer_post_of_the_author_has_a_receipt_of_its_own(store, say, client, key):
    say("1", author=MARKER)
    first = erase(client, key)
    say("2", author=MARKER)
    second = erase(client, key)
    assert second["id"] != first["id"] and second["posts"] == 1 and columns_with(store) == []


def test_only_the_forums_own_author_is_erased(store, say, client, forum, key):
    with store.write() as session:
        other = add_forum(session, "cove", "The Cove")
        accept.accept(session, other.forum, Submission(id="1", body="theirs", author=MARKER))
    say("1", body="Leave the evening one out.", author="somebody else")
    say("2", author=MARKER)
    assert erase(client, key)["posts"] == 1
    assert {post.external_id: post.erased for post in of(store, Post) if post.forum_id == forum.forum.id} == {
        "1": False,
        "2": True,
    }
    assert [revision.author for revision in of(store, Revision)].count(MARKER) == 1
    assert client.delete(f"/v1/authors/{MARKER}").status_code == 401


def test_an_author_that_is_no_name_is_refused(client, key):
    assert client.delete("/v1/authors/%20", headers=key).status_code == 422
    assert client.delete(f"/v1/authors/{'x' * 300}", headers=key).status_code == 422
    assert client.delete("/v1/authors/a%00b", headers=key).status_code == 422
    assert client.delete("/v1/authors/nobody/we-know", headers=key).json["posts"] == 0


def test_news_that_comes_late_brings_nothing_of_an_author_back(store, client, key):
    def send(id_: str, **more) -> None:
        document = {"id": id_, "body": MARKER, "author": MARKER, **more}
        assert client.post("/v1/posts", json=document, headers=key).status_code == 202

    send("1")
    erase(client, key)
    send("1", revision=2)
    send("never heard of", created_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert columns_with(store) == []
    shown = client.get("/v1/posts/never heard of", headers=key).json
    assert (shown["status"], shown["erasure"]["of"]) == ("deleted", "author")
    send("after it", created_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert [revision.post.external_id for revision in _with_posts(store)] == ["after it"]


def _with_posts(store) -> list[Revision]:
    with store.read() as session:
        found = list(session.scalars(select(Revision)))
        return [revision for revision in found if revision.post]


def test_a_quote_of_an_erased_post_that_comes_later_is_not_kept(store, client, key):
    client.post("/v1/posts", json={"id": "1", "body": MARKER}, headers=key)
    assert client.delete("/v1/posts/1?erase=true", headers=key).json["erasure"]["state"] == "done"
    reply = {"id": "2", "body": "I think so too", "parent": MARKER, "reply_to": "1"}
    for _ in range(2):
        assert client.post("/v1/posts", json=reply, headers=key).status_code == 202
    assert columns_with(store) == [] and len(of(store, Revision)) == 1


def test_what_others_quote_of_somebody_else_stays(store, say, client, key):
    say("1", body="Leave the evening one out, I say.", author=MARKER, thread="t")
    say("2", parent="Quite another thing.", thread="t")
    say("3", parent="Of another post.", reply_to="2", thread="t")
    assert "quotes" not in erase(client, key)["erased"]
    kept = {revision.parent for revision in of(store, Revision)}
    assert kept == {"Quite another thing.", "Of another post."}


def test_a_post_is_erased_with_a_receipt_that_its_standing_shows(store, say, client, key):
    say("1", author=MARKER)
    standing = client.delete("/v1/posts/1?erase=true", headers=key).json
    receipt = standing["erasure"]
    assert (standing["status"], receipt["of"], receipt["posts"], receipt["state"]) == ("deleted", "post", 1, "done")
    assert receipt["post_id"] == standing["id"] and receipt["erased"]["revision"] == 1
    assert client.get("/v1/posts/1", headers=key).json == standing
    assert client.get(f"/v1/erasures/{receipt['id']}", headers=key).json == receipt
    assert client.delete("/v1/posts/1?erase=true", headers=key).json == standing
    event = {"type": "post.erased", "timestamp": now().isoformat(), "data": {"id": "1"}}
    assert client.post("/v1/events", json=event, headers=key).json == standing
    assert columns_with(store) == [] and files_with(store) == []
    assert [entry.what for entry in of(store, AuditEntry)].count("erased") == 1


def test_what_is_deleted_only_is_no_erasure(say, client, key):
    say("1")
    assert client.delete("/v1/posts/1", headers=key).json["erasure"] is None


def test_callbacks_that_were_not_sent_end(store, say, client, key):
    say("1", author=MARKER)
    assert [delivery.state for delivery in of(store, Delivery)] == ["pending"]
    erase(client, key)
    assert of(store, Delivery) == []


def test_many_posts_go_some_at_a_time_and_the_sweeper_does_the_rest(store, forum, client, key, monkeypatch):
    monkeypatch.setattr(receipts, "CHUNK", 2)
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        for number in range(5):
            accept.accept(session, here, Submission(id=str(number), body=MARKER, author=MARKER))
        erasure = receipts.begin_author(session, here, MARKER)
    begun = receipts.go_on(store, erasure.id, seconds=0)
    assert (begun.state, begun.posts) == ("under_way", 2)
    # Asked again meanwhile, it is the same erasure.
    with store.write() as session:
        assert receipts.begin_author(session, session.merge(forum.forum, load=False), MARKER).id == erasure.id
    receipts.go_on_with_all(store)
    with store.read() as session:
        done = session.get_one(Erasure, erasure.id)
        assert (done.state, done.posts, done.erased["revision"]) == ("done", 5, 5)
    assert columns_with(store) == [] and files_with(store) == []


def test_an_erasure_is_not_done_while_somebody_reads_the_old_pages(store, say, client, key):
    if not store.is_sqlite:
        pytest.skip("SQLite's write-ahead log")
    say("1", author=MARKER)
    with store.read() as session:
        assert session.scalar(select(func.count(Post.id)))
        receipt = client.delete(f"/v1/authors/{MARKER}", headers=key)
        assert (receipt.status_code, receipt.json["state"]) == (202, "under_way")
    receipts.go_on_with_all(store)
    assert client.get(f"/v1/erasures/{receipt.json['id']}", headers=key).json["state"] == "done"
    assert files_with(store) == []


def test_the_note_on_several_posts_loses_its_words_on_all_of_them(store, say, console, client, key):
    chosen = [f"{say('1', author=MARKER)}.1", f"{say('2')}.1"]
    form = {"post": chosen, "action": "hold", "plan": new_id("bulk"), "note": "as he says"}
    assert console.post("/console/together/decide", **form).status_code == 303
    erase(client, key)
    assert [bulk.note for bulk in of(store, Bulk)] == [""] and not any(verdict.note for verdict in of(store, Verdict))


def test_an_export_holds_nothing_of_it(store, say, console, client, forum, key):
    with store.write() as session:
        session.get_one(Forum, forum.forum.id).training_consent = True
    say("1", body=f"Leave the evening one out, {MARKER}.", author=MARKER)
    item = say("2", body="Leave the evening one out, I say.", parent=f"So says {MARKER}", reply_to="1", author="u-2")
    with store.read() as session:
        first = session.scalar(select(QueueItem.id).join(Post).where(Post.external_id == "1"))
    for each in (item, first):
        assert console.decide(each, "hold").status_code == 303
    assert MARKER in "".join(lines(store.read))
    erase(client, key)
    left = list(lines(store.read))
    assert len(left) == 1 and MARKER not in "".join(left)


def test_pages_of_an_erased_post_say_so(store, say, console, client, key):
    item = say("1", author=MARKER, thread="t")
    body = "Leave the evening one out, I say."
    reply = say("2", body, parent=MARKER, reply_to="1", thread="t", author="u-2")
    assert console.decide(item, "hold").status_code == 303
    erase(client, key)
    page = console.get(f"/console/items/{item}")
    assert page.status_code == 410 and "This post was erased" in text(page.text) and MARKER not in page.text
    for way, form in (("decide", {"action": "approve", "version": "2"}), ("undo", {"version": "2"}), ("skip", {}),
                      ("personal-data", {"show": "yes"}), ("care", {"step": "help", "help": "Hello"})):  # fmt: skip
        answer = console.post(f"/console/items/{item}/{way}", **form)
        assert answer.status_code in (303, 404, 409, 410), (way, answer.status_code)
    answering = console.page(f"/console/items/{reply}")
    assert "The post it answers was erased." in text(answering) and MARKER not in answering
    for path in ("", "decided", "numbers", "second-readings", "care"):
        assert MARKER not in console.page(f"/console/{path}")
    assert console.get("/console/items/item_nowhere").status_code == 404


def test_another_forums_moderator_is_not_told_that_it_was_erased(say, log_in, store, client, key):
    item = say("1", author=MARKER)
    erase(client, key)
    with store.write() as session:
        cove = add_forum(session, "cove", "The Cove").forum.id
    assert log_in("kim", "moderator", cove).get(f"/console/items/{item}").status_code == 404


def test_a_shadows_words_go_too(store, say, client, key):
    say("1", author=MARKER)
    with store.write() as session:
        verdict = session.scalar(select(Verdict))
        document = {"action": "allow", "reasons": [], "not_checked": None, "policy_version": "1", "models": {}}
        shadow.note(session, verdict, document)
    assert erase(client, key)["erased"]["shadow_verdict"] == 1 and of(store, ShadowVerdict) == []


def test_every_table_is_erased_or_holds_no_words():
    erased = {table.__tablename__ for table in (*rows.OF_APPEAL, *rows.OF_ITEM, *rows.OF_POST, Bulk)}
    assert erased | WORDLESS == set(Base.metadata.tables) and not erased & WORDLESS


def test_what_goes_with_something_else_is_found_by_an_index():
    """Without one, each row that goes costs a walk through the whole of every table that refers to it."""
    for table in Base.metadata.tables.values():
        ways = [[column.name for column in index.columns] for index in table.indexes if not _is_partial(index)]
        ways += [[column.name for column in key.columns] for key in table.constraints if _is_key(key)]
        for reference in table.constraints:
            if isinstance(reference, ForeignKeyConstraint) and reference.ondelete == "CASCADE":
                name = reference.column_keys[0]
                assert any(way[0] == name for way in ways), f"{table.name}.{name}"


def _is_partial(index) -> bool:
    return index.dialect_options["sqlite"]["where"] is not None


def _is_key(constraint) -> bool:
    return type(constraint).__name__ in {"PrimaryKeyConstraint", "UniqueConstraint"}
