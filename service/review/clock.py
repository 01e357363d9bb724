"""The clock of an item: how long is left until somebody should have looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from service.review import words
from service.store.models import QueueItem
from service.urgency import CRISIS_LANE


@dataclass(frozen=True)
class Clock:
    """`overdue` once `due` is past; `crisis` where a life may be at stake. `words` say how long is left, or how long too late."""

    due: datetime
    overdue: bool
    crisis: bool
    words: str

    @classmethod
    def of(cls, item: QueueItem, moment: datetime) -> Clock | None:
        """None where no clock is shown: hurry that is not called for only wears people out."""
        overdue, crisis = item.due_at < moment, item.lane == CRISIS_LANE
        if item.state != "open" or not (overdue or crisis):
            return None
        length = words.short(abs(item.due_at - moment))
        said = _("%(time)s overdue", time=length) if overdue else _("%(time)s left", time=length)
        return cls(item.due_at, overdue, crisis, said)
