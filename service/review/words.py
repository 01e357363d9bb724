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
    "appeal": "Appeals",
}
"""Areas in the order they are shown; `not_checked` gathers what the models could not read, `appeal` what authors appeal."""

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

LABEL_CHOICES = {f"{area}.{name}": said for (area, name), said in LABELS.items()}
LABEL_CHOICES |= {f"not_checked.{why}": f"Not read: {said.lower()}" for why, (said, _) in NOT_CHECKED.items()}
"""What the queue can be narrowed to, as `service.urgency.topics` spells it."""

AGES = {"overdue": "Overdue", "day": "Over a day old", "week": "Over a week old"}
WHOSE = {"me": "Mine", "nobody": "Nobody’s yet", "skipped": "Skipped by me"}

SKIPS = {
    "heavy": "Too heavy for me today",
    "unsure": "I’m not sure about it",
    "close": "I know the person, or I’m part of it",
    "subject": "I don’t know this subject or language",
}
"""Why a moderator leaves a post to others."""

ROLES = {
    "viewer": "Viewer: reads the queue",
    "moderator": "Moderator: decides",
    "lead": "Lead: also sets policy and words",
    "admin": "Admin: also looks after the people",
}
"""What a person may do, as `service.people.roles.ROLES` names it."""

POLICY_ACTIONS = {
    "allow": "let it pass",
    "flag": "flag: published, and in the queue",
    "hold": "hold: hidden until somebody decides",
    "escalate": "escalate: staff alerted, help sent",
    "remove": "remove",
}
"""What a policy may do with a post, for whoever sets it."""

PASSED = {
    "skipped": "Left it to others",
    "handed_over": "Handed it to {to}",
    "took_over": "Took it over",
    "proposed_removal": "Proposed to remove it",
    "sent_help": "Sent help to the author",
    "noted_reply": "Replied to the author",
    "planned_check_in": "Asked to look after the author again",
    "closed_care": "Closed the author’s case: {outcome}",
    "reopened_care": "Opened the author’s case again",
}
"""How an item went from hand to hand, and what was done for its author, by what the audit calls it."""

OUTCOMES = {
    "replied": "They replied",
    "referred": "They have other help",
    "no_answer": "No answer",
}
"""How the care for an author went."""

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
    "redact": State("Published in part", "Members can read it without what was left out.", "eye"),
}

DONE = {
    "allow": "Approved",
    "hold": "Held",
    "escalate": "Escalated",
    "remove": "Removed",
    "flag": "Flagged",
    "redact": "Published in part",
}
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


def span(length: timedelta) -> str:
    """A length of time in the largest unit that fits, rounded down: "12 minutes", "3 days"."""
    minutes = max(0, int(length / timedelta(minutes=1)))
    for size, unit in ((1_440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def short(length: timedelta) -> str:
    """A length of time for a narrow column, rounded down: "12 min", "3 h", "2 d"."""
    minutes = max(0, int(length / timedelta(minutes=1)))
    size, unit = (1_440, "d") if minutes >= 2_880 else (60, "h") if minutes >= 120 else (1, "min")
    return f"{minutes // size} {unit}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    length = now - then
    return "just now" if length < timedelta(minutes=1) else f"{span(length)} ago"
