"""What is published about a medicine, in the words that stand beside a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from classifiers.findings import MILLIGRAMS
from service.review import words

RATES = {
    "day": _l("%(amount)s a day"),
    "week": _l("%(amount)s a week"),
    "dose": _l("%(amount)s at once"),
}
"""How often an amount is taken, as `classifiers.findings.Fact` names it."""


@dataclass(frozen=True)
class PublishedFact:
    """A sentence, and where it can be read."""

    words: str
    who: str
    """Whom the maximum is for."""
    title: str
    url: str
    date: str

    @classmethod
    def of(cls, fact: dict[str, Any]) -> PublishedFact:
        """Of a fact as a verdict keeps it."""
        source = fact["source"]
        url = source["url"] if source["url"].startswith(("https://", "http://")) else ""
        who = words.kept(fact.get("maximum", {}).get("who", ""))
        return cls(_words(fact), who, source["title"], url, source["date"])


def _words(fact: dict[str, Any]) -> str:
    if fact["kind"] == "dose":
        return _(
            "Says %(said)s of %(medicine)s; the published maximum is %(maximum)s.",
            said=_dose(fact["said"]),
            medicine=fact["medicine"],
            maximum=_dose(_as(fact["said"]["unit"], fact["maximum"])),
        )
    return _(
        "Says to stop %(medicine)s, which is not to be stopped suddenly: %(why)s.",
        medicine=fact["medicine"],
        why=words.kept(fact["why"]),
    )


def _as(unit: str, dose: dict[str, Any]) -> dict[str, Any]:
    """The dose in the unit that the post says: nobody has to reckon."""
    if unit == dose["unit"] or not {unit, dose["unit"]} <= set(MILLIGRAMS):
        return dose
    return dose | {"unit": unit, "amount": dose["amount"] * MILLIGRAMS[dose["unit"]] / MILLIGRAMS[unit]}


def _dose(dose: dict[str, Any]) -> str:
    amount = format_decimal(dose["amount"])
    unit = _("%(amount)s units", amount=amount) if dose["unit"] == "units" else f"{amount}\u00a0{dose['unit']}"
    return str(RATES[dose["per"]]) % {"amount": unit}
