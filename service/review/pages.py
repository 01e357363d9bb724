"""The pages to read: the queue, one post, what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service import audit, author_messages, second_readings
from service.agreement import FEWEST
from service.erasure.missing import missing
from service.people import budget
from service.review import stop, words, would
from service.review.access import reading, require_to_decide, writing
from service.review.agreement import load_agreements
from service.review.author import load_earlier
from service.review.claims import claim, let_go
from service.review.counts import load_counts
from service.review.decided import load_decided
from service.review.filters import Filters
from service.review.item import ItemView, load_item
from service.review.numbers import DAYS, Numbers, as_csv, load_numbers
from service.review.outcome import load_latest
from service.review.queue import load_rows, next_item, previous_item
from service.review.summary import summary
from service.review.thread import load_thread, shown_key
from service.review.views import load_views
from service.settings import settings
from service.store.models import QueueItem, Verdict, now

blueprint = Blueprint("pages", __name__)

SHOWN = 20
"""How many posts a session remembers whose personal data it uncovered."""


@blueprint.get("/")
def queue() -> ResponseReturnValue:
    """What waits, most urgent first."""
    filters, after = Filters.of(request.args), request.args.get("after", "")
    with reading() as db:
        rows, cursor = load_rows(db, filters, g.moderator.id, after)
        counts = load_counts(db, filters, g.moderator.id, now())
        views = load_views(db, g.moderator.id)
        today = budget.Today.of(db, g.moderator.id, now())
        again = second_readings.count(db, g.moderator.id)
    return render_template(
        "review/queue.html",
        rows=rows,
        cursor=cursor,
        counts=counts,
        filters=filters,
        views=views,
        again=again,
        continued=bool(after),
        enough=[(budget.SAID[name], today.count(name)) for name in today.spent],
    )


@blueprint.get("/decided")
def decided() -> ResponseReturnValue:
    """What was decided lately, each with its undo while there is time."""
    with reading() as db:
        found = [*load_decided(db, g.moderator.id), *load_latest(db)]
        decisions = sorted(found, key=lambda each: each.when, reverse=True)
        again = second_readings.count(db, g.moderator.id)
    return render_template("review/decided.html", decisions=decisions, again=again)


@blueprint.get("/numbers")
def numbers() -> ResponseReturnValue:
    """What waits, how long people take, how often they think as the models did."""
    with reading() as db:
        return render_template(
            "review/numbers.html",
            numbers=_numbers(db),
            agreements=load_agreements(db, _days()),
            labels=words.LABEL_CHOICES,
            fewest=FEWEST,
            choices=DAYS,
        )


@blueprint.get("/numbers.csv")
def numbers_csv() -> ResponseReturnValue:
    """The same, a row for each label."""
    with reading() as db:
        written = as_csv(_numbers(db), load_agreements(db, _days()))
    name = _("heed-%(days)s-days.csv", days=_days())
    return Response(written, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename={name}"})


def _numbers(db: Session) -> Numbers:
    """Admins see who decided how much on their forums; everybody else sees it of themselves alone."""
    return load_numbers(db, _days(), g.moderator.id, g.access.forums("admin"))


def _days() -> int:
    wanted = request.args.get("days", "")
    return int(wanted) if wanted in {str(days) for days in DAYS} else 30


@blueprint.get("/items/<item_id>")
def item(item_id: str) -> ResponseReturnValue:
    """One post with its reasons. Who opens it has it for a while."""
    began = None
    if "prefetch" not in request.headers.get("Sec-Purpose", ""):
        with writing() as db:
            let_go(db, g.moderator.id, but=item_id)
        with writing() as db:
            item = db.get(QueueItem, item_id)
            if item and budget.open_item(db, item, g.moderator.id, now()) and may_decide(item):
                began = claim(db, item_id, g.moderator.id)
            second_readings.take(db, item_id, g.moderator.id)
    with reading() as db:
        item = db.get(QueueItem, item_id)
        if item and (category := budget.Today.of(db, g.moderator.id, now()).stops(item)):
            return stop.page(db, item, category)
        return render_item(db, item_id, began=began)


def render_item(db: Session, item_id: str, *, problem: str = "", note: str = "", began: datetime | None = None) -> str:
    """The page of one post; `problem` is what went wrong with a decision, whose `note` is kept.

    `began` names the reader's claim, which the page lets go of when it is left.
    """
    filters, reader = Filters.of(request.args), g.moderator.id
    shown = is_shown(db, item_id)
    view = load_item(db, item_id, reader, shown=shown)
    return render_template(
        "review/item.html",
        view=view,
        shown=shown,
        filters=filters,
        summary=summary(view.item.labels, view.revision, view.hazards),
        following="" if view.blind else next_item(db, filters, reader, view.item),
        previous="" if view.blind else previous_item(db, filters, reader, view.item),
        began=began.isoformat() if began else "",
        renew_seconds=settings().claim_seconds // 3,
        skips=words.SKIPS,
        earlier=load_earlier(db, view.revision, reader),
        thread=load_thread(db, view.revision, reader, session.get("shown", [])),
        would=would.CHOICES,
        removals=removal_choices((f"{reason.area}.{reason.label}", reason.words) for reason in view.reasons),
        outcomes=words.OUTCOMES,
        telling=telling(db, view),
        may_decide=may_decide(view.item),
        problem=problem,
        note=note,
    )


def telling(db: Session, view: ItemView) -> dict[str, str]:
    """The usual words to the author by occasion, in the language of the post; empty where nothing is said."""
    return author_messages.all_usual(db, view.forum, view.revision.language)


def may_decide(item: QueueItem) -> bool:
    return g.access.may("moderator", item.forum_id)


def removal_choices(
    labels: Iterable[tuple[str, str]],
) -> tuple[list[tuple[str, str]], list[tuple[str, list[tuple[str, str]]]]]:
    """What may be removed for: of these labels (name, words) those that count, then everything else by area."""
    groups = words.removal_labels()
    known = {value for _, choices in groups for value, _ in choices}
    found = [choice for choice in labels if choice[0] in known]
    first = {value for value, _ in found}
    others = [(area, [choice for choice in choices if choice[0] not in first]) for area, choices in groups]
    return found, [(area, choices) for area, choices in others if choices]


@blueprint.post("/items/<item_id>/personal-data")
def personal_data(item_id: str) -> ResponseReturnValue:
    """Uncover the personal data on a post's page for this moderator, which is written down post by post, or cover it."""
    require_to_decide()
    show = request.form.get("show") == "yes"
    with writing() as db:
        item = db.get(QueueItem, item_id)
        if item is None:
            raise missing(db, item_id)
        around = load_thread(db, db.get_one(Verdict, item.verdict_id).revision, g.moderator.id)
        # The post itself comes last: it is what the session forgets last.
        seen = [(said.post_id, said.verdict_id) for said in around.every if said.secrets]
        seen.append((item.post_id, item.verdict_id))
        for post_id, verdict_id in seen if show else ():
            audit.write(db, "showed", moderator_id=g.moderator.id, post_id=post_id, verdict=verdict_id)
    keys = [shown_key(verdict_id) for _, verdict_id in seen]
    others = [known for known in session.get("shown", []) if known not in keys]
    session["shown"] = [*others, *keys][-SHOWN:] if show else others
    return redirect(url_for("review.pages.item", item_id=item_id, **Filters.of(request.args).query()), 303)


def is_shown(db: Session, item_id: str) -> bool:
    item = db.get(QueueItem, item_id)
    return item is not None and shown_key(item.verdict_id) in session.get("shown", [])
