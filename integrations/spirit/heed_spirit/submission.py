"""A comment of Spirit's as Heed takes posts in."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.db.models import Q, QuerySet
from spirit.comment.models import Comment
from spirit.core.utils import site_url
from spirit.topic.models import Topic

from heed_spirit import conf
from heed_spirit.authors import sender_name
from heed_spirit.models import Post

ANSWERS = re.compile(r"(?:> *)?@([\w.@+-]+)")
"""How Spirit's buttons begin a reply (`@name`) and a quote (`> @name said:`)."""


def sent() -> QuerySet[Comment]:
    """The comments that Heed is to know: what readers can see, and where the forum says so private topics but its letters."""
    comments = Comment.objects.unremoved()
    if not conf.get("HEED_PRIVATE_TOPICS"):
        return comments.public()
    return comments.exclude(topic__category__is_private=True, topic__user__username=sender_name())


def is_opening(comment: Comment) -> bool:
    """Whether the comment opens its topic, so that the topic's title is its author's word too."""
    earlier = Comment.objects.filter(topic_id=comment.topic_id, action=Comment.COMMENT, pk__lt=comment.pk)
    return not earlier.exists()


def own_title(post: Post, topic: Topic) -> str:
    """The title as its author wrote it, whatever is shown in its place."""
    return post.own_title if post.shown_title and topic.title == post.shown_title else topic.title


def submission(post: Post, comment: Comment) -> dict[str, Any]:
    """All of a submission but its revision."""
    return {
        "id": str(comment.pk),
        "board": comment.topic.category.slug,
        "title": own_title(post, comment.topic) if is_opening(comment) else "",
        "body": comment.comment,
        "format": "markdown",
        "thread": str(comment.topic_id),
        "reply_to": _answered(comment),
        "author": str(comment.user_id),
        "created_at": comment.date.isoformat(),
        "url": site_url() + comment.get_absolute_url(),
    }


def digest(document: dict[str, Any]) -> str:
    """What makes another revision: other words, or another board, whose rules may be others."""
    words = json.dumps([document["title"], document["body"], document["board"]])
    return hashlib.sha256(words.encode()).hexdigest()


def _answered(comment: Comment) -> str:
    """Spirit keeps no link from a reply to its parent: it is the newest post in the topic by whom the reply names first."""
    named = ANSWERS.match(comment.comment)
    if named is None:
        return ""
    name = named[1]
    by_them = Q(user__username__iexact=name) | Q(user__st__nickname__iexact=name)
    earlier = sent().filter(by_them, topic_id=comment.topic_id, pk__lt=comment.pk).order_by("-pk").first()
    return str(earlier.pk) if earlier else ""
