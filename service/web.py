"""The web application: API, webhooks, console, health. gunicorn serves `service.web:create_app()`."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Flask, Request, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from service import health, problems, traffic
from service.people import accounts
from service.settings import Settings, settings

CONSOLE = "/console"

API_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""On every answer: nothing is guessed, framed, cached or told to other sites. Posts are private."""
CSP = "; ".join(
    (
        "default-src 'none'",
        *(f"{what} 'self'" for what in ("script-src", "style-src", "img-src", "connect-src", "form-action")),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The console runs its own files and nothing else, so text that slipped through as markup still does nothing."""


class WithoutFiles(Request):
    """A request whose files stay in memory, where MAX_CONTENT_LENGTH bounds them: Heed takes none, so nobody's reach the disk."""

    def _get_file_stream(self, *_: Any, **__: Any) -> BytesIO:
        return BytesIO()


def create_app() -> Flask:
    """The application by the settings of this process. Raises ConfigurationError where these are wrong."""
    chosen = settings()
    app = Flask(__name__, static_folder=None)
    app.request_class = WithoutFiles
    _configure(app, chosen)
    traffic.install(app)
    # Imported here: the blueprints read the settings that were just checked.
    from service.compatible import coral, openai, perspective, presidio
    from service.intake import appeals, discourse, erasures, posts, statements
    from service.openapi import blueprint as openapi
    from service.review import blueprint as review

    accounts.prepare()
    for room in (posts, appeals, statements, erasures, discourse, coral, openai, presidio, perspective, health):
        app.register_blueprint(room.blueprint)
    for blueprint in (openapi, review):
        app.register_blueprint(blueprint)
    problems.install(app)
    app.after_request(_protect)
    if chosen.trusted_proxies:
        hops = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, chosen: Settings) -> None:
    app.config.update(
        SECRET_KEY=chosen.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=chosen.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=chosen.max_body_bytes,
        SESSION_COOKIE_NAME="__Host-heed" if chosen.secure_cookies else "heed",
        SESSION_COOKIE_SECURE=chosen.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=chosen.login_idle_timeout_hours),
        # The console's forms live as long as its session; a post left open over dinner can still be decided.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    # Flask would log the exception with its values, and a value may be a post.
    app.logger.setLevel(logging.CRITICAL)


def _protect(response: Response) -> Response:
    for name, value in API_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", CSP)
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
