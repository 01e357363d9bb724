"""Deciding several posts together: looked over first, done, taken back."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.review import bulk, undo
from service.review.access import reading, require_somewhere, writing
from service.review.decisions import wanted
from service.review.filters import Filters
from service.review.outcome import load_outcome, said
from service.review.pages import removal_choices
from service.review.selection import MOST, chosen, load_selection, matching
from service.store.models import Moderator, new_id
from service.wakeup import wake_deliver

blueprint = Blueprint("together", __name__, url_prefix="/together")

PLAN = re.compile(r"bulk_[0-9a-f]{32}", re.ASCII)


@blueprint.before_request
def _who_decides() -> None:
    if request.method == "POST":
        require_somewhere("moderator")


@blueprint.post("")
def preview() -> ResponseReturnValue:
    """What would be decided, before anything is: the posts that were ticked, or all under the filters."""
    filters, total = Filters.of(request.args), 0
    with reading() as db:
        if request.form.get("all") == "yes":
            picks, total = matching(db, filters, g.moderator.id)
        else:
            picks = chosen(request.form.getlist("post"))
        return _page(db, filters, picks, total=total)


@blueprint.get("")
def nothing() -> ResponseReturnValue:
    """A preview is made of a choice; without one, the queue is the place to choose."""
    return redirect(url_for("review.pages.queue"), 303)


@blueprint.post("/decide")
def decide() -> ResponseReturnValue:
    """Do what was looked over; a mistake in the form shows the posts again."""
    filters, picks = Filters.of(request.args), chosen(request.form.getlist("post"))
    note = request.form.get("note", "").replace("\r\n", "\n").strip()
    try:
        decision = replace(wanted(note), message="")
        plan = bulk.Plan(_plan_id(), decision, request.form.get("telling") != "nothing", picks)
        with writing() as db:
            bulk.write_down(db, plan, db.get_one(Moderator, g.moderator.id))
    except Invalid as error:
        with reading() as db:
            return _page(db, filters, picks, problem=error.detail), error.status
    done = bulk.carry_out(plan.id, g.moderator.id, g.access)
    if done:
        undo.remember_bulk(plan.id, said(decision.action, done))
        wake_deliver()
    return redirect(url_for("review.together.show", bulk_id=plan.id, **filters.query()), 303)


@blueprint.get("/<bulk_id>")
def show(bulk_id: str) -> ResponseReturnValue:
    """What came of it."""
    with reading() as db:
        outcome = load_outcome(db, bulk_id, g.access)
    return render_template("review/together_done.html", outcome=outcome, filters=Filters.of(request.args), said=said)


@blueprint.post("/<bulk_id>/undo")
def take_back(bulk_id: str) -> ResponseReturnValue:
    """Undo whatever of it stands."""
    undo.forget()
    with reading() as db:
        load_outcome(db, bulk_id, g.access)
    if bulk.take_back(bulk_id, g.moderator.id, g.access):
        wake_deliver()
    return redirect(url_for("review.together.show", bulk_id=bulk_id, **Filters.of(request.args).query()), 303)


def _page(db: Session, filters: Filters, picks: dict[str, int], *, total: int = 0, problem: str = "") -> str:
    selection = load_selection(db, picks, g.moderator.id, g.access, total)
    return render_template(
        "review/together.html",
        selection=selection,
        filters=filters,
        plan=new_id("bulk"),
        removals=removal_choices((value, words) for value, words, _ in selection.labels),
        most=MOST,
        problem=problem,
        note=request.form.get("note", ""),
    )


def _plan_id() -> str:
    """The id of the form's plan: the same for a form sent twice, another for each person, so that nobody meets, or learns
    of, a plan of somebody else.
    """
    plan = request.form.get("plan", "")
    if not PLAN.fullmatch(plan):
        raise Invalid(_("The form was incomplete. Look the posts over and decide again."), field="plan")
    return "bulk_" + hashlib.sha256(f"{g.moderator.id} {plan}".encode()).hexdigest()[:32]
