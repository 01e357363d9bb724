"""Who sends: a forum, known by its API key or by a signature over the raw bytes."""

from __future__ import annotations

import hashlib
import hmac
import time

from flask import Request
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.errors import Unauthorized
from service.forums import SLUG, hash_key, new_secret
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
    # Looked up by its hash: how far a guess matched can't be timed.
    with store().read() as session:
        forum = session.scalar(select(Forum).where(Forum.api_key_hash == hash_key(key.strip())))
    if forum is None:
        raise Unauthorized("This API key is unknown. Make a forum with `heed forum add`, and send the key it prints.")
    return forum


def by_discourse(request: Request, slug: str) -> Forum:
    """The forum `slug`, whose Discourse signed the raw bytes. Raises Unauthorized, also for an unknown forum."""
    forum = by_slug(slug)
    secret = (forum.discourse_secret if forum else "") or NOBODY
    expected = "sha256=" + hmac.new(secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
    sent = request.headers.get("X-Discourse-Event-Signature", "")
    if not hmac.compare_digest(expected.encode(), sent.encode()) or forum is None:
        raise Unauthorized("The signature does not match. Give the webhook in Discourse the secret of this forum.")
    return forum


def by_slug(slug: str) -> Forum | None:
    if not SLUG.fullmatch(slug):
        return None
    with store().read() as session:
        return session.scalar(select(Forum).where(Forum.slug == slug))


def _by_signature(request: Request) -> Forum:
    forum = by_slug(request.headers.get("X-Heed-Forum") or request.args.get("forum", ""))
    try:
        Webhook(forum.webhook_secret if forum else NOBODY).verify(
            request.get_data(), dict(request.headers), json_parse=False
        )
    except WebhookVerificationError as error:
        if "timestamp" in str(error):
            raise Unauthorized(STALE) from None
        raise Unauthorized(WRONG_SIGNATURE) from None
    except ValueError:
        raise Unauthorized(WRONG_SIGNATURE) from None
    if abs(time.time() - float(request.headers["webhook-timestamp"])) > settings().signature_tolerance_seconds:
        raise Unauthorized(STALE)
    if forum is None:
        raise Unauthorized(WRONG_SIGNATURE)
    return forum


STALE = (
    "The signature's timestamp is too far from our clock. Sign each attempt anew, and check that both clocks are right."
)
