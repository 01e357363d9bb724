"""A Discourse's posts, flags and review queue by the rules of its own sources (app/models, lib/post_action_creator.rb,
lib/guardian/post_guardian.rb, lib/post_revisor.rb): who may do what once, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

FLAGS = {3: "off_topic", 4: "inappropriate", 7: "notify_moderators", 8: "spam", 10: "illegal"}
FLAGS_THAT_AN_EDIT_REMOVES = (3, 4, 8)
"""Those without a message (`flag_types_without_additional_message`)."""


class Refused(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, kind: str = "", words: str = "") -> None:
        super().__init__(words)
        self.status, self.kind, self.words = status, kind, words


@dataclass
class Flag:
    user: str
    kind: int
    active: bool = True
    """Neither agreed nor disagreed with; a flag that was decided is still its user's."""
    taken_back: bool = False


@dataclass
class Revision:
    raw: str
    hidden: bool = False


@dataclass
class Post:
    id: int
    topic_id: int
    username: str
    raw: str
    post_number: int = 1
    version: int = 1
    hidden: bool = False
    hidden_at: bool = False
    visible_topic: bool = True
    deleted_at: str | None = None
    user_deleted: bool = False
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    flags: list[Flag] = field(default_factory=list)
    revisions: dict[int, Revision] = field(default_factory=dict)


@dataclass
class Item:
    """A ReviewableFlaggedPost: one for a post, for ever."""

    id: int
    post: Post
    status: str = "pending"
    version: int = 0
    scores: list[tuple[str, int, str]] = field(default_factory=list)
    """User, kind of flag, status."""
    handled_version: int = 0
    """The post's version when it was last decided."""

    def actions(self) -> list[str]:
        if self.status != "pending":
            return []
        if self.post.hidden:
            return ["agree_and_keep_hidden", "delete_and_agree", "disagree_and_restore", "delete_and_ignore"]
        return ["agree_and_hide", "agree_and_keep", "delete_and_agree", "disagree", "ignore_and_do_nothing"]


@dataclass
class Letter:
    external_id: str
    to: str
    title: str
    raw: str


@dataclass
class Forum:
    """`knows_queue_for_review` is false for the controllers of older versions, which pass the parameter by."""

    staff: set[str] = field(default_factory=lambda: {"heed", "ann"})
    posts: dict[int, Post] = field(default_factory=dict)
    topics: dict[int, dict] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    to_moderators: list[str] = field(default_factory=list)
    knows_queue_for_review: bool = True
    undo_window_over: bool = False
    claimed_by_others: bool = False

    def write(self, raw: str, username: str = "jo_b", topic: int = 77, title: str = "Halving", **more: object) -> Post:
        self.topics.setdefault(topic, {"id": topic, "title": title, "slug": "halving", "category_id": 5})
        number = 1 + sum(post.topic_id == topic for post in self.posts.values())
        post = Post(max(self.posts, default=157) + 1, topic, username, raw, number, **more)
        self.posts[post.id] = post
        return post

    def edit(self, post: Post, raw: str, by: str | None = None, *, quick: bool = False) -> None:
        """By its author, who shows a hidden post again by it, or by somebody of the staff."""
        if not quick:
            post.version += 1
            post.revisions[post.version] = Revision(post.raw)
        post.raw, post.updated_at = raw, datetime.now(UTC)
        if post.hidden and by is None:
            post.hidden = False
            for flag in post.flags:
                flag.taken_back |= flag.kind in FLAGS_THAT_AN_EDIT_REMOVES

    def item_of(self, post: Post) -> Item | None:
        return next((item for item in self.items.values() if item.post is post), None)

    def flag(self, user: str, post: Post, kind: int, message: str = "", queue: bool = False) -> None:
        mine = [flag for flag in post.flags if flag.user == user and not flag.taken_back]
        if post.hidden or mine or (queue and user not in self.staff):
            raise Refused(403, "invalid_access", "You already flagged it, or may not see it: " + post.raw)
        item = self.item_of(post)
        handled = item and any(each[1] == kind and each[2] != "pending" for each in item.scores)
        if handled and kind != 7 and item.handled_version == post.version:
            raise Refused(422, "", "already handled")
        if kind in (7, 10):
            if not message:
                raise Refused(422, "", "message is required")
            self.to_moderators.append(message)
        old = next((flag for flag in post.flags if (flag.user, flag.kind) == (user, kind)), None)
        if old:
            old.taken_back, old.active = False, True
        else:
            post.flags.append(Flag(user, kind))
        if item is None:
            item = self.items[500 + post.id] = Item(500 + post.id, post)
        item.status = "pending"
        item.scores.append((user, kind, "pending"))
        if queue and self.knows_queue_for_review:
            self._hide(post)

    def take_back(self, user: str, post: Post, kind: int) -> None:
        mine = [f for f in post.flags if f.user == user and f.kind == kind and not f.taken_back]
        if not mine:
            raise Refused(404, "not_found")
        if not self.may_take_back(kind):
            raise Refused(403, "invalid_access")
        mine[0].taken_back = True

    def may_take_back(self, kind: int) -> bool:
        """Within ten minutes, and never what opened a message to the moderators."""
        return not self.undo_window_over and kind != 7

    def perform(self, user: str, item: Item, action: str, version: int) -> None:
        if user not in self.staff or action not in item.actions():
            raise Refused(403, "invalid_access")
        if self.claimed_by_others:
            raise Refused(422, "", "claimed by somebody else")
        if version != item.version:
            raise Refused(409, "", "somebody else was faster")
        item.version += 1
        flagged = [flag for flag in item.post.flags if flag.active and not flag.taken_back]
        if action == "agree_and_hide" and flagged:
            self._hide(item.post)
        if action.startswith("disagree"):
            item.post.hidden, item.post.visible_topic = False, True
        for flag in flagged:
            flag.active = False
        item.status = {"a": "approved", "d": "rejected", "i": "ignored"}[action[0]]
        item.scores = [(user, kind, item.status) for user, kind, _ in item.scores]
        item.handled_version = item.post.version

    def unhide(self, user: str, post: Post) -> None:
        if not post.hidden or user not in self.staff:
            raise Refused(403, "invalid_access")
        post.hidden, post.visible_topic = False, True

    def _hide(self, post: Post) -> None:
        post.hidden = post.hidden_at = True
        if post.post_number == 1:
            post.visible_topic = False
