"""What authors are told with a decision: usual words in their language, which a forum may replace by its own."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service import audit
from service.errors import Invalid
from service.policy.policy import crisis_resources
from service.store.models import AuthorMessage, Forum, Moderator

KINDS = ("hold", "remove", "redact", "escalate", "approve", "care", "upheld", "granted")
"""Occasions: a decision of `service.decisions.ACTIONS`, help sent beside it, or how an appeal went."""
DEFAULT_LANGUAGE = "en"
LONGEST = 4000
"""Code points of a message."""
FIELDS = ("forum", "reason", "resources")
FIELD = re.compile(r"\{(\w*)\}")


@cache
def defaults() -> dict[str, dict[str, Any]]:
    """Heed's own words by language, then by occasion; `reasons` holds phrases by label."""
    return tomllib.loads(Path(__file__).with_name("author_messages.toml").read_text("utf-8"))


def languages() -> list[str]:
    """ISO 639 codes of the languages that there are words in."""
    return list(defaults())


def spoken(language: str) -> str:
    """The language, where there are words in it; else English."""
    return language if language in defaults() else DEFAULT_LANGUAGE


def usual(session: Session, forum: Forum, kind: str, language: str) -> str:
    """The words for an occasion with their {fields}, in `language` where there are any in it; empty: nothing is said."""
    return all_usual(session, forum, language)[kind]


def all_usual(session: Session, forum: Forum, language: str) -> dict[str, str]:
    """The same for every occasion of `KINDS`."""
    language = spoken(language)
    here = (AuthorMessage.forum_id == forum.id, AuthorMessage.language == language)
    own = {each.kind: each.text for each in session.scalars(select(AuthorMessage).where(*here))}
    return {kind: own.get(kind, defaults()[language][kind]).strip() for kind in KINDS}


def fill(text: str, forum: Forum, language: str, label: str = "") -> str:
    """`text` with its {fields} filled in; `label` is what a post is removed for."""
    places = crisis_resources(forum.region)
    resources = "\n".join(f"{place['name']}: {place['contact']} {place['url']}" for place in places)
    values = {"forum": forum.name, "reason": reason(label, language), "resources": resources}
    return FIELD.sub(lambda field: values.get(field[1], field[0]), text)


def reason(label: str, language: str) -> str:
    """The phrase for a label `area.label`, for its area, or for the forum's own rules."""
    reasons = _own(language)["reasons"]
    return reasons.get(label) or reasons.get(label.partition(".")[0]) or reasons["forum_rules"]


def help_at_once(forum: Forum, language: str) -> str:
    """What an author in distress is told before a person has read the post."""
    return fill(_own(language)["help"].strip(), forum, language)


def subject(language: str) -> str:
    """The title of a letter to an author."""
    return _own(language)["subject"]


def _own(language: str) -> dict[str, Any]:
    """Heed's own words in the language, in English where there are none."""
    return defaults()[spoken(language)]


def change(session: Session, forum: Forum, kind: str, language: str, text: str, by: Moderator) -> None:
    """Make `text` the forum's words for an occasion; Heed's own again where it is the same as these.

    Raises Invalid for an unknown {field} or a text too long.
    """
    if kind not in KINDS or language not in defaults():
        raise Invalid(_("Choose a message and a language from the page."), field="kind")
    text = text.replace("\r\n", "\n").strip()
    unknown = [name for name in FIELD.findall(text) if name not in FIELDS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise Invalid(_("Only %(fields)s can be filled in.", fields=known), field=kind)
    if len(text) > LONGEST:
        raise Invalid(_("The message is too long. Keep it under %(most)s characters.", most=LONGEST), field=kind)
    if text == usual(session, forum, kind, language):
        return
    known = (AuthorMessage.forum_id == forum.id, AuthorMessage.language == language, AuthorMessage.kind == kind)
    session.execute(delete(AuthorMessage).where(*known))
    if text != defaults()[language][kind].strip():
        session.add(AuthorMessage(forum_id=forum.id, kind=kind, language=language, text=text, moderator_id=by.id))
    audit.write(session, "changed_message", moderator_id=by.id, forum=forum.id, kind=kind, language=language)
