"""Personal e-mail addresses, plain and obfuscated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.found import CONTEXT, VALIDATED, Found

PLAIN = re.compile(
    r"(?<![\w.%+@/-])[\w%+'-](?:[\w%+'-]|\.(?=[\w%+'-])){0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w@])"
)
AT = r"(?:\s{0,2}[\[({<]\s{0,2}(?:at|@|arroba)\s{0,2}[\])}>]\s{0,2}|\s{1,2}(?:at|@|arroba)\s{1,2}|\s@\s?|\s?@\s)"
DOT = r"(?:\s{0,2}[\[({<]\s{0,2}(?:dot|\.|punkt|punto)\s{0,2}[\])}>]\s{0,2}|\s{1,2}(?:dot|punkt|punto|point)\s{1,2}|\.)"
SUFFIX = r"(?:com|org|net|edu|info|me|co|io|uk|ie|de|fr|es|it|nl|in|za|au|nz|ca|us|br|se|dk|no|fi|pl|pt|ch|at|be|eu)"
OBFUSCATED = re.compile(
    rf"(?<![\w.@-])(?P<local>[A-Za-z0-9_%+-]{{1,40}}(?:{DOT}[A-Za-z0-9_%+-]{{1,40}}){{0,4}})(?P<at>{AT})"
    rf"[A-Za-z0-9-]{{2,40}}(?:{DOT}[A-Za-z0-9-]{{1,40}}){{0,3}}{DOT}{SUFFIX}(?!\w)(?!\.\w)",
    re.IGNORECASE,
)
SPELLED_LOCAL = re.compile(r"(?:(?<=\s)|^)((?:(?:[A-Za-z]|underscore|dash|hyphen)\s){1,30})$")
ROLES = frozenset(
    (
        "info contact help helpline support supporter supporters admin administrator moderator moderators mods appointments appointment "
        "enquiries enquiry inquiries reception office hello team press media news newsletter editor feedback complaints complaint pals "
        "service services customerservice customercare care sales billing noreply no-reply donotreply research trials study studies "
        "recruitment jobs hr privacy dpo webmaster postmaster abuse security events membership members fundraising volunteering volunteer "
        "secretary advice adviceline nurses specialistnurse bookings referrals pharmacy rheumatology foi safety yellowcard medinfo "
        "medinformation general mail website forum crisis jo samaritans patient patients patientservices records medicalrecords registry "
        "clinic ward chat"
    ).split()
) - {"jo", "mail"}
"""Mailboxes of an organisation by their name; on a private provider the same name is somebody's own."""
PROVIDERS = (
    r"(?:gmail|googlemail|hotmail|outlook|live|yahoo|ymail|icloud|aol|proton|gmx|web\.de|btinternet|talktalk|sky\.com|eircom|rediffmail"
    r"|fastmail|posteo|t-online|libero|orange|wanadoo|uol|bol\.com|comcast|verizon|att\.net|me\.com|msn)"
)
PRIVATE_PROVIDERS = re.compile(PROVIDERS, re.IGNORECASE)
EXAMPLES = re.compile(r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|email\.com|domain\.com)$", re.IGNORECASE)

NEEDED = re.compile(
    rf"@|arroba|dot|punkt|punto|\(\s{{0,2}}at|\[\s{{0,2}}at|\{{\s{{0,2}}at|<\s{{0,2}}at|at\s{{1,2}}{PROVIDERS}"
)
"""What makes an address an explicit one, in folded text."""


def find(text: str) -> Iterator[Found]:
    yield from _plain(text)
    yield from _obfuscated(text)


def _plain(text: str) -> Iterator[Found]:
    if "@" not in text:
        return
    for match in PLAIN.finditer(text):
        local, domain = match[0].rsplit("@", 1)
        if not is_organisation(local, domain) and not EXAMPLES.search(match[0]):
            yield Found("email", *match.span(), VALIDATED, "email")


def _obfuscated(text: str) -> Iterator[Found]:
    for match in OBFUSCATED.finditer(text):
        explicit = "@" in match["at"] or match["at"].strip()[:1] in "[({<" or _has_dot_word(match)
        domain = text[match.end("at") : match.end()]
        if explicit and not is_organisation(match["local"], domain):
            start, end = match.span()
            spelled = SPELLED_LOCAL.search(text, max(0, start - 80), start)
            yield Found("email", spelled.start(1) if spelled else start, end, CONTEXT, "email_obfuscated")


def _has_dot_word(match: re.Match[str]) -> bool:
    """`jo at gmail.com` may be a sentence about a site; `jo at gmail dot com` is an address."""
    domain = match[0][match.end("at") - match.start() :]
    return re.search(r"\b(?:dot|punkt|punto)\b", domain, re.IGNORECASE) is not None or (
        PRIVATE_PROVIDERS.match(domain) is not None and re.search(r"[\d._]", match["local"]) is not None
    )


def is_organisation(local: str, domain: str) -> bool:
    """Is it the public mailbox of an organisation, such as `appointments@…`?"""
    parts = re.split(r"[._+-]", local.lower())
    role = local.lower() in ROLES or parts[0] in ROLES or parts[-1] in ROLES
    return role and not PRIVATE_PROVIDERS.match(domain)
