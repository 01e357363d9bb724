"""Whoever is on call hears of a crisis post that nobody has looked at in time: by a webhook, by e-mail, or both.

The message says where to look and holds no word of a post. The sweeper sends it.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.callback import schedule
from service.callback.send import send
from service.settings import Settings
from service.store import Store
from service.store.models import Alert, Forum, QueueItem, new_id, now
from service.urgency import CRISIS_LANE
from workers.logs import kind

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long one sweeper has alerts to itself while it sends them."""
MOST = 50
"""Alerts in one message."""


@dataclass(frozen=True)
class Overdue:
    """One post to look at."""

    alert_id: str
    url: str
    forum: str
    labels: str
    due: str


def alert(where: Store, chosen: Settings) -> int:
    """Note which crisis posts are overdue and tell whoever is on call; returns how many alerts were sent."""
    if not chosen.on_call_url.get_secret_value() and not chosen.on_call_email:
        return 0
    moment = now()
    with where.write() as session:
        _note(session, moment)
        found = _claim(session, chosen, moment)
    if not found:
        return 0
    error = _tell(found, chosen)
    with where.write() as session:
        for overdue in found:
            _record(session.get(Alert, overdue.alert_id), error)
    if error:
        log.error("on call: %d alerts could not be sent (%s)", len(found), error)
    return 0 if error else len(found)


def _note(session: Session, moment: datetime) -> None:
    known = exists().where(Alert.item_id == QueueItem.id, Alert.item_due_at == QueueItem.due_at)
    late = (QueueItem.state == "open", QueueItem.lane == CRISIS_LANE, QueueItem.due_at < moment, ~known)
    for item in session.scalars(select(QueueItem).where(*late)):
        session.add(Alert(item_id=item.id, item_due_at=item.due_at, due_at=moment))


def _claim(session: Session, chosen: Settings, moment: datetime) -> list[Overdue]:
    query = (
        select(Alert, QueueItem, Forum)
        .join(QueueItem, QueueItem.id == Alert.item_id)
        .join(Forum, Forum.id == QueueItem.forum_id)
        .where(Alert.state == "pending", Alert.due_at <= moment)
        .order_by(Alert.item_due_at)
        .limit(MOST)
        .with_for_update(of=Alert, skip_locked=True)
    )
    found = []
    for noted, item, forum in session.execute(query):
        if item.state != "open":
            # Somebody has looked meanwhile.
            session.delete(noted)
            continue
        noted.attempts, noted.due_at = noted.attempts + 1, moment + LEASE
        url = f"{chosen.public_url.rstrip('/')}/console/items/{item.id}"
        found.append(Overdue(noted.id, url, forum.name, item.labels.strip(), item.due_at.isoformat()))
    return found


def _record(noted: Alert | None, error: str) -> None:
    if noted is None:
        return
    pause = schedule.pause(noted.attempts)
    noted.last_error = error[:300]
    noted.state = "sent" if not error else "pending" if pause is not None else "given_up"
    noted.due_at = now() + timedelta(seconds=pause or 0)


def _tell(found: list[Overdue], chosen: Settings) -> str:
    """Send the message every way that is set; empty, or what went wrong where none got through."""
    ways: list[Callable[[list[Overdue], Settings], str]] = []
    if chosen.on_call_url.get_secret_value():
        ways.append(_post)
    if chosen.on_call_email:
        ways.append(_mail)
    errors = [way(found, chosen) for way in ways]
    return "" if "" in errors else "; ".join(errors)


def _said(found: list[Overdue]) -> str:
    first = "Someone may be in danger: a post waits" if len(found) == 1 else f"{len(found)} posts wait"
    lines = [f"{first} longer than it should for a moderator."]
    return "\n".join([*lines, *(f"{each.forum}: {each.url}" for each in found)])


def _post(found: list[Overdue], chosen: Settings) -> str:
    said = _said(found)
    items = [{"url": o.url, "forum": o.forum, "labels": o.labels.split(), "due_at": o.due} for o in found]
    # Slack and Mattermost show `text`, Discord `content`.
    payload: dict[str, Any] = {"type": "crisis.overdue", "text": said, "content": said, "items": items}
    answer = send(
        chosen.on_call_url.get_secret_value(),
        [],
        new_id("msg"),
        payload,
        seconds=chosen.callback_timeout_seconds,
        # The operator named it: it may well stand in their own network.
        allow_private=True,
    )
    return "" if answer.accepted else f"the webhook: {answer.error}"


def _mail(found: list[Overdue], chosen: Settings) -> str:
    server = urlsplit(chosen.smtp_url.get_secret_value())
    message = EmailMessage()
    message["Subject"] = "Heed: somebody may be in danger, and nobody has looked yet"
    message["From"], message["To"] = chosen.on_call_email, chosen.on_call_email
    message.set_content(_said(found))
    secure = server.scheme == "smtps"
    connect = smtplib.SMTP_SSL if secure else smtplib.SMTP
    try:
        with connect(server.hostname or "", server.port or (465 if secure else 25), timeout=20) as smtp:
            if not secure and smtp.ehlo()[0] == 250 and smtp.has_extn("starttls"):
                smtp.starttls()
            if server.username:
                smtp.login(unquote(server.username), unquote(server.password or ""))
            smtp.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        return f"the mail server: {kind(error)}"
    return ""
