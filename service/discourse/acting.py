"""An errand carried out: a post is hidden, given back, changed or flagged, and its author written to.

Each step looks first and does only what is not done yet, so that an errand may break off anywhere and be run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from service.callback.send import Answer
from service.discourse.api import Api, Failed
from service.discourse.errand import HIDDEN, Errand, Letter
from service.discourse.payload import is_gone
from service.discourse.review import AGREE, HIDE, RESTORE, decide
from service.redactions import is_among

INAPPROPRIATE, NOTIFY_MODERATORS = 4, 7
FLAGS = (3, INAPPROPRIATE, NOTIFY_MODERATORS, 8, 10)
"""Discourse's kinds of flags. 8 is `spam`, which silences its author by itself: it is never set."""
REFUSALS = (403, 404, 422)
"""How Discourse says that it does not do this; one that is busy, or away, answers otherwise."""
GONE = 410
"""To Discourse a thing that is gone; as a callback's answer the wish to hear no more."""
REASON = "Heed"
"""What Discourse shows as the reason of an edit."""
HELD = "Heed holds this post until a moderator has decided about it."


def carry_out(errand: Errand) -> Answer:
    """Do what the errand asks for; never raises."""
    if errand.is_nothing:
        return Answer(204)
    try:
        post = _read(errand)
        if errand.action and is_gone(post):
            return Answer(200)
        if errand.action:
            _judge(errand, post)
        if errand.letter:
            _write(errand.api, errand.letter, post)
    except Failed as failure:
        return replace(failure.answer, status=None) if failure.status == GONE else failure.answer
    except (AttributeError, KeyError, TypeError) as error:
        return Answer(error=f"an answer of another shape than Discourse's ({type(error).__name__})")
    return Answer(200)


def _judge(errand: Errand, post: dict[str, Any]) -> None:
    if errand.known and not is_among(str(post.get("raw")), errand.known):
        raise _failed("the post has other words by now, of which Heed has not heard yet")
    if errand.action in HIDDEN:
        _hide(errand, post)
        _show_text(errand, post)
        if errand.by_person and errand.action == "remove":
            decide(errand.api, post, AGREE, only_ours=True)
        return
    _show_text(errand, post)
    if errand.by_person or errand.acted_before:
        _give_back(errand, post)
    if errand.flag and not any(_flagged(post, kind) for kind in FLAGS):
        _flag(errand, NOTIFY_MODERATORS, message=errand.flag)


def _hide(errand: Errand, post: dict[str, Any]) -> None:
    """Hide the post and leave it in Discourse's review queue. Raises Failed where no way leads there."""
    ways = (
        lambda: _flag(errand, INAPPROPRIATE, queue_for_review="true"),
        # Flagged now, by a version that knows no `queue_for_review`, or before, when it was to stay visible.
        lambda: decide(errand.api, post, HIDE, only_ours=False),
        # Just decided, a post takes no flag of the same kind again; this kind it does.
        lambda: _flag(errand, NOTIFY_MODERATORS, queue_for_review="true", message=HELD),
    )
    for way in ways:
        if post.get("hidden"):
            break
        with _refusals_passed_over():
            way()
        post = _read(errand)
    if not post.get("hidden"):
        raise _failed(
            "Discourse did not hide the post: its account there must be a moderator. Until then hide it by hand"
        )
    if _flagged(post, INAPPROPRIATE, can_undo=True):
        # An account flags a post once. Taken back, the flag leaves it hidden and in the queue, and can be set again one day.
        with _refusals_passed_over():
            errand.api.send("DELETE", f"/post_actions/{errand.post}.json?post_action_type_id={INAPPROPRIATE}")


def _give_back(errand: Errand, post: dict[str, Any]) -> None:
    """Show the post again, and close its item. What others flagged too, or hid, stays for Discourse's moderators to decide."""
    if errand.by_person and errand.hidden_before and post.get("hidden"):
        errand.api.send("PUT", f"/posts/{errand.post}/unhide.json")
        if _read(errand).get("hidden"):
            raise _failed("Discourse still hides the post")
    decide(errand.api, post, RESTORE, only_ours=True)


def _show_text(errand: Errand, post: dict[str, Any]) -> None:
    if errand.body is not None and not is_among(str(post.get("raw")), [errand.body]):
        # Refused with 409 where the author was faster.
        text = {"post[raw]": errand.body, "post[original_text]": post["raw"], "post[edit_reason]": REASON}
        errand.api.send("PUT", f"/posts/{errand.post}.json", **text)
    if errand.title is not None and post.get("post_number") == 1:
        topic = post["topic_id"]
        if errand.api.get(f"/t/{topic}.json").get("title") != errand.title:
            errand.api.send("PUT", f"/t/-/{topic}.json", title=errand.title)
    if errand.action == "redact":
        _hide_history(errand)


def _hide_history(errand: Errand) -> None:
    """What was left out stands in the history of edits too, for everybody to read."""
    for number in range(2, _read(errand).get("version", 1) + 1):
        place = f"/posts/{errand.post}/revisions/{number}"
        with _refusals_passed_over(404):
            if not errand.api.get(f"{place}.json").get("current_hidden"):
                errand.api.send("PUT", f"{place}/hide.json")


def _write(api: Api, letter: Letter, post: dict[str, Any]) -> None:
    """A private message, once: Discourse keeps our reference with its topic."""
    if not post.get("username") or api.has(f"/t/external_id/{letter.reference}.json"):
        return
    page = post.get("post_url") or f"/t/{post['topic_id']}/{post['post_number']}"
    to = {"archetype": "private_message", "target_recipients": post["username"], "external_id": letter.reference}
    words = f"{letter.words}\n\n{api.address.rstrip('/')}{page}"
    api.send("POST", "/posts.json", title=letter.title, raw=words, **to)


def _read(errand: Errand) -> dict[str, Any]:
    return errand.api.get(f"/posts/{errand.post}.json")


def _flag(errand: Errand, kind: int, **more: str) -> None:
    errand.api.send("POST", "/post_actions.json", id=errand.post, post_action_type_id=kind, **more)


def _flagged(post: dict[str, Any], kind: int, *, can_undo: bool = False) -> bool:
    """Whether our account has flagged the post so, and with `can_undo` may take that back."""
    mine = (each for each in post.get("actions_summary", ()) if each.get("id") == kind and each.get("acted"))
    return any(each.get("can_undo") or not can_undo for each in mine)


@contextmanager
def _refusals_passed_over(*statuses: int) -> Iterator[None]:
    """Another way may lead there, or none is needed."""
    try:
        yield
    except Failed as failure:
        if failure.status not in (statuses or REFUSALS):
            raise


def _failed(why: str) -> Failed:
    return Failed(Answer(error=why))
