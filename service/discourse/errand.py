"""What a callback's event asks for on a Discourse, looked up in the database before anything is sent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service import author_messages
from service.discourse.api import Api
from service.discourse.payload import host
from service.redactions import bodies_of
from service.settings import Settings
from service.store.encrypted import Damaged
from service.store.models import Delivery, Forum, QueueItem, Revision, Verdict
from service.verdicts import CARE

HIDDEN = frozenset({"hold", "remove"})
"""Actions that hide a post."""
CHANGED = (*HIDDEN, "redact")
"""Actions that take something from a post, which another one gives back."""
WATCHED = ("flag", "escalate")
"""Actions that leave a post where it is, and moderators are to look."""


@dataclass(frozen=True)
class Letter:
    """Words to a post's author. `reference` is the same for whatever is to be written once."""

    reference: str
    title: str
    words: str = field(repr=False)


@dataclass(frozen=True)
class Errand:
    """What is to be done with the post that Discourse knows by the number `post`."""

    api: Api
    post: int
    action: str = ""
    """Empty: the post stays as it is."""
    by_person: bool = False
    hidden_before: bool = False
    """An earlier verdict of Heed's hid it, or part of it."""
    acted_before: bool = False
    """An earlier one did that, or flagged it."""
    known: frozenset[str] = field(default=frozenset(), repr=False)
    """The text that was judged, and those shown in its place; empty where nobody can tell, since it was damaged."""
    body: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    flag: str = ""
    """Words to Discourse's moderators."""
    letter: Letter | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there is no need to ask Discourse anything, as of nine posts in ten."""
        changes = self.action in CHANGED or self.by_person or self.acted_before
        return not (changes or self.flag or self.letter)


def errand(session: Session, forum: Forum, row: Delivery, data: dict[str, Any], chosen: Settings) -> Errand | None:
    """What a delivery asks for. None where its post is of another Discourse than the forum's."""
    where, _, number = data["external_id"].rpartition("/p/")
    if where != host(forum.callback_url) or not number.isdecimal():
        return None
    api, post = Api.of(forum, chosen, until=time.monotonic() + chosen.lease_seconds), int(number)
    verdict = session.get_one(Verdict, row.verdict_id)
    if row.event == CARE:
        title = author_messages.subject(verdict.revision.language)
        return Errand(api, post, letter=Letter(row.id, title, _with_resources(data)))
    bodies = bodies_of(session, verdict.revision)
    return Errand(
        api,
        post,
        action=verdict.action,
        # An undo brings back what the models said, and is a person's act all the same.
        by_person=row.event == "post.decision",
        hidden_before=_was(session, verdict, CHANGED),
        acted_before=_was(session, verdict, (*CHANGED, *WATCHED) if forum.discourse_flags else CHANGED),
        known=frozenset() if any(isinstance(body, Damaged) for body in bodies) else frozenset(bodies),
        body=data.get("body"),
        title=data.get("title"),
        flag=_flag(session, forum, row, data, chosen),
        letter=_letter(session, forum, row, verdict.revision, data),
    )


def _was(session: Session, verdict: Verdict, actions: tuple[str, ...]) -> bool:
    """Whether another verdict of the post had one of these actions."""
    others = (Verdict.post_id == verdict.post_id, Verdict.id != verdict.id, Verdict.action.in_(actions))
    return bool(session.scalar(select(exists().where(*others))))


def _flag(session: Session, forum: Forum, row: Delivery, data: dict[str, Any], chosen: Settings) -> str:
    """What Discourse's moderators are told of a post that the models leave visible, where the forum wants that."""
    if not forum.discourse_flags or row.event != "post.verdict" or data["action"] not in WATCHED:
        return ""
    found = ", ".join(dict.fromkeys(f"{each['area']}.{each['label']}" for each in data["reasons"]))
    item = session.scalar(select(QueueItem.id).where(QueueItem.post_id == row.post_id))
    page = f"{chosen.public_url.rstrip('/')}/console/items/{item}"
    return f"Heed: {found or 'not checked'}. {page}"


def _letter(session: Session, forum: Forum, row: Delivery, revision: Revision, data: dict[str, Any]) -> Letter | None:
    """What the author hears: a moderator's words; help where it is due; why the models took the post down."""
    language, title = revision.language, author_messages.subject(revision.language)
    if data["message"]:
        return Letter(row.verdict_id, title, _with_resources(data))
    if data["crisis_resources"]:
        # Once for a post, however often it is edited.
        return Letter(f"heed-help-{row.post_id}", title, author_messages.help_at_once(forum, language))
    if data["action"] == "remove" and row.event == "post.verdict":
        worst = next(iter(data["reasons"]), {"area": "", "label": ""})
        words = author_messages.usual(session, forum, "remove", language)
        words = author_messages.fill(words, forum, language, f"{worst['area']}.{worst['label']}")
        return Letter(row.verdict_id, title, words) if words else None
    return None


def _with_resources(data: dict[str, Any]) -> str:
    """A moderator's words, and the crisis lines that they do not name."""
    words = data["message"]
    missing = (each for each in data["crisis_resources"] if each["contact"] not in words)
    lines = [f"{each['name']}: {each['contact']} {each['url']}" for each in missing]
    return "\n\n".join([words, *(["\n".join(lines)] if lines else [])])
