"""Discourse's review queue: the open item of a post, decided under the version that was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.discourse.api import Api, Failed

HIDE = ("agree_and_hide",)
AGREE = ("agree_and_keep_hidden", "agree_and_keep")
RESTORE = ("disagree_and_restore", "disagree")
"""What is performed: of these the first that Discourse offers, which depends on whether the post is hidden."""
TRIES = 3
"""How often an item is read again that somebody else changed at the same moment."""
MOST_PAGES = 20


@dataclass(frozen=True)
class Item:
    """An open item; `flaggers` are the accounts that flagged its post."""

    id: int
    version: int
    actions: frozenset[str]
    flaggers: frozenset[str]


def decide(api: Api, post: dict[str, Any], choice: tuple[str, ...], *, only_ours: bool) -> None:
    """Decide the post's open item; nothing where there is none, or with `only_ours` where others flagged the post too.

    Raises Failed, with status 409 where others were faster each time.
    """
    for attempt in range(1, TRIES + 1):
        item = _open_item(api, post)
        action = next((each for each in choice if item and each in item.actions), None)
        if item is None or action is None or (only_ours and item.flaggers != {api.user.lower()}):
            return
        try:
            api.send("PUT", f"/review/{item.id}/perform/{action}.json?version={item.version}")
            return
        except Failed as failure:
            if failure.status != 409 or attempt == TRIES:
                raise


def _open_item(api: Api, post: dict[str, Any]) -> Item | None:
    # By itself Discourse lists only what weighs enough; its own pages send `additional_filters` always.
    wanted = {"type": "ReviewableFlaggedPost", "status": "pending", "priority": "low", "topic_id": post.get("topic_id")}
    offset = 0
    for _ in range(MOST_PAGES):
        page = api.get("/review.json", **wanted, additional_filters="{}", offset=offset)
        listed = page.get("reviewables") or []
        for each in listed:
            if post["id"] in (each.get("post_id"), each.get("target_id")):
                return _item(page, each)
        offset += len(listed)
        if not listed or offset >= page.get("meta", {}).get("total_rows_reviewables", 0):
            break
    return None


def _item(page: dict[str, Any], row: dict[str, Any]) -> Item:
    """Discourse lists actions, scores and people beside the items, which name them by their ids."""
    bundles = [each for each in page.get("bundled_actions", ()) if each["id"] in row.get("bundled_action_ids", ())]
    actions = {name.removeprefix(f"{row['id']}-") for bundle in bundles for name in bundle.get("action_ids", ())}
    names = {each["id"]: each["username"].lower() for each in page.get("users", ())}
    scores = [each for each in page.get("reviewable_scores", ()) if each["id"] in row.get("reviewable_score_ids", ())]
    flaggers = frozenset(names.get(each.get("user_id"), "") for each in scores)
    return Item(row["id"], row["version"], frozenset(actions), flaggers)
