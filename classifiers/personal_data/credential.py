"""Passwords, PINs and log-ins: the label and a value after it; the word alone is nobody's secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.found import CONTEXT, Found

LINK = r"(?:\s{0,2}[:=]\s{0,2}|\s{1,2}(?:is|was|=|:|–|-|—)\s{1,2}[\"'“‘]?|\s{0,2},\s|\s{1,2}[\"'“‘]?)"
FIRM = r"(?:\s{0,2}[:=]\s{0,2}[\"'“‘]?|\s{1,2}(?:is|was|still)\s{1,2}(?:still\s|just\s|now\s)?[:\"'“‘]{0,2})"
VALUE = r"(?P<value>[^\s,;<>()\[\]\"“”]{4,64})"
PASSWORD = re.compile(
    rf"(?<![\w-])(?:pass\s?word|passwort|passwrd|pass\s?code|pass\s?phrase|pw|pwd|psw|security\s+(?:word|answer|code)|token|api\s?key|(?:secret|memorable)\s+word|pass)(?:\s(?:for|on|to|there|here)\s[^\n.,;:!?]{1, 30}?(?=\s(?:is|was)\s|:))?"
    rf"(?P<link>{FIRM}|{LINK}){VALUE}",
    re.IGNORECASE,
)
PIN = re.compile(
    r"(?<![\w-])(?:(?-i:PIN|PUK|TAN|OTP)|pin|otp|one[\s-]time\s+(?:code|password)|verification\s+code|access\s+code|door\s+code|key\s?safe(?:\s+code)?|(?:alarm|gate|entry)\s+code|security\s+code|login\s+code|log-in\s+code)"
    r"(?:\s+(?:number|code|no))?(?:\s{0,2}[:=,]\s{0,2}|\s)(?:[^\n.!?\d]{0,30}?\s)?(?P<value>\d{3}[ -]\d{3}|\d{4}[ -]\d{4}|\d{4,8})(?![\w/-])(?!\.\d)",
    re.IGNORECASE,
)
LOGIN = re.compile(
    rf"(?<![\w-])(?:log[\s-]?in(?:\s+(?:id|name))?|user\s?-?\s?name|user\s+id|userid|portal\s+(?:id|user)|user)(?P<link>{FIRM}|\s{{1,2}})"
    r"(?P<value>[^\s,;<>()\[\]\"“”]{4,64})",
    re.IGNORECASE,
)
PASSWORD_NEEDED = re.compile(r"pass|pw|psw|security\s|token|api\s?key|secret\s|memorable\s")
PIN_NEEDED = re.compile(r"pin|puk|tan|otp|code|password|safe")
LOGIN_NEEDED = re.compile(r"log[\s-]?in|user")
"""A word of each one's labels, in folded text."""
SECRET_NEAR = re.compile(r"(?<!\w)(?:pass|password|passcode|pw|pwd|pin|portal|log\s?in)(?!\w)", re.IGNORECASE)
TRAILING = ".,;:!?'\"’”)…"
SECRET_SHAPE = re.compile(r"(?=.*\d)(?=.*[^\W\d])|(?=.*[^\w.,:;!?'’-])(?=.*\w)|(?=[^-]+-[^-]+-)|(?=.*[a-z][A-Z])")
ORDINARY = re.compile(
    r"(?:https?://|\d+(?:mg|mcg|ml|g|st|nd|rd|th|am|pm|x|k|%)?$|[a-z]+['’][a-z]+$|[£$€])", re.IGNORECASE
)
PHRASES = frozenset(
    "protected reset manager strong weak wrong changed expired forgotten please again that this something anything your mine".split()
)


def pins(text: str) -> Iterator[Found]:
    for match in PIN.finditer(text):
        if not re.match(r"(?:19|20)\d\d$", match["value"]):
            yield Found("credential", *match.span("value"), CONTEXT, "pin")


def logins(text: str) -> Iterator[Found]:
    for match in LOGIN.finditer(text):
        value = match["value"].rstrip(TRAILING)
        near = text[max(0, match.start() - 60) : match.start()] + " " + text[match.end() : match.end() + 40]
        stated = ":" in match["link"] or "is" in match["link"]
        if _is_user_name(value) and (SECRET_NEAR.search(near) or (stated and SECRET_SHAPE.match(value))):
            yield Found("credential", match.start("value"), match.start("value") + len(value), CONTEXT, "login")


def passwords(text: str) -> Iterator[Found]:
    for match in PASSWORD.finditer(text):
        value = match["value"]
        value = value.rstrip(TRAILING.replace("!", "")) if SECRET_SHAPE.match(value[:-1]) else value.rstrip(TRAILING)
        stated = ":" in match["link"] or "=" in match["link"] or "is" in match["link"] or '"' in match["link"]
        if _is_secret(value, stated):
            yield Found("credential", match.start("value"), match.start("value") + len(value), CONTEXT, "password")


def _is_secret(value: str, stated: bool) -> bool:
    """A value that looks made up; a bare number or word needs the label to state it (`:`)."""
    if len(value) < 4 or value.lower() in PHRASES or ORDINARY.match(value):
        return stated and value.isdigit() and 4 <= len(value) <= 10
    return SECRET_SHAPE.match(value) is not None


def _is_user_name(value: str) -> bool:
    return (
        len(value) >= 4
        and not ORDINARY.match(value)
        and (SECRET_SHAPE.match(value) is not None or re.search(r"\w[._]\w", value) is not None)
    )
