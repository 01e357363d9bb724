"""Who is here: log-in with password and second factor, log-out, and the check before every page."""

from __future__ import annotations

import hashlib
import re
import time
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.errors import TooMany
from service.people import logins, second_factor
from service.people.accounts import check_password, clean_name, has_older_hash, hash_anew
from service.people.roles import Access, access_of
from service.review import known_browser
from service.review.attempts import count_attempt, count_failure, forget_failures
from service.store import store
from service.store.models import Moderator, now

blueprint = Blueprint("login", __name__)

OPEN = frozenset(
    f"review.{name}"
    for name in (
        "static",
        "login.show_login",
        "login.log_in",
        "login.show_code",
        "login.check_code",
        "joining.show",
        "joining.join",
        "sign_on.go",
        "sign_on.back",
    )
)
"""What may be seen without a log-in."""
WRONG = _("The name and password don’t match. Check both and try again.")
WRONG_CODE = _("This code doesn’t fit, or was used already. Wait for the next one in your app, or use a recovery code.")
HALFWAY = 600
"""Seconds between the password and the second factor."""
SAFE_PATH = re.compile(r"/console(/[\w./-]*)?(\?[\w=&.%+-]*)?", re.ASCII)


def require_login() -> ResponseReturnValue | None:
    """Set `g.moderator` and `g.access`, or send whoever is not logged in to the log-in and back afterwards."""
    g.moderator, g.login, g.access = None, "", Access({})
    if request.endpoint == "review.static":
        return None
    _recognise()
    if g.moderator or request.endpoint in OPEN:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("review.login.show_login", next=safe_path(wanted) or None), 303)


def _recognise() -> None:
    known = session.get("login")
    if not known:
        return
    with store().read() as db:
        found = logins.find(db, known)
        if found:
            g.moderator, g.login, g.access = found[1], known, access_of(db, found[1].id)
    if not found:
        session.clear()
    elif found[0].seen_at < now() - logins.NOTED:
        with store().write() as db:
            db.merge(found[0]).seen_at = now()


@blueprint.get("/login")
def show_login() -> ResponseReturnValue:
    """The log-in page."""
    wanted = safe_path(request.args.get("next", ""))
    if g.moderator:
        return redirect(wanted or url_for("review.pages.queue"), 303)
    return render_template("review/login.html", wanted=wanted, name="", problem="")


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Check name and password; the same answer for an unknown name and a wrong password."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    wanted = safe_path(request.form.get("next", ""))
    try:
        count_attempt(name)
        with store().read() as db:
            moderator = check_password(db, name, password)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after)}
        return render_template("review/login.html", wanted=wanted, name=name, problem=error.detail), 429, headers
    if moderator is None:
        note_failure(name)
        return render_template("review/login.html", wanted=wanted, name=name, problem=WRONG), 401
    if has_older_hash(moderator):
        with store().write() as db:
            hash_anew(db, moderator, password)
    if moderator.totp_secret:
        session.clear()
        session["halfway"] = [moderator.id, int(time.time()) + HALFWAY, _password_of(moderator)]
        return redirect(url_for("review.login.show_code", next=wanted or None), 303)
    return let_in(moderator, "password", wanted)


@blueprint.get("/login/code")
def show_code() -> ResponseReturnValue:
    """The page that asks for the second factor."""
    if _halfway() is None:
        return redirect(url_for("review.login.show_login"), 303)
    return render_template("review/code.html", wanted=safe_path(request.args.get("next", "")), problem="")


@blueprint.post("/login/code")
def check_code() -> ResponseReturnValue:
    """Check the second factor of somebody whose password was right a moment ago."""
    moderator, wanted = _halfway(), safe_path(request.form.get("next", ""))
    if moderator is None:
        return redirect(url_for("review.login.show_login"), 303)
    try:
        count_attempt(moderator.name)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after)}
        return render_template("review/code.html", wanted=wanted, problem=error.detail), 429, headers
    with store().write() as db:
        person = db.get_one(Moderator, moderator.id)
        fits = bool(person.totp_secret) and second_factor.check(db, person, request.form.get("code", ""))
    if not fits:
        note_failure(moderator.name)
        return render_template("review/code.html", wanted=wanted, problem=WRONG_CODE), 401
    return let_in(moderator, "password and code", wanted)


def _halfway() -> Moderator | None:
    """Whose password was right a moment ago, and is still theirs."""
    known, until, password = session.get("halfway", ("", 0, ""))
    if not known or until < time.time():
        return None
    with store().read() as db:
        moderator = db.get(Moderator, known)
    return moderator if moderator and moderator.active and _password_of(moderator) == password else None


def _password_of(moderator: Moderator) -> str:
    """A sign of the password in force, which tells nothing of it: the cookie is signed, not secret."""
    return hashlib.sha256(moderator.password_hash.encode()).hexdigest()[:32]


def let_in(moderator: Moderator, by: str, wanted: str = "") -> ResponseReturnValue:
    """Begin a login of this browser, and lead on to what was wanted."""
    with store().write() as db:
        login = logins.begin(db, moderator, request.user_agent.string)
        audit.write(db, "logged_in", moderator_id=moderator.id, by=by)
    session.clear()
    session.permanent = True
    session["login"] = login.id
    forget_failures(moderator.name)
    response = redirect(wanted or url_for("review.pages.queue"), 303)
    known_browser.remember(response, moderator.name)
    return response


def begin_anew(db: Session, person: Moderator) -> None:
    """End every login of whoever is logged in, and begin this browser's anew: a copied cookie is worth nothing any more."""
    logins.end(db, person.id)
    g.login = session["login"] = logins.begin(db, person, request.user_agent.string).id


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """End this login: a copied cookie is worth nothing afterwards."""
    with store().write() as db:
        logins.end(db, g.moderator.id, only=g.login)
        audit.write(db, "logged_out", moderator_id=g.moderator.id)
    session.clear()
    return redirect(url_for("review.login.show_login"), 303)


def note_failure(name: str) -> None:
    """Count and write down a failed log-in. An unknown name is the same work, and is not written: it may be a password in
    the wrong field.
    """
    count_failure(name)
    with store().write() as db:
        known = db.scalar(select(Moderator.id).where(Moderator.name == clean_name(name)))
        audit.write(db, "log_in_failed", moderator_id=known)


def safe_path(wanted: str) -> str:
    """`wanted` where it is a page of this console, else empty: a link to the log-in can't lead anywhere else."""
    parts = urlsplit(wanted) if SAFE_PATH.fullmatch(wanted) else None
    inside = parts is not None and not parts.scheme and not parts.netloc and ".." not in parts.path
    return wanted if inside and parts.path not in ("/console/login", "/console/login/code", "/console/logout") else ""
