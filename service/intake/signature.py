"""Who sends: a forum, known by its API key or by a signature over the raw bytes."""

from __future__ import annotations

import hashlib
import hmac
import time

from flask import Request
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service import keys
from service.errors import Unauthorized
from service.forums import SLUG
from service.keys import new_secret
from service.settings import settings
from service.store import store
from service.store.models import Forum

NOBODY = new_secret()
"""Verified against where the forum is unknown, so that the answer takes as long."""
NO_KEY = (
    "Send the forum's API key as `Authorization: Bearer heed_…`, or sign the request by Standard Webhooks and name the "
    "forum in `X-Heed-Forum`."
)
WRONG_SIGNATURE = (
    "The signature does not match. Sign the raw bytes of the body with this forum's webhook secret, and send "
    "webhook-id, webhook-timestamp and webhook-signature."
)


def sender(request: Request) -> Forum:
    """The forum that sent the request, by its API key or its Standard Webhooks signature. Raises Unauthorized."""
    if "Authorization" in request.headers:
        return by_api_key(request)
    if "webhook-signature" in request.headers:
        return _by_signature(request)
    raise Unauthorized(NO_KEY)


def by_api_key(request: Request) -> Forum:
    """The forum whose API key the request carries. Raises Unauthorized."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized(NO_KEY)
    return _of_key(key.strip())


def by_api_key_or_query(request: Request) -> Forum:
    """The forum whose API key the request carries, also as `?key=`, the way of Google's APIs. Raises Unauthorized."""
    key = request.args.get("key", "")
    return _of_key(key) if key and "Authorization" not in request.headers else by_api_key(request)


def _of_key(key: str) -> Forum:
    with store().glance() as session:
        forum = keys.forum_of(session, key)
    if forum is None:
        raise Unauthorized("This API key is unknown. Make a forum with `heed forum add`, and send the key it prints.")
    return forum


def by_discourse(request: Request, slug: str) -> Forum:
    """The forum `slug`, whose Discourse signed the raw bytes. Raises Unauthorized, also for an unknown forum."""
    forum, secrets = _known(slug, "discourse")
    sent = request.headers.get("X-Discourse-Event-Signature", "").encode()
    signed = (hmac.new(secret.encode(), request.get_data(), hashlib.sha256).hexdigest() for secret in secrets)
    if forum is None or not any([hmac.compare_digest(f"sha256={each}".encode(), sent) for each in signed]):
        raise Unauthorized("The signature does not match. Give the webhook in Discourse the secret of this forum.")
    return forum


def by_coral(request: Request, slug: str) -> Forum:
    """The forum `slug`, whose Coral signed the raw bytes, by each of its secrets while it changes them. Raises Unauthorized, also
    for an unknown forum.
    """
    forum = _named(slug)
    secret = (forum and forum.coral_secret) or NOBODY
    signed = "sha256=" + hmac.new(secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
    sent = request.headers.get("X-Coral-Signature", "").split(",")
    if forum is None or not any([hmac.compare_digest(signed.encode(), each.strip().encode()) for each in sent]):
        raise Unauthorized("The signature does not match. Give Heed the phase's signing secret: `heed forum coral`.")
    return forum


def _named(slug: str) -> Forum | None:
    with store().read() as session:
        return session.scalar(select(Forum).where(Forum.slug == slug)) if SLUG.fullmatch(slug) else None


def _known(slug: str, kind: str) -> tuple[Forum | None, list[str]]:
    """The forum of that name with its secrets that hold; nobody's secret where there is no such forum."""
    slug = slug if SLUG.fullmatch(slug) else ""
    with store().glance() as session:
        forum, holding = keys.holding(session, slug, kind)
    return forum, holding or [NOBODY]


def _by_signature(request: Request) -> Forum:
    forum, secrets = _known(request.headers.get("X-Heed-Forum") or request.args.get("forum", ""), "webhook")
    if not any([is_signed(request, secret) for secret in secrets]):
        raise Unauthorized(WRONG_SIGNATURE)
    if abs(time.time() - float(request.headers["webhook-timestamp"])) > settings().signature_tolerance_seconds:
        raise Unauthorized(STALE)
    if forum is None:
        raise Unauthorized(WRONG_SIGNATURE)
    return forum


def is_signed(request: Request, secret: str) -> bool:
    """Whether one of the request's signatures is by the secret. Raises Unauthorized where it is stale."""
    try:
        Webhook(secret).verify(request.get_data(), dict(request.headers), json_parse=False)
    except WebhookVerificationError as error:
        if "timestamp" in str(error):
            raise Unauthorized(STALE) from None
        return False
    except ValueError:
        return False
    return True


STALE = (
    "The signature's timestamp is too far from our clock. Sign each attempt anew, and check that both clocks are right."
)
