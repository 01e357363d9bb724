"""Numbers a state gave a person. A bare row of digits needs its checksum and a word for it; a word right before allows a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from stdnum.au import tfn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.za import idnr as za_idnr

from classifiers.personal_data.context import NOT_PERSONAL, before, leading
from classifiers.personal_data.found import CONTEXT, VALIDATED, Found


@dataclass(frozen=True, slots=True)
class Identifier:
    """One kind of number."""

    name: str
    shape: re.Pattern[str]
    labels: re.Pattern[str]
    """Words right before it that allow a wrong checksum."""
    checksum: ModuleType | None = None
    telling: bool = False
    """Is the shape so telling that a right checksum needs no word at all?"""
    in_row: bool = True
    """Does the shape hold six digits in a ROW?"""


def _identifier(
    name: str,
    shape: str,
    labels: str,
    checksum: ModuleType | None = None,
    telling: bool = False,
    in_row: bool = True,
) -> Identifier:
    bounded = re.compile(rf"(?<![\w.+/@#-])(?:{shape})(?![\w@]|[-/]\d|\.\d)", re.IGNORECASE)
    return Identifier(name, bounded, re.compile(leading(labels) + "$", re.IGNORECASE), checksum, telling, in_row)


TABLE = (
    _identifier("us_ssn", r"\d{3}-\d{2}-\d{4}", r"ssn|social(?:\s+security)?|soc", None, telling=True),
    _identifier("us_ssn_loose", r"\d{3}\s?\d{2}\s?\d{4}", r"ssn|social(?:\s+security)?(?:\s+number)?|soc", None),
    _identifier(
        "us_itin_medicare",
        r"[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}",
        r"medicare(?:\s+(?:id|card|number))?|mbi|hicn",
        None,
        in_row=False,
    ),
    _identifier(
        "gb_nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", r"nhs|national\s+health|h\s?&\s?c|health\s+(?:and|&)\s+care", nhs
    ),
    _identifier("gb_chi", r"\d{6}\s?\d{4}", r"chi", None),
    _identifier(
        "gb_nino",
        r"[A-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]",
        r"nino?|nat(?:ional)?\.?\s+ins(?:urance)?|n\.i\.",
        None,
        telling=True,
    ),
    _identifier(
        "gb_driver",
        r"[A-Z9]{5}\s?\d{6}\s?[A-Z9]{2}\s?\d?[A-Z]{2,3}|[A-Z9]{5}\d{6}[A-Z9]{2}\d?[A-Z]{2}",
        r"licen[cs]e|driving\s+licen[cs]e|driver",
        None,
        telling=True,
    ),
    _identifier(
        "driver",
        r"(?=[A-Z\d-]{0,14}\d{3})[A-Z]{0,3}\d[A-Z\d-]{4,15}",
        r"(?:driving|driver'?s?)\s+licen[cs]e|dl",
        None,
        in_row=False,
    ),
    _identifier("passport", r"[A-Z]{0,2}\d{6,9}", r"passports?|reisepass", None),
    _identifier("ie_pps", r"\d{7}\s?[A-Z]{1,2}", r"ppsn?|pps", pps, telling=True),
    _identifier("ca_sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", r"(?-i:SIN)|social\s+insurance", sin),
    _identifier(
        "ca_health",
        r"\d{4}[ -]?\d{3}[ -]?\d{3}(?:[ -]?[A-Z]{2})?",
        r"ohip|health\s+card|phn|msp|care\s?card|ramq",
        None,
    ),
    _identifier("in_aadhaar", r"\d{4}[ -]?\d{4}[ -]?\d{4}", r"aadha+r|adhar|uidai|uid", aadhaar),
    _identifier("in_pan", r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", r"pan(?:\s+card)?", pan, telling=True, in_row=False),
    _identifier("au_tfn", r"\d{3}[ -]?\d{3}[ -]?\d{2,3}", r"tfn|tax\s+file", tfn),
    _identifier("au_medicare", r"\d{4}[ -]?\d{5}[ -]?\d(?:[ -/]\d)?", r"medicare(?:\s+(?:card|no|number))?"),
    _identifier("nl_bsn", r"\d{8,9}|\d{4}[. ]\d{2}[. ]\d{3}", r"bsn|burgerservicenummer|sofi", bsn),
    _identifier(
        "de_idnr", r"\d{2}\s?\d{3}\s?\d{3}\s?\d{3}", r"steuer-?id(?:entifikationsnummer)?|idnr|steuernummer", idnr
    ),
    _identifier(
        "de_pension",
        r"\d{2}\s?\d{6}\s?[A-Z]\s?\d{3}",
        r"rentenversicherungsnummer|rvnr|sozialversicherungsnummer|sv-?nummer",
        None,
    ),
    _identifier("es_dni", r"\d{8}[ -]?[A-Z]", r"dni|nif", dni, telling=True),
    _identifier("es_nie", r"[XYZ]\d{7}[A-Z]", r"nie", nie, telling=True),
    _identifier(
        "fr_nir",
        r"[12]\s?\d{2}\s?\d{2}\s?\d[\dAB]\s?\d{3}\s?\d{3}(?:\s?\d{2})?",
        r"nir|s[ée]cu(?:rit[ée])?(?:\s+sociale)?|insee|carte\s+vitale",
        nir,
    ),
    _identifier(
        "it_codice_fiscale",
        r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]",
        r"codice\s+fiscale|c\.?f\.?",
        codicefiscale,
        telling=True,
        in_row=False,
    ),
    _identifier(
        "se_personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}", r"personnummer|personal\s+(?:number|identity)", personnummer
    ),
    _identifier("fi_hetu", r"\d{6}[-+A]\d{3}[0-9A-Y]", r"hetu|henkilötunnus", hetu),
    _identifier("dk_cpr", r"\d{6}-?\d{4}", r"cpr", cpr),
    _identifier("no_fodselsnummer", r"\d{6}\s?\d{5}", r"fødselsnummer|personnummer|fnr", fodselsnummer),
    _identifier(
        "za_id",
        r"\d{6}\s?\d{4}\s?\d{2}\s?\d|\d{6}\s?\d{4}\s?\d{3}",
        r"(?-i:ID)|id\s+(?:no|number)|identity",
        za_idnr,
        telling=True,
    ),
    _identifier("br_cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", r"cpf", None, telling=True),
    _identifier("br_cpf_bare", r"\d{11}", r"cpf", cpf),
    _identifier(
        "br_sus",
        r"\d{3}\s?\d{4}\s?\d{4}\s?\d{4}|\d{4}\s\d{4}\s\d{4}\s\d{3}",
        r"(?:cart[ãa]o\s+)?(?-i:SUS)(?:\s+card)?(?:\s+says)?|cns",
        None,
    ),
    _identifier("nz_nhi", r"[A-HJ-NP-Z]{3}\d{2}[A-Z\d]{2}", r"nhi", None, in_row=False),
    _identifier("my_ic", r"\d{6}-\d{2}-\d{4}", r"(?-i:IC)|mykad|nric", None, telling=True),
    _identifier("gulf_id", r"[12]?\d{9,14}|784-\d{4}-\d{7}-\d", r"iqama|emirates\s+id|civil\s+id", None),
    _identifier("pl_pesel", r"\d{11}", r"pesel", pesel),
)
CANDIDATE = re.compile(r"\d(?:(?:\D{0,3}\d){2}|\d(?<=[^\W\d_]{3}\d\d))")
"""What each of the shapes holds: three digits not far from each other, or three letters and two digits."""
ROW = re.compile(r"\d(?:\W?\d){5}")
"""Six digits with no more than one sign or space between two of them: most texts have none."""
REACH = 45
"""How many characters before the number its label may begin."""


def find(text: str) -> Iterator[Found]:
    if not CANDIDATE.search(text):
        return
    has_row = ROW.search(text) is not None
    for identifier in TABLE:
        if identifier.in_row and not has_row:
            continue
        for match in identifier.shape.finditer(text):
            if found := _judge(text, match, identifier):
                yield found


def _judge(text: str, match: re.Match[str], identifier: Identifier) -> Found | None:
    """A finding where the checksum or the words, or both, speak for it."""
    lead = before(text, match.start(), REACH)
    labelled = identifier.labels.search(lead) is not None
    if not labelled and (not identifier.telling or NOT_PERSONAL.search(lead)):
        return None
    valid = _is_valid(match[0], identifier)
    if not labelled and not valid:
        return None
    return Found("government_id", *match.span(), VALIDATED if valid else CONTEXT, identifier.name)


def _is_valid(value: str, identifier: Identifier) -> bool:
    """By its checksum; a kind without one is as valid as its shape is telling."""
    if identifier.checksum is None:
        return identifier.telling
    compact = re.sub(r"[ ]", "", value) if identifier.name != "fr_nir" else value
    return bool(identifier.checksum.is_valid(compact))
