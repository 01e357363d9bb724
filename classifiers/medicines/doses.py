"""Amounts of a medicine that a text tells: "four 500mg tablets 3 times a day" is 6000 mg a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

COUNTS = {
    word: number
    for number, words in enumerate(("a an one", "two couple", "three", "four", "five", "six", "seven", "eight"), 1)
    for word in words.split()
} | {"nine": 9, "ten": 10, "twelve": 12, "once": 1, "twice": 2, "thrice": 3}
UNITS = {
    "mg": "mg mgs milligram milligrams milligramme milligrammes",
    "mcg": "mcg mcgs µg μg ug microgram micrograms",
    "g": "g gm gms gram grams gramme grammes",
    "units": "unit units iu ius",
}
UNIT = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings.split()}
LATIN = {"od": 1, "qd": 1, "bd": 2, "bid": 2, "tds": 3, "tid": 3, "qds": 4, "qid": 4}
"""Prescribers' shorthand for times a day."""

COUNT = rf"(?:\d{{1,2}}|{'|'.join(COUNTS)})"
NUMBER = r"\d{1,6}(?:,\d{3})*(?:[.,]\d{1,3})?"
PIECES = r"(?:tablets?|tabs?|pills?|caps(?:ules?)?|ones?|doses?)"
AMOUNT = re.compile(
    rf"""(?<![\w.,/£$€-])(?P<low>{NUMBER})(?:\s*(?:-|–|to|or)\s*(?P<high>{NUMBER}))?\s*
    (?P<unit>{"|".join(sorted(UNIT, key=len, reverse=True))})(?!\w)
    (?:\s+{PIECES})?(?:\s*[x×]\s*(?P<times>\d)(?!\w))?""",
    re.IGNORECASE | re.VERBOSE,
)
PIECES_BEFORE = re.compile(
    rf"(?<![\w.,/])(?:(?P<count>{COUNT})\s*(?:[x×*]|(?:{PIECES}\s+)?of(?:\s+the|\s+your)?|{PIECES})|(?P<word>{'|'.join(COUNTS)}))\s*$",
    re.IGNORECASE,
)
LOOK_BACK = 40
RATE = re.compile(
    rf"""[^.,;:!?\n\d]{{0,40}}?(?<!\w)(?:
    (?P<often>once|twice|thrice|{COUNT}\s*(?:times|x|×))\s*(?:a|an|per|each|every|/)?\s*(?P<often_per>day|daily|week|weekly)
    |every\s+(?P<hours>{COUNT})(?:\s*(?:-|–|to)\s*\d{{1,2}})?\s*(?:hours?|hrs?|h)
    |(?P<latin>{"|".join(LATIN)})
    |(?P<both>morning\s+and\s+(?:night|evening)|am\s+and\s+pm)
    |(?:(?:a|per|each|every)\s+|/\s?)(?P<each>day|night|morning|evening|week)
    |(?P<adverb>daily|nightly|weekly)
    )(?!\w)|\s?/\s?(?P<slash>day|d|week|wk)(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
NO_DOSE_BEFORE = re.compile(
    r"(?:\bby|\b(?:down|up|lost|gained)|\banother|\bextra|\badd|\bfurther|\bplus|\b(?:more|less|higher|lower|fewer|bigger)\s+than|\bover|\babove|\bunder"
    r"|\bbelow|\bexceed\w*|\bmax(?:imum)?(?:\s+\w+){0,3}?(?:\s+(?:is|of|at))?|\blimit(?:\s+(?:is|of))?|\+)\s*(?:the\s+)?$",
    re.IGNORECASE,
)
"""What makes a number a difference or a limit."""
NO_DOSE_AFTER = re.compile(
    r"\s*(?:/|per\s+)\s*(?:dl|d\.l|l|lit(?:re|er)|ml|kg|kilo\w*|kcal|mmol|100|cm|m2|min\w*|hour|hr|h)(?!\w)"
    r"|\s*(?:less|more|lower|higher|extra|fewer|worth|too)\b"
    r"|\s*(?:of\s+)?(?:carb\w*|protein|sugars?|salt|sodium|potassium|fat|fib(?:re|er)|caffeine|alcohol|thc|cbd|weed|food)\b",
    re.IGNORECASE,
)
"""What makes it a reading of the blood, a dose by weight, a difference, or food."""


@dataclass(frozen=True, slots=True)
class Dose:
    """An amount at `start:end` of the text, with all tablets and times of the day or week multiplied.

    `unit` is mg, mcg, g or units; `per` is day, week, or dose where the text tells no rate.
    """

    start: int
    end: int
    amount: float
    unit: str
    per: str


def doses(text: str) -> Iterator[Dose]:
    for told in AMOUNT.finditer(text):
        before = max(0, told.start() - LOOK_BACK)
        pieces = PIECES_BEFORE.search(text, before, told.start())
        start = pieces.start() if pieces else told.start()
        if NO_DOSE_BEFORE.search(text, before, start) or NO_DOSE_AFTER.match(text, told.end()):
            continue
        count = _count(pieces["count"] or pieces["word"]) if pieces else 1
        amount = _number(told["high"] or told["low"]) * count * int(told["times"] or 1)
        rate = RATE.match(text, told.end())
        times, per = _rate(rate) if rate else (1, "day" if told["times"] else "dose")
        yield Dose(start, rate.end() if rate else told.end(), amount * times, UNIT[told["unit"].lower()], per)


def _rate(found: re.Match[str]) -> tuple[float, str]:
    """How many times, and in what."""
    if found["often"]:
        words = re.match(r"\w+?(?=\s*(?:times|x|×)|$)", found["often"], re.IGNORECASE)
        return _count(words[0] if words else found["often"]), _period(found["often_per"])
    if found["hours"]:
        return 24 / max(1, _count(found["hours"])), "day"
    if found["latin"]:
        return LATIN[found["latin"].lower()], "day"
    if found["both"]:
        return 2, "day"
    return 1, _period(found["each"] or found["adverb"] or found["slash"])


def _period(word: str) -> str:
    return "week" if word.lower().startswith("w") else "day"


def _count(word: str) -> int:
    return int(word) if word.isdigit() else COUNTS[word.lower()]


def _number(digits: str) -> float:
    """1,000 is a thousand and 2,5 two and a half."""
    return float(re.sub(r",(?=\d{3}(?!\d))", "", digits).replace(",", "."))
