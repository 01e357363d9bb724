"""The API for posts: submit one or many, tell what happened to them, ask for verdicts."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from service import waiting
from service.erasure import receipts
from service.errors import Invalid, RequestError
from service.intake import accept, limits, signature
from service.intake.submission import Batch, Event, EventData, Submission, check, parse
from service.problems import document
from service.settings import settings
from service.store import store
from service.store.models import Forum, Post, now
from service.verdicts import public_json, unread_json
from service.waiting import place, until_told
from service.wakeup import wake_classify

blueprint = Blueprint("posts", __name__, url_prefix="/v1")

EVENTS = {"post.deleted": accept.delete, "post.recovered": accept.recover, "post.erased": accept.erase}


@blueprint.post("/posts")
def submit() -> tuple[Response, int]:
    """Take in one post: 202 with the address of its verdict, or with `?wait=seconds` 200 and the verdict itself.
    Where too many wait already, nobody waits for it.
    """
    forum = signature.sender(request)
    seconds = waiting.seconds(request.args.get("wait", "0"))
    submission = parse(Submission, request.get_data())
    limits.count(forum)
    with place() if seconds else nullcontext(False) as waits:
        with store().write() as session:
            limits.check_room(store(), session)
            accepted = accept.accept(session, forum, submission, awaited=waits)
        wake_classify()
        answer = _answer(accepted, seconds if waits else 0)
    code = 200 if seconds and answer["status"] == "done" else 202
    response = jsonify(answer)
    response.headers["Location"] = answer["verdict_url"]
    return response, code


@blueprint.post("/posts/batch")
def submit_batch() -> tuple[Response, int]:
    """Take in up to a hundred posts: 202, or 207 where some were refused; each has its own result."""
    forum = signature.sender(request)
    batch = parse(Batch, request.get_data())
    limits.count(forum, len(batch.posts))
    checked = [_checked(post) for post in batch.posts]
    results: dict[int, dict[str, Any]] = {}
    order = sorted(range(len(checked)), key=lambda i: getattr(checked[i], "id", ""))
    with store().write() as session:
        limits.check_room(store(), session, len(batch.posts))
        accept.lock_all(session, forum, [one.id for one in checked if isinstance(one, Submission)])
        for index in order:
            results[index] = _accepted(session, forum, checked[index])
    wake_classify()
    listed = [results[index] for index in range(len(checked))]
    return jsonify(results=listed), 207 if any("problem" in result for result in listed) else 202


@blueprint.post("/events")
def event() -> tuple[Response, int]:
    """A post was deleted, recovered or erased on the forum."""
    forum = signature.sender(request)
    news = parse(Event, request.get_data())
    with store().write() as session:
        post = EVENTS[news.type](session, forum, news.data.id, news.timestamp)
    wake_classify()
    return jsonify(_standing(post)), 202


@blueprint.get("/posts/<path:post_id>")
def show(post_id: str) -> Response:
    """Where a post stands and its verdict, by our id or the forum's own."""
    forum = signature.by_api_key(request)
    with store().read() as session:
        return jsonify(_found(session, forum, post_id))


@blueprint.delete("/posts/<path:post_id>")
def remove(post_id: str) -> Response:
    """The post was deleted on the forum; with `?erase=true` every word of it goes here too, and the answer has the receipt."""
    forum = signature.by_api_key(request)
    erase = request.args.get("erase", "false").lower()
    if erase not in {"true", "false"}:
        raise Invalid("Say erase=true or erase=false.", field="erase")
    with store().write() as session:
        post = accept.find(session, forum, post_id)
        external_id = post.external_id if post else check(EventData, {"id": post_id}).id
        # Asked for by name, now: no clock that is ahead of ours outweighs it.
        as_of = max(now(), (post and post.deleted_as_of) or now())
        gone = (accept.erase if erase == "true" else accept.delete)(session, forum, external_id, as_of)
    return jsonify(_standing(gone))


def _standing(post: Post) -> dict[str, Any]:
    """Where the post stands; an erasure is seen through first, as far as that is quick."""
    if post.erased and post.erasure_id:
        receipts.go_on(store(), post.erasure_id, seconds=0)
    with store().read() as session:
        return public_json(session, session.get_one(Post, post.id))


def _answer(accepted: accept.Accepted, seconds: float) -> dict[str, Any]:
    """Where the post stands, looked up until it is read or `seconds` have passed."""
    post, end = accepted.post, time.monotonic() + seconds
    if accepted.is_first and not seconds:
        return unread_json(post) | {"verdict_url": verdict_url(post)}
    while True:
        with store().read() as session:
            answer = public_json(session, session.get_one(Post, post.id))
        if answer["status"] != "pending" or time.monotonic() >= end:
            return answer | {"verdict_url": verdict_url(post)}
        until_told([post.id], end)


def _checked(post: dict[str, object]) -> Submission | RequestError:
    try:
        return check(Submission, post)
    except Invalid as error:
        return error


def _accepted(session: Session, forum: Forum, checked: Submission | RequestError) -> dict[str, Any]:
    if isinstance(checked, RequestError):
        return {"problem": document(checked)}
    try:
        accepted = accept.accept(session, forum, checked)
    except RequestError as error:
        return {"external_id": checked.id, "problem": document(error)}
    post = accepted.post
    standing = unread_json(post) if accepted.is_first else public_json(session, post)
    return standing | {"verdict_url": verdict_url(post)}


def _found(session: Session, forum: Forum, post_id: str) -> dict[str, Any]:
    return public_json(session, accept.known(session, forum, post_id))


def verdict_url(post: Post) -> str:
    return f"{settings().public_url.rstrip('/')}/v1/posts/{post.id}"
