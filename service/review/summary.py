"""What a post holds, in one line and without a word of it: so that nobody has to read it to know what comes."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from service import appeals
from service.review import words
from service.store.models import Revision

HAZARDS = {
    "immunosuppressant": lazy_gettext("an immunosuppressant"),
    "insulin": lazy_gettext("insulin"),
    "anticoagulant": lazy_gettext("a blood thinner"),
    "anti_epileptic": lazy_gettext("an epilepsy medicine"),
    "steroid": lazy_gettext("a steroid"),
    "psychiatric_medicine": lazy_gettext("a psychiatric medicine"),
    "opioid_or_benzodiazepine": lazy_gettext("an opioid or benzodiazepine"),
    "overdose": lazy_gettext("an overdose"),
    "child": lazy_gettext("a child"),
    "pregnancy": lazy_gettext("pregnancy"),
    "emergency_symptom": lazy_gettext("an emergency symptom"),
}
"""What makes medical harm more likely, by the categories of `classifiers.hazards`."""
ORDER = {topic: place for place, topic in enumerate(words.LABEL_CHOICES)}
"""Labels as they are named: self-harm first of all, then as the areas are shown."""


def summary(topics: str, revision: Revision, hazards: Iterable[str] = ()) -> list[str]:
    """The parts of the line; `topics` as `service.urgency.topics` makes them."""
    of_post = [topic for topic in topics.split() if topic != appeals.TOPIC]
    found = sorted(of_post, key=lambda topic: (_area(topic), ORDER.get(topic, len(ORDER))))
    labels = [_said(topic) for topic in found if not topic.startswith("claim.")]
    claims = sum(topic.startswith("claim.") for topic in found)
    parts = labels + [ngettext("a claim to check", "claims to check", claims)] * bool(claims)
    if not parts:
        parts = [_("nothing was found in it")]
    named = [str(HAZARDS[each]) for each in hazards if each in HAZARDS]
    if named:
        parts.append(_("about %(what)s", what=", ".join(named)))
    if revision.parent:
        parts.append(_("in reply to a question") if "?" in revision.parent else _("in reply to another post"))
    return [*parts, _length(revision)]


def _area(topic: str) -> int:
    areas = list(words.AREAS)
    area = topic.partition(".")[0]
    return areas.index(area) if area in areas else len(areas)


def _said(topic: str) -> str:
    area, _dot, name = topic.partition(".")
    if area == "not_checked":
        return words.in_sentence(words.NOT_CHECKED.get(name, words.NOT_CHECKED["failed"])[0])
    return words.in_sentence(words.label(area, name))


def _length(revision: Revision) -> str:
    count = len(revision.body.split())
    return ngettext("%(num)d word", "%(num)d words", count)
