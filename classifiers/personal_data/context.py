"""The words around a value: what makes a row of digits a phone number or an order number."""

from __future__ import annotations

import re

NOT_PERSONAL = re.compile(
    r"\b(?:order|invoice|tracking|parcel|ticket|batch|lot|isbn|doi|pmid|pmcid|nct|isrctn|serial|model|part|item|sku|barcode|product|catalogue"
    r"|case|reference|ref|version|build|error|page|room|bed|pin|grant|trial|booking|confirmation|raffle|lottery|post|thread|topic"
    r"|issue|vol|volume|charity|company|registered|vat)\b[\s.:#]{0,3}(?:(?:no|nos|number|code|id|is|was|my|the|its|it)\b[\s.:#]{0,3}){0,3}$",
    re.IGNORECASE,
)
"""Right before a number: what it is instead."""


def before(text: str, start: int, reach: int = 40) -> str:
    """Up to `reach` characters before `start`."""
    return text[max(0, start - reach) : start]


def after(text: str, end: int, reach: int = 40) -> str:
    """Up to `reach` characters from `end` on."""
    return text[end : end + reach]


def around(text: str, start: int, end: int, reach: int = 60) -> str:
    """Both, with the value itself left out."""
    return before(text, start, reach) + " … " + after(text, end, reach)


def words(*alternatives: str) -> re.Pattern[str]:
    """A pattern that finds any of the alternatives as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


def leading(alternatives: str) -> str:
    """Pattern source: one of the label words, then at most a few small words, right before a value."""
    small = r"(?:(?:no|nr|num|number|nos|id|is|was|its|it's|are|being|the|for|my|mine|says|reads|was|of|as\s+well|at\s+the\s+\w{3,12})\b\.?(?:['’]s)?[\s,:=#\"'’(\-–—]{0,4})"
    return rf"(?<!\w)(?:{alternatives})(?!\w)[\s.,:=#\"'’(\-–—]{{0,4}}{small}{{0,4}}"
