"""What a change of policy would have done to the posts of the last days: decided again from what the models found in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.findings import Findings
from service.policy.decide import decide
from service.policy.policy import Policy
from service.store.models import Forum, Post, QueueItem, Revision, Verdict, now

DAYS = 30
MOST = 5_000
"""Posts that are decided again, the newest; more would keep whoever asks waiting."""
EXAMPLES = 20


@dataclass(frozen=True)
class Changed:
    """A post that the change would treat otherwise. `outcome` is what a person decided, or empty."""

    revision: Revision
    before: dict[str, Any]
    after: dict[str, Any]
    item_id: str
    outcome: str

    @property
    def more(self) -> bool:
        """Whether it would come to the queue, and did not."""
        return self.before["action"] == "allow" != self.after["action"]

    @property
    def fewer(self) -> bool:
        return self.after["action"] == "allow" != self.before["action"]


@dataclass
class Preview:
    """How many posts come to the queue by the policy in force and by the proposed one."""

    posts: int = 0
    flagged_before: int = 0
    flagged_after: int = 0
    labels: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Flagged before and after, by area and label; those alone that change."""
    more: int = 0
    fewer: int = 0
    otherwise: int = 0
    """Posts in the queue either way, with another action."""
    fewer_upheld: int = 0
    """Of those that would come no more: people thought as the models did."""
    fewer_overturned: int = 0
    examples: list[Changed] = field(default_factory=list)


def preview(session: Session, forum: Forum, present: Policy, proposed: Policy) -> Preview:
    """Decide the forum's posts of the last DAYS again, at most MOST of them, by both policies."""
    found, changed = Preview(), []
    before_labels: Counter[tuple[str, str]] = Counter()
    after_labels: Counter[tuple[str, str]] = Counter()
    for verdict, revision, item in _read_lately(session, forum):
        findings = Findings.from_json(verdict.findings or {})
        before, after = (
            decide(findings, policy, text="", board=revision.board, region=forum.region)
            for policy in (present, proposed)
        )
        found.posts += 1
        before_labels.update(_flagged(before))
        after_labels.update(_flagged(after))
        found.flagged_before += before["action"] != "allow"
        found.flagged_after += after["action"] != "allow"
        if before["action"] != after["action"]:
            decided = item is not None and item.state == "decided"
            outcome = item.decision if item and decided else ""
            changed.append(Changed(revision, before, after, item.id if item else "", outcome))
    names = sorted(name for name in before_labels | after_labels if before_labels[name] != after_labels[name])
    found.labels = {name: [before_labels[name], after_labels[name]] for name in names}
    found.more, found.fewer = sum(each.more for each in changed), sum(each.fewer for each in changed)
    found.otherwise = len(changed) - found.more - found.fewer
    gone = [each.outcome for each in changed if each.fewer and each.outcome]
    found.fewer_overturned = gone.count("allow")
    found.fewer_upheld = len(gone) - found.fewer_overturned
    found.examples = _mixed(changed)
    return found


def _read_lately(session: Session, forum: Forum):  # noqa: ANN202
    """The models' newest verdict on each post of the forum, with its text and its item."""
    query = (
        select(Verdict, Revision, QueueItem)
        .join(Revision, Revision.id == Verdict.revision_id)
        .join(Post, Post.id == Verdict.post_id)
        .outerjoin(QueueItem, QueueItem.post_id == Verdict.post_id)
        .where(
            Verdict.decided_by.is_(None),
            Verdict.findings.is_not(None),
            Verdict.created_at >= now() - timedelta(days=DAYS),
            Revision.number == Post.revision,
            Post.forum_id == forum.id,
            Post.deleted.is_(False),
            Post.kept,
        )
        .order_by(Verdict.created_at.desc(), Verdict.id.desc())
        .limit(MOST)
    )
    seen: set[str] = set()
    for verdict, revision, item in session.execute(query.execution_options(yield_per=500)):
        if verdict.post_id not in seen:
            seen.add(verdict.post_id)
            yield verdict, revision, item


def _flagged(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(reason["area"], reason["label"]) for reason in document["reasons"]}


def _mixed(changed: list[Changed]) -> list[Changed]:
    """Some of each kind, the newest of each."""
    more, fewer = [each for each in changed if each.more], [each for each in changed if each.fewer]
    others = [each for each in changed if not each.more and not each.fewer]
    half = EXAMPLES // 2
    kept = more[: max(half, EXAMPLES - len(fewer) - len(others))]
    kept += fewer[: max(half, EXAMPLES - len(kept) - len(others))]
    return (kept + others)[:EXAMPLES]
