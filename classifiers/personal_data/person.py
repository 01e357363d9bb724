"""Names that carry a title: "Dr Amelia Hart", "Mrs Okafor", "Sister Byrne"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.context import after
from classifiers.personal_data.found import CONTEXT, Found

TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sr|Fr|Rev|Revd)\.?|Doctor|Professor|Sister|Father|Reverend|Pandit|Shri|Smt\.?|Frau|Herr|Señora?"
    r"|Madame|Monsieur)"
)
UPPER = r"[A-ZÀ-ÖØ-ÞŁŚŻŹĆŃÓĘĄČŠŽĐĞİŞ]"
NAME = rf"(?:(?:O|D|Mc|Mac)['’]?)?{UPPER}(?:[^\W\d_]|['’](?=[^\W\d_]{{3}})){{1,24}}(?:-{UPPER}(?:[^\W\d_]|['’](?=[^\W\d_]{{3}})){{1,24}})?"
LINK = r"(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|al|el|bin|ibn|ten|ter|[A-Z]\.?)\s){0,3}"
TITLED = re.compile(
    rf"(?<![\w.@/-])(?P<title>{TITLE}(?:\s(?:{TITLE}))?)[ \u00a0]{{1,2}}(?P<name>{LINK}{NAME}(?:[ ]{LINK}{NAME}){{0,3}})(?![\w@])"
)
PUBLIC = frozenset(
    (
        "Google Pepper Who Martens Marten Seuss House Oz Strange Dolittle Jekyll Evil Phil Fauci Oetker Scholl Bronner Bronners Schar Axe "
        "Berg Mercola Gundry Hyman Weil Greger Fuhrman Wahls Ornish Atkins Campbell Burzynski Hulda Sebi Buttar Wakefield Malone Bean Bump "
        "Muscle Potato Kipling Men Man Whippy Darcy Bates Hyde Rogers Spock Clean Sheen Muffet Kellogg Beast Marple Whitty Freud Right "
        "Wrong Perfect Sandman Robot Reddy's Hinch Brown Doubtfire Claus Trump Biden Obama Clinton Sjögren Sjogren Parkinson Graves Basedow "
        "Crohn Hashimoto Raynaud Addison Cushing Hodgkin Alzheimer Behçet Asperger Tourette Ménière Wegener Harris Starmer Sunak Johnson "
        "Streeting Kennedy"
    ).split()
) - {"Brown", "Reddy's", "Hyde", "Campbell", "Berg", "Bates", "Man", "Johnson", "Harris", "Kennedy", "Rogers", "Bean"}
"""Brands, characters, eponyms and public figures. Common surnames among them are left out: they are also neighbours."""
PUBLIC_NAMES = frozenset(
    (
        "Dr Johnson",
        "Dr Kennedy",
        "Mr Bean",
        "Dr Berg",
        "Dr Eric Berg",
        "Dr Hyde",
        "Mr Rogers",
        "Dr Brown",
        "Mr Kennedy",
        "Mr Man",
        "Mr Johnson",
    )
)
NOT_NAMES = frozenset(
    (
        "Nurse In At On The And But Or If So Then He She They We You It My Your His Her Their Our I Is Was Said Says Told Has Had Will "
        "Would Can Could Did Does Do Not No Yes Just Also Because When Who What Why How Where There This That Hospital Clinic Surgery Ward "
        "Street Road Practice GP Google Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July "
        "August September October November December Christmas Act One Two Society Association Syndrome Disease Test Appointment Unit Centre "
        "Center Department Office Team Foundation Trust Method Diet Protocol Ltd Limited Inc PhD MD RN Sir Madam Of Superior Mary's Luke's "
        "Nature Time Christmas Sharma's"
    ).split()
)
RELIGIOUS = frozenset(("Father", "Sister", "Fr", "Sr", "Miss"))
EPONYM = re.compile(
    r"['’]s?\s+(?:disease|syndrome|sign|test|thyroiditis|reviews?|stud(?:y|ies)|papers?|books?|talks?|videos?|phenomenon|lymphoma|palsy|law|criteria|diet|protocol|method|remedy)",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Found]:
    for match in TITLED.finditer(text):
        end = _trimmed(match)
        if end and not EPONYM.match(after(text, end)) and _is_private(match, end):
            yield Found("person", match.start(), end, CONTEXT, "titled_name")


def _trimmed(match: re.Match[str]) -> int:
    """End of the name without ordinary words that only begin with a capital; 0 where no name is left."""
    end = 0
    for part in re.finditer(r"\S+", match["name"]):
        if _bare(part[0]) in NOT_NAMES:
            break
        if part[0][0].isupper() and len(part[0].rstrip(".")) > 1:
            end = match.start("name") + part.end()
    return _without_possessive(match.string, match.start("name"), end) if end else 0


def _bare(word: str) -> str:
    return re.sub(r"['’]s$", "", word)


def _without_possessive(text: str, start: int, end: int) -> int:
    return end - 2 if text[start:end].endswith(("'s", "’s")) else end


def _is_private(match: re.Match[str], end: int) -> bool:
    """Not a brand, a character, a public figure, nor a shouted common noun."""
    title = match["title"].rstrip(".").split()[0].rstrip(".")
    name = match.string[match.start("name") : end]
    public = name.split()[0] in PUBLIC or f"{title} {name}" in PUBLIC_NAMES
    initials = all(len(part.strip(".")) <= 1 for part in name.split())
    return (
        not public
        and not initials
        and not (
            title in RELIGIOUS and name in {"Christmas", "Ted", "Time", "Jack", "Brown", "Piggy", "World", "America"}
        )
    )
