"""The verdicts of the demo thread as a table, the most urgent first."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

ACTIONS = {"escalate": "bold red", "remove": "red", "hold": "magenta", "flag": "yellow", "allow": "green"}
"""Most urgent first, each with its colour."""
SEVERITIES = ("critical", "high", "medium", "none")
EXCERPT = 120
"""Characters of a post that the table is given; the terminal's width cuts them shorter."""

Row = tuple[dict[str, str], dict[str, Any]]
"""A post and its verdict."""


def table(rows: list[Row]) -> Table:
    """Action, severity, why and the beginning of each post."""
    shown = Table(title="\nWhat Heed says of the thread", title_justify="left", box=SIMPLE_HEAD, expand=True)
    shown.add_column("action", no_wrap=True)
    shown.add_column("severity", no_wrap=True)
    shown.add_column("because of", no_wrap=True)
    shown.add_column("post", ratio=1, no_wrap=True, overflow="ellipsis")
    for post, verdict in sorted(rows, key=_urgency):
        action = Text(verdict["action"], style=ACTIONS[verdict["action"]])
        shown.add_row(action, verdict["severity"], Text(because(verdict)), Text(excerpt(post)))
    return shown


def because(verdict: dict[str, Any]) -> str:
    """The worst label and how many more counted; or why nothing was read."""
    if verdict["not_checked"]:
        return f"not read: {verdict['not_checked']}"
    if verdict["action"] == "allow" or not verdict["reasons"]:
        return ""
    names = list(dict.fromkeys(reason["label"].replace("_", " ") for reason in verdict["reasons"]))
    return names[0] + (f" +{len(names) - 1}" if names[1:] else "")


def excerpt(post: dict[str, str]) -> str:
    """The beginning of a post on one line."""
    return " ".join(f"{post['title']} {post['body']}".split())[:EXCERPT]


def _urgency(row: Row) -> tuple[int, int]:
    verdict = row[1]
    return list(ACTIONS).index(verdict["action"]), SEVERITIES.index(verdict["severity"])
