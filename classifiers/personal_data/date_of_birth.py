"""Full dates that the words beside them make a date of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.context import after, before
from classifiers.personal_data.found import CONTEXT, Found

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|januar|februar|märz|mai|juni|juli|oktober|dezember)"
)
YEAR = r"(?:19\d\d|20[0-2]\d)"
SHORT_YEAR = rf"(?:{YEAR}|['’]?\d\d)"
DAY = r"(?:the\s)?(?:3[01]|[12]\d|0?[1-9])(?:\s?(?:st|nd|rd|th))?"
SPELLED_DAY = (
    r"(?:the\s)?(?:(?:twenty|thirty)[\s-])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
SPELLED_YEAR = (
    r"(?:nineteen|twenty|two\sthousand)(?:\sand)?(?:[\s-](?:oh|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one|two|three|four|five|six|seven|eight|nine)){1,2}"
)
DATE = re.compile(
    rf"(?<![\w./-])(?:{DAY}(?:\s+of)?[\s.,-]{{1,3}}{MONTH}\b[\s.,-]{{0,3}}{SHORT_YEAR}"
    rf"|{MONTH}\b[\s.]{{1,2}}{DAY},?\s{{1,2}}{YEAR}"
    rf"|{SPELLED_DAY}(?:\s+of)?\s{MONTH},?\s(?:{YEAR}|{SPELLED_YEAR})"
    rf"|(?:3[01]|[12]\d|0?[1-9])\s?([./-])\s?(?:3[01]|[12]\d|0?[1-9])\s?\1\s?(?:{YEAR}|\d\d)"
    rf"|{YEAR}([./-])(?:1[0-2]|0?[1-9])\2(?:3[01]|[12]\d|0?[1-9]))(?![\w/-])(?!\.\d)",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"(?:(?<!\w)d\.?\s?o\.?\s?b\b\.?|date\s+of\s+birth|birth\s?-?date|birthdays?|b['’-]?day|(?<!\w)(?<!new)born|came\s+into\s+(?:the|this)\s+world"
    r"|(?<!\w)geb(?:oren)?\b\.?|geburtsdatum|nac(?:ido|ida|imiento)|née?\s+le)"
    r"(?P<gap>[^.!?\n]{0,40}?)$",
    re.IGNORECASE,
)
GAP = re.compile(
    r"(?:[\s:,=.(\"'’–—-]|\b(?:is|was|on|the|my|his|her|their|in|it's|its|of|at|a|am|are|he|she|i|mine|to|be)\b|\b[A-Z][\w'’-]+\b)*+$"
)
AFTERWARDS = re.compile(
    r"\s{0,2}[(,]?\s{0,2}(?:is|was|being|that's|thats)?\s{0,2}(?:my|her|his|their|our)?\s{0,2}(?:d\.?o\.?b\b|date of birth|birthday|birth\s?date)",
    re.IGNORECASE,
)
OTHER_EVENT = re.compile(
    r"(?:diagnos|appointment|surgery|operat|transplant|due|expir|admitted|discharged|today|since|started)[^.\n]{0,15}$",
    re.IGNORECASE,
)

NEEDED = re.compile(r"birth|born|b['’-]?day|d\.?\s?o\.?\s?b|came\s|geb|naci|née?\s")
"""A word of LABEL or AFTERWARDS, in folded text."""


def find(text: str) -> Iterator[Found]:
    for match in DATE.finditer(text):
        start = match.start() + (4 if match[0][:4].lower() == "the " and match[0][4:5].isdigit() else 0)
        if _is_birth(text, *match.span()):
            yield Found("date_of_birth", start, match.end(), CONTEXT, "date_of_birth")


def _is_birth(text: str, start: int, end: int) -> bool:
    lead = before(text, start, 60)
    label = LABEL.search(lead)
    if label and GAP.match(label["gap"]) and not OTHER_EVENT.search(label["gap"]):
        return True
    return AFTERWARDS.match(after(text, end, 40)) is not None and not OTHER_EVENT.search(lead)
