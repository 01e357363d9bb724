"""Personal phone numbers: by the number plans of the regions our forums come from, by context, and spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from classifiers.personal_data.context import NOT_PERSONAL, after, before
from classifiers.personal_data.found import CONTEXT, VALIDATED, Found
from classifiers.personal_data.helplines import is_public

OWN_REGIONS = ("GB", "US", "IE")
"""Numbers of these plans are taken without context where they are written as people write phone numbers."""
OTHER_REGIONS = ("IN", "ZA", "AU", "NZ", "DE", "BR", "FR", "ES", "NL", "NG", "KE", "PH", "PK")
SHORTEST = 4
"""Characters of the shortest number that any of the plans allows (Germany's): most doses and ages are no candidates."""
CONTACT = re.compile(
    r"(?<!\w)(?:call(?:s|ing|ed)?|text(?:s|ing)?|ring(?:ing)?|phone(?:d)?|tel|telephone|mob(?:ile)?|cell(?:phone)?|whats\s?app|wapp|landline|number|contact"
    r"|reach(?:able)?|sms|msg|message|dial|handy|zap|signal|telegram|viber|ping|answer|line|dm|shout|buzz|bell|imessage|fax|hmu|🤙|📞|📱|☎️?)(?!\w)",
    re.IGNORECASE,
)
STRONG = re.compile(
    r"(?<!\w)(?:call|text|ring|phone|telephone|tel|mob|mobile|cell|whats\s?app|landline|reach|contact|dial|zap|ping|(?:i'?m|i\sam)\son)(?:[\s-](?:me|him|her|us|them|directly|anytime|any\stime"
    r"|on|at|is|number|no|my|number's|after|up))*[\s.:,(]{0,3}$",
    re.IGNORECASE,
)
CANDIDATE = re.compile(r"(?<![\w.+/@#-])\+?\(?\d(?:[ ().-]{0,2}\d){7,14}(?![\w@/])(?!-\d)")
UK_MOBILE = re.compile(r"(?<![\w.+/@#-])07\d{3}[ ]?(?:\d{6}|\d{3}[ ]\d{3})(?![\w@/])(?!-\d)")
"""Written so by everybody; the plan knows only blocks that are in use."""
UNLIKE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}$|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$|97[89]|\d{3} \d{3} \d{4}$|\d{3}-\d{2}-\d{4}$|(?:19|20)\d\d(?:\s?[-–]\s?|\s)(?:19|20)\d\d$|\d{1,3}(?:\.\d{3})+$"
)
"""Dates, ISBNs, the spacing of NHS numbers, SSNs, spans of years, thousands."""
IDENTIFIER = re.compile(
    r"(?<!\w)(?:nhs|ssn|social|security|iqama|ohip|passport|aadhaar|mrn|uhid|hospital|member|policy|account|acct|sort\s?code|iban|card|chi|ppsn?|tfn|medicare|insurance|id|nino|cpf|pan|rx|npi"
    r"|gmc|nmc|pin|patient|licen[cs]e|nr|ref|reference|order|isbn|upi|vat|invoice|tracking|gtin|ean|zoom|meeting|puk)(?:[\s.:#'’-]|no|number|num|id|is|s|the|my|mine|at|was|it|s){0,8}$",
    re.IGNORECASE,
)
QUANTITY = re.compile(
    r"\s{0,2}(?:mg|mcg|µg|ug|ml|iu|units?|cells?|copies|per\b|/|%|kg|g\b|mmol|steps|calories|kcal|people|patients|euros?|dollars?|pounds|years|women|men)",
    re.IGNORECASE,
)
MONEY = re.compile(r"[£$€₹#/=_&?]\s?$")

DIGIT_WORD = r"(?:oh|o|zero|nought|naught|nil|one|two|three|four|five|six|seven|eight|nine)"
GROUP = rf"(?:(?:double|dbl|triple|treble)[\s-]{{1,2}}(?:{DIGIT_WORD}|\d)|{DIGIT_WORD})"
SPELLED = re.compile(
    rf"(?<![\w-])(?:\+\s?\d{{1,3}}[\s,]{{1,2}})?(?:{GROUP}|\d{{1,4}})(?:[\s,.;-]{{1,3}}(?:{GROUP}|\d{{1,4}})){{4,16}}(?![\w-])",
    re.IGNORECASE,
)
WORD = re.compile(rf"(?P<times>double|dbl|triple|treble)|(?P<word>{DIGIT_WORD})(?!\w)|(?P<digits>\d+)", re.IGNORECASE)
COUNTING = re.compile(r"(?:0?12345|98765|54321)")
VALUES = {"oh": "0", "o": "0", "zero": "0", "nought": "0", "naught": "0", "nil": "0"} | {
    word: str(value)
    for value, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], 1)
}


