"""A forum's policy: thresholds, severities and actions per label and board, validated and versioned."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifiers import labels
from classifiers.labels import Severity
from service.errors import ConfigurationError

FOLDER = Path(__file__).parent
Action = Literal["allow", "flag", "hold", "escalate", "remove"]
AREAS = ("medical", "self_harm", "personal_data", "claim")
NAMES: dict[str, frozenset[str]] = {
    "medical": frozenset(labels.MEDICAL),
    "self_harm": frozenset(labels.SELF_HARM),
    "personal_data": frozenset({*labels.PERSONAL_DATA, labels.THIRD_PARTY_HEALTH}),
    "claim": frozenset(labels.CLAIMS),
}
"""What each area's tables may name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hazardous(_Strict):
    labels: frozenset[str]
    facts: bool
    """Whether what is published about a medicine counts as a circumstance too."""


class NotCheckedActions(_Strict):
    empty: Action
    language: Action
    failed: Action


class Rules(_Strict):
    """What holds on one board."""

    thresholds: dict[str, dict[str, Annotated[float, Field(ge=0, le=1)]]]
    severities: dict[str, dict[str, Severity]]
    hazardous: Hazardous
    actions: dict[str, dict[Severity, Action]]
    label_actions: dict[str, Action]
    not_checked: NotCheckedActions

    @model_validator(mode="after")
    def _known_names(self) -> Rules:
        for table in ("thresholds", "severities", "actions"):
            for area, values in getattr(self, table).items():
                place = f"[{table}.{area}]"
                if area not in AREAS:
                    raise ValueError(
                        _("%(table)s: no such area; use one of %(areas)s", table=place, areas=", ".join(AREAS))
                    )
                unknown = set(values) - NAMES[area] if table != "actions" else set()
                if unknown:
                    raise ValueError(_no_such_label(place, unknown))
        if unknown := set(self.label_actions) - frozenset().union(*NAMES.values()):
            raise ValueError(_no_such_label("[label_actions]", unknown))
        return self

    @model_validator(mode="after")
    def _never_punish_distress(self) -> Rules:
        for label in labels.DISTRESS:
            if self.action("self_harm", label, self.severities["self_harm"][label]) == "remove":
                raise ValueError(
                    _(
                        "`%(label)s` leads to `remove`: a person in distress is never punished. "
                        "Use `escalate`, which keeps the post visible to staff and sends the author help.",
                        label=label,
                    )
                )
        return self

    def action(self, area: str, label: str, severity: Severity) -> Action:
        """The action of one label at one severity."""
        return self.label_actions.get(label) or self.actions[area].get(severity, "allow")


def _no_such_label(table: str, names: Iterable[str]) -> str:
    return _("%(table)s: no such label: %(names)s", table=table, names=", ".join(sorted(names)))


class Policy(_Strict):
    """A forum's rules, and those of its boards that differ."""

    rules: Rules
    boards: dict[str, Rules]
    version: str

    def on(self, board: str) -> Rules:
        return self.boards.get(board, self.rules)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


@cache
def _defaults() -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name in ("default.toml", "thresholds.toml"):
        tables = _merge(tables, tomllib.loads((FOLDER / name).read_text(encoding="utf-8")))
    return tables


@cache
def load(overrides: str = "") -> Policy:
    """The default policy with a forum's TOML laid over it.

    Raises ConfigurationError, naming the table, for anything unknown, out of range or against the policy's own rules.
    """
    try:
        own = tomllib.loads(overrides)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(_("The policy is not valid TOML: %(problem)s", problem=error)) from None
    boards = own.pop("boards", {})
    if not isinstance(boards, dict):
        raise ConfigurationError(_('The policy is not valid: write boards as [boards."name".…] tables.'))
    base = _merge(_defaults(), own)
    tables = {"rules": base, "boards": {name: _merge(base, board) for name, board in boards.items()}}
    digest = hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:8]
    try:
        return Policy(**tables, version=f"{labels.POLICY_DOCUMENT_VERSION}+{digest}")
    except ValidationError as error:
        raise ConfigurationError(_("The policy is not valid: %(problem)s", problem=_explain(error))) from None


def _explain(error: ValidationError) -> str:
    problems = []
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in problem["loc"] if part != "rules")
        problems.append(f"{place}: {problem['msg']}".removeprefix(": ").replace("Value error, ", ""))
    return "; ".join(problems)


@cache
def why() -> dict[str, dict[str, str]]:
    """The policy's sentence for each label, by area."""
    return tomllib.loads((FOLDER / "why.toml").read_text(encoding="utf-8"))


@cache
def crisis_resources(region: str) -> tuple[dict[str, str], ...]:
    """The public crisis lines of a region, and the international list behind them."""
    known = tomllib.loads((FOLDER / "crisis_resources.toml").read_text(encoding="utf-8"))
    return (*known.get(region.upper(), ()), *known["INTERNATIONAL"])
