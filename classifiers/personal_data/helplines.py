"""Public numbers that are nobody's: helplines, emergency and freephone lines."""

from __future__ import annotations

import re

EXACT = frozenset(
    (
        "988 999 911 112 111 000 101 105 119 811 211 741741 838255 686868 50808 85258 116123 116111 116117 116000 08001111 131114 "
        "1300224636 1800551800 1300659467 1800650890 1800011511 1737 0508828865 0800543354 18002738255 18007997233 18002221222 18006624357 "
        "18333322 18334564566 8335434566 8002738255 8002221222 8007997233 8006624357 02073710000 08457909090 08457909192 08454647 "
        "01189990000 1800247247 1800201890 1850609090 0800567567 0800121212 0861322322 0800456789 9152987821 9820466726 02225521111 "
        "04424640050 14416 18005990019 9999666555 18602662345 04066202000 104 108 102"
    ).split()
)
"""988 and 911 (US), 999/111/116 123 Samaritans/0800 1111 Childline (UK), 112 (EU), 13 11 14 Lifeline (AU), 1737 (NZ), 14416 Tele-MANAS,
AASRA, iCall and Vandrevala (IN), 0800 567 567 SADAG (ZA), 1800 247 247 Pieta (IE), 741741 Crisis Text Line, poison control and SAMHSA (US)."""

FREEPHONE = re.compile(
    r"(?:\+?44|0044|0)?(?:800|808|300|303|330|333|344|345|370|371|843|844|845|870|871)\d{6,7}$"
    r"|(?:\+?1)?(?:800|888|877|866|855|844|833|822)\d{7}$"
    r"|(?:\+?353|0)?1?(?:800|850|890)\d{6}$|(?:\+?61)?(?:1800|1300)\d{6}$|(?:\+?61)?13\d{4}$|(?:\+?27|0)(?:800|860|861)\d{6}$"
    r"|(?:\+?91)?1(?:800|860)\d{6,7}$|(?:\+?49|0)?800\d{7,8}$|(?:\+?64|0)(?:800|508)\d{6,7}$"
)
ORGANISATION = re.compile(
    r"(?<!\w)(?:help\s?lines?|samaritans|hot\s?lines?|crisis\s(?:line|team|text)|life\s?line|switchboard|advice\s?lines?|nurse\s?line|flare\s?line"
    r"|call\s?cent(?:re|er)|customer\s(?:service|care)|poison\scontrol|freephone|toll[\s-]free|out\sof\shours|childline|childhelp|(?:the|hospital'?s?)\smain\s(?:line|number)"
    r"|reception(?:ist)?|outpatients?|appointments?\sline|booking\sline|pharmacy\s(?:number|line)|biologics\steam|rheumatology\sdep\w*)(?!\w)",
    re.IGNORECASE,
)


def is_public(number: str, beside: str) -> bool:
    """`number` as written; `beside`: the words around it, in which an organisation may be named."""
    digits = "".join(char for char in number if char.isdigit())
    plain = digits.removeprefix("00")
    return (
        digits in EXACT
        or FREEPHONE.match(plain) is not None
        or FREEPHONE.match("+" + plain) is not None
        or ORGANISATION.search(beside) is not None
    )
