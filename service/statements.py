"""Statements of reasons: what was taken from an author and why, what they can do about it, and how to appeal.

For the notice to the author (Article 17 of the EU's Digital Services Act); `dsa` holds the same in the terms of the submission API
of the DSA Transparency Database, for forums that have to report there. No word of a post stands in a statement.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.labels import DISTRESS, Area
from service import author_messages
from service.errors import Conflict
from service.policy.policy import why
from service.store.models import Forum, Post, Verdict
from service.verdicts import whole

VISIBILITY = {
    "hold": "DECISION_VISIBILITY_CONTENT_DISABLED",
    "remove": "DECISION_VISIBILITY_CONTENT_REMOVED",
    "redact": "DECISION_VISIBILITY_OTHER",
}
"""The actions that take something from an author for what their post says, and what the database calls it."""
NOTHING = "Nothing was taken from this post's author: it is published, waits to be read, or is deleted. There is nothing to give reasons for."
HELP = "This post is a cry for help. Its author is not told of rules: send them the `crisis_resources` of its verdict, and a person's answer."
FORUM_RULES = "forum_rules"


def statement(session: Session, forum: Forum, post: Post, verdict: Verdict | None, language: str) -> dict[str, Any]:
    """Why the verdict in force took something from the author, in `language` where there are words in it.

    Raises Conflict where there is nothing to give reasons for, and for a person in distress.
    """
    if verdict is None or post.deleted or verdict.revision.number != post.revision:
        raise Conflict(NOTHING)
    labels = _labels(verdict)
    language = author_messages.spoken(language)
    return {
        "post_id": post.id,
        "external_id": post.external_id,
        "verdict_id": verdict.id,
        "action": verdict.action,
        "language": language,
        "reasons": [{"label": label, "text": author_messages.reason(label, language)} for label in labels],
        "to_fix": list(dict.fromkeys(fix for label in labels if (fix := _of(label, _texts()[language]["fix"])))),
        "appeal": f"/v1/posts/{post.id}/appeals",
        "dsa": _dsa(forum, post, verdict, labels),
    }


def statements(session: Session, forum: Forum, since: datetime) -> Iterator[dict[str, Any]]:
    """The `dsa` part of every decision since then that stands and took something, oldest first."""
    query = (
        select(Verdict, Post)
        .join(Post, Post.id == Verdict.post_id)
        .where(Post.forum_id == forum.id, Post.kept, ~Post.deleted, Verdict.current, Verdict.created_at >= since)
        .where(Verdict.action.in_(VISIBILITY))
        .order_by(Verdict.created_at, Verdict.id)
    )
    for verdict, post in session.execute(query.execution_options(yield_per=500)):
        try:
            yield statement(session, forum, post, verdict, author_messages.DEFAULT_LANGUAGE)["dsa"]
        except Conflict:
            continue


def _labels(verdict: Verdict) -> list[str]:
    """What the verdict is for, as `area.label`, the worst first. Raises Conflict where it is not against the author."""
    if verdict.action == "escalate":
        raise Conflict(HELP)
    if verdict.action not in VISIBILITY:
        raise Conflict(NOTHING)
    document = whole(verdict.document)
    if document.get("removed_for"):
        return [document["removed_for"]]
    counted = [r for r in document["reasons"] if r["area"] != Area.CLAIM]
    if any(reason["area"] == Area.SELF_HARM and reason["label"] in DISTRESS for reason in counted):
        raise Conflict(HELP)
    if verdict.action == "redact":
        counted = [reason for reason in counted if reason["area"] == Area.PERSONAL_DATA]
    else:
        counted = [reason for reason in counted if reason["severity"] == verdict.severity]
    return list(dict.fromkeys(f"{reason['area']}.{reason['label']}" for reason in counted)) or [FORUM_RULES]


def _dsa(forum: Forum, post: Post, verdict: Verdict, labels: list[str]) -> dict[str, Any]:
    """The members of the database's `StatementStoreRequest`; lengths are far below its limits."""
    texts = _texts()
    area, _, name = labels[0].partition(".")
    sentence = why().get(area, {}).get(name, "")
    document = whole(verdict.document)
    by_models = bool(document["reasons"])
    other = {"decision_visibility_other": "Published without some of its words"} if verdict.action == "redact" else {}
    keywords = list(dict.fromkeys(word for label in labels if (word := _of(label, texts["keywords"]))))
    return {
        "decision_visibility": [VISIBILITY[verdict.action]],
        **other,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": f"Rules of {forum.name}: {', '.join(labels)}",
        "incompatible_content_explanation": sentence or "It is against the forum's own rules.",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "category": _of(labels[0], texts["categories"]) or texts["categories"][FORUM_RULES],
        **({"category_specification": keywords} if keywords else {}),
        "content_language": str(document.get("language") or "").upper(),
        "content_date": f"{verdict.revision.posted_at or verdict.revision.received_at:%Y-%m-%d}",
        "application_date": f"{verdict.created_at:%Y-%m-%d}",
        "decision_facts": _facts(verdict, document, labels, by_models),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if by_models else "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED" if verdict.decided_by else "AUTOMATED_DECISION_FULLY",
        "puid": verdict.id,
    }


def _facts(verdict: Verdict, document: dict[str, Any], labels: list[str], by_models: bool) -> str:
    found = "Text classifiers on the forum's own machine" if by_models else "A moderator"
    decided = "A moderator read the post and decided." if verdict.decided_by else "It waits for a moderator to decide."
    models = ", ".join(sorted(set(document["models"].values())))
    named = f" (models {models}; policy {verdict.policy_version})" if by_models else ""
    return f"{found} found {', '.join(labels)} in the post{named}. {decided}"


def _of(label: str, table: dict[str, str]) -> str:
    """What the table holds of a label `area.label`, or of its area; empty where nothing."""
    return table.get(label) or table.get(label.partition(".")[0], "")


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
