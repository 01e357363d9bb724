"""Errors as people and programs get them: application/problem+json (RFC 9457), or a page under `/console`."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response, jsonify, request
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from service.errors import ConfigurationError, RequestError, TooLarge, Unavailable, place
from service.settings import settings

log = logging.getLogger(__name__)

RETRY_SECONDS = 10
"""What `Retry-After` says where a part of Heed is down: it is usually back by then."""
SAYINGS = {
    404: "There is nothing at this address. See /openapi.json for what there is.",
    405: "This address does not take this method. See /openapi.json for those it takes.",
    415: "Send the body as application/json.",
}


SHAPES: dict[str, Callable[[RequestError], tuple[dict[str, object], int]]] = {}
"""By blueprint: the body and the status of an error, where an API of others is answered in its own shape."""


def install(app: Flask) -> None:
    """Answer every exception of the application; none reaches the client or the log with its values."""
    app.register_error_handler(RequestError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _unforeseen)


def answer(error: RequestError) -> Response:
    """The response for an error: a problem document, the console's page for people, or the shape of another API."""
    if request.path == "/console" or request.path.startswith("/console/"):
        from service.review.errors import page

        response = page(error)
        response.status_code = error.status
    elif request.blueprint in SHAPES:
        body, status = SHAPES[request.blueprint](error)
        response = jsonify(body)
        response.status_code = status
    else:
        response = jsonify(document(error))
        response.mimetype = "application/problem+json"
        response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def document(error: RequestError) -> dict[str, object]:
    """The problem as RFC 9457 has it; `field` names the member of the body to mend."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    return problem | ({"field": error.field} if error.field else {})


def database_down() -> Unavailable:
    return Unavailable(_("The database does not answer. Nothing was stored; send it again."), retry_after=RETRY_SECONDS)


def _http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    if error.code == 413:
        return answer(
            TooLarge(_("The request is larger than %(most)s bytes. Send less at once.", most=settings().max_body_bytes))
        )
    problem = RequestError(SAYINGS.get(error.code, error.description or error.name))
    problem.status, problem.title = error.code, error.name
    response = answer(problem)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _database(error: SQLAlchemyError) -> Response:
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and _is_outage(error)):
        log.error("the database does not answer (%s)", type(error).__name__)
        return answer(database_down())
    return _unforeseen(error)


def _is_outage(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error).__name__ in {"OperationalError", "InterfaceError"}


def _unforeseen(error: Exception) -> Response:
    # Where and what kind, never the message, which may quote a post; but for our own words on what the operator has to mend.
    said = f": {error}" if isinstance(error, ConfigurationError) else ""
    log.error("%s in %s %s at %s%s", type(error).__name__, request.method, request.url_rule, place(error), said)
    what = _("A setting is wrong.") if isinstance(error, ConfigurationError) else _("Something broke on our side.")
    then = _("Nothing was half stored. Send it again, and tell the operator if it stays so.")
    problem = RequestError(f"{what} {then}")
    problem.status, problem.title = 500, "Internal error"
    return answer(problem)
