"""The API for appeals: an author sees a verdict otherwise, and says so through the forum."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from service import appeals
from service.errors import NotFound
from service.intake import accept, limits, signature
from service.intake.submission import AppealSubmission, parse
from service.store import store
from service.store.models import Forum, Post
from service.verdicts import current_verdict

blueprint = Blueprint("appeals", __name__, url_prefix="/v1")


@blueprint.post("/posts/<path:post_id>/appeals")
def submit(post_id: str) -> tuple[Response, int]:
    """Take in an appeal: 202 with where it stands, the same for a repeat; 409 where there is nothing to appeal."""
    forum = signature.sender(request)
    sent = parse(AppealSubmission, request.get_data())
    limits.count(forum)
    with store().write() as session:
        post = _locked(session, forum, post_id)
        standing = current_verdict(session, post)
        appeal = appeals.begin(session, post, standing, sent.id, sent.text, sent.created_at)
        return jsonify(appeals.public_json(appeal)), 202


@blueprint.delete("/posts/<path:post_id>/appeals/<path:appeal_id>")
def withdraw(post_id: str, appeal_id: str) -> Response:
    """The author no longer appeals. One that is settled stays so, and the answer says how."""
    forum = signature.by_api_key(request)
    with store().write() as session:
        post = _locked(session, forum, post_id)
        appeal = appeals.find(session, post, appeal_id)
        if appeal is None:
            raise NotFound("There is no such appeal of this post. Name it by its `id`, or by your own.")
        appeals.take_back(session, post, current_verdict(session, post), appeal)
        return jsonify(appeals.public_json(appeal))


def _locked(session: Session, forum: Forum, post_id: str) -> Post:
    """The post, by our id or the forum's own. Raises NotFound."""
    return session.get_one(Post, accept.known(session, forum, post_id).id, with_for_update=True)
