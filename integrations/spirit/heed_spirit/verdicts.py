"""A verdict carried out: the post is shown, hidden or shown in part, and its author is told why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from spirit.comment.models import Comment
from spirit.core import tasks
from spirit.core.utils.markdown import Markdown
from spirit.topic.models import Topic

from heed_spirit.authors import write_to
from heed_spirit.models import HIDDEN, Post
from heed_spirit.submission import digest, is_opening, own_title, sent, submission

NEUTRAL_SLUG = "topic"
"""In the place of a hidden title's words in a topic's address."""


def judged(event: dict[str, Any]) -> bool:
    """`post.verdict` and `post.decision`: False where the words it is of may stand there again before Heed hears of others.

    Of a text that does not stand there, only the help for its author counts.
    """
    data, moment = event["data"], datetime.fromisoformat(event["timestamp"])
    post = Post.objects.select_for_update().filter(pk=data["external_id"]).first()
    comment = sent().select_related("topic__category", "user").filter(pk=data["external_id"]).first()
    if post is None:
        return True
    if comment and data["crisis_resources"] and not post.helped:
        Post.objects.filter(pk=post.pk).update(helped=True)
        write_to(comment, resources=data["crisis_resources"])
    if data["revision"] < post.revision or (post.judged_at and post.judged_at > moment):
        return True
    if comment is None or digest(submission(post, comment)) != post.digest:
        return False
    post.action, post.judged_at = data["action"], moment
    post.shown_html = Markdown().render(data["body"]) if data["action"] == "redact" and "body" in data else ""
    if is_opening(comment):
        _show_title(post, comment.topic, _title(data))
    post.save(update_fields=["action", "judged_at", "shown_html", "shown_title", "own_title", "own_slug"])
    if data["message"]:
        write_to(comment, message=data["message"])
    return True


def cared(event: dict[str, Any]) -> bool:
    """`post.care`: help for a post's author, whatever became of the post."""
    data = event["data"]
    comment = Comment.objects.select_related("user").filter(pk=data["external_id"]).first()
    if comment:
        write_to(comment, message=data["message"], resources=data["crisis_resources"])
    return True


def keep_title_hidden(id_: int) -> None:
    """Put our title back where the author has written theirs over it: like other words, it waits for a verdict."""
    with transaction.atomic():
        post = Post.objects.select_for_update().get(pk=id_)
        comment = sent().select_related("topic").filter(pk=id_).first()
        if comment and is_opening(comment) and post.shown_title not in ("", comment.topic.title):
            _show_title(post, comment.topic, post.shown_title)
            post.save(update_fields=["own_title", "own_slug"])


def _title(data: dict[str, Any]) -> str | None:
    """The title that is shown in the place of the author's; None where theirs is."""
    if data["action"] in HIDDEN:
        return _("[waits for a moderator]") if data["action"] == "hold" else _("[removed]")
    return data.get("title") if data["action"] == "redact" else None


def _show_title(post: Post, topic: Topic, shown: str | None) -> None:
    if shown is None and not post.shown_title:
        return
    own, slug = own_title(post, topic), post.own_slug or topic.slug
    post.shown_title, post.own_title, post.own_slug = (shown, own, slug) if shown else ("", "", "")
    now = {"title": shown, "slug": NEUTRAL_SLUG} if shown else {"title": own, "slug": slug}
    # A title that its author has written since the topic was read is not lost: it is news of its own.
    Topic.objects.filter(pk=topic.pk, title=topic.title).update(**now, reindex_at=timezone.now())
    tasks.search_index_update(topic_pk=topic.pk)