def numbers(text: str) -> Iterator[Found]:
    if CANDIDATE.search(text):
        yield from _planned(text)
        yield from _labelled(text)
    for match in UK_MOBILE.finditer(text):
        if not _is_something_else(text, *match.span()):
            yield Found("phone", *match.span(), VALIDATED, "phone_uk_mobile")


def _planned(text: str) -> Iterator[Found]:
    """Numbers that the plan of some region allows; outside our own regions only where the words say phone."""
    seen: set[tuple[int, int]] = set()
    regions = OWN_REGIONS + (OTHER_REGIONS if CONTACT.search(text) else ())
    for region in regions:
        for match in PhoneNumberMatcher(text, region, Leniency.VALID, max_tries=500, min_candidate_length=SHORTEST):
            place = (match.start, match.end)
            if place not in seen and _is_personal(text, match, region):
                seen.add(place)
                yield Found("phone", *place, VALIDATED, "phone_plan")


def _is_personal(text: str, match: phonenumbers.PhoneNumberMatch, region: str) -> bool:
    if _is_something_else(text, match.start, match.end):
        return False
    if match.raw_string.startswith("+"):
        return True
    named = CONTACT.search(before(text, match.start, 50)) or CONTACT.search(after(text, match.end, 25))
    return bool(named) or (region in OWN_REGIONS and _is_written_as_phone(match.raw_string, region))


def _is_written_as_phone(raw: str, region: str) -> bool:
    """A leading zero and eleven or ten digits, or the American grouping."""
    digits = sum(char.isdigit() for char in raw)
    if region == "US":
        return re.match(r"\(\d{3}\)\s?\d{3}[ -.]\d{4}$|\d{3}([-.])\d{3}\1\d{4}$", raw) is not None
    return (
        raw.startswith(("0", "(0"))
        and digits >= 10
        and re.match(r"\(?0\d{2,4}\)?[ -]?\d{2,4}[ -]?\d{3,6}$", raw) is not None
    )


def _labelled(text: str) -> Iterator[Found]:
    """A row of digits right after "text me on", whatever the number plan says of it."""
    for match in CANDIDATE.finditer(text):
        international = match[0].startswith("+") and CONTACT.search(before(text, match.start(), 40))
        if (international or STRONG.search(before(text, match.start(), 50))) and not _is_something_else(
            text, *match.span()
        ):
            yield Found("phone", *match.span(), CONTEXT, "phone_context")


def _is_something_else(text: str, start: int, end: int) -> bool:
    """A helpline, a date, a price, an order number, another identifier."""
    lead, raw = before(text, start, 50), text[start:end]
    beside = re.split(r"[.!?\n]\s", lead)[-1] + " … " + re.split(r"[.!?\n]", after(text, end, 25))[0]
    return (
        is_public(raw, beside)
        or (UNLIKE.match(raw) is not None and not STRONG.search(lead))
        or NOT_PERSONAL.search(lead) is not None
        or IDENTIFIER.search(lead) is not None
        or MONEY.search(lead) is not None
        or QUANTITY.match(text, end) is not None
    )


def spelled(text: str) -> Iterator[Found]:
    for match in SPELLED.finditer(text):
        words, number = _spoken(match[0])
        lead, rest = before(text, match.start()), after(text, match.end(), 20)
        clear = number.startswith("0") or CONTACT.search(lead) or CONTACT.search(rest)
        if (
            words >= 4
            and 8 <= len(number) <= 14
            and clear
            and not COUNTING.search(number)
            and not is_public(number, lead)
        ):
            yield Found("phone", *match.span(), CONTEXT, "phone_spelled")


def _spoken(raw: str) -> tuple[int, str]:
    """How many digit words it has, and the number they say."""
    words, number, times = 0, "", 1
    for match in WORD.finditer(raw):
        if match["times"]:
            times = 2 if match["times"].lower() in ("double", "dbl") else 3
            continue
        words += match["word"] is not None
        value = VALUES[match["word"].lower()] if match["word"] else match["digits"]
        number, times = number + value * times, 1
    return words, number
