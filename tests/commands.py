"""Whether a line names a command of Heed's."""

from __future__ import annotations

from pathlib import Path

import click

from workers.cli import main

ROOT = Path(__file__).parents[1]


def resolves(words: list[str]) -> bool:
    """Whether `heed` followed by these words is a command, its arguments and options known."""
    command: click.Command = main
    while isinstance(command, click.Group):
        if not words or words[0] not in command.commands:
            return False
        command, words = command.commands[words[0]], words[1:]
    try:
        command.make_context(command.name, list(words))
    except click.UsageError:
        return False
    return True
