"""Training data out of people's decisions, for whoever leads a forum's moderation: the forum's consent, and the file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

from flask import Blueprint, Response, g, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service import audit
from service.errors import Conflict, Invalid
from service.review.access import forum_to_lead, reading, writing
from service.review.examples.consent import set_consent
from service.review.examples.export import lines
from service.store.models import Moderator

blueprint = Blueprint("training", __name__, url_prefix="/policy")

MOST = 20_000
"""Posts of one download, the newest; `heed export-training` gives all of them."""


@blueprint.post("/<slug>/training")
def change_consent(slug: str) -> ResponseReturnValue:
    """Give the forum's consent, or take it back."""
    with writing() as db:
        me = db.get_one(Moderator, g.moderator.id)
        set_consent(db, forum_to_lead(db, slug), request.form.get("consent") == "yes", by=me)
    return redirect(url_for("review.policies.show", slug=slug) + "#training", 303)


@blueprint.post("/<slug>/training.jsonl")
def download(slug: str) -> ResponseReturnValue:
    """The forum's decisions as JSON lines, made while they are sent."""
    since = _since()
    with writing() as db:
        forum = forum_to_lead(db, slug)
        if not forum.training_consent:
            raise Conflict(_("Nothing of this forum may be exported. Switch it on first."))
        chosen = since.date().isoformat() if since else None
        audit.write(db, "exported_training", moderator_id=g.moderator.id, forum=forum.id, since=chosen)
        forum_id = forum.id
    found = islice(lines(reading, forum_id=forum_id, since=since), MOST)
    headers = {"Content-Disposition": "attachment; filename=heed-training.jsonl"}
    return Response(stream_with_context(found), mimetype="application/jsonl", headers=headers)


def _since() -> datetime | None:
    """The day in the form, or None for all of them. Raises Invalid for what is no day."""
    given = request.form.get("since", "")
    try:
        return datetime.combine(date.fromisoformat(given), datetime.min.time(), UTC) if given else None
    except ValueError:
        raise Invalid(_("Write the day as 2026-03-31, or leave it empty for all of them."), field="since") from None
