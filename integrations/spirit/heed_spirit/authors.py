"""What an author is told, in a private topic of Spirit's."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from spirit.comment.models import Comment
from spirit.core.conf import settings
from spirit.core.utils import site_url
from spirit.core.utils.markdown import Markdown
from spirit.topic.models import Topic
from spirit.topic.notification.models import TopicNotification
from spirit.topic.private.models import TopicPrivate

from heed_spirit import conf


def write_to(comment: Comment, message: str = "", resources: list[dict[str, str]] | None = None) -> Topic:
    """A private topic for the comment's author, who is notified of it."""
    sender = _sender()
    told = {"message": message, "resources": resources or [], "address": site_url() + comment.get_absolute_url()}
    text = render_to_string("heed_spirit/message.txt", told).strip()
    topic = Topic.objects.create(
        user=sender,
        category_id=settings.ST_TOPIC_PRIVATE_CATEGORY_PK,
        title=_("About your post"),
        # Nobody reads what would be answered to an account that can't log in.
        is_closed=not sender.is_active,
        comment_count=1,
    )
    words = Comment.objects.create(user=sender, topic=topic, comment=text, comment_html=Markdown().render(text))
    TopicPrivate.objects.bulk_create(TopicPrivate(user=user, topic=topic) for user in {sender, comment.user})
    TopicNotification.bulk_create(users=[comment.user], comment=words)
    return topic


def _sender():
    user, new = get_user_model().objects.get_or_create(username=conf.get("HEED_SENDER"), defaults={"is_active": False})
    if new:
        user.set_unusable_password()
        user.save()
    return user
