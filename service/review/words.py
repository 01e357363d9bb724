"""The policy's names in plain words, for a tired reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from classifiers.labels import DISTRESS, MEDICAL, PERSONAL_DATA, SELF_HARM, THIRD_PARTY_HEALTH
from service.review import language

AREAS = {
    "self_harm": _("Self-harm"),
    "medical": _("Medical advice"),
    "personal_data": _("Personal data"),
    "claim": _("Claims to check"),
    "not_checked": _("Not read"),
    "appeal": _("Appeals"),
}
"""Areas in the order they are shown; `not_checked` gathers what the models could not read, `appeal` what authors appeal."""

LABELS: dict[tuple[str, str], str] = {
    ("medical", "stop_treatment"): _("Urging to stop a treatment"),
    ("medical", "dosing"): _("Telling someone which dose to take"),
    ("medical", "dangerous_remedy"): _("Promoting a dangerous remedy"),
    ("medical", "false_cure"): _("Promising a false cure"),
    ("medical", "discourage_care"): _("Talking someone out of seeing a doctor"),
    ("medical", "medicine_supply"): _("Passing on prescription medicines"),
    ("medical", "misinformation"): _("Harmful misinformation"),
    ("self_harm", "crisis"): _("Someone may be in danger now"),
    ("self_harm", "ideation"): _("Thoughts of dying"),
    ("self_harm", "self_injury"): _("Hurting themselves"),
    ("self_harm", "disordered_eating"): _("Disordered eating"),
    ("self_harm", "encouragement"): _("Encouraging self-harm"),
    ("self_harm", "concern_for_other"): _("Worry about another person"),
    ("personal_data", "person"): _("A private person’s name"),
    ("personal_data", "email"): _("E-mail address"),
    ("personal_data", "phone"): _("Phone number"),
    ("personal_data", "address"): _("Home address"),
    ("personal_data", "date_of_birth"): _("Date of birth"),
    ("personal_data", "government_id"): _("Identity number"),
    ("personal_data", "medical_id"): _("Medical number"),
    ("personal_data", "payment"): _("Payment details"),
    ("personal_data", "online_account"): _("Contact off the forum"),
    ("personal_data", "credential"): _("Password or log-in"),
    ("personal_data", "ip_address"): _("IP address"),
    ("personal_data", THIRD_PARTY_HEALTH): _("Another person’s health"),
    ("claim", "efficacy"): _("Claim: a treatment works"),
    ("claim", "risk"): _("Claim: a risk"),
    ("claim", "dose"): _("Claim: a dose"),
    ("claim", "statistic"): _("Claim: a figure"),
    ("claim", "cause"): _("Claim: a cause"),
    ("claim", "diagnostic"): _("Claim: what a sign means"),
    ("claim", "credential"): _("Claim: medical authority"),
}

CLAIMS = {
    "efficacy": _("A treatment works"),
    "risk": _("A risk"),
    "dose": _("A dose"),
    "statistic": _("A figure"),
    "cause": _("A cause"),
    "diagnostic": _("What a sign means"),
    "credential": _("Medical authority"),
}
"""The kinds of claims where it is plain that they are claims."""

NOT_CHECKED = {
    "empty": (_("Nothing to read"), _("The post holds no words of its own: only pictures, emoji or quotes.")),
    "language": (_("Another language"), _("The models can't read this language, so nobody has checked this post yet.")),
    "failed": (_("Could not be read"), _("Reading it failed several times, so nobody has checked this post yet.")),
}

LABEL_CHOICES = {f"{area}.{name}": said for (area, name), said in LABELS.items()}
LABEL_CHOICES |= {
    "not_checked.empty": _("Not read: nothing to read"),
    "not_checked.language": _("Not read: another language"),
    "not_checked.failed": _("Not read: could not be read"),
}
"""What the queue can be narrowed to, as `service.urgency.topics` spells it."""

AGES = {"overdue": _("Overdue"), "day": _("Over a day old"), "week": _("Over a week old")}
WHOSE = {"me": _("Mine"), "nobody": _("Nobody’s yet"), "skipped": _("Skipped by me")}

SKIPS = {
    "heavy": _("Too heavy for me today"),
    "unsure": _("I’m not sure about it"),
    "close": _("I know the person, or I’m part of it"),
    "subject": _("I don’t know this subject or language"),
}
"""Why a moderator leaves a post to others."""

ROLE_NAMES = {
    "viewer": _("viewer"),
    "moderator": _("moderator"),
    "lead": _("lead"),
    "admin": _("admin"),
}
ROLES = {
    "viewer": _("Viewer: reads the queue"),
    "moderator": _("Moderator: decides"),
    "lead": _("Lead: also sets policy and words"),
    "admin": _("Admin: also looks after the people"),
}
"""What a person may do, as `service.people.roles.ROLES` names it."""

ACTIONS = {
    "allow": _("allow"),
    "flag": _("flag"),
    "hold": _("hold"),
    "escalate": _("escalate"),
    "remove": _("remove"),
    "redact": _("redact"),
}
"""Actions by their names in the policy."""

POLICY_ACTIONS = {
    "allow": _("let it pass"),
    "flag": _("flag: published, and in the queue"),
    "hold": _("hold: hidden until somebody decides"),
    "escalate": _("escalate: staff alerted, help sent"),
    "remove": _("remove"),
}
"""What a policy may do with a post, for whoever sets it."""

PASSED = {
    "skipped": _("Left it to others"),
    "handed_over": _("Handed it to %(to)s"),
    "took_over": _("Took it over"),
    "proposed_removal": _("Proposed to remove it"),
    "sent_help": _("Sent help to the author"),
    "noted_reply": _("Replied to the author"),
    "planned_check_in": _("Asked to look after the author again"),
    "closed_care": _("Closed the author’s case: %(outcome)s"),
    "reopened_care": _("Opened the author’s case again"),
}
"""How an item went from hand to hand, and what was done for its author, by what the audit calls it."""

OUTCOMES = {
    "replied": _("They replied"),
    "referred": _("They have other help"),
    "no_answer": _("No answer"),
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
    "critical": Severity("critical", _("Critical"), "siren"),
    "high": Severity("high", _("High"), "warning"),
    "medium": Severity("medium", _("Medium"), "notice"),
    "none": Severity("none", _("To check"), "check"),
}


@dataclass(frozen=True)
class State:
    """How the post stands on the forum at the moment."""

    word: str
    meaning: str
    icon: str


STATES = {
    "allow": State(_("Approved"), _("Members can read it."), "eye"),
    "flag": State(_("Published"), _("Members can read it while it waits for you."), "eye"),
    "hold": State(_("Hidden"), _("Members can't read it until somebody decides."), "eye-off"),
    "escalate": State(_("Escalated"), _("Staff were alerted, and the author is sent help near them."), "bell"),
    "remove": State(_("Removed"), _("Members can't read it; the author is told why."), "eye-off"),
    "redact": State(_("Published in part"), _("Members can read it without what was left out."), "eye"),
}

DONE = {
    "allow": _("Approved"),
    "hold": _("Held"),
    "escalate": _("Escalated"),
    "remove": _("Removed"),
    "flag": _("Flagged"),
    "redact": _("Published in part"),
}
"""What was done to a post, by its action, in one word."""


def label(area: str, name: str) -> str:
    """Plain words of one label; a name this version doesn't know is shown as it is."""
    return str(LABELS.get((area, name), name.replace("_", " ").capitalize()))


