"""Published facts beside what a post tells its readers: a dose beyond the maximum, a sudden stop where one tapers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from classifiers.findings import MILLIGRAMS, Fact
from classifiers.medicines.advice import is_told
from classifiers.medicines.doses import Dose, doses
from classifiers.medicines.formulary import Maximum, Medicine
from classifiers.medicines.names import Named, named
from classifiers.sentences import sentences

APART = 60
"""Characters between a medicine and its dose at most."""

LONGEST = 1_000
"""Characters of a sentence that are looked at together."""

OTHER_ROUTE = re.compile(
    r"\b(?:iv|intravenous\w*|infusions?|drip|inject\w*|jabs?|creams?|gels?|ointments?|patch(?:es)?|drops|enemas?|suppositor\w+|inhalers?"
    r"|puffs?|sprays?|nebuli[sz]\w+|lotions?|topical\w*|pumps?)\b",
    re.IGNORECASE,
)
SWALLOWED = re.compile(r"\b(?:tablets?|tabs?|pills?|capsules?|caps|oral\w*)\b", re.IGNORECASE)
OF_OTHER = re.compile(r"\s+of\s+(?!(?:it|them|that|this|these|those|the|your|ur)\b)", re.IGNORECASE)

STOP = re.compile(
    r"\b(?:stop(?:\s+(?:taking|using|with))?|quit(?:\s+taking)?|come\s+(?:straight\s+)?off|get\s+(?:yourself\s+)?off|ditch|bin|dump|chuck|drop"
    r"|pack\s+in|throw(?:\s+(?:away|out))?|flush|get\s+rid\s+of|leave\s+off|go\s+cold\s+turkey\s+(?:on|with|off))\s+(?:(?:of|the|your|ur|that|this|all|those|these|bloody|damn|taking)\s+){0,3}",
    re.IGNORECASE,
)
COLD_TURKEY = re.compile(r"\bcold\s+turkey\b", re.IGNORECASE)
IT = re.compile(r"(?:it|th?em|'em)\b", re.IGNORECASE)
LEFT = re.compile(
    r"\bleave\s+(?:it|th?em)\s+(?:off|in\s+the\s+(?:drawer|box|packet|cupboard|bin))\b|\bgive\s+(?:it|th?em)\s+a\s+(?:miss|week\s+off|rest)\b"
    r"|(?:(?<=^)|(?<=[.,;:!—]\s)|(?<=\byou\s)|(?<=\bcan\s)|(?<=\band\s)|(?<=\bor\s)|(?<=\bthen\s))just\s+stop\b(?=\W*$|\s*[,.;!]|\s+(?:now|tonight|today|tomorrow|altogether|completely)\b)",
    re.IGNORECASE,
)
"""Stops of what was spoken of before."""
SLOWLY = re.compile(
    r"\b(?:taper\w*|gradual\w*|slow(?:ly)?|wean\w*|step\w*\s+down|reduc\w+|bit\s+by\s+bit|over\s+(?:the\s+)?(?:\w+\s+)?(?:weeks|months)|a\s+(?:quarter|half))\b",
    re.IGNORECASE,
)

NO_TAPER = re.compile(
    r"(?:\b(?:no|any)\s+need\s+(?:to|of|for)(?:\s+a)?|(?:\bnot|n't|\bdont|\bnever)(?:\s+(?:need|have|bother)(?:\s+to|\s+with)?(?:\s+a)?)?|\bneedn't)"
    r"\s+(?:taper|wean)\w*",
    re.IGNORECASE,
)


def facts(text: str, parent: str = "") -> list[Fact]:
    """The facts about the author's own words `text`, an answer to `parent`; offsets are those of `text`, end exclusive."""
    names = named(text)
    answered = {each.medicine.name: each for each in named(parent)} if not names else {}
    if not names and len(answered) != 1:
        return []
    spoken_of = list(answered.values())
    found: dict[tuple, Fact] = {}
    for start, end in _pieces(text):
        sentence = text[start:end]
        here = [each for each in names if start <= each.start < end]
        inside = [Named(each.start - start, each.end - start, each.medicine, each.combined) for each in here]
        for fact in (*_beyond(sentence, inside, spoken_of), *_stops(sentence, inside, spoken_of)):
            # Said twice it is one fact: the first place stands for it.
            told = fact.kind, fact.medicine, *fact.said.values()
            found.setdefault(told, replace(fact, start=fact.start + start, end=fact.end + start))
        spoken_of = here or spoken_of
    return list(found.values())


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The sentences; what is longer than any that people write is cut, or it would take its length squared."""
    for start, end in sentences(text):
        for at in range(start, end, LONGEST):
            yield at, min(end, at + LONGEST)


def _beyond(sentence: str, names: Sequence[Named], spoken_of: Sequence[Named]) -> Iterator[Fact]:
    """Told doses above the maximum of their medicine."""
    for dose in doses(sentence):
        whose = _whose(dose, sentence, names, spoken_of)
        if whose is None or whose.combined or not whose.medicine.maximum:
            continue
        maximum = whose.medicine.maximum
        if _other_route(sentence, maximum) or not _exceeds(dose, maximum) or not is_told(sentence, dose.start):
            continue
        yield Fact(
            "dose",
            whose.medicine.name,
            dose.start,
            dose.end,
            source=_source(whose.medicine, "max_daily"),
            said={"amount": dose.amount, "unit": dose.unit, "per": dose.per},
            maximum=asdict(maximum),
        )


def _whose(dose: Dose, sentence: str, names: Sequence[Named], spoken_of: Sequence[Named]) -> Named | None:
    """The medicine that the dose is one of: the nearest in its sentence, else the only one spoken of just before."""
    other = OF_OTHER.match(sentence, dose.end)
    if other and not (names and _nearest(names, other.end(), other.end()).start == other.end()):
        return None
    if not names:
        return spoken_of[0] if len({each.medicine.name for each in spoken_of}) == 1 else None
    nearest = _nearest(names, dose.start, dose.end)
    return nearest if _distance(nearest, dose.start, dose.end) <= APART else None


def _nearest(names: Sequence[Named], start: int, end: int) -> Named:
    """The name nearest to `start:end`; of a text of thousands no more than two are compared."""
    after = bisect_left(names, start, key=lambda each: each.start)
    return min(names[max(0, after - 1) : after + 1], key=lambda each: _distance(each, start, end))


def _distance(name: Named, start: int, end: int) -> int:
    """Characters between; below zero where the name stands within `start:end`."""
    return max(name.start - end, start - name.end)


def _exceeds(dose: Dose, maximum: Maximum) -> bool:
    if (dose.unit == "units") != (maximum.unit == "units"):
        return False
    told, most = (
        amount * MILLIGRAMS.get(unit, 1.0)
        for amount, unit in ((dose.amount, dose.unit), (maximum.amount, maximum.unit))
    )
    days = {"day": 1, "week": 7}
    if dose.per in days:
        told *= days[maximum.per] / days[dose.per]
    # Of a dose without a rate nothing is known but that it is taken once.
    return told > most * 1.001


def _other_route(sentence: str, maximum: Maximum) -> bool:
    return bool((OTHER_ROUTE if maximum.route == "oral" else SWALLOWED).search(sentence))


def _stops(sentence: str, names: Sequence[Named], spoken_of: Sequence[Named]) -> Iterator[Fact]:
    """Told stops of a medicine that is not to be stopped suddenly."""
    if not any(each.medicine.taper_why for each in (*names, *spoken_of)):
        return
    for start, end, whose in _stopped(sentence, names, spoken_of):
        if whose.medicine.taper_why and is_told(sentence, start):
            source = _source(whose.medicine, "taper")
            yield Fact("sudden_stop", whose.medicine.name, start, end, source=source, why=whose.medicine.taper_why)


def _stopped(sentence: str, names: Sequence[Named], spoken_of: Sequence[Named]) -> Iterator[tuple[int, int, Named]]:
    """What the sentence speaks of stopping at once, with the place of the words."""
    meant = names or spoken_of
    only = meant[0] if len({each.medicine.name for each in meant}) == 1 else None
    if only:
        yield from ((found.start(), found.end(), only) for found in NO_TAPER.finditer(sentence))
    if SLOWLY.search(sentence):
        return
    at = {each.start: each for each in names}
    for stop in STOP.finditer(sentence):
        if named_next := at.get(stop.end()):
            yield stop.start(), named_next.end, named_next
        if only and (it := IT.match(sentence, stop.end())):
            yield stop.start(), it.end(), only
    if only:
        yield from ((left.start(), left.end(), only) for left in LEFT.finditer(sentence))
    for cold in COLD_TURKEY.finditer(sentence) if names else ():
        near = _nearest(names, cold.start(), cold.end())
        if _distance(near, cold.start(), cold.end()) <= APART:
            yield min(cold.start(), near.start), max(cold.end(), near.end), near


def _source(medicine: Medicine, fact: str) -> dict[str, str]:
    return asdict(medicine.sources[fact])
