"""Sends the demo thread, shows verdicts as they arrive, then what to do next."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from service.errors import HeedError
from service.store import store
from workers import stopping
from workers.demo.account import Account, prepare
from workers.demo.client import Client
from workers.demo.table import table
from workers.logs import kind
from workers.terminal import Terminal

POSTS = Path(__file__).with_name("posts.jsonl")
LOOK_SECONDS = 0.3
"""Pause between two looks for verdicts."""
PATIENCE_SECONDS = 300
"""Longest wait for the verdicts of the whole thread."""

NEXT = """
Review what waits: {url}/console
  log in as  {moderator}
  password   {password}   (made for this run)

Send a post of your own:

  curl -s '{url}/v1/posts?wait=5' \\
    -H 'Authorization: Bearer {api_key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"id": "mine-'$(date +%s)'", "body": "Stop taking your thyroxine, seaweed cured mine in a month."}}'

Ctrl-C stops everything; the next run finds its data again.
"""


def show(terminal: Terminal, host: str, port: int, url: str) -> None:
    """The whole demo. Whatever fails is one sentence; Heed stays up."""
    try:
        with store().write() as session:
            account = prepare(session)
        _send_and_watch(terminal, Client(host, port, account))
        terminal.say(Text(_next(account, url)))
    except HeedError as error:
        terminal.say(f"The demo ended early. {error}")
    except Exception as error:
        terminal.say(f"The demo ended early ({kind(error)}). Heed is up all the same: {url}/console")


def _next(account: Account, url: str) -> str:
    shown = {"moderator": account.moderator, "password": account.password, "api_key": account.api_key}
    return NEXT.format(url=url, **shown)


def posts() -> list[dict[str, str]]:
    """The demo thread, each post as `POST /v1/posts` takes it."""
    return [json.loads(line) for line in POSTS.read_text(encoding="utf-8").splitlines() if line.strip()]


def _send_and_watch(terminal: Terminal, client: Client) -> None:
    thread = posts()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=terminal.console) as progress:
        sent = progress.add_task("Posts sent through the signed webhook", total=len(thread))
        read = progress.add_task("Verdicts                             ", total=len(thread))
        for post in thread:
            if stopping.requested():
                return
            client.send(post)
            progress.advance(sent)
        verdicts = watch(client, thread, lambda count: progress.update(read, completed=count))
    terminal.draw(table([(post, verdicts[post["id"]]) for post in thread if post["id"] in verdicts]))
    if missing := len(thread) - len(verdicts):
        terminal.say(f"{missing} verdicts have not come yet; the log of the classify process says why.")


def watch(client: Client, thread: list[dict[str, str]], progressed: Callable[[int], None]) -> dict[str, dict[str, Any]]:
    """Ask for the verdicts until all have come or patience ends; they come by the forum's own ids."""
    verdicts: dict[str, dict[str, Any]] = {}
    end = time.monotonic() + PATIENCE_SECONDS
    while len(verdicts) < len(thread) and time.monotonic() < end and not stopping.wait(LOOK_SECONDS):
        for post in thread:
            if post["id"] not in verdicts and (found := client.look(post["id"])["verdict"]):
                verdicts[post["id"]] = found
                progressed(len(verdicts))
    return verdicts
