"""One's own account: what colleagues see, how the console reads, the password, the second factor, where one is logged in."""

from __future__ import annotations

import time
from zoneinfo import available_timezones

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from service import audit
from service.errors import Invalid, RequestError
from service.people import budget, logins, second_factor
from service.people.accounts import LONGEST_NAME, check_password, hash_password
from service.review.access import reading, writing
from service.review.attempts import count_attempt
from service.review.language import LANGUAGES
from service.review.login import begin_anew, note_failure, safe_path
from service.settings import settings
from service.store.models import LoginSession, Moderator

blueprint = Blueprint("account", __name__)

LINKING = 600
"""Seconds in which somebody may come back from the provider that they link their account to."""
SIZES = {"": _("As the browser has it"), "large": _("Large"), "larger": _("Larger")}


@blueprint.get("/account")
def show() -> ResponseReturnValue:
    """The page of one's own account."""
    return _page()


def _page(problem: str = "", done: str = "") -> str:
    with reading() as db:
        return render_template(
            "review/account.html",
            logins=logins.of_person(db, g.moderator.id),
            this=g.login,
            codes_left=second_factor.recovery_codes_left(db, g.moderator),
            sizes=SIZES,
            languages=LANGUAGES,
            zones=sorted(available_timezones()),
            heavy=budget.SAID,
            heavy_usual=settings().heavy_budget,
            heavy_most=budget.MOST,
            problem=problem,
            done=done,
        )


@blueprint.errorhandler(RequestError)
def _refused(error: RequestError) -> ResponseReturnValue:
    return _page(error.detail), error.status


@blueprint.post("/account/reading")
def change_reading() -> ResponseReturnValue:
    """How colleagues and the console show things."""
    alias, size = " ".join(request.form.get("alias", "").split()), request.form.get("text_size", "")
    zone, spoken = request.form.get("zone", ""), request.form.get("language", "")
    if len(alias) > LONGEST_NAME or not alias.isprintable():
        too_long = gettext("Use %(most)s printable characters or fewer for the name.", most=LONGEST_NAME)
        raise Invalid(too_long, field="alias")
    if zone and zone not in available_timezones():
        raise Invalid(gettext("Choose a time zone of the list, such as Europe/London."), field="zone")
    with writing() as db:
        me = db.get_one(Moderator, g.moderator.id)
        me.alias, me.text_size, me.zone = alias, size if size in SIZES else "", zone
        me.language = spoken if spoken in LANGUAGES else ""
        me.softened = request.form.get("softened") == "yes"
    return redirect(url_for("review.account.show"), 303)


@blueprint.post("/account/heavy")
def change_heavy() -> ResponseReturnValue:
    """How many heavy posts of each kind a day."""
    with writing() as db:
        budget.choose(db, g.moderator.id, request.form)
    return redirect(url_for("review.account.show"), 303)


@blueprint.post("/softened")
def softened() -> ResponseReturnValue:
    """Blur sharp sentences until they are wanted, or show them at once: the switch of every page."""
    with writing() as db:
        db.get_one(Moderator, g.moderator.id).softened = request.form.get("softened") == "yes"
    return redirect(safe_path(request.form.get("back", "")) or url_for("review.pages.queue"), 303)


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    """A new password; every other login ends, and so does a copy of this one."""
    _ask_password(request.form.get("password", ""))
    with writing() as db:
        me = db.get_one(Moderator, g.moderator.id)
        me.password_hash = hash_password(request.form.get("new_password", ""), me.name)
        begin_anew(db, me)
        audit.write(db, "changed_password", moderator_id=me.id)
    return _page(done=gettext("Your password is changed. Every other login has ended."))


def _ask_password(password: str) -> None:
    """Raises Invalid where the password is not that of whoever is logged in."""
    count_attempt(g.moderator.name)
    with reading() as db:
        matches = check_password(db, g.moderator.name, password) is not None
    if not matches:
        note_failure(g.moderator.name)
        raise Invalid(gettext("Your present password doesn’t match. Nothing was changed; try again."), field="password")


@blueprint.post("/account/sign-on")
def link_sign_on() -> ResponseReturnValue:
    """Begin to link the account to a sign-on elsewhere: the next one within some minutes is its owner's."""
    if g.moderator.password_hash:
        _ask_password(request.form.get("password", ""))
    session["linking"] = int(time.time()) + LINKING
    return render_template("review/linking.html")


@blueprint.post("/account/logins/end")
def end_logins() -> ResponseReturnValue:
    """Log out of one other browser, or of all of them."""
    with writing() as db:
        logins.end(db, g.moderator.id, only=request.form.get("login", ""), but=g.login)
        audit.write(db, "ended_logins", moderator_id=g.moderator.id)
    return redirect(url_for("review.account.show"), 303)


@blueprint.get("/account/second-factor")
def set_up() -> ResponseReturnValue:
    """The QR code of a new second factor."""
    with writing() as db:
        login = db.get_one(LoginSession, g.login)
        login.new_totp = login.new_totp or second_factor.new_secret()
        return _set_up_page(login.new_totp)


def _set_up_page(secret: str, problem: str = "") -> str:
    picture = second_factor.picture(second_factor.address(secret, g.moderator.name))
    return render_template("review/second_factor.html", secret=secret, picture=picture, problem=problem, codes=[])


@blueprint.post("/account/second-factor")
def turn_on() -> ResponseReturnValue:
    """Turn the second factor on with its first code; the recovery codes are shown once. Its owner proves who they are, so
    that a borrowed browser can't lock them out or put another in its place.
    """
    with reading() as db:
        secret = db.get_one(LoginSession, g.login).new_totp
    if not secret:
        return redirect(url_for("review.account.set_up"), 303)
    try:
        _prove()
        with writing() as db:
            me = db.get_one(Moderator, g.moderator.id)
            codes = second_factor.turn_on(db, me, secret, request.form.get("code", ""))
            begin_anew(db, me)
            audit.write(db, "turned_on_second_factor", moderator_id=me.id)
    except Invalid as error:
        return _set_up_page(secret, error.detail), error.status
    return render_template("review/second_factor.html", codes=codes)


def _prove() -> None:
    """Raises Invalid without the password, or, of who signs on elsewhere, a code of the second factor they have."""
    if g.moderator.password_hash:
        return _ask_password(request.form.get("password", ""))
    if not g.moderator.totp_secret:
        return
    count_attempt(g.moderator.name)
    with writing() as db:
        fits = second_factor.check(db, db.get_one(Moderator, g.moderator.id), request.form.get("old_code", ""))
    if not fits:
        note_failure(g.moderator.name)
        raise Invalid(gettext("The present code doesn’t fit. Wait for the next one, and try again."), field="old_code")


@blueprint.post("/account/second-factor/off")
def turn_off() -> ResponseReturnValue:
    """Turn the second factor off; the password is asked for, so that a borrowed browser can't."""
    _ask_password(request.form.get("password", ""))
    with writing() as db:
        second_factor.remove(db, db.get_one(Moderator, g.moderator.id))
        audit.write(db, "turned_off_second_factor", moderator_id=g.moderator.id)
    return redirect(url_for("review.account.show"), 303)
