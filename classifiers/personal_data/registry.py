"""Which recognisers read a text. The order is the rule: of equals, `resolve` keeps the one named first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from classifiers.personal_data import (
    address,
    credential,
    date_of_birth,
    email,
    government_id,
    ip_address,
    medical_id,
    online_account,
    payment,
    person,
    phone,
)
from classifiers.personal_data.found import Found


@dataclass(frozen=True, slots=True)
class Recogniser:
    """What finds one kind of value, and what has to be in a text for it: most texts lack that and are not searched."""

    find: Callable[[str], Iterable[Found]]
    digits: int = 0
    """The fewest digits, of any script, that a value has."""
    needed: re.Pattern[str] | None = None
    """Found in the `folded` text wherever `find` finds anything."""

    def may_find(self, digits: int, folded: str) -> bool:
        return digits >= self.digits and (self.needed is None or self.needed.search(folded) is not None)


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(government_id.find, digits=2),
    Recogniser(medical_id.find, digits=4),
    Recogniser(payment.find, digits=2),
    Recogniser(date_of_birth.find, needed=date_of_birth.NEEDED),
    Recogniser(credential.passwords, needed=credential.PASSWORD_NEEDED),
    Recogniser(credential.pins, digits=4, needed=credential.PIN_NEEDED),
    Recogniser(credential.logins, needed=credential.LOGIN_NEEDED),
    Recogniser(email.find, needed=email.NEEDED),
    Recogniser(ip_address.find, needed=ip_address.NEEDED),
    Recogniser(online_account.find, needed=online_account.NEEDED),
    Recogniser(phone.numbers, digits=8),
    Recogniser(phone.spelled),
    Recogniser(address.find, digits=1),
    Recogniser(person.find),
)
