"""Discourse's own webhook. It is never answered 404 or 410: either would make Discourse switch the webhook off."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from service.discourse import payload
from service.errors import Invalid
from service.intake import accept, limits, numbered, signature
from service.intake.submission import read_json
from service.store import store
from service.store.models import Forum, now
from service.wakeup import wake_classify

blueprint = Blueprint("discourse", __name__, url_prefix="/v1/forums")


@blueprint.post("/<forum>/discourse")
def receive(forum: str) -> tuple[Response, int]:
    """One event: 202 with what was done about it."""
    sender = signature.by_discourse(request, forum)
    event = request.headers.get("X-Discourse-Event", "")
    if event == "ping":
        return jsonify(status="ok"), 200
    document = read_json(request.get_data())
    post = document.get("post") if isinstance(document, dict) else None
    if request.headers.get("X-Discourse-Event-Type", "post") != "post":
        return _ignored("only posts are read")
    if not isinstance(post, dict):
        raise Invalid("There is no `post` in the body. Send Discourse's own payload.", field="post")
    if reason := payload.not_ours(post, sender):
        return _ignored(reason)
    gone = event == "post_destroyed" or payload.is_gone(post)
    if not gone:
        # A deletion needs no worker, and Discourse would not send it again.
        limits.count(sender)
    with store().write() as session:
        take = _take_out if gone else _take_in
        status = take(session, sender, event, payload.external_id(_instance(), post), post)
    wake_classify()
    return jsonify(status=status), 202


def _take_out(session: Session, forum: Forum, _event: str, post_id: str, post: dict[str, Any]) -> str:
    if not _is_later(session, forum, post_id, post):
        return "ignored"
    accept.delete(session, forum, post_id, payload.moment(post.get("deleted_at")) or now())
    return "deleted"


def _take_in(session: Session, forum: Forum, event: str, post_id: str, post: dict[str, Any]) -> str:
    if event == "post_recovered":
        # Nothing in the body says when, or that it is one.
        if _is_later(session, forum, post_id, post):
            accept.recover(session, forum, post_id, now())
    elif post.get("hidden") and accept.find(session, forum, post_id) is None:
        # Hidden before we knew of it. One that our verdict hid may still be edited, and is then read anew.
        return "ignored"
    limits.check_room(store(), session)
    said = payload.submission(session, forum, _instance(), post)
    if accept.accept(session, forum, said, latest_wins=True).is_new:
        numbered.note_text(session, forum, payload.host(_instance()), _event_number())
    return "accepted"


def _is_later(session: Session, forum: Forum, post_id: str, post: dict[str, Any]) -> bool:
    text_of, sender = payload.moment(post.get("updated_at")) or payload.OLDEST, payload.host(_instance())
    return numbered.is_later(session, forum, sender, post_id, text_of=text_of, number=_event_number())


def _instance() -> str:
    """The address of the Discourse that sends."""
    return request.headers.get("X-Discourse-Instance", "")


def _event_number() -> int | None:
    """Discourse counts what it sends: the number of this event, higher than that of any before."""
    number = request.headers.get("X-Discourse-Event-Id", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else None


def _ignored(reason: str) -> tuple[Response, int]:
    return jsonify(status="ignored", reason=reason), 202
