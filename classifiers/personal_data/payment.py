"""Cards, IBANs, and account numbers with the sort code or routing number beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn
from stdnum.us import rtn

from classifiers.personal_data.context import NOT_PERSONAL, around, before, leading, words
from classifiers.personal_data.found import CONTEXT, VALIDATED, Found

CARD = re.compile(
    r"(?<![\w.+/-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3\d{3}[ \n-]?\d{6}[ \n-]?\d{5})(?![\w/-])(?!\.\d)"
)
CARD_CONTEXT = words(
    "card", "visa", "mastercard", "amex", "debit", "credit", "cvv", "cvc", "expiry", r"exp(?:ires)?", "pay", "maestro"
)
IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE)
GROUPED_IBAN = re.compile(r"(?:[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?)$")
SORT_CODE = re.compile(r"(?<![\w.+/-])\d{2}([ -])\d{2}\1\d{2}(?![\w/-])(?!\.\d)|(?<![\w.+/-])\d{6}(?![\w/-])(?!\.\d)")
SORT_LABEL = re.compile(leading(r"sort\s?-?codes?|s/c|sc|branch(?:\s+code)?|bsb") + "$", re.IGNORECASE)
ACCOUNT = re.compile(r"(?<![\w.+/-])(?:\d{2,4}[ -]?){1,4}\d{2,4}(?![\w/-])(?!\.\d)")
ACCOUNT_LABEL = re.compile(
    leading(
        r"(?:bank\s+|current\s+|cheque\s+|savings\s+|checking\s+)?(?:account|acct|acc|a/c)(?:\s?(?:no|number|num|\#))?|konto(?:nummer)?"
    )
    + "$",
    re.IGNORECASE,
)
BANKING = words(
    r"sort\s?-?codes?", "bank", r"(?:bank|hall|current|savings)?\s?account", "routing", "iban", "swift", "bic", "bsb", "branch", "cheque", "checking", "savings", "deposit", "transfer", "ifsc",
    "barclays", "nationwide", "lloyds", "natwest", "hsbc", "monzo", "starling", "santander", "halifax", "fnb", "absa", "capitec", "nedbank",
    "sbi", "hdfc", "icici", "chase", "aib", "revolut",
)  # fmt: skip
ROUTING = re.compile(r"(?<![\w.+/-])\d{9}(?![\w/-])")
ROW = re.compile(r"\d(?:[ -]?\d){5}")
"""Six digits, which every card, account, sort code and routing number begins with or holds."""
ROUTING_LABEL = re.compile(leading(r"routing|aba|rtn|transit") + "$", re.IGNORECASE)


def find(text: str) -> Iterator[Found]:
    has_row = ROW.search(text) is not None
    if has_row:
        yield from _cards(text)
    yield from _ibans(text)
    if has_row:
        yield from _accounts(text)


def _cards(text: str) -> Iterator[Found]:
    """A valid card number; one that is mistyped only where the words say card right beside it."""
    for match in CARD.finditer(text):
        if len(digits(match[0])) < 13 or NOT_PERSONAL.search(before(text, match.start())):
            continue
        named = CARD_CONTEXT.search(around(text, *match.span(), reach=30))
        if luhn.is_valid(digits(match[0])) and match[0][0] in "3456" and (named or match[1]):
            yield Found("payment", *match.span(), VALIDATED, "card")
        elif named and match[1] and len(digits(match[0])) == 16:
            yield Found("payment", *match.span(), CONTEXT, "card_context")


def _ibans(text: str) -> Iterator[Found]:
    for match in IBAN.finditer(text):
        end = _iban_end(text, *match.span())
        if end:
            yield Found("payment", match.start(), end, VALIDATED, "iban")
        elif GROUPED_IBAN.match(match[0]):
            yield Found("payment", *match.span(), CONTEXT, "iban_context")


def _iban_end(text: str, start: int, end: int) -> int:
    """Where the valid number ends: a following word may look like a part of it. 0 where none is valid."""
    while end - start >= 15:
        if iban.is_valid(text[start:end], check_country=False):
            return end
        end = max(text.rfind(" ", start, end), 0)
    return 0


def _accounts(text: str) -> Iterator[Found]:
    """A sort code or a routing number, and the account that belongs to it: two spans."""
    if not BANKING.search(text):
        return
    for match in SORT_CODE.finditer(text):
        if SORT_LABEL.search(before(text, match.start(), 60)) or _is_followed_by_account(text, match):
            yield Found("payment", *match.span(), CONTEXT, "sort_code")
            yield from _paired_account(text, match.end())
    for match in ROUTING.finditer(text):
        labelled = ROUTING_LABEL.search(before(text, match.start(), 60))
        if labelled:
            yield Found("payment", *match.span(), VALIDATED if rtn.is_valid(match[0]) else CONTEXT, "routing")
    for match in ACCOUNT.finditer(text):
        if 6 <= len(digits(match[0])) <= 17 and _is_account(text, match):
            yield Found("payment", *match.span(), CONTEXT, "account")


def _is_account(text: str, match: re.Match[str]) -> bool:
    labelled = ACCOUNT_LABEL.search(before(text, match.start(), 60)) is not None
    return labelled and BANKING.search(around(text, *match.span(), reach=80)) is not None


PAIRED = re.compile(r"[\s,;/&]{1,3}(?:and\s)?(?P<account>\d{8})(?![\w/-])")


def _is_followed_by_account(text: str, match: re.Match[str]) -> bool:
    """`07-01-16, 44190273` beside a bank's name."""
    return PAIRED.match(text, match.end()) is not None and BANKING.search(around(text, *match.span())) is not None


def _paired_account(text: str, end: int) -> Iterator[Found]:
    if account := PAIRED.match(text, end):
        yield Found("payment", *account.span("account"), CONTEXT, "account")


def digits(value: str) -> str:
    """Only the digits of the value."""
    return "".join(char for char in value if char.isdigit())
