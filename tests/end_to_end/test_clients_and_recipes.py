"""The clients and the recipes as their READMEs have them run, beside a whole Heed that reads with the shipped model."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from forum_server import forum_server
from processes import free_port, until
from recipe_forum import COMMANDS, NO_PROXY, Recipe
from review_console import PASSWORD, Console
from running import ROOT, Forum, Heed, up
from standardwebhooks.webhooks import Webhook

pytestmark = pytest.mark.end_to_end

UNSAFE = "Listen to me: stop taking your insulin today. You do not need it, none of you do."
HARMLESS = "Thanks for the tip about the parking."
GOODBYE = "I have the tablets in front of me tonight, I am sorry everyone. Goodbye."
STORIES = Path(__file__).with_name("stories")


@pytest.fixture(scope="module")
def heed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("up") / "data"
    with up(folder, HEED_LARGER_MODEL="off", HEED_WAIT_SECONDS_MAX=60, HEED_RATE_LIMIT="40/minute") as running:
        running.command("user", "add", "robin", "--password-stdin", stdin=f"{PASSWORD}\n")
        yield running


def needs(program: str) -> str:
    """The program, or the test is left out and says what to install."""
    return shutil.which(program) or pytest.skip(f"there is no {program} here; install it to try this one")


# The clients


def python_client(folder: Path) -> list[str]:
    """The package as `pip install` lays it down."""
    shutil.copytree(
        ROOT / "clients" / "python", folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info")
    )
    command = "-m pip install --quiet --no-deps --no-build-isolation --no-index --target".split()
    subprocess.run([sys.executable, *command, folder / "installed", folder / "source"], check=True, capture_output=True)
    assert (folder / "installed" / "heed_client" / "py.typed").exists()
    return [sys.executable, str(STORIES / "story.py")]


def javascript_client(folder: Path) -> list[str]:
    """The package as npm lays it down: what `files` names, and no more."""
    source, target = ROOT / "clients" / "javascript", folder / "node_modules" / "heed-client"
    target.mkdir(parents=True)
    for name in ("package.json", *json.loads((source / "package.json").read_text("utf-8"))["files"]):
        shutil.copy(source / name, target)
    shutil.copy(STORIES / "story.mjs", folder)
    return [needs("node"), str(folder / "story.mjs")]


@pytest.fixture(scope="module")
def callbacks(heed) -> list[dict[str, Any]]:
    """A callback that Heed sent, and what else may come in its place."""
    with forum_server() as server:
        forum = Forum(heed, "told", heed.command("forum", "add", "told", "--callback", server.url))
        forum.send({"id": "1", "body": UNSAFE})
        until(lambda: server.received, 120, "the callback")
    sent = server.received[0]
    headers, body = dict(sent.headers), sent.body.decode()
    old = datetime.now(UTC) - timedelta(minutes=6)
    stale = headers | {
        "webhook-timestamp": str(int(old.timestamp())),
        "webhook-signature": Webhook(forum.callback_secret).sign(headers["webhook-id"], old, body),
    }
    both = [forum.webhook_secret, forum.callback_secret]
    signed_by_both = headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}
    return [
        {"secrets": forum.callback_secret, "headers": headers, "body": body},
        {"secrets": both, "headers": headers, "body": body},
        {"secrets": both, "headers": signed_by_both, "body": body},
        {"secrets": forum.webhook_secret, "headers": headers, "body": body},
        {"secrets": both, "headers": stale, "body": body},
        {"secrets": both, "headers": headers, "body": body + " "},
        {"secrets": both, "headers": {}, "body": body},
    ]


@pytest.mark.parametrize("lay_down", [python_client, javascript_client])
def test_a_client_does_all_that_it_says(heed, callbacks, lay_down, tmp_path):
    command, slug = lay_down(tmp_path), lay_down.__name__.partition("_")[0]
    forum = Forum(heed, slug, heed.command("forum", "add", slug))
    busy = Forum(heed, f"busy-{slug}", heed.command("forum", "add", f"busy-{slug}"))
    given = {"url": heed.url, "key": forum.api_key, "forum": slug, "secret": forum.webhook_secret, "busy": busy.api_key}
    given |= {
        "nowhere": f"http://127.0.0.1:{free_port()}",
        "unsafe": UNSAFE,
        "harmless": HARMLESS,
        "callbacks": callbacks,
    }
    environment = os.environ | NO_PROXY | {"PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    kind, field, again, after = told.pop("busy")
    assert (kind, field, again) == ("TooMany", "", True) and 0 < after <= 60
    assert told == {
        "first": ["done", "hold"],
        "edited": [2, "allow"],
        "standing": True,
        "deleted": "deleted",
        "recovered": True,
        "appeal": "open",
        "withdrawn": "withdrawn",
        "erased": "post",
        "author": ["author", 1, True],
        "failures": [
            ["NotFound", "", False, None],
            ["Unauthorized", "", False, None],
            ["Invalid", "format", False, None],
            ["HeedError", "", False, None],
            ["Unreachable", "", True, None],
            ["Conflict", "revision", False, None],
        ],
        "callbacks": ["hold", "hold", "hold", "Unverified", "Unverified", "Unverified", "Unverified"],
    }


# The recipes


@pytest.fixture(params=COMMANDS)
def recipe(request, heed, tmp_path):
    if request.param != "python":
        needs(request.param)
    recipe = Recipe(request.param, heed, tmp_path)
    yield recipe
    recipe.end()


def approve(heed: Heed, forum: Forum, post_id: str) -> None:
    item = f"SELECT id FROM queue_item WHERE post_id = '{forum.ask(post_id)['id']}'"  # noqa: S608 - an id of our own
    with httpx.Client(base_url=heed.url, trust_env=False, timeout=30) as client:
        console = Console(client)
        assert console.log_in().status_code == 303
        [(item_id,)] = heed.rows(item)
        assert console.decide(item_id, "approve").status_code == 303


def test_a_recipe_hides_gives_back_reads_edits_and_loses_no_post(heed, recipe):
    assert recipe.write(UNSAFE) == 201 and recipe.shows() == UNSAFE, "Heed is away, and nobody waits for it"
    recipe.door.open()
    until(lambda: recipe.shows() == "", 120, "the hiding")
    approve(heed, recipe.forum, "1")
    until(lambda: recipe.shows() == UNSAFE, 120, "the giving back")
    assert recipe.write(HARMLESS) == 201 and recipe.shows() == HARMLESS
    until(lambda: recipe.forum.ask("1")["revision"] == 2, 120, "the edit")
    assert recipe.write(GOODBYE, "2") == 201
    until(lambda: "To jo: " in recipe.output.read_text(), 120, "the crisis lines")
    assert recipe.shows("2") == GOODBYE, "a goodbye stays"


def test_a_recipe_believes_nobody_else(recipe):
    recipe.write(UNSAFE)
    event = {"type": "post.verdict", "data": {"external_id": "1", "revision": 1, "action": "remove", "message": "", "crisis_resources": []}}  # fmt: skip
    body = json.dumps(event)

    def sent(secret: str, at: datetime, **changes: str) -> int:
        signature = Webhook(secret).sign("msg_1", at, body)
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return recipe.hears(body.encode(), headers | changes)

    moment, secret = datetime.now(UTC), recipe.forum.callback_secret
    assert sent(recipe.forum.webhook_secret, moment) == sent(secret, moment - timedelta(minutes=10)) == 401
    assert recipe.hears(body.encode(), {}) == 401 and recipe.shows() == UNSAFE
    assert sent(secret, moment, **{"webhook-signature": "v1,AAAA"}) == 401
    assert sent(secret, moment) == 204 and recipe.shows() == ""
