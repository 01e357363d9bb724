"""Text that somebody posts to break who reads it: refused, or stored, read and shown like any other."""

import gzip
import json
import re

import pytest
from review_posts import Sample, add_post
from sqlalchemy import select
from submitting import count

from classifiers.canonical import canonicalise
from classifiers.reading import read
from service.store.models import Post, Revision

LABEL = (("dosing", 0.9, "the end"),)
TURNED = "\u202eturned \u2066round"


def full(piece: str, most: int = 99_000) -> str:
    return piece * (most // len(piece)) + " the end"


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("plain", "e" + full("\u0301")),
        ("plain", full("👩\u200d❤️\u200d💋\u200d👨")),
        ("plain", full("> ", 20_000)),
        ("markdown", full("> ", 20_000)),
        ("bbcode", full("[quote]", 20_000)),
        ("html", full("<blockquote>", 20_000)),
        ("html", full("<b><i>", 20_000)),
        ("markdown", full("\u202e\u2066x ")),
    ],
    ids=["combining marks", "emoji", "quotes", "markdown quotes", "bbcode quotes", "html quotes", "tags", "turned"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_text_made_to_break_readers_is_read_and_shown(store, forum, client, console, format, body):
    sent = {"id": "1", "body": body, "title": body[:200], "format": format}
    assert client.post("/v1/posts", json=sent, headers=key(forum)).status_code == 202
    with store.read() as session:
        assert session.scalar(select(Revision.body)) == body
    assert len(canonicalise(read(body, format).text).text) < 30 * len(body)
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        item = add_post(session, here, Sample("thyroid", body, LABEL, title=body[:200], format=format), "2")
    assert "the end" in console.page(f"/console/items/{item}") and console.get("/console/").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_megabyte_of_combining_marks_is_refused(store, forum, client):
    answer = client.post("/v1/posts", json={"id": "1", "body": "e" + "\u0301" * 499_000}, headers=key(forum))
    assert answer.status_code in (413, 422) and count(store, Post) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_compressed_body_is_not_unpacked(store, forum, client):
    packed = gzip.compress(json.dumps({"id": "1", "body": "a" * 90_000}).encode())
    headers = key(forum) | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = client.post("/v1/posts", data=packed, headers=headers)
    assert answer.status_code == 422 and count(store, Post) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_turned_text_turns_nothing_around_it(store, forum, console):
    """`dir` makes an element's text a piece of its own, whatever stands in it."""
    with store.write() as session:
        here = session.merge(forum.forum, load=False)
        words = {"title": TURNED, "parent": TURNED, "author": TURNED, "thread": "t"}
        item = add_post(session, here, Sample("thyroid", f"{TURNED} the end", LABEL, **words), "1")
        add_post(session, here, Sample("thyroid", f"{TURNED} the end too", LABEL, **words), "2")
    for path in ("/console/", f"/console/items/{item}"):
        page = re.sub(r"<title>.*?</title>", "", console.page(path))
        held = re.sub(r'<(\w+)[^>]*\bdir="auto"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
        assert "\u202e" in page and "\u202e" not in held, path


def key(forum) -> dict[str, str]:
    return {"Authorization": f"Bearer {forum.api_key}"}
