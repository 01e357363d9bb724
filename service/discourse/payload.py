"""A post as Discourse writes it in JSON, read as ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.intake.submission import EventData, Submission, check
from service.store.encrypted import may_end_with
from service.store.models import Forum, Post, Revision

REGULAR_POST = 1
"""Discourse's `post_type` of what people write; others are whispers, moderators' notes and small actions."""
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


def not_ours(post: dict[str, Any], forum: Forum) -> str:
    """Why a post is none that people wrote for the forum to read; empty where it is."""
    if post.get("post_type", REGULAR_POST) != REGULAR_POST:
        return "not a regular post"
    if post.get("topic_archetype") == "private_message" and not forum.read_private_messages:
        return "a private message"
    if forum.discourse_user and _text(post.get("username")).lower() == forum.discourse_user.lower():
        return "written by Heed"
    return ""


def is_gone(post: dict[str, Any]) -> bool:
    return bool(post.get("deleted_at") or post.get("user_deleted"))


def submission(session: Session, forum: Forum, instance: str, post: dict[str, Any]) -> Submission:
    """The post in Heed's own shape; `instance` is its Discourse's address. Raises Invalid where a field can't be used."""
    opens, path = post.get("post_number") == 1, post.get("post_url") or ""
    fields = {
        "id": external_id(instance, post),
        "revision": post.get("version") or 1,
        "board": _text(post.get("category_slug") or post.get("category_id"))[:200],
        "title": _text(post.get("topic_title")) if opens else "",
        "body": post.get("raw"),
        "format": "markdown",
        "thread": _thread(instance, post),
        "reply_to": _answered(session, forum, instance, post),
        "author": _text(post.get("username"))[:200],
        # Edits within the first minutes raise no version: the time of the edit says which text is newer.
        "created_at": moment(post.get("updated_at")) or OLDEST,
        "url": f"{instance}{path}" if instance.startswith("http") and path else "",
    }
    return check(Submission, fields)


def external_id(instance: str, post: dict[str, Any]) -> str:
    """The post's address on its Discourse, `host/p/id`: unique where several instances send to one forum."""
    number = _number(post.get("id"))
    if number is None:
        raise Invalid("The post has no id. Send Discourse's own payload.", field="post.id")
    return check(EventData, {"id": f"{host(instance)}/p/{number}"}).id


def _thread(instance: str, post: dict[str, Any]) -> str:
    """The topic's address on its Discourse, `host/t/id`, or empty."""
    topic = _number(post.get("topic_id"))
    return "" if topic is None else f"{host(instance)}/t/{topic}"


def _answered(session: Session, forum: Forum, instance: str, post: dict[str, Any]) -> str:
    """Our external id of the post replied to, or empty.

    Discourse names it by its number within the topic, which is no id: it is found by its address, `/t/slug/topic/number`,
    among the posts of the topic that came before, and has to be by the author that Discourse names. Nobody is better than
    somebody else.
    """
    topic, number = _number(post.get("topic_id")), _number(post.get("reply_to_post_number"))
    if topic is None or number is None:
        return ""
    ending = f"/{topic}/{number}"
    query = (
        select(Post.external_id, Revision.author, Revision.url)
        .join(Revision, (Revision.post_id == Post.id) & (Revision.number == Post.revision))
        .where(
            Revision.forum_id == forum.id,
            Revision.thread == _thread(instance, post),
            may_end_with(Revision.url, ending),
        )
    )
    # Encrypted, all addresses of a topic have to be looked through: 0.3 s for 10,000 posts.
    found = [row for row in session.execute(query) if row.url.endswith(ending)]
    named = post.get("reply_to_user")
    by = _text(named.get("username")) if isinstance(named, dict) else ""
    return found[0].external_id if len(found) == 1 and by in ("", found[0].author) else ""


def host(instance: str) -> str:
    """The host of a Discourse's address, which its posts' ids begin with."""
    try:
        return urlsplit(instance).netloc[:150] or "discourse"
    except ValueError:
        return "discourse"


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """The time in UTC, which one without a zone is taken for; None where it is no time."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        return read and (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
