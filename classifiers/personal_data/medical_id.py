"""Numbers that a hospital, insurer or pharmacy gave a patient: a label, then a value with digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.context import leading
from classifiers.personal_data.found import CONTEXT, Found

LABEL = leading(
    r"(?-i:MRN|UHID|HRN|URN|UR)|mrn|uhid|medical\s+record(?:\s+(?:no|number|num))?|hosp(?:ital)?\.?\s+(?:no|number|num|id|nr)|patient\s+(?:no|number|id|num|identifier|ref(?:erence)?)"
    r"|chart\s+(?:no|number)|unit\s+number|k\s?number|crn"
    r"|member(?:ship)?\s+(?:no|number|id)|member\s?id|subscriber\s+(?:no|number|id)|group\s+(?:no|number|id)|policy(?:\s+(?:no|number|id))?"
    r"|insurance\s+(?:no|number|id|policy)|health\s+plan\s+(?:no|number|id)|(?:rx|prescription|script)(?:\s?(?:no|number|num|id|\#))|rx(?!-)"
    r"|versichertennummer|versicherungsnummer|patientennummer|medicaid(?:\s+(?:no|number|id))?|beneficiary\s+(?:no|number|id)"
    r"|claim\s+(?:no|number|id)|pre-?auth(?:orisation|orization)?\s+(?:no|number|code)"
)
VALUE = r"(?P<value>(?=[A-Za-z0-9/ .-]{0,10}\d)[A-Za-z0-9]{1,12}(?:[/.-][A-Za-z0-9]{1,12}|[ ](?=[A-Z0-9]*\d)[A-Z0-9]{2,10}(?![a-z])){0,5})"
LABELLED = re.compile(rf"{LABEL}{VALUE}", re.IGNORECASE)
DIGITS = re.compile(r"\d")
UNIT = re.compile(
    r"(?:\d+(?:mg|mcg|ml|g|kg|x|st|nd|rd|th|am|pm|yrs?|days?|weeks?|months?)|(?:19|20)\d\d)$", re.IGNORECASE
)
FOLLOWING = re.compile(
    r"\s{0,2}(?:mg|mcg|ml|g|kg|%|tablets?|tabs|days?|weeks?|months?|years?|times|repeats?|refills?|items?)\b|\s{0,2}%",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Found]:
    for match in LABELLED.finditer(text):
        start, end = match.span("value")
        end = _without_words(text, start, end)
        if _is_number(text[start:end]) and not FOLLOWING.match(text, end):
            yield Found("medical_id", start, end, CONTEXT, "medical_id_label")


def _is_number(value: str) -> bool:
    """At least four digits in all, and not a dose, an age or a year."""
    return (
        len(DIGITS.findall(value)) >= 4
        and not UNIT.match(value)
        and not re.match(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$", value)
    )


def _without_words(text: str, start: int, end: int) -> int:
    """The value ends at its last piece that holds a digit (or a letter joined to one by `-` or `/`)."""
    pieces = text[start:end].split(" ")
    while len(pieces) > 1 and not DIGITS.search(pieces[-1]):
        pieces.pop()
    return start + len(" ".join(pieces))
