"""Errors as a page: what happened, and the way on."""

from __future__ import annotations

from flask import Response, make_response, render_template
from flask_babel import lazy_gettext as _

from service.errors import RequestError

TITLES = {
    400: _("Bad request"),
    401: _("Not authenticated"),
    403: _("Not allowed"),
    404: _("Not found"),
    409: _("Conflict"),
    410: _("Erased"),
    413: _("Too large"),
    422: _("Invalid"),
    429: _("Too many requests"),
    500: _("Internal error"),
    503: _("Unavailable"),
}
"""The titles of `service.errors`, which the API says in English, by status."""


def page(error: RequestError) -> Response:
    """The page of an error; the caller sets its status."""
    return make_response(render_template("review/error.html", error=error, title=TITLES.get(error.status, error.title)))
