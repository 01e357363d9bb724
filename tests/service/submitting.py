"""A forum that submits posts, and a worker that reads them."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from classifiers.findings import Findings, LabelScore
from classifiers.labels import POST_LABELS
from service.policy import decide, load
from service.recording import record_verdict
from service.store.models import Revision

POST = {"id": "41", "revision": 1, "board": "thyroid", "body": "Is 50 of levothyroxine a lot?", "author": "u-9"}


def signed(forum, raw: bytes, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(forum.forum.webhook_secret).sign("msg_1", at, raw.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        "X-Heed-Forum": "harbour",
    }


def count(store, table) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def read_pending(store, *names: str) -> None:
    """What a classify worker would record."""
    labels = tuple(LabelScore(area, name, 0.99 if name in names else 0.01) for area, name in POST_LABELS)
    with store.write() as session:
        for revision in session.scalars(select(Revision).where(Revision.state == "pending")):
            record_verdict(session, revision, decide(Findings(labels=labels), load(), text=revision.body))
