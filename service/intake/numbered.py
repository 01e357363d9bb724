"""Deletions and recoveries by the numbers that Discourse gives its events.

Discourse signs the body alone, which says neither what happened nor when: that stands in headers, the number too. So a number
tells what was recorded and is sent again from what is new, but is itself believed only as far as Discourse can have counted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.intake.accept import locked, newest_of
from service.store.models import EventCount, Forum

LEAP = 10_000
"""Events that a Discourse may have counted, for all its webhooks, since the last one that brought us a text."""


def note_text(session: Session, forum: Forum, instance: str, number: int | None) -> None:
    """How far the instance has counted. Called for a text that is new alone: nobody can have recorded that before."""
    if number is None:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(EventCount).values(forum_id=forum.id, instance=instance, number=number)
    keys = [EventCount.forum_id, EventCount.instance]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"number": number}))


def is_later(
    session: Session, forum: Forum, instance: str, external_id: str, *, text_of: datetime, number: int | None
) -> bool:
    """Note the number of a deletion or a recovery, whose body holds the text of that time. False where this one, or a later one,
    came before: it is old news, or somebody sends it again.

    What has no number is taken as it comes as long as none had one, and what was erased stays so.
    """
    post = locked(session, forum, external_id)
    newest = newest_of(session, post)
    if post.erased or (newest is not None and newest.posted_at is not None and text_of < newest.posted_at):
        return False
    known = post.event_number
    if known is not None and known > _highest(session, forum, instance, known):
        # No number that Discourse gave: it shuts the post to nothing.
        known = None
    if number is None:
        return known is None
    if known is not None and number <= known:
        return False
    post.event_number = number
    return True


def _highest(session: Session, forum: Forum, instance: str, known: int) -> int:
    """The highest number that the instance can have come to; `known` where it numbered no text yet."""
    counted = session.get(EventCount, (forum.id, instance))
    return counted.number + LEAP if counted else known
