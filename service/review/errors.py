"""Errors as a page: what happened, and the way on."""

from __future__ import annotations

from flask import Response, make_response, render_template

from service.errors import RequestError


def page(error: RequestError) -> Response:
    """The page of an error; the caller sets its status."""
    return make_response(render_template("review/error.html", error=error))
