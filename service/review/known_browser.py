"""Browsers that somebody has logged in with: a signed cookie says whose. It opens nothing; it only tells them from strangers."""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from service.people.accounts import clean_name
from service.settings import settings

LASTS = 180 * 24 * 3600
"""Seconds after which a browser that logged in is a stranger again."""


def of(name: str) -> str:
    """This request's browser, where somebody of that name has got in with it; else empty."""
    try:
        whose, browser = _signer().loads(request.cookies.get(_cookie(), ""), max_age=LASTS)
    except (BadSignature, ValueError):
        return ""
    return browser if whose == _hash(name) else ""


def remember(response: Response, name: str) -> None:
    """Let the browser be known as theirs."""
    value = _signer().dumps([_hash(name), of(name) or secrets.token_hex(16)])
    kept_from_scripts = {"httponly": True, "secure": settings().secure_cookies, "samesite": "strict"}
    response.set_cookie(_cookie(), value, max_age=LASTS, path="/", **kept_from_scripts)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="heed-known")


def _cookie() -> str:
    return "__Host-heed-known" if settings().secure_cookies else "heed-known"


def _hash(name: str) -> str:
    return hashlib.sha256(clean_name(name).encode()).hexdigest()[:32]
