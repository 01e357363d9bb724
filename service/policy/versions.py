"""Versions of a forum's policy: each kept with who made it, when and why, so that any of them can be had back."""

from __future__ import annotations

import logging

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.errors import ConfigurationError, Conflict, Invalid, NotFound
from service.policy.policy import Policy, load
from service.store.models import Forum, Moderator, PolicyVersion

log = logging.getLogger(__name__)

LONGEST_WHY = 500


def checked(toml: str) -> Policy:
    """The policy that this TOML makes. Raises Invalid, with what is wrong, where it makes none."""
    try:
        return load(toml)
    except ConfigurationError as error:
        raise Invalid(str(error), field="policy") from None


def save(session: Session, forum: Forum, toml: str, *, instead_of: str, by: Moderator, why: str) -> PolicyVersion:
    """Make this TOML the forum's policy from the next post on.

    `instead_of` is the version that the change was made from: Raises Conflict where somebody saved another meanwhile.
    Raises Invalid for TOML that makes no policy, or without a why.
    """
    forum = session.get_one(Forum, forum.id, with_for_update=True, populate_existing=True)
    why = " ".join(why.split())
    if not why or len(why) > LONGEST_WHY:
        raise Invalid(
            _("Say why, in 1 to %(most)s characters: it stands beside the version.", most=LONGEST_WHY), field="why"
        )
    policy = checked(toml)
    if policy_of(forum).version != instead_of:
        raise Conflict(_("Somebody changed the policy meanwhile. Look at what they did, then make your change again."))
    if not newest(session, forum):
        # What held before anybody changed it can be had back too.
        first = PolicyVersion(forum_id=forum.id, policy=forum.policy, version=instead_of, why=_("As it was at first"))
        session.add(first)
        session.flush()
    version = PolicyVersion(forum_id=forum.id, policy=toml, version=policy.version, moderator_id=by.id, why=why)
    forum.policy = toml
    session.add(version)
    session.flush()
    detail = {"forum": forum.id, "version": policy.version, "before": instead_of, "policy": version.id}
    audit.write(session, "changed_policy", moderator_id=by.id, **detail)
    return version


def go_back(session: Session, forum: Forum, version_id: str, *, instead_of: str, by: Moderator) -> PolicyVersion:
    """Make an older version the forum's policy again. Raises NotFound, or as `save` does."""
    older = session.get(PolicyVersion, version_id)
    if older is None or older.forum_id != forum.id:
        raise NotFound(_("There is no such version of this forum's policy. Reload the page."))
    why = _("Back to the version of %(time)s UTC", time=f"{older.created_at:%Y-%m-%d %H:%M}")
    return save(session, forum, older.policy, instead_of=instead_of, by=by, why=why)


def newest(session: Session, forum: Forum, most: int = 50) -> list[tuple[PolicyVersion, Moderator | None]]:
    """The forum's versions, the newest first, each with who made it."""
    query = (
        select(PolicyVersion, Moderator)
        .outerjoin(Moderator, Moderator.id == PolicyVersion.moderator_id)
        .where(PolicyVersion.forum_id == forum.id)
        .order_by(PolicyVersion.created_at.desc(), PolicyVersion.id.desc())
        .limit(most)
    )
    return [(version, who) for version, who in session.execute(query)]


def policy_of(forum: Forum) -> Policy:
    """The forum's policy; the default one where it can't be used, since a post must never go unread for that."""
    try:
        return load(forum.policy)
    except ConfigurationError:
        log.error("the policy of forum %s can't be used; the default stands in until it is mended", forum.slug)
        return load()
