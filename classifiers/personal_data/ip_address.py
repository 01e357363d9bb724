"""IP addresses of a person's machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from classifiers.personal_data.context import before
from classifiers.personal_data.found import VALIDATED, Found

V4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)(?!\w)")
MACHINE = re.compile(
    r"(?<!\w)(?:ips?|ip[\s-]?address(?:es)?|log(?:ged)?[\s-]?ins?|sign(?:ed)?[\s-]?in|blocked|banned|received|router|server|vpn|connection|network|subnet|traced?|hacker)(?!\w)",
    re.IGNORECASE,
)
V6 = re.compile(r"(?<![\w:.])(?=[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{2,44})[0-9a-fA-F:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])")
VERSION = re.compile(
    r"(?:(?<!\w)(?:v(?=[\s.\d]|$)|ver|versions?|release|firmware|build|update|software|app|section|chapter|table|figure|fig|§))(?!\w)",
    re.IGNORECASE,
)
WELL_KNOWN = frozenset(
    [
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "1.0.0.1",
        "9.9.9.9",
        "208.67.222.222",
        "208.67.220.220",
        "1.2.3.4",
        "255.255.255.0",
    ]
)

NEEDED = re.compile(r"[.:](?:(?<=\d\.)\d|(?<=:)[\da-f]{0,4}:)")
"""Two numbers with a dot between them, or two colons with no more than a group of V6."""


def find(text: str) -> Iterator[Found]:
    """Four numbers with dots are an address only where the post speaks of networks and not, right before, of versions."""
    for match in V4.finditer(text) if V4.search(text) and MACHINE.search(text) else ():
        if _is_personal(match[0]) and not _is_version(text, match.start()):
            yield Found("ip_address", *match.span(), VALIDATED, "ip_v4")
    for match in V6.finditer(text):
        if match[0].count(":") >= 3 and _is_personal(match[0].rstrip(":") if not match[0].endswith("::") else match[0]):
            yield Found("ip_address", *match.span(), VALIDATED, "ip_v6")


def _is_version(text: str, start: int) -> bool:
    """Do the words right before speak of software rather than of a machine?"""
    lead = before(text, start, 50)
    software = [*VERSION.finditer(lead)]
    machine = [*MACHINE.finditer(lead)]
    return bool(software) and (not machine or machine[-1].start() < software[-1].start())


def _is_personal(value: str) -> bool:
    """A public or home address; not loopback, a resolver everybody uses, nor the outline number `1.2.3.4`."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if value in WELL_KNOWN or address.is_loopback or address.is_unspecified or address.is_multicast:
        return False
    return address.version == 6 or any(int(part) > 19 for part in value.split("."))
