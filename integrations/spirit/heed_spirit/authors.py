"""What an author is told, in a private topic of Spirit's."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from spirit.comment.models import Comment
from spirit.core.conf import settings
from spirit.core.utils import site_url
from spirit.core.utils.markdown import Markdown
from spirit.topic.models import Topic
from spirit.topic.notification.models import TopicNotification
from spirit.topic.private.models import TopicPrivate
from spirit.user.models import UserProfile

from heed_spirit import conf
from heed_spirit.models import Post

TAKEN = f"The account `{conf.DEFAULTS['HEED_SENDER']}` is a member's, and Heed's letters to authors would be theirs to read."
INSTEAD = "Set HEED_SENDER to a name that nobody has, or to that of your moderators' account."


def write_to(comment: Comment, message: str = "", resources: list[dict[str, str]] | None = None) -> Topic:
    """A private topic for the comment's author, who is notified of it."""
    who = sender()
    told = {"message": message, "resources": resources or [], "address": site_url() + comment.get_absolute_url()}
    text = render_to_string("heed_spirit/message.txt", told).strip()
    topic = Topic.objects.create(
        user=who,
        category_id=settings.ST_TOPIC_PRIVATE_CATEGORY_PK,
        title=_("About your post"),
        # Nobody reads what would be answered to an account that can't log in.
        is_closed=not who.is_active,
        comment_count=1,
    )
    words = Comment.objects.create(user=who, topic=topic, comment=text, comment_html=Markdown().render(text))
    TopicPrivate.objects.bulk_create(TopicPrivate(user=user, topic=topic) for user in {who, comment.user})
    TopicNotification.bulk_create(users=[comment.user], comment=words)
    return topic


def sender():
    """The account that authors hear from, made where there is none. Raises ImproperlyConfigured where it is a member's."""
    # Both at once: at no moment could anybody take it over.
    nobody = {"is_active": False, "password": make_password(None)}
    user, _ = get_user_model().objects.get_or_create(username=sender_name(), defaults=nobody)
    if not _may_send(user):
        raise ImproperlyConfigured(f"{TAKEN} {INSTEAD}")
    return user


def sender_name() -> str:
    name = conf.get("HEED_SENDER")
    return name.lower() if settings.ST_CASE_INSENSITIVE_USERNAMES else name


def make_sender(using: str, **_: object) -> None:
    """After each `migrate`: the account is there before anybody can register its name."""
    if _has_tables(using, Post, UserProfile, get_user_model()):
        sender()


@register(Tags.database)
def check_sender(databases: list[str] | None, **_: object) -> list[Error]:
    """Before each `migrate`, and at `check --database default`."""
    users = get_user_model()
    found = (
        users.objects.using(using).filter(username=sender_name()).first()
        for using in databases or ()
        if _has_tables(using, users)
    )
    return [Error(TAKEN, hint=INSTEAD, id="heed_spirit.E001") for user in found if user and not _may_send(user)]


def _may_send(user) -> bool:
    """Whoever the sender is reads all letters: nobody, or whom the forum's settings name."""
    return conf.is_set("HEED_SENDER") or not (user.is_active or user.has_usable_password())


def _has_tables(using: str, *models: type) -> bool:
    return {model._meta.db_table for model in models} <= set(connections[using].introspection.table_names())
