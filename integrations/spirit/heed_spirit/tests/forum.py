"""A small forum with people in it, and a Heed that answers as told."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import httpx
from django.contrib.auth import get_user_model
from django.test import TestCase
from django.utils import timezone
from spirit.category.models import Category
from spirit.comment.forms import CommentForm
from spirit.comment.models import Comment
from spirit.topic.models import Topic
from standardwebhooks.webhooks import Webhook

from heed_spirit import conf
from heed_spirit.client import Heed
from heed_spirit.models import Post
from heed_spirit.sync import send_all

CALLBACK = "/heed/callback/"


class FakeHeed:
    """Takes in whatever is sent, signed or not, and keeps the newest revision; `status` is what it answers instead."""

    def __init__(self) -> None:
        self.status, self.headers = 202, {}
        self.requests: list[httpx.Request] = []
        self.known: dict[str, dict] = {}

    @property
    def sent(self) -> list[dict]:
        return [json.loads(request.content) for request in self.requests if request.method == "POST"]

    def client(self) -> Heed:
        return Heed(httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.status != 202:
            return httpx.Response(self.status, headers=self.headers, text="No.")
        if request.method == "GET":
            known = self.known.get(request.url.path.rpartition("/")[2])
            return httpx.Response(200, json=known) if known else httpx.Response(404)
        document = json.loads(request.content)
        if request.url.path == "/v1/events":
            known = self.known[document["data"]["id"]]
            known["status"] = "done" if document["type"] == "post.recovered" else "deleted"
            return httpx.Response(202, json=known)
        known = self.known.setdefault(document["id"], {"revision": 0, "status": "done", "erasure": None})
        known["revision"] = max(known["revision"], document["revision"])
        return httpx.Response(202, json=known)


class ForumCase(TestCase):
    def setUp(self) -> None:
        self.heed = FakeHeed()
        self.category = Category.objects.create(title="Diabetes")
        self.ann, self.bob = self.person("ann"), self.person("bob")
        self.topic = Topic.objects.create(user=self.ann, category=self.category, title="My new pump", comment_count=2)
        self.opening = self.write(self.ann, "It came today.")
        self.reply = self.write(self.bob, "@ann Lucky you!")

    def person(self, name: str, *, is_moderator: bool = False):
        user = get_user_model().objects.create_user(name, f"{name}@example.org", "password")
        user.st.is_moderator = is_moderator
        user.st.save()
        return user

    def write(self, user, text: str, topic: Topic | None = None) -> Comment:
        form = CommentForm(user=user, topic=topic or self.topic, data={"comment": text})
        self.assertTrue(form.is_valid(), form.errors)
        return form.save()

    def sync(self) -> list[dict]:
        """What the outbox sends now."""
        before = len(self.heed.sent)
        send_all(self.heed.client())
        return self.heed.sent[before:]

    def post(self, comment: Comment) -> Post:
        return Post.objects.get(pk=comment.pk)

    def tell(self, comment, action, *, type_="post.verdict", id_="", secret="", at=None, **more):
        """A callback of Heed's; `more` are members of its data."""
        data = {
            "external_id": str(comment.pk),
            "revision": self.post(comment).revision,
            "action": action,
            "message": "",
            "crisis_resources": [],
        }
        event = {"type": type_, "timestamp": (at or timezone.now()).isoformat(), "data": data | more}
        body, moment, id_ = json.dumps(event), datetime.now(UTC), id_ or f"msg_{uuid.uuid4().hex}"
        signature = Webhook(secret or conf.get("HEED_CALLBACK_SECRET")).sign(id_, moment, body)
        headers = {"webhook-id": id_, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
        return self.client.post(CALLBACK, body, content_type="application/json", headers=headers)

    def page(self, user=None, address: str = "") -> str:
        """What somebody sees of the topic, or elsewhere."""
        self.client.logout()
        if user:
            self.client.force_login(user)
        self.topic.refresh_from_db()
        return self.client.get(address or self.topic.get_absolute_url(), follow=True).content.decode()
