"""The whole loop with a Discourse of our own beside a running Heed: webhooks in, acts out, what was missed found."""

import httpx
import pytest
from discourse_server import KEY, discourse_server
from processes import until
from review_console import PASSWORD, Console
from running import up

pytestmark = pytest.mark.end_to_end

STOP = "Listen to me: stop taking your insulin today. You do not need it, none of you do."


@pytest.fixture(scope="module")
def heed(tmp_path_factory):
    with up(tmp_path_factory.mktemp("up") / "data", HEED_LARGER_MODEL="off") as running:
        yield running


@pytest.fixture(scope="module")
def discourse(heed):
    with discourse_server() as discourse:
        yield discourse


@pytest.fixture(scope="module")
def console(heed):
    heed.command("user", "add", "robin", "--password-stdin", stdin=f"{PASSWORD}\n")
    with httpx.Client(base_url=heed.url, timeout=30, trust_env=False) as client:
        console = Console(client)
        assert console.log_in().status_code == 303
        yield console


def settled(heed) -> bool:
    return heed.rows("SELECT count(*) FROM delivery WHERE state = 'pending'") == [(0,)]


def test_the_whole_loop(heed, discourse, console):
    before = discourse.write(STOP)
    printed = heed.command("forum", "add", "harbour")
    secrets = dict(line.strip().split(": ", 1) for line in printed.splitlines() if ": " in line)
    discourse.webhook = f"{heed.url}/v1/forums/harbour/discourse"
    discourse.webhook_secret = secrets["Discourse secret"]
    shown = heed.command("forum", "discourse", "harbour", discourse.url, "--key-stdin", stdin=KEY)
    assert KEY not in shown

    # Written before the webhook was there: Heed asks for it by itself.
    until(lambda: before.hidden, 120, "the hiding of a post that no webhook told of")

    post = discourse.write(STOP + " Not one.")
    discourse.tell("post_created", post)
    until(lambda: post.hidden and settled(heed), 120, "the hiding")
    assert discourse.item_of(post).status == "pending"

    items = dict(heed.rows("SELECT external_id, queue_item.id FROM queue_item JOIN post ON post.id = post_id"))
    [item] = [item for id_, item in items.items() if id_.endswith(f"/p/{post.id}")]
    assert console.decide(item, "approve").status_code == 303
    until(lambda: not post.hidden and settled(heed), 120, "the return")
    assert discourse.item_of(post).status == "rejected"

    # The webhook of an edit was lost, and then Discourse is away when it is to hide the post.
    discourse.edit(post, STOP + " None at all.")
    discourse.broken_acts = [502]
    found = heed.command("reconcile", "harbour", "--days", "1")
    assert found.startswith("read: 1, deleted: 0")
    until(lambda: post.hidden and settled(heed), 120, "the hiding of what was edited")
    assert discourse.broken_acts == []

    del discourse.posts[before.id]
    assert "deleted: 1" in heed.command("reconcile", "harbour", "--days", "1")
    assert not any("insulin" in line or KEY in line for line in heed.lines)