def kept(sentence: str) -> str:
    """A sentence as a verdict keeps it, in the reader's language; one this version doesn't know stays as it is."""
    return gettext(sentence) if sentence else ""


def action(name: str) -> str:
    """An action by its name in the policy; one this version doesn't know is shown as it is."""
    return str(ACTIONS.get(name, name))


def device(kept: str) -> str:
    """A browser as `service.people.logins.device` keeps it: "Firefox on Android"."""
    browser, _on, system = kept.partition(" on ")
    browser = gettext("A browser") if browser == "A browser" else browser
    return gettext("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


def severity(name: str) -> Severity:
    return SEVERITIES.get(name, SEVERITIES["none"])


def state(action: str) -> State:
    return STATES.get(action, State(action.capitalize(), "", "notice"))


def likelihood(score: float) -> str:
    """A probability of 0..1 in words."""
    return gettext("very likely") if score >= 0.9 else gettext("likely") if score >= 0.7 else gettext("possible")


def removal_labels() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything a post may be removed for, by area: a person's own distress is not among it."""
    groups = (
        ("medical", MEDICAL),
        ("self_harm", tuple(name for name in SELF_HARM if name not in DISTRESS)),
        ("personal_data", (*PERSONAL_DATA, THIRD_PARTY_HEALTH)),
    )
    own = [(str(AREAS[area]), [(f"{area}.{name}", label(area, name)) for name in names]) for area, names in groups]
    return [*own, (gettext("Forum"), [(OTHER_RULES, gettext("Against the forum’s other rules"))])]


def removed_for(value: str) -> str:
    """Plain words of what a post was removed for, as `removal_labels` spells it."""
    if value == OTHER_RULES:
        return gettext("the forum’s other rules")
    area, _dot, name = value.partition(".")
    return label(area, name) if name else value


def in_sentence(said: str) -> str:
    """Words of a label as they stand within a sentence: "IP address" keeps its capitals, and so does every noun in German."""
    said = str(said)
    return said if language.spoken() in language.CAPITAL_NOUNS or said[1:2].isupper() else said[:1].lower() + said[1:]


def span(length: timedelta) -> str:
    """A length of time in the largest unit that fits, rounded down: "12 minutes", "3 days"."""
    minutes = _minutes(length)
    if minutes >= 1_440:
        return ngettext("%(num)s day", "%(num)s days", minutes // 1_440)
    if minutes >= 60:
        return ngettext("%(num)s hour", "%(num)s hours", minutes // 60)
    return ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes else gettext("less than a minute")


def short(length: timedelta) -> str:
    """A length of time for a narrow column, rounded down: "12 min", "3 h", "2 d"."""
    minutes = _minutes(length)
    if minutes >= 2_880:
        return gettext("%(count)s d", count=minutes // 1_440)
    return gettext("%(count)s h", count=minutes // 60) if minutes >= 120 else gettext("%(count)s min", count=minutes)


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits. Not made of `span`: "drei Tage" is "vor drei Tagen"."""
    minutes = _minutes(now - then)
    if minutes >= 1_440:
        return ngettext("%(num)s day ago", "%(num)s days ago", minutes // 1_440)
    if minutes >= 60:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", minutes // 60)
    return ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes) if minutes else gettext("just now")


def _minutes(length: timedelta) -> int:
    return max(0, int(length / timedelta(minutes=1)))
