"""Signing on elsewhere: OpenID Connect with PKCE, by Authlib. Only who was invited gets in.

The provider proves who somebody is. What they may do is Heed's: an invitation opened first makes the account, or links it,
and from then on the provider's `sub` leads to it. The provider asks for its own second factor.
"""

from __future__ import annotations

import time

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, g, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException
from sqlalchemy import select

from service import audit
from service.errors import Conflict, Forbidden, NotFound, Unavailable
from service.people import invitations
from service.review.access import writing
from service.review.attempts import count_attempt
from service.review.login import let_in
from service.settings import Settings, settings
from service.store import store
from service.store.models import Moderator

blueprint = Blueprint("sign_on", __name__)

NAMES = ("preferred_username", "nickname", "name", "email")
"""Claims that a new account may be named by; the first that is there."""


def install(app: Flask, chosen: Settings) -> None:
    """Make the provider known to the application, where one is set."""
    if not chosen.oidc_issuer:
        return
    oauth = OAuth(app)
    oauth.register(
        "provider",
        server_metadata_url=f"{chosen.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=chosen.oidc_client_id,
        client_secret=chosen.oidc_client_secret.get_secret_value(),
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": 15},
    )
    app.extensions["heed-sign-on"] = oauth.provider


@blueprint.get("/sign-on")
def go() -> ResponseReturnValue:
    """Off to the provider."""
    back = f"{settings().public_url.rstrip('/')}{url_for('review.sign_on.back')}"
    try:
        return _provider().authorize_redirect(back)
    except (AuthlibBaseError, RequestException, ValueError, KeyError) as error:
        raise _unavailable() from error


@blueprint.get("/sign-on/back")
def back() -> ResponseReturnValue:
    """Back from the provider: in, where the account is known or an invitation was opened before."""
    count_attempt()
    try:
        claims = _provider().authorize_access_token()["userinfo"]
        known_as = f"{claims['iss']} {claims['sub']}"
    except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
        raise Forbidden(_("The sign-on was not completed. Go back to the log-in and try again.")) from error
    except RequestException as error:
        raise _unavailable() from error
    if g.moderator and session.pop("linking", 0) > time.time():
        return _link(known_as)
    with store().write() as db:
        person = db.scalar(select(Moderator).where(Moderator.sign_on == known_as))
        if person is None and session.get("joining"):
            name = next((str(claims[claim]) for claim in NAMES if claims.get(claim)), "")
            person = invitations.accept(db, session["joining"], name=name, sign_on=known_as)
    if person is None or not person.active:
        raise Forbidden(_("Nobody here signs on like this. Open the link of your invitation first, or ask for one."))
    return let_in(person, "sign-on")


def _link(known_as: str) -> ResponseReturnValue:
    """From now on whoever is logged in may sign on like this."""
    with writing() as db:
        other = db.scalar(select(Moderator).where(Moderator.sign_on == known_as, Moderator.id != g.moderator.id))
        if other:
            raise Conflict(_("Somebody else signs on like this already. Log out, then sign on again."))
        db.get_one(Moderator, g.moderator.id).sign_on = known_as
        audit.write(db, "linked_sign_on", moderator_id=g.moderator.id)
    return redirect(url_for("review.account.show"), 303)


def _provider():  # noqa: ANN202
    if "heed-sign-on" not in current_app.extensions:
        raise NotFound(_("Nobody signs on elsewhere here. Log in with your name and password."))
    return current_app.extensions["heed-sign-on"]


def _unavailable() -> Unavailable:
    return Unavailable(
        _("The sign-on does not answer. Try again in a minute, or log in with your password."), retry_after=60
    )
