"""Discourses asked for what their webhooks missed: now and then by the deliver worker, or at once by `heed reconcile`."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from service.callback.address import check_url
from service.callback.exchange import limits
from service.discourse.account import check_account
from service.discourse.api import Api, Failed
from service.discourse.missed import Missed, patiently
from service.errors import ConfigurationError, Unavailable
from service.forums import act_through_discourse, find_forum
from service.settings import Settings, settings
from service.store import Store
from service.store.models import Forum, now
from service.wakeup import wake_classify

log = logging.getLogger(__name__)

USUAL = timedelta(days=1)
"""How far back a look goes by itself: a post is edited or deleted most likely on its first day."""
OVERLAP = timedelta(hours=1)
"""How much of what was known before is looked at again."""
LONGEST = timedelta(days=30)
"""How far back at most where Discourse, or Heed, was away."""


def forums_due(where: Store, chosen: Settings) -> list[str]:
    """The ids of the forums whose Discourse is to be asked now."""
    if not chosen.discourse_minutes:
        return []
    with where.read() as session:
        return list(session.scalars(select(Forum.id).where(Forum.discourse_user != "", _is_due(now(), chosen))))


def look_where_due(where: Store, chosen: Settings) -> None:
    """Ask each Discourse whose turn it is; one that does not answer has its next turn like the others."""
    for forum_id in forums_due(where, chosen):
        moment = now()
        with where.write() as session:
            forum = session.get(Forum, forum_id, with_for_update=True)
            if forum.discourse_asked_at and forum.discourse_asked_at > moment - _pause(chosen):
                continue
            forum.discourse_asked_at = moment
        _look_by_itself(where, forum, moment, chosen)


def look_back(where: Store, slug: str, days: int) -> Counter[str]:
    """Ask a forum's Discourse about the last `days`, however long it takes. Raises ConfigurationError where it can't be."""
    moment = now()
    with where.read() as session:
        forum = find_forum(session, slug)
    if not forum.discourse_user:
        raise ConfigurationError(
            f"Heed has no account on a Discourse of {slug}. `heed forum discourse {slug}` names it."
        )
    try:
        found = Missed(where, forum, Api.of(forum, settings()), moment - timedelta(days=days), patiently).look()
    except Failed as failure:
        raise ConfigurationError(
            f"Discourse does not answer: {failure}. Call it again; what was found is kept."
        ) from None
    finally:
        wake_classify()
    _note_end(where, forum.id, moment)
    return found


def connect(where: Store, slug: str, address: str, user: str, key: str, *, flags: bool) -> None:
    """Keep the account by which Heed acts on a forum's Discourse, once it was seen to do."""
    check_url(address)
    with where.read() as session:
        find_forum(session, slug)
    check_account(Api(address, user, key, **limits(settings())))
    with where.write() as session:
        act_through_discourse(session, find_forum(session, slug), address, user, key, flags=flags)


def _look_by_itself(where: Store, forum: Forum, moment: datetime, chosen: Settings) -> None:
    known = forum.discourse_known_at
    since = max(min(moment - USUAL, known - OVERLAP if known else moment - USUAL), moment - LONGEST)
    try:
        # Callbacks wait meanwhile: where Discourse was asked too often, the next turn goes on.
        found = Missed(where, forum, Api.of(forum, chosen), since, lambda _seconds: False).look()
    except (Failed, Unavailable) as error:
        log.warning("forum %s: what webhooks missed is not known yet (%s)", forum.slug, error)
    else:
        _note_end(where, forum.id, moment)
        if found.total():
            log.info("forum %s: webhooks had missed %s", forum.slug, dict(found))
    wake_classify()


def _note_end(where: Store, forum_id: str, moment: datetime) -> None:
    with where.write() as session:
        session.get_one(Forum, forum_id).discourse_known_at = moment


def _is_due(moment: datetime, chosen: Settings) -> ColumnElement[bool]:
    return or_(Forum.discourse_asked_at.is_(None), Forum.discourse_asked_at <= moment - _pause(chosen))


def _pause(chosen: Settings) -> timedelta:
    return timedelta(minutes=chosen.discourse_minutes)
