"""Who is here: log-in, log-out and the check before every page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from service import audit
from service.accounts import check_password, clean_name, end_sessions
from service.errors import TooMany
from service.review.attempts import count_attempt
from service.store import store
from service.store.models import Moderator

blueprint = Blueprint("login", __name__)

OPEN = frozenset({"review.static", "review.login.show_login", "review.login.log_in"})
"""What may be seen without a log-in."""
WRONG = "The name and password don’t match. Check both and try again."
SAFE_PATH = re.compile(r"/console(/[\w./-]*)?(\?[\w=&.%+-]*)?", re.ASCII)


def require_login() -> ResponseReturnValue | None:
    """Set `g.moderator`, or send whoever is not logged in to the log-in and back afterwards."""
    g.moderator = None
    if request.endpoint == "review.static":
        return None
    g.moderator = _moderator()
    if g.moderator or request.endpoint in OPEN:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("review.login.show_login", next=safe_path(wanted) or None), 303)


def _moderator() -> Moderator | None:
    known = session.get("moderator")
    if not known:
        return None
    with store().read() as db:
        moderator = db.get(Moderator, known)
    if moderator and moderator.active and moderator.session_epoch == session.get("epoch"):
        return moderator
    session.clear()
    return None


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
        count_attempt(request.remote_addr or "", name)
        with store().read() as db:
            moderator = check_password(db, name, password)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after)}
        return render_template("review/login.html", wanted=wanted, name=name, problem=error.detail), 429, headers
    if moderator is None:
        write_failure(name)
        return render_template("review/login.html", wanted=wanted, name=name, problem=WRONG), 401
    with store().write() as db:
        audit.write(db, "logged_in", moderator_id=moderator.id)
    session.clear()
    session.permanent = True
    session["moderator"], session["epoch"] = moderator.id, moderator.session_epoch
    return redirect(wanted or url_for("review.pages.queue"), 303)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the moderator's sessions, here and on every other machine: a copied cookie is worth nothing afterwards."""
    with store().write() as db:
        end_sessions(db, g.moderator.id)
        audit.write(db, "logged_out", moderator_id=g.moderator.id)
    session.clear()
    return redirect(url_for("review.login.show_login"), 303)


def write_failure(name: str) -> None:
    """Note a failed log-in of somebody who is known; what else was typed may be a password in the wrong field."""
    with store().write() as db:
        known = db.scalar(select(Moderator.id).where(Moderator.name == clean_name(name)))
        if known:
            audit.write(db, "log_in_failed", moderator_id=known)


def safe_path(wanted: str) -> str:
    """`wanted` where it is a page of this console, else empty: a link to the log-in can't lead anywhere else."""
    parts = urlsplit(wanted) if SAFE_PATH.fullmatch(wanted) else None
    inside = parts is not None and not parts.scheme and not parts.netloc and ".." not in parts.path
    return wanted if inside and parts.path not in ("/console/login", "/console/logout") else ""
