"""Changes to a forum's own TOML: thresholds and actions of labels, with its comments and everything else left as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

from service.policy.policy import NAMES, Rules, load


@dataclass(frozen=True)
class Changes:
    """What one page of the console sets for a forum, or for one of its boards."""

    board: str = ""
    thresholds: dict[tuple[str, str], float] = field(default_factory=dict)
    """By area and label, 0..1."""
    actions: dict[str, str] = field(default_factory=dict)
    """By label; empty: the action that its severity leads to."""


def apply(overrides: str, changes: Changes) -> str:
    """The forum's TOML with the changes in it. What is as it would be anyway is not written down.

    Raises ConfigurationError where the result breaks the policy's own rules.
    """
    load(overrides)
    document = tomlkit.parse(overrides)
    for (area, label), value in changes.thresholds.items():
        _forget(document, changes.board, ("thresholds", area, label))
        inherited = load(tomlkit.dumps(document)).on(changes.board).thresholds[area][label]
        if value != inherited:
            _set(document, changes.board, ("thresholds", area, label), value)
    for label, action in changes.actions.items():
        _forget(document, changes.board, ("label_actions", label))
        rules = load(tomlkit.dumps(document)).on(changes.board)
        inherited = rules.label_actions.get(label, "")
        if action != inherited:
            _set(document, changes.board, ("label_actions", label), action or _by_severity(rules, label))
    written = tomlkit.dumps(document)
    load(written)
    return written


def _by_severity(rules: Rules, label: str) -> str:
    """The action that the label's severity leads to where no hazard is named."""
    area = next(area for area, known in NAMES.items() if area != "claim" and label in known)
    return rules.actions[area].get(rules.severities[area][label], "allow")


def _place(board: str, path: tuple[str, ...]) -> tuple[str, ...]:
    return ("boards", board, *path) if board else path


def _set(document: TOMLDocument, board: str, path: tuple[str, ...], value: Any) -> None:
    *tables, name = _place(board, path)
    table: Any = document
    for each in tables:
        if each not in table:
            table[each] = tomlkit.table(is_super_table=True)
        table = table[each]
    table[name] = value


def _forget(document: TOMLDocument, board: str, path: tuple[str, ...]) -> None:
    """Take a value out, and the tables that are empty without it."""
    *tables, name = _place(board, path)
    found: list[Any] = [document]
    for each in tables:
        if each not in found[-1]:
            return
        found.append(found[-1][each])
    found[-1].pop(name, None)
    for parent, each in reversed(list(zip(found, tables, strict=False))):
        if not parent[each]:
            parent.pop(each)
