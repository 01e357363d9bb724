"""The API for statements of reasons: why the verdict in force took something from a post's author."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from service import author_messages
from service.intake import accept, signature
from service.statements import statement
from service.store import store
from service.verdicts import current_verdict

blueprint = Blueprint("statements", __name__, url_prefix="/v1")


@blueprint.get("/posts/<path:post_id>/statement")
def show(post_id: str) -> Response:
    """In `?language=`, English where there are no words in that; 409 where nothing was taken, or where its author is in distress."""
    forum = signature.by_api_key(request)
    language = request.args.get("language", author_messages.DEFAULT_LANGUAGE)
    with store().read() as session:
        post = accept.known(session, forum, post_id)
        return jsonify(statement(session, forum, post, current_verdict(session, post), language))
