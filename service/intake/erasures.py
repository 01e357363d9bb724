"""The API for being forgotten: everything by an author is erased, and the receipt of any erasure can be asked for again."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from service.erasure import receipts
from service.errors import NotFound
from service.intake import signature
from service.intake.submission import AuthorReference, check
from service.store import store

blueprint = Blueprint("erasures", __name__, url_prefix="/v1")


@blueprint.delete("/authors/<path:author>")
def erase_author(author: str) -> tuple[Response, int]:
    """Erase everything by an author: 200 with the receipt, or 202 while some is left, which the sweeper does."""
    forum = signature.by_api_key(request)
    reference = check(AuthorReference, {"author": author}).author
    with store().write() as session:
        erasure = receipts.begin_author(session, forum, reference)
    erasure = receipts.go_on(store(), erasure.id)
    return jsonify(receipts.public_json(erasure)), 200 if erasure.state == "done" else 202


@blueprint.get("/erasures/<erasure_id>")
def show(erasure_id: str) -> Response:
    """The receipt of an erasure."""
    forum = signature.by_api_key(request)
    with store().read() as session:
        erasure = receipts.find(session, forum, erasure_id)
        if erasure is None:
            raise NotFound("This forum asked for no such erasure. Name it by the `id` of its receipt.")
        return jsonify(receipts.public_json(erasure))
