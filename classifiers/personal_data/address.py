"""Street addresses of the English-speaking world, and full postcodes that the words make a home."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.context import before
from classifiers.personal_data.found import CONTEXT, VALIDATED, Found

TYPES = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Crescent|Cres|Terrace|Place|Pl|Row|Way|Walk|Gardens|Gdns|Grove|Park|Square|Sq|Hill"
    "|Mews|Boulevard|Blvd|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Trl|Pike|Turnpike|Mount|Rise|View|Green|Parade|Quay|Wharf|Buildings|House"
    "|Nagar|Marg|Colony|Layout|Vihar|Enclave|Apartments|Estate|Heights|Meadows?|Croft|Loan|Drove|Loke|Ginnel|Bypass|Esplanade|Promenade|Strand|Yard|Brae|Wynd|Vale|Loop|Cove|Ridge|Straat|straat|straße|strasse"
)
WORD = r"[A-Z][\w'’.-]{1,24}"
PLACE = r"(?:St\.|[A-Z][^\W\d_]+(?:['’][^\W\d_]+)?)"
NUMBER = r"(?:(?:Flat|Apt\.?|Apartment|Unit|Suite|Plot|Lot|Pitch|Block|Door|Room|House|H\.?\s?No\.?|No\.?)\s?[A-Z]?\d{1,5}[A-Z]?(?:/\d{1,3})?,?\s{1,2})?\d{1,5}(?:[/-]\d{1,4})?\s?[A-Za-z]?"
NAMED = rf"(?:(?:N|S|E|W|North|South|East|West|Old|New|St\.?|Saint|The)\s)?(?:{WORD}\s){{1,3}}(?:{TYPES})\b\.?"
STREET = re.compile(
    rf"(?<![\w.£$€/+-])(?P<number>{NUMBER}),?\s{{1,2}}(?P<name>{NAMED}|[A-Z][a-zß]{{2,20}}(?:straat|straße|strasse|weg)\b(?:\s\d{{1,4}}[a-z]?)?)"
)
REVERSED = re.compile(
    r"(?<!\w)[A-ZÄÖÜ][a-zäöüß-]{2,24}(?:straße|strasse|str\.|weg|platz|allee|gasse)\s\d{1,4}\s?[a-z]?(?!\w)"
)
LOWER = re.compile(
    r"(?<![\w.£$€/+-])\d{1,4}[a-z]?\s(?:[a-z][a-z'’]{2,20}\s){1,2}(?:street|road|rd|avenue|lane|close|crescent|terrace|gardens|drive|grove|court)(?!\w)"
)
FLAT = re.compile(rf"(?<!\w)(?:Flat|Apt\.?|Apartment|Unit)\s[A-Z]?\d{{1,4}}[A-Z]?,\s(?:{WORD}\s){{1,3}}(?:{TYPES})\b")
BOX = re.compile(r"(?<!\w)P\.?\s?O\.?\s?Box\s\d{1,6}(?!\w)", re.IGNORECASE)
POSTCODE = r"(?:(?-i:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})|(?-i:[ABCEGHJ-NPRSTVXY]\d[A-Z]\s?\d[A-Z]\d)|(?-i:[AC-FHKNPRTV-Y](?:\d\d|6W)\s?[0-9AC-FHKNPRTV-Y]{4}))"
"""British, Canadian, Irish."""
TOWN = rf"(?:(?:Apt\.?|Apartment|Flat|Unit|Suite|\#)\s?[A-Z]?\d{{1,5}}[A-Z]?|\d\.\sOG(?:\s(?:links|rechts))?|(?:\d{{4,5}}\s)?{PLACE}(?:[ -](?:{PLACE}|on|upon|in|le|by|the|of|under)){{0,4}})"
LAST = rf"(?:{POSTCODE}|(?-i:[A-Z]{{2}})[ ,]{{1,2}}\d{{5}}(?:-\d{{4}})?|\d{{4,6}}(?!\s[A-ZÄÖÜ][a-zäöü]))"
TAIL = re.compile(rf"(?:(?:,[ ]?|[ ]?\n[ ]?|,\n)(?:{TOWN}(?:[ ,]{{1,2}}{LAST})?|{LAST})(?!\w)|[ ]{LAST}(?!\w)){{1,5}}")
PARTS = re.compile(r"[,\n ]+([^,\n]+)")
SENTENCE = re.compile(r"I\b|\w+['’](?:m|ll|re|ve|d)\b")
LONE_POSTCODE = re.compile(rf"(?<![\w-]){POSTCODE}(?![\w-])")
HOUSE = re.compile(rf"(?:{WORD}(?:[ ]{WORD}){{0,3}},[ \n]{{1,2}}){{1,4}}$")
HOME = re.compile(
    r"(?<!\w)(?:live[sd]?|living|address|home|house|post\s?code|eircode|zip|postal|mine|moved|send|post(?:ed)?|deliver(?:ed|y)?|come\s+(?:round|over)|we're\s+at|i'm\s+(?:in|at))(?!\w)",
    re.IGNORECASE,
)
HOME_RIGHT_BEFORE = re.compile(
    r"(?<!\w)(?:live[sd]?|living|address|home|house|at|mine|moved|send|post|deliver|number|outside|door|flat|is)(?!\w)[^.!?\n]{0,20}$",
    re.IGNORECASE,
)
PUBLIC = re.compile(
    r"(?<!\w)(?:hospital|clinic|surgery|health\s+cent(?:re|er)|pharmacy|medical\s+cent(?:re|er)|museum|library|charity|society|foundation|university|ltd|hotel|church\s+hall|community\s+cent(?:re|er))(?!\w)",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"\s(?:patients|people|women|men|studies|mg|mcg|ml|tablets|weeks|days|years|months|hours|minutes|miles)\b",
    re.IGNORECASE,
)
SENTENCE_WORDS = frozenset(
    (
        "The This That She He They We I It And But So If Dear My Your His Her Please Thanks Then When DOB Tel Phone Email Mobile NHS ID Ref "
        "Re RE From To Date Subject Clinic Member Our In"
    ).split()
)


def find(text: str) -> Iterator[Found]:
    for pattern in (STREET, REVERSED, FLAT, BOX):
        for match in pattern.finditer(text):
            if not COUNTED.search(match[0]) and not PUBLIC.search(_lead(text, match.start())):
                yield Found("address", match.start(), _with_tail(text, match.end()), VALIDATED, "street_address")
    for match in LOWER.finditer(text):
        if HOME_RIGHT_BEFORE.search(before(text, match.start(), 40)):
            yield Found("address", *match.span(), CONTEXT, "street_lowercase")
    yield from _postcodes(text)


def _lead(text: str, start: int) -> str:
    """The words right before, within the sentence."""
    return re.split(r"[.!?\n]\s?", before(text, start, 40))[-1]


def _with_tail(text: str, end: int) -> int:
    """After the town, state and postcode that follow the street."""
    tail = TAIL.match(text, end)
    if not tail:
        return end
    for part in PARTS.finditer(tail[0]):
        if SENTENCE.match(part[1]) or part[1].split()[0] in SENTENCE_WORDS:
            return end + part.start()
    return tail.end()


def _postcodes(text: str) -> Iterator[Found]:
    """A full postcode where the words say home, with the house and town named before it."""
    for match in LONE_POSTCODE.finditer(text):
        house = HOUSE.search(text, max(0, match.start() - 100), match.start())
        start = house.start() if house else match.start()
        if HOME.search(before(text, start, 60)) and not PUBLIC.search(text[start : match.start()] + _lead(text, start)):
            yield Found("address", start, match.end(), CONTEXT, "postcode")
