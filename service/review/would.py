"""What somebody would do with a post: the form that asks, and how it is told."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service.errors import Invalid
from service.review import words
from service.store.models import Opinion

LONGEST_NOTE = 2000

CHOICES = {
    "approve": _l("Approve it"),
    "hold": _l("Hold it"),
    "escalate": _l("Escalate it"),
    "redact": _l("Publish it without some words"),
    "remove": _l("Remove it"),
}
"""What can be chosen, by the actions of `service.decisions.ACTIONS`."""

YOU = {
    "approve": _l("You would approve this post"),
    "hold": _l("You would hold this post"),
    "escalate": _l("You would escalate this post"),
    "redact": _l("You would publish this post without some words"),
    "remove": _l("You would remove this post for: %(rule)s"),
}
THEY = {
    "approve": _l("%(who)s would approve this post"),
    "hold": _l("%(who)s would hold this post"),
    "escalate": _l("%(who)s would escalate this post"),
    "redact": _l("%(who)s would publish this post without some words"),
    "remove": _l("%(who)s would remove this post for: %(rule)s"),
}
WOULD = {
    "approve": _l("Would approve it"),
    "hold": _l("Would hold it"),
    "escalate": _l("Would escalate it"),
    "redact": _l("Would publish it without some words"),
    "remove": _l("Would remove it"),
}
"""The same in a list that begins with the name."""


def told(opinion: Opinion, who: str, *, own: bool) -> str:
    """The opinion as a sentence without its end: "sam would hold this post"."""
    rule = words.in_sentence(words.removed_for(opinion.label))
    return (YOU if own else THEY)[opinion.action] % {"who": who, "rule": rule}


def of_form() -> Opinion:
    """What the form says, an opinion that nobody has given yet. Raises Invalid, which says what is missing."""
    action, label = request.form.get("action", ""), request.form.get("label", "")
    note = request.form.get("note", "").replace("\r\n", "\n").strip()
    if action not in CHOICES:
        raise Invalid(_("Choose what you would do."), field="action")
    if len(note) > LONGEST_NOTE:
        raise Invalid(_("The note is too long. Keep it under %(most)s characters.", most=LONGEST_NOTE), field="note")
    if action != "remove":
        return Opinion(action=action, label="", note=note)
    if label not in {value for _area, choices in words.removal_labels() for value, _said in choices}:
        raise Invalid(_("Choose what you would remove it for."), field="label")
    return Opinion(action=action, label=label, note=note)


def version_of_form() -> int:
    """The item's version that whoever sent the form was shown."""
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Invalid(_("The form was incomplete. Reload the page and try again."), field="version") from None
