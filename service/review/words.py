"""The policy's names in plain words, for a tired reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from classifiers.labels import DISTRESS, MEDICAL, PERSONAL_DATA, SELF_HARM, THIRD_PARTY_HEALTH

AREAS = {
    "self_harm": "Self-harm",
    "medical": "Medical advice",
    "personal_data": "Personal data",
    "claim": "Claims to check",
    "not_checked": "Not read",
}
"""Areas in the order they are shown; `not_checked` gathers what the models could not read."""

LABELS: dict[tuple[str, str], str] = {
    ("medical", "stop_treatment"): "Urging to stop a treatment",
    ("medical", "dosing"): "Telling someone which dose to take",
    ("medical", "dangerous_remedy"): "Promoting a dangerous remedy",
    ("medical", "false_cure"): "Promising a false cure",
    ("medical", "discourage_care"): "Talking someone out of seeing a doctor",
    ("medical", "medicine_supply"): "Passing on prescription medicines",
    ("medical", "misinformation"): "Harmful misinformation",
    ("self_harm", "crisis"): "Someone may be in danger now",
    ("self_harm", "ideation"): "Thoughts of dying",
    ("self_harm", "self_injury"): "Hurting themselves",
    ("self_harm", "disordered_eating"): "Disordered eating",
    ("self_harm", "encouragement"): "Encouraging self-harm",
    ("self_harm", "concern_for_other"): "Worry about another person",
    ("personal_data", "person"): "A private person’s name",
    ("personal_data", "email"): "E-mail address",
    ("personal_data", "phone"): "Phone number",
    ("personal_data", "address"): "Home address",
    ("personal_data", "date_of_birth"): "Date of birth",
    ("personal_data", "government_id"): "Identity number",
    ("personal_data", "medical_id"): "Medical number",
    ("personal_data", "payment"): "Payment details",
    ("personal_data", "online_account"): "Contact off the forum",
    ("personal_data", "credential"): "Password or log-in",
    ("personal_data", "ip_address"): "IP address",
    ("personal_data", THIRD_PARTY_HEALTH): "Another person’s health",
    ("claim", "efficacy"): "Claim: a treatment works",
    ("claim", "risk"): "Claim: a risk",
    ("claim", "dose"): "Claim: a dose",
    ("claim", "statistic"): "Claim: a figure",
    ("claim", "cause"): "Claim: a cause",
    ("claim", "diagnostic"): "Claim: what a sign means",
    ("claim", "credential"): "Claim: medical authority",
}

NOT_CHECKED = {
    "empty": ("Nothing to read", "The post holds no words of its own: only pictures, emoji or quotes."),
    "language": ("Another language", "The models can't read this language, so nobody has checked this post yet."),
    "failed": ("Could not be read", "Reading it failed several times, so nobody has checked this post yet."),
}

OTHER_RULES = "forum_rules"
"""What a post may be removed for beside the policy's own labels."""


@dataclass(frozen=True)
class Severity:
    """A severity as it is shown: always a word and an icon, never colour alone. `name` picks the colour."""

    name: str
    word: str
    icon: str


SEVERITIES = {
    "critical": Severity("critical", "Critical", "siren"),
    "high": Severity("high", "High", "warning"),
    "medium": Severity("medium", "Medium", "notice"),
    "none": Severity("none", "To check", "check"),
}


@dataclass(frozen=True)
class State:
    """How the post stands on the forum at the moment."""

    word: str
    meaning: str
    icon: str


STATES = {
    "allow": State("Approved", "Members can read it.", "eye"),
    "flag": State("Published", "Members can read it while it waits for you.", "eye"),
    "hold": State("Hidden", "Members can't read it until somebody decides.", "eye-off"),
    "escalate": State("Escalated", "Staff were alerted, and the author is sent help near them.", "bell"),
    "remove": State("Removed", "Members can't read it; the author is told why.", "eye-off"),
}

DONE = {"allow": "Approved", "hold": "Held", "escalate": "Escalated", "remove": "Removed", "flag": "Flagged"}
"""What was done to a post, by its action, in one word."""


def label(area: str, name: str) -> str:
    """Plain words of one label; a name this version doesn't know is shown as it is."""
    return LABELS.get((area, name), name.replace("_", " ").capitalize())


def severity(name: str) -> Severity:
    return SEVERITIES.get(name, SEVERITIES["none"])


def state(action: str) -> State:
    return STATES.get(action, State(action.capitalize(), "", "notice"))


def likelihood(score: float) -> str:
    """A probability of 0..1 in words."""
    return "very likely" if score >= 0.9 else "likely" if score >= 0.7 else "possible"


def removal_labels() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything a post may be removed for, by area: a person's own distress is not among it."""
    groups = (
        ("medical", MEDICAL),
        ("self_harm", tuple(name for name in SELF_HARM if name not in DISTRESS)),
        ("personal_data", (*PERSONAL_DATA, THIRD_PARTY_HEALTH)),
    )
    own = [(AREAS[area], [(f"{area}.{name}", label(area, name)) for name in names]) for area, names in groups]
    return [*own, ("Forum", [(OTHER_RULES, "Against the forum’s other rules")])]


def removed_for(value: str) -> str:
    """Plain words of what a post was removed for, as `removal_labels` spells it."""
    if value == OTHER_RULES:
        return "the forum’s other rules"
    area, _, name = value.partition(".")
    return label(area, name) if name else value


def in_sentence(said: str) -> str:
    """Words of a label as they stand within a sentence: "IP address" keeps its capitals."""
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max(0, int((now - then) / timedelta(seconds=1)))
    if seconds < 60:
        return "just now"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
