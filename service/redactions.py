"""What is left out of a post, and what the forum shows instead until that is taken back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from classifiers.findings import MarkedSpan, Part
from classifiers.labels import Area
from service.errors import Conflict, Forbidden, Invalid
from service.policy.redact import LEFT_OUT, redact, says_nothing
from service.store.encrypted import Damaged, DamagedObject
from service.store.models import Revision, Verdict

PUBLISHED = ("published", "published_title")
"""What a redaction's document holds beside the models' own."""


def redacted(machine: Verdict, left_out: tuple[str, ...], *, distress: bool) -> dict[str, str]:
    """The body, and the title where it changes, without personal data and without the words of `left_out`, as a verdict
    keeps them.

    Raises Invalid where a line stands in neither, where nothing changes or nothing would be left; Forbidden where more than
    personal data would go from the post of somebody in `distress`; Conflict where the text or the models' verdict was damaged.
    """
    if left_out and distress:
        raise Forbidden(
            _("This post may be a cry for help: only personal data is left out of it. Escalate it, or approve it.")
        )
    revision = machine.revision
    texts = ((Part.TITLE, undamaged(revision.title)), (Part.BODY, undamaged(revision.body)))
    spans = [
        MarkedSpan.from_json(span)
        for span in undamaged(machine.document)["spans"]
        if span["area"] == Area.PERSONAL_DATA
    ]
    for number, words in enumerate(left_out, 1):
        found = [span for part, text in texts for span in _places(words, text, part)]
        if not found:
            raise Invalid(
                _(
                    "Line %(number)s of what else to leave out does not stand in the post. Copy the words from its text.",
                    number=number,
                ),
                field="left_out",
            )
        spans += found
    title, body = (redact(text, [span for span in spans if span.part is part]) for part, text in texts)
    if (title, body) == (revision.title, revision.body):
        raise Invalid(
            _("There is nothing to leave out yet. Copy the words that have to go from the post."), field="left_out"
        )
    if says_nothing(body):
        raise Invalid(_("Nothing would be left of the post. Hold it, or remove it and say what for."), field="left_out")
    return {"published": body, **({"published_title": title} if title != revision.title else {})}


def _places(words: str, text: str, part: Part) -> Iterator[MarkedSpan]:
    """Where the words stand, as they are read or as HTML writes them; a line may end where there was a space."""
    ways = {re.sub(r"\\?\s+", r"\\s+", re.escape(each)) for each in (words, html.escape(words, quote=False))}
    for found in re.finditer("|".join(sorted(ways, key=len, reverse=True)), text):
        yield MarkedSpan(Area.PERSONAL_DATA, LEFT_OUT, *found.span(), 1.0, "moderator", part)


def to_show(session: Session, revision: Revision, document: dict[str, Any]) -> dict[str, str]:
    """The `body` and the `title` that the forum is to show from now on: what it never was told to show otherwise is not
    among them.

    Told again each time: a callback that a newer one overtakes is never sent. Raises Conflict where a text was damaged, or a document of
    which nobody can tell any more what it leaves out.
    """
    before = [verdict.document for verdict in session.scalars(_redactions(revision))]
    if before:
        undamaged(document)
    # Of a damaged redaction nobody knows what it left out: it may have been of both.
    told = [dict.fromkeys(PUBLISHED) if isinstance(each, DamagedObject) else each for each in (*before, document)]
    shown = {}
    if any("published" in each for each in told):
        shown["body"] = undamaged(document.get("published", revision.body))
    if any("published_title" in each for each in told):
        shown["title"] = undamaged(document.get("published_title", revision.title))
    return shown


def undamaged(value: Any) -> Any:
    """Words of a post, or a verdict's document. Raises Conflict where it was damaged."""
    if isinstance(value, Damaged):
        raise Conflict(
            _("The text of this post was damaged in the database. It has to be restored from a back-up first.")
        )
    return value


def is_what_we_told(session: Session, revision: Revision, title: str, body: str) -> bool:
    """Whether a text that the forum sends is one it was told to show, in part or whole again: no edit by the author. Late
    news counts too: it may cross a newer callback.

    `revision` is the post's newest. White space may differ; title and body change apart.
    """
    told = _told(session, revision)
    titles = {revision.title, *(each.get("published_title", revision.title) for each in told)}
    return bool(told) and is_among(title, titles) and is_among(body, bodies_of(session, revision))


def bodies_of(session: Session, revision: Revision) -> set[str]:
    """The revision's own body, and those that the forum was told to show in its place."""
    return {revision.body, *(each["published"] for each in _told(session, revision))}


def forget(session: Session, revision: Revision) -> None:
    """The revision holds another text now: what was published of the old one says nothing of it."""
    for verdict in session.scalars(_redactions(revision)):
        if isinstance(verdict.document, DamagedObject):
            continue
        verdict.document = {name: value for name, value in verdict.document.items() if name not in PUBLISHED}


def _told(session: Session, revision: Revision) -> list[dict[str, Any]]:
    """The documents of the redactions of the revision's text."""
    return [each.document for each in session.scalars(_redactions(revision)) if "published" in each.document]


def _redactions(revision: Revision) -> Select[tuple[Verdict]]:
    return select(Verdict).where(Verdict.revision_id == revision.id, Verdict.action == "redact")


def is_among(text: str, known: Iterable[str]) -> bool:
    """Whether a text is one of these; white space may differ."""
    return any(text.split() == each.split() for each in known)
