"""An evening in the console: one of everything that it can show, for the pictures and for axe-core."""

from __future__ import annotations

from datetime import timedelta

from review_posts import Sample, add_post
from sqlalchemy.orm import Session

from service import appeals, care
from service.decisions import Decision, record_decision
from service.review import opinions
from service.store.models import (
    Care,
    Forum,
    HeavyReading,
    Moderator,
    Post,
    QueueItem,
    Revision,
    SavedView,
    SecondReading,
    Verdict,
    now,
)
from service.verdicts import current_verdict

CRISIS, CONCERN, MEDICAL, IDEATION, FORMS, ILLNESS, SUPPLY, INJURY, MARKUP, ACCOUNT, EATING, DOSING = (
    *(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13),
)
"""Places of the samples in tests/review_posts.py."""
AROUND = (
    Sample("Medicines", "Mine shook for months after the transplant. The team halved the evening dose and it went.",
           minutes=44, author="kidney_no_3", thread="tremor"),
    Sample("Medicines", "Please don’t leave doses out on your own, ring the transplant nurse: 01632 960 204, she is lovely.",
           spans=(("phone", 0.97, "01632 960 204"),), minutes=12, author="nurse_ret", thread="tremor"),
)  # fmt: skip


def decide(session: Session, item_id: str, by: Moderator, action: str, **more: str) -> Verdict:
    item = session.get_one(QueueItem, item_id)
    return record_decision(session, item.id, item.version, by, Decision(action, **more))


def stage(session: Session, forum: Forum, items: list[str], robin: Moderator, sam: Moderator) -> None:
    """robin opens the console: a crisis post is overdue, sam has been at work, authors wait, appeal and are looked after."""
    session.get_one(QueueItem, items[CRISIS]).due_at = now() - timedelta(minutes=3)
    held = session.get_one(QueueItem, items[IDEATION])
    held.claimed_by, held.claimed_at, held.claimed_until = sam.id, now(), now() + timedelta(minutes=4)
    session.add(SavedView(moderator_id=robin.id, name="Medicines tonight", filters={"board": "Medicines"}))
    decide(session, items[DOSING], sam, "approve", note="told, not asked")
    decide(session, items[MARKUP], sam, "hold", note="asked the author for a source")
    _appeal(session, items[SUPPLY], sam)
    _draw(session, items[ACCOUNT], sam)
    opinions.ask(session, items[ILLNESS], sam, robin.id, "Could the town be enough to know her by?")
    care.plan_check_in(session, items[CONCERN], robin)
    session.get_one(Care, session.get_one(QueueItem, items[CONCERN]).post_id).check_in_at = now()
    care.send_help(session, items[CRISIS], sam, "We read it.")
    care.note_reply(session, items[CRISIS], sam)
    _surround(session, forum, items[MEDICAL])


def _appeal(session: Session, item_id: str, by: Moderator) -> None:
    decide(
        session,
        item_id,
        by,
        "remove",
        label="medical.medicine_supply",
        message="Hello,\n\nwe took down a post of yours.",
    )
    post = session.get_one(Post, session.get_one(QueueItem, item_id).post_id)
    words = "I meant the empty boxes, for a school play! I would never post tablets to anybody."
    appeals.begin(session, post, current_verdict(session, post), "a-1", words, now())


def _draw(session: Session, item_id: str, by: Moderator) -> None:
    """The lot falls on a decision: somebody else reads it again."""
    verdict, item = decide(session, item_id, by, "approve"), session.get_one(QueueItem, item_id)
    session.add(SecondReading(verdict_id=verdict.id, item_id=item.id, version=item.version, labels=item.labels))


def _surround(session: Session, forum: Forum, item_id: str) -> None:
    """Give the post a thread with something before and after it."""
    for number, sample in enumerate(AROUND):
        add_post(session, forum, sample, f"around-{number}")
    revision = session.get_one(
        Revision, session.get_one(Verdict, session.get_one(QueueItem, item_id).verdict_id).revision_id
    )
    revision.thread = "tremor"


def tire(session: Session, items: list[str], robin: Moderator) -> None:
    """robin has read enough of despair for today."""
    robin.heavy_budget = {"distress": 1}
    today = now().date()
    session.merge(HeavyReading(moderator_id=robin.id, day=today, item_id=items[IDEATION], category="distress"))


def addresses(items: list[str]) -> dict[str, str]:
    """The pages, by name."""
    posts = {
        "post": MEDICAL,
        "crisis": CRISIS,
        "personal-data": FORMS,
        "in-other-hands": IDEATION,
        "rendered": MARKUP,
        "appeal": SUPPLY,
        "asked": ILLNESS,
        "second-reading": ACCOUNT,
    }
    return {
        "queue": "/console/",
        "narrowed": "/console/?label=medical&severity=high",
        "nothing-here": "/console/?label=claim&severity=critical",
        **{name: f"/console/items/{items[place]}" for name, place in posts.items()},
        "decided": "/console/decided",
        "second-readings": "/console/second-readings",
        "differed": "/console/second-readings/differed",
        "care": "/console/care",
        "numbers": "/console/numbers",
        "account": "/console/account",
        "second-factor": "/console/account/second-factor",
        "people": "/console/people",
        "policy": "/console/policy/harbour",
        "messages": "/console/messages/harbour",
        "broken-link": "/console/nowhere",
    }
