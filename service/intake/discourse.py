"""Discourse's own webhook. It is never answered 404 or 410: either would make Discourse switch the webhook off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.intake import accept, limits, numbered, signature
from service.intake.submission import EventData, Submission, check, read_json
from service.store import store
from service.store.encrypted import may_end_with
from service.store.models import Forum, Post, Revision, now
from service.wakeup import wake_classify

blueprint = Blueprint("discourse", __name__, url_prefix="/v1/forums")

REGULAR_POST = 1
"""Discourse's `post_type` of what people write; others are whispers, moderators' notes and small actions."""
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


@blueprint.post("/<forum>/discourse")
def receive(forum: str) -> tuple[Response, int]:
    """One event: 202 with what was done about it."""
    sender = signature.by_discourse(request, forum)
    event = request.headers.get("X-Discourse-Event", "")
    if event == "ping":
        return jsonify(status="ok"), 200
    payload = read_json(request.get_data())
    post = payload.get("post") if isinstance(payload, dict) else None
    if request.headers.get("X-Discourse-Event-Type", "post") != "post":
        return _ignored("only posts are read")
    if not isinstance(post, dict):
        raise Invalid("There is no `post` in the body. Send Discourse's own payload.", field="post")
    if reason := _not_ours(post, sender):
        return _ignored(reason)
    gone = event == "post_destroyed" or bool(post.get("deleted_at") or post.get("user_deleted"))
    if not gone:
        # A deletion needs no worker, and Discourse would not send it again.
        limits.check_queue()
        limits.count(sender)
    with store().write() as session:
        post_id = external_id(post)
        take = _take_out if gone else _take_in
        status = take(session, sender, event, post_id, post)
    wake_classify()
    return jsonify(status=status), 202


def _not_ours(post: dict[str, Any], forum: Forum) -> str:
    """Why a post is none that people wrote for the forum to read; empty where it is."""
    if post.get("post_type", REGULAR_POST) != REGULAR_POST:
        return "not a regular post"
    if post.get("topic_archetype") == "private_message" and not forum.read_private_messages:
        return "a private message"
    return ""


def _take_out(session: Session, forum: Forum, _event: str, post_id: str, post: dict[str, Any]) -> str:
    if not _is_later(session, forum, post_id, post):
        return "ignored"
    accept.delete(session, forum, post_id, _moment(post.get("deleted_at")) or now())
    return "deleted"


def _take_in(session: Session, forum: Forum, event: str, post_id: str, post: dict[str, Any]) -> str:
    if event == "post_recovered":
        # Nothing in the body says when, or that it is one.
        if _is_later(session, forum, post_id, post):
            accept.recover(session, forum, post_id, now())
    elif post.get("hidden") and accept.find(session, forum, post_id) is None:
        # Hidden before we knew of it. One that our verdict hid may still be edited, and is then read anew.
        return "ignored"
    accept.check_room(session)
    said = submission(post_id, post, answered(session, forum, post))
    if accept.accept(session, forum, said, latest_wins=True).is_new:
        numbered.note_text(session, forum, _instance(), _event_number())
    return "accepted"


def _is_later(session: Session, forum: Forum, post_id: str, post: dict[str, Any]) -> bool:
    text_of = _moment(post.get("updated_at")) or OLDEST
    return numbered.is_later(session, forum, _instance(), post_id, text_of=text_of, number=_event_number())


def submission(post_id: str, post: dict[str, Any], reply_to: str = "") -> Submission:
    """The post in Heed's own shape. Raises Invalid where a field can't be used."""
    opens = post.get("post_number") == 1
    instance, path = request.headers.get("X-Discourse-Instance", ""), post.get("post_url") or ""
    fields = {
        "id": post_id,
        "revision": post.get("version") or 1,
        "board": _text(post.get("category_slug") or post.get("category_id"))[:200],
        "title": _text(post.get("topic_title")) if opens else "",
        "body": post.get("raw"),
        "format": "markdown",
        "thread": thread(post),
        "reply_to": reply_to,
        "author": _text(post.get("username"))[:200],
        # Edits within the first minutes raise no version: the time of the edit says which text is newer.
        "created_at": _moment(post.get("updated_at")) or OLDEST,
        "url": f"{instance}{path}" if instance.startswith("http") and path else "",
    }
    return check(Submission, fields)


def external_id(post: dict[str, Any]) -> str:
    """The post's address on its Discourse, `host/p/id`: unique where several instances send to one forum."""
    number = _number(post.get("id"))
    if number is None:
        raise Invalid("The post has no id. Send Discourse's own payload.", field="post.id")
    return check(EventData, {"id": f"{_instance()}/p/{number}"}).id


def thread(post: dict[str, Any]) -> str:
    """The topic's address on its Discourse, `host/t/id`, or empty."""
    topic = _number(post.get("topic_id"))
    return "" if topic is None else f"{_instance()}/t/{topic}"


def answered(session: Session, forum: Forum, post: dict[str, Any]) -> str:
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
        .where(Revision.forum_id == forum.id, Revision.thread == thread(post), may_end_with(Revision.url, ending))
    )
    # Encrypted, all addresses of a topic have to be looked through: 0.3 s for 10,000 posts.
    found = [row for row in session.execute(query) if row.url.endswith(ending)]
    named = post.get("reply_to_user")
    by = _text(named.get("username")) if isinstance(named, dict) else ""
    return found[0].external_id if len(found) == 1 and by in ("", found[0].author) else ""


def _event_number() -> int | None:
    """Discourse counts what it sends: the number of this event, higher than that of any before."""
    number = request.headers.get("X-Discourse-Event-Id", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else None


def _instance() -> str:
    """The host of the Discourse that sends."""
    try:
        return urlsplit(request.headers.get("X-Discourse-Instance", "")).netloc[:150] or "discourse"
    except ValueError:
        return "discourse"


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    """The time in UTC, which one without a zone is taken for; None where it is no time."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _ignored(reason: str) -> tuple[Response, int]:
    return jsonify(status="ignored", reason=reason), 202
