"""The vocabulary of the labelling policy (docs/policy.md). Imports nothing, so every room may import it."""

from __future__ import annotations

from enum import StrEnum

POLICY_DOCUMENT_VERSION = "2026-11"
"""Version of docs/policy.md whose words these are."""


class Area(StrEnum):
    """The dimension a label or a span belongs to."""

    MEDICAL = "medical"
    CLAIM = "claim"
    PERSONAL_DATA = "personal_data"
    SELF_HARM = "self_harm"


class Severity(StrEnum):
    """How much harm following the post, or not answering it, may do; ordered by `rank`."""

    NONE = "none"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


MEDICAL = (
    "stop_treatment",
    "dosing",
    "dangerous_remedy",
    "false_cure",
    "discourage_care",
    "medicine_supply",
    "misinformation",
)
SELF_HARM = ("crisis", "ideation", "self_injury", "disordered_eating", "encouragement", "concern_for_other")
THIRD_PARTY_HEALTH = "third_party_health"
CLAIMS = ("efficacy", "risk", "dose", "statistic", "cause", "diagnostic", "credential")
PERSONAL_DATA = (
    "person",
    "email",
    "phone",
    "address",
    "date_of_birth",
    "government_id",
    "medical_id",
    "payment",
    "online_account",
    "credential",
    "ip_address",
)

POST_LABELS: tuple[tuple[Area, str], ...] = (
    *((Area.MEDICAL, name) for name in MEDICAL),
    *((Area.SELF_HARM, name) for name in SELF_HARM),
    (Area.PERSONAL_DATA, THIRD_PARTY_HEALTH),
)
"""Every label of a whole post, in the order of the classifier's outputs."""

SPAN_TYPES: dict[Area, tuple[str, ...]] = {Area.CLAIM: CLAIMS, Area.PERSONAL_DATA: PERSONAL_DATA}
"""Every type of a marked stretch of text, by area."""

DISTRESS = frozenset({"crisis", "ideation", "self_injury", "disordered_eating"})
"""Labels of the author's own state, which never lead to `remove`."""

HIGH_PERSONAL_DATA = frozenset({"government_id", "medical_id", "payment", "credential", "address", THIRD_PARTY_HEALTH})
"""Personal data of high severity by section 2 of the policy; every other type is medium."""
