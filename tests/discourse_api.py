"""What that Discourse answers: its controllers and serializers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
from discourse_forum import FLAGS, Forum, Item, Letter, Post, Refused

PAGE, REVIEW_PAGE = 50, 10


@dataclass
class Discourse(Forum):
    """`asked` is what was asked of it. `broken` answers instead of it: a status, once for each; 0 lets one request pass, and
    `broken_acts` answers where something is to be done alone. `busy_after` so many requests it answers 429. With `webhook` it tells of its posts, once each and never again, as it does out of the box.
    """

    url: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    broken_acts: list[int] = field(default_factory=list)
    busy_after: int | None = None
    webhook: str = ""
    webhook_secret: str = ""
    events: int = 158_764
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def done(self) -> list[tuple[str, str]]:
        """What it was asked to do."""
        return [(method, path) for method, path, _ in self.asked if method != "GET"]

    def tell(self, event: str, post: Post) -> None:
        """Send a webhook as Discourse signs and counts it; what fails is not sent again."""
        self.events += 1
        more = {"topic_title": self.topics[post.topic_id]["title"], "category_slug": "thyroid"}
        raw = json.dumps({"post": self.show(post, "system") | more | {"topic_archetype": "regular"}}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Discourse-Instance": self.url,
            "X-Discourse-Event-Id": str(self.events),
            "X-Discourse-Event-Type": "post",
            "X-Discourse-Event": event,
            "X-Discourse-Event-Signature": "sha256="
            + hmac.new(self.webhook_secret.encode(), raw, hashlib.sha256).hexdigest(),
        }
        answer = httpx.post(self.webhook, content=raw, headers=headers, timeout=20, trust_env=False)
        assert answer.status_code == 202, answer.text

    def show(self, post: Post, user: str) -> dict[str, Any]:
        """PostSerializer with `add_raw`, for that account."""
        mine = {flag.kind: flag for flag in post.flags if flag.user == user and not flag.taken_back}
        summary = [
            {"id": kind, "acted": True, "can_undo": self.may_take_back(kind)}
            if kind in mine
            else {"id": kind, "can_act": not post.hidden and not mine}
            for kind in FLAGS
        ]
        shown = ("id", "topic_id", "username", "raw", "post_number", "version", "hidden", "deleted_at", "user_deleted")
        return {name: getattr(post, name) for name in shown} | {
            "post_type": 1,
            "post_url": f"/t/halving/{post.topic_id}/{post.post_number}",
            "updated_at": post.updated_at.isoformat(),
            "created_at": post.created_at.isoformat(),
            "actions_summary": summary,
        }

    def answer(self, method: str, path: str, form: dict[str, str], user: str) -> tuple[int, Any]:
        for verb, pattern, name in ROUTES:
            if verb == method and (found := re.fullmatch(pattern, path)):
                return getattr(self, name)(user, form, *found.groups())
        raise Refused(404, "not_found")

    def current(self, user: str, _form: dict) -> tuple[int, Any]:
        return 200, {"current_user": {"username": user, "moderator": user in self.staff, "admin": False}}

    def site(self, _user: str, _form: dict) -> tuple[int, Any]:
        return 200, {"categories": [{"id": 5, "slug": "thyroid"}]}

    def latest(self, user: str, form: dict) -> tuple[int, Any]:
        before = int(form.get("before", 0)) or float("inf")
        seen = [p for p in self.posts.values() if not (p.hidden or p.deleted_at) and p.visible_topic and p.id < before]
        seen = sorted(seen, key=lambda post: -post.id)[:PAGE]
        topics = self.topics
        more = [
            {"topic_title": topics[p.topic_id]["title"], "category_id": topics[p.topic_id]["category_id"]} for p in seen
        ]
        return 200, {"latest_posts": [self.show(post, user) | each for post, each in zip(seen, more, strict=True)]}

    def one(self, user: str, _form: dict, number: str) -> tuple[int, Any]:
        return 200, self.show(self._post(number), user)

    def act(self, user: str, form: dict) -> tuple[int, Any]:
        post, kind = self._post(form["id"]), int(form["post_action_type_id"])
        assert kind != 8 and "take_action" not in form, "never the spam flag, never take_action"
        self.flag(user, post, kind, form.get("message", ""), form.get("queue_for_review") == "true")
        return 200, self.show(post, user)

    def unact(self, user: str, form: dict, number: str) -> tuple[int, Any]:
        self.take_back(user, self._post(number), int(form["post_action_type_id"]))
        return 200, {}

    def review(self, _user: str, form: dict) -> tuple[int, Any]:
        json.loads(form["additional_filters"])
        found = [i for i in self.items.values() if i.status == "pending" and str(i.post.topic_id) == form["topic_id"]]
        if form.get("priority") != "low":
            # A single flag weighs too little to be listed.
            found = [item for item in found if len(item.scores) > 1]
        start = int(form.get("offset", 0))
        return 200, _review_json(found[start : start + REVIEW_PAGE], len(found))

    def decide(self, user: str, form: dict, number: str, action: str) -> tuple[int, Any]:
        if not form.get("version"):
            raise Refused(422, "", "missing version")
        self.perform(user, self.items[int(number)], action, int(form["version"]))
        return 200, {"reviewable_perform_result": {"success": True, "version": self.items[int(number)].version}}

    def change(self, user: str, form: dict, number: str) -> tuple[int, Any]:
        post = self._post(number)
        if form.get("post[original_text]", post.raw) != post.raw:
            raise Refused(409, "", "edit conflict")
        self.edit(post, form["post[raw]"], by=user)
        return 200, {"post": self.show(post, user)}

    def show_again(self, user: str, _form: dict, number: str) -> tuple[int, Any]:
        self.unhide(user, self._post(number))
        return 200, None

    def revision(self, _user: str, _form: dict, number: str, revision: str) -> tuple[int, Any]:
        return 200, {"current_revision": int(revision), "current_hidden": self._revision(number, revision).hidden}

    def hide_revision(self, _user: str, _form: dict, number: str, revision: str) -> tuple[int, Any]:
        assert not self._revision(number, revision).hidden, "hiding twice lowers the public version twice"
        self._revision(number, revision).hidden = True
        return 200, None

    def topic(self, _user: str, _form: dict, number: str) -> tuple[int, Any]:
        return 200, self.topics[int(number)]

    def rename(self, _user: str, form: dict, number: str) -> tuple[int, Any]:
        self.topics[int(number)]["title"] = form["title"]
        return 200, {"basic_topic": self.topics[int(number)]}

    def by_reference(self, _user: str, _form: dict, reference: str) -> tuple[int, Any]:
        if not any(letter.external_id == reference for letter in self.letters):
            raise Refused(404, "not_found")
        return 301, None

    def create(self, _user: str, form: dict) -> tuple[int, Any]:
        reference = form["external_id"]
        if not re.fullmatch(r"[\w-]{1,50}", reference) or any(each.external_id == reference for each in self.letters):
            raise Refused(422, "", "External has already been taken")
        assert form["archetype"] == "private_message"
        self.letters.append(Letter(reference, form["target_recipients"], form["title"], form["raw"]))
        return 200, {"id": 9000 + len(self.letters)}

    def _post(self, number: str) -> Post:
        if int(number) not in self.posts:
            raise Refused(404, "not_found")
        return self.posts[int(number)]

    def _revision(self, number: str, revision: str):
        found = self._post(number).revisions.get(int(revision))
        if found is None:
            raise Refused(404, "not_found")
        return found


ROUTES = (
    ("GET", r"/session/current\.json", "current"),
    ("GET", r"/site\.json", "site"),
    ("GET", r"/posts\.json", "latest"),
    ("POST", r"/posts\.json", "create"),
    ("GET", r"/posts/(\d+)\.json", "one"),
    ("PUT", r"/posts/(\d+)\.json", "change"),
    ("PUT", r"/posts/(\d+)/unhide\.json", "show_again"),
    ("GET", r"/posts/(\d+)/revisions/(\d+)\.json", "revision"),
    ("PUT", r"/posts/(\d+)/revisions/(\d+)/hide\.json", "hide_revision"),
    ("POST", r"/post_actions\.json", "act"),
    ("DELETE", r"/post_actions/(\d+)\.json", "unact"),
    ("GET", r"/review\.json", "review"),
    ("PUT", r"/review/(\d+)/perform/(\w+)\.json", "decide"),
    ("GET", r"/t/external_id/([\w-]+)\.json", "by_reference"),
    ("GET", r"/t/(\d+)\.json", "topic"),
    ("PUT", r"/t/-/(\d+)\.json", "rename"),
)


def _review_json(items: list[Item], total: int) -> dict[str, Any]:
    """Scores, people and actions stand beside the items, as ActiveModel's serializers side-load them."""
    people = sorted({user for item in items for user, _, _ in item.scores})
    rows, scores, bundles = [], [], []
    for item in items:
        own = [{"id": 10 * item.id + n, "user_id": people.index(s[0]), "status": 0} for n, s in enumerate(item.scores)]
        bundles.append({"id": f"{item.id}-agree", "action_ids": [f"{item.id}-{each}" for each in item.actions()]})
        scores += own
        rows.append(
            {
                "id": item.id,
                "type": "ReviewableFlaggedPost",
                "version": item.version,
                "topic_id": item.post.topic_id,
                "post_id": item.post.id,
                "reviewable_score_ids": [each["id"] for each in own],
                "bundled_action_ids": [f"{item.id}-agree"],
            }
        )
    users = [{"id": number, "username": name} for number, name in enumerate(people)]
    meta = {"total_rows_reviewables": total}
    return {"reviewables": rows, "reviewable_scores": scores, "bundled_actions": bundles, "users": users, "meta": meta}
