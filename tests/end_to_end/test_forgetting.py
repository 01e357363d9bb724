"""A word planted wherever a forum can put one, everything driven to fail, and the word sought in every file; then erased, and
sought again.
"""

import json
import os
import signal

import httpx
import pytest
from forum_server import forum_server
from marker import MARKER, keys_with
from processes import until
from review_console import PASSWORD, Console
from running import Forum, Heed, up

pytestmark = pytest.mark.end_to_end

BODY = f"{MARKER} says: stop taking your insulin today, you do not need it. Ring {MARKER} on 07700 900 461."


@pytest.fixture(scope="module")
def heed(tmp_path_factory):
    with up(
        tmp_path_factory.mktemp("up") / "data", HEED_LARGER_MODEL="off", HEED_SWEEP_SECONDS=1, HEED_WAIT_SECONDS_MAX=30
    ) as running:
        yield running


@pytest.fixture(scope="module")
def server(heed):
    with forum_server() as server:
        server.status, server.body, server.headers = 500, MARKER.encode() * 9, {"retry-after": MARKER}
        yield server


@pytest.fixture(scope="module")
def forum(heed, server) -> Forum:
    return Forum(heed, "harbour", heed.command("forum", "add", "harbour", "--callback", server.url))


READ_AND_FORGOTTEN = {
    "/v1/moderations": {"input": [BODY, MARKER]},
    "/analyze": {"text": BODY, "language": "en"},
    "/v1alpha1/comments:analyze": {"comment": {"text": BODY}, "requestedAttributes": {"MEDICAL_STOP_TREATMENT": {}}},
}


def post(id_: str, **more) -> dict:
    return {"id": id_, "title": MARKER, "body": BODY, "parent": MARKER, "author": MARKER, **more}


def files_with(folder, word: str = MARKER) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and word in _read(path)]


def _read(path) -> str:
    return path.read_bytes().decode(errors="replace")


def test_words_stand_in_the_database_alone_and_after_erasure_nowhere(heed, server, forum):
    for wrong in (post("w", revision=MARKER), post("w", format=MARKER), post("w", body=MARKER * 60_000), [MARKER]):
        refused = forum.send(wrong)
        assert refused.status_code in (413, 422) and MARKER not in refused.text
    assert forum.send(post("1"), secret=forum.callback_secret).status_code == 401
    assert forum.send(post("1")).status_code == 202
    assert forum.send({"id": "reply", "body": "So do I.", "parent": BODY, "reply_to": "1"}).status_code == 202
    forum.wait_for(["1", "reply"])
    until(lambda: server.received, what="a callback that fails")
    # A worker that is killed with posts in hand.
    os.kill(heed.classify_pid(), signal.SIGKILL)
    for number in range(20):
        forum.send(post(f"k{number}", body=f"{number}. {BODY} " * 20))
    forum.wait_for([f"k{number}" for number in range(20)])
    _decide(heed, forum)
    for path, words in READ_AND_FORGOTTEN.items():
        answer = forum.send_with_key(words, path)
        assert answer.status_code == 200 and MARKER not in answer.text, answer.text
    assert heed.rows("SELECT count(*) FROM post WHERE NOT kept") == [(0,)]
    log = "\n".join(heed.lines)
    metrics = httpx.get(f"{heed.url}/metrics", trust_env=False).text
    assert "heed_revisions" in metrics and MARKER not in metrics and MARKER not in log
    assert keys_with(heed.queue) == []
    assert {path.partition("-")[0] for path in files_with(heed.data_dir)} == {"heed.db"}, "the database's files alone"

    receipt = json.loads(heed.command("erase", "--forum", "harbour", "--author", MARKER, "--yes"))
    assert receipt["posts"] == 21 and receipt["erased"]["quotes"] == 1 and receipt["erased"]["appeal"] == 1
    key = {"authorization": f"Bearer {forum.api_key}"}
    shown = lambda: httpx.get(f"{heed.url}/v1/erasures/{receipt['id']}", headers=key, trust_env=False).json()  # noqa: E731
    until(lambda: shown()["state"] == "done", what="the end of the erasure")
    assert files_with(heed.data_dir) == []
    assert keys_with(heed.queue) == []
    assert forum.ask("1")["erasure"]["id"] == receipt["id"] and forum.ask("reply")["status"] == "done"
    assert "entries hold" in heed.command("audit", "verify")
    assert MARKER not in "\n".join(heed.lines)


def _decide(heed: Heed, forum: Forum) -> None:
    """A person decides with a note and words to the author, and the author appeals."""
    heed.command("user", "add", "robin", "--password-stdin", stdin=f"{PASSWORD}\n")
    query = "SELECT queue_item.id FROM queue_item JOIN post ON post.id = post_id WHERE external_id = '1'"
    [(item,)] = heed.rows(query)
    with httpx.Client(base_url=heed.url, trust_env=False) as client:
        console = Console(client)
        assert console.log_in().status_code == 303
        told = {"note": f"Names {MARKER}.", "message": f"Dear {MARKER},"}
        assert console.decide(item, "hold", **told).status_code == 303
    appeal = forum.send({"id": MARKER, "text": f"{MARKER} is my name"}, "/v1/posts/1/appeals")
    assert appeal.status_code == 202, appeal.text
