"""The console's blueprint: its pages, and what holds for all of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_decimal, format_time
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect

from service import care
from service.errors import Forbidden, Invalid, NotFound
from service.review import (
    account,
    caring,
    consulting,
    decisions,
    joining,
    language,
    login,
    messages,
    pages,
    people,
    policies,
    second_readings,
    sharing,
    sign_on,
    stop,
    together,
    training,
    undo,
    views,
    words,
)
from service.review.access import reading
from service.review.errors import page
from service.review.queue import overdue_crises
from service.settings import settings
from service.store.models import now

STATIC = Path(__file__).parent / "static"
YEAR = 31_536_000

blueprint = Blueprint("review", __name__, url_prefix="/console", template_folder="templates", static_folder="static")
csrf = CSRFProtect()

for part in (
    login,
    sign_on,
    joining,
    account,
    people,
    policies,
    messages,
    pages,
    decisions,
    caring,
    sharing,
    together,
    stop,
    training,
    views,
    consulting,
    second_readings,
):
    blueprint.register_blueprint(part.blueprint)


@blueprint.record
def _set_up(state: BlueprintSetupState) -> None:
    app: Flask = state.app
    # Forms of the console are checked by `_check_form`; the API is signed instead and has no forms.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    sign_on.install(app, settings())
    language.install(app)
    app.add_url_rule("/", "home", lambda: redirect(url_for("review.pages.queue")))


@blueprint.before_request
def _check_form() -> None:
    csrf.protect()


blueprint.before_request(login.require_login)


@blueprint.before_request
def _refuse_nothing_written() -> None:
    """U+0000 stands in no id and no text of ours, and PostgreSQL takes none."""
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound(_("There is no page at this address. The queue is the place to start from."))
    if any("\x00" in value for _name, value in request.values.items(multi=True)):
        raise Invalid(_("The form was incomplete. Reload the page and try again."))


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    if request.endpoint == "review.static" and request.args.get("v"):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    # A form's origin is checked by its referrer over https, so the console's own pages have to see it.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.errorhandler(CSRFError)
def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    error = Forbidden(_("This page was from an earlier log-in, so nothing was done. Go back, reload it and try again."))
    return page(error), error.status


@blueprint.get("/<path:_nowhere>")
def nowhere(_nowhere: str) -> ResponseReturnValue:
    """Any other address of the console."""
    raise NotFound(_("There is no page at this address. The queue is the place to start from."))


@blueprint.app_template_filter("ago")
def _ago(then: datetime) -> str:
    return words.ago(then, now())


for said in (words.in_sentence, words.action, words.device):
    blueprint.add_app_template_filter(said, said.__name__)


@blueprint.app_template_filter("local")
def _local(when: datetime) -> str:
    """A time in the reader's zone: "3 March 2026, 21:04 GMT"."""
    zone = ZoneInfo(g.moderator.zone) if g.get("moderator") and g.moderator.zone else UTC
    there = when.astimezone(zone)
    said = {"date": format_date(there.date(), "long"), "time": format_time(there, "short", rebase=False)}
    return _("%(date)s, %(time)s %(zone)s", **said, zone=there.tzname())


@blueprint.app_template_filter("number")
def _number(value: float) -> str:
    return format_decimal(value)


@blueprint.app_template_filter("percent")
def _percent(share: float, digits: int = 0) -> str:
    """A share of 0..1: "50 %"."""
    return _("%(number)s %%", number=format_decimal(100 * share, f"#,##0.{'0' * digits}" if digits else "#,##0"))


@blueprint.app_template_filter("minutes")
def _minutes(length: float) -> str:
    return words.short(timedelta(minutes=length))


# Of the whole app: a wrong method or address of the console is no blueprint's, and its answer is a page all the same.
@blueprint.app_context_processor
def _for_all_pages() -> dict[str, object]:
    return {
        "moderator": g.get("moderator"),
        "spoken": language.spoken(),
        "access": g.get("access"),
        "undo": undo.offered(),
        "pressing": _pressing,
        "asset": asset,
        "sign_on": settings().oidc_name if settings().oidc_issuer else "",
    }


@dataclass(frozen=True)
class Pressing:
    """What every page tells of: overdue crisis posts, the one that has waited longest, authors to look after now."""

    late: int
    first: str
    check_ins: int


def _pressing() -> Pressing:
    """Looked up once a request."""
    if "pressing" not in g:
        with reading() as db:
            g.pressing = Pressing(*overdue_crises(db, g.moderator.id), care.due_check_ins(db, now()))
    return g.pressing


def asset(name: str) -> str:
    """URL of a static file, with its hash: browsers keep it until it changes."""
    return url_for("review.static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
