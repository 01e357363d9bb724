"""What `heed up` shows: its own sentences, and the lines its processes write."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.text import Text

COLOURS = ("cyan", "green", "magenta", "blue", "yellow")
SILENT = {"queue"}
"""Processes whose lines, meant for who knows Valkey, go to their log only."""
TROUBLE = re.compile(r"\b(ERROR|CRITICAL)\b|^Error: ")


class Terminal:
    """`quiet` leaves the lines of the processes to their logs, trouble aside."""

    def __init__(self, quiet: bool) -> None:
        self.console = Console(highlight=False)
        self._quiet = quiet
        self._colours: dict[str, str] = {}

    def say(self, *things: Any) -> None:
        """Print sentences as they are: a long line is left to the terminal to break, so that it can be copied whole."""
        self._print(*things, soft_wrap=True)

    def draw(self, thing: Any) -> None:
        """Print something that fits itself to the terminal's width."""
        self._print(thing, soft_wrap=False)

    def _print(self, *things: Any, soft_wrap: bool) -> None:
        # Whoever watched may be gone; the processes go on.
        with suppress(OSError):
            self.console.print(*things, soft_wrap=soft_wrap)

    def line(self, name: str, text: str) -> None:
        """A line of the process `name`."""
        if (self._quiet or name in SILENT) and not TROUBLE.search(text):
            return
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        self.say(Text.assemble((f"{name:<9}", colour), " ", text))
