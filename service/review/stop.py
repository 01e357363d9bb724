"""The gentle stop: somebody had enough of such posts today, and chooses whether to read one more."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.erasure.missing import missing
from service.people import budget
from service.review.access import writing
from service.review.clock import Clock
from service.review.filters import Filters
from service.review.queue import next_item
from service.review.summary import summary
from service.store.models import QueueItem, Verdict, now
from service.urgency import CRISIS_LANE

blueprint = Blueprint("stop", __name__)


def page(db: Session, item: QueueItem, category: str) -> str:
    """The page in the place of the item's own."""
    filters, moment = Filters.of(request.args), now()
    about = db.scalar(select(budget.somebody_about(g.moderator.id, moment)).where(QueueItem.id == item.id))
    crisis = item.state == "open" and item.lane == CRISIS_LANE
    return render_template(
        "review/stop.html",
        item=item,
        filters=filters,
        kind=budget.SAID[category],
        count=budget.Today.of(db, g.moderator.id, moment).count(category),
        summary=summary(item.labels, db.get_one(Verdict, item.verdict_id).revision),
        following=next_item(db, filters, g.moderator.id, item),
        clock=Clock.of(item, moment),
        overdue=crisis and item.due_at < moment,
        needed=crisis and not about,
    )


@blueprint.post("/items/<item_id>/all-the-same")
def read_it(item_id: str) -> ResponseReturnValue:
    """Read this one post although enough were read today."""
    with writing() as db:
        item = db.get(QueueItem, item_id)
        if item is None:
            raise missing(db, item_id)
        budget.open_item(db, item, g.moderator.id, now(), wanted=True)
    return redirect(url_for("review.pages.item", item_id=item_id, **Filters.of(request.args).query()), 303)
