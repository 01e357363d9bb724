"""Shadow mode: what another policy or model would have said of the same posts, noted without acting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service import audit, urgency
from service.policy.versions import checked
from service.store.models import Forum, Moderator, Post, QueueItem, Revision, ShadowVerdict, Verdict, now

SHOWN = 50
"""Differences on one page, the newest."""


@dataclass(frozen=True)
class Difference:
    """A post that the shadow judged otherwise. `outcome` is what a person decided, or empty."""

    shadow: ShadowVerdict
    revision: Revision
    item_id: str
    outcome: str


@dataclass(frozen=True)
class Differences:
    """What the shadow has said since it began."""

    since: datetime | None
    posts: int
    kinds: list[tuple[str, str, int]]
    """Action in force, the shadow's action, how many posts; where they differ."""
    newest: list[Difference]


def start(session: Session, forum: Forum, toml: str, by: Moderator) -> None:
    """Let another policy judge along from the next post on; what an earlier shadow said goes."""
    policy = checked(toml)
    _forget(session, forum)
    forum.shadow_policy, forum.shadow_since = toml, now()
    audit.write(session, "started_shadow", moderator_id=by.id, forum=forum.id, version=policy.version)


def stop(session: Session, forum: Forum, by: Moderator) -> None:
    """No other policy judges along; what it said goes."""
    _forget(session, forum)
    forum.shadow_policy = forum.shadow_since = None
    audit.write(session, "stopped_shadow", moderator_id=by.id, forum=forum.id)


def note(session: Session, verdict: Verdict, document: dict[str, Any]) -> None:
    """Keep what the shadow says of a post beside the verdict in force: actions and labels, no word of it."""
    session.add(
        ShadowVerdict(
            post_id=verdict.post_id,
            revision_id=verdict.revision_id,
            acted=verdict.action,
            acted_labels=urgency.topics(verdict.document),
            action=document["action"],
            labels=urgency.topics(document),
            policy_version=document["policy_version"],
            models=document["models"],
        )
    )


def differences(session: Session, forum: Forum) -> Differences:
    """Where the shadow and what is in force part."""
    mine = (Post.forum_id == forum.id, ShadowVerdict.created_at >= (forum.shadow_since or forum.created_at))
    joined = select(func.count()).select_from(ShadowVerdict).join(Post, Post.id == ShadowVerdict.post_id).where(*mine)
    parted = ShadowVerdict.acted != ShadowVerdict.action
    query = (
        select(ShadowVerdict, Revision, QueueItem)
        .join(Post, Post.id == ShadowVerdict.post_id)
        .join(Revision, Revision.id == ShadowVerdict.revision_id)
        .outerjoin(QueueItem, QueueItem.post_id == ShadowVerdict.post_id)
        .where(*mine, parted, Post.deleted.is_(False))
        .order_by(ShadowVerdict.created_at.desc(), ShadowVerdict.id.desc())
        .limit(SHOWN)
    )
    pair = (ShadowVerdict.acted, ShadowVerdict.action)
    counted = (
        select(*pair, func.count()).join(Post, Post.id == ShadowVerdict.post_id).where(*mine, parted).group_by(*pair)
    )
    kinds = Counter({(acted, action): count for acted, action, count in session.execute(counted)})
    return Differences(
        since=forum.shadow_since,
        posts=session.scalar(joined) or 0,
        kinds=[(*kind, count) for kind, count in kinds.most_common()],
        newest=[_difference(*row) for row in session.execute(query)],
    )


def _difference(shadow: ShadowVerdict, revision: Revision, item: QueueItem | None) -> Difference:
    decided = item is not None and item.state == "decided"
    reachable = item is not None and item.state != "withdrawn"
    return Difference(
        shadow, revision, item.id if item and reachable else "", item.decision if item and decided else ""
    )


def _forget(session: Session, forum: Forum) -> None:
    posts = select(Post.id).where(Post.forum_id == forum.id)
    session.execute(delete(ShadowVerdict).where(ShadowVerdict.post_id.in_(posts)))
