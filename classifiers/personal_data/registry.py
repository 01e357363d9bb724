"""Which recognisers read a text. The order is the rule: of equals, `resolve` keeps the one named first."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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

Recogniser = Callable[[str], Iterable[Found]]

RECOGNISERS: tuple[Recogniser, ...] = (
    government_id.find,
    medical_id.find,
    payment.find,
    date_of_birth.find,
    credential.find,
    email.find,
    ip_address.find,
    online_account.find,
    phone.find,
    address.find,
    person.find,
)
