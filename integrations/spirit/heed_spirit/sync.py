"""The outbox, sent. Interrupted anywhere, it is sent again, and Heed takes what it knows as the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from spirit.comment.models import Comment

from heed_spirit.client import Heed, Refused, Stumbled
from heed_spirit.models import Post
from heed_spirit.submission import digest, sent, submission
from heed_spirit.verdicts import keep_title_hidden


def waiting() -> Iterator[Post]:
    return Post.objects.filter(told__lt=F("changes")).order_by("comment_id").iterator()


def send_all(heed: Heed) -> int:
    """Tell Heed everything that it has not heard of. Raises NotNow where it can't be told, or not all of it."""
    count, stumbled = 0, None
    for post in list(waiting()):
        try:
            _tell(heed, post)
            count += 1
        except Stumbled as error:
            stumbled = error
    if stumbled:
        raise stumbled
    return count


def reconcile(heed: Heed, days: float) -> int:
    """Queue again whatever Heed does not know as it stands, of the comments of the last `days`. Raises NotNow."""
    recent = Comment.objects.filter(action=Comment.COMMENT, date__gte=timezone.now() - timedelta(days=days))
    return sum(_queue_again(heed, id_) for id_ in recent.order_by("pk").values_list("pk", flat=True))


def _queue_again(heed: Heed, id_: int) -> bool:
    known = heed.ask(str(id_)) or {"revision": 0, "status": "deleted", "erasure": None}
    post, _ = Post.objects.get_or_create(pk=id_)
    comment = sent().select_related("topic__category").filter(pk=id_).first()
    here, there = comment is not None, known["status"] != "deleted"
    same = known["revision"] == post.revision and (not here or digest(submission(post, comment)) == post.digest)
    if post.problem or known["erasure"] or (here == there and same):
        return False
    # Never heard of is not the same as deleted: then there is nothing to recover.
    deleted, revision = bool(known["revision"]) and not there, max(known["revision"], post.revision)
    Post.objects.filter(pk=id_).update(changes=F("changes") + 1, gone=deleted, revision=revision)
    return True


def _tell(heed: Heed, post: Post) -> None:
    # The row was read before the comment: a change that comes between raises `changes` and is told next time.
    comment = sent().select_related("topic__category").filter(pk=post.pk).first()
    try:
        told = _tell_words(heed, post, comment) if comment else _tell_gone(heed, post)
    except Refused as refusal:
        if refusal.status == 409:
            # Heed has other words under this number, such as after a backup was restored here.
            Post.objects.filter(pk=post.pk).update(revision=F("revision") + 1)
            return
        told = {"problem": str(refusal)}
    Post.objects.filter(pk=post.pk).update(**{"told": post.changes, "problem": "", **told})


def _tell_words(heed: Heed, post: Post, comment: Comment) -> dict[str, object]:
    document = submission(post, comment)
    if (words := digest(document)) != post.digest:
        # Kept before it is sent: whatever becomes of the answer, other words get another number.
        post.revision, post.digest = post.revision + 1, words
        post.save(update_fields=["revision", "digest"])
    if post.shown_title and document["title"]:
        keep_title_hidden(post.pk)
    answer = heed.send("/v1/posts", {**document, "revision": post.revision})
    if answer["revision"] > post.revision:
        return {"told": post.told, "revision": answer["revision"] + 1}
    if post.gone:
        _event(heed, post, "post.recovered")
    return {"gone": False}


def _tell_gone(heed: Heed, post: Post) -> dict[str, object]:
    exists = Comment.objects.filter(pk=post.pk).exists()
    if post.revision:
        Post.objects.filter(pk=post.pk).update(gone=True)
        # What Spirit has no word of any more, as after an account was deleted, Heed forgets too.
        _event(heed, post, "post.deleted" if exists else "post.erased")
    if not exists:
        Post.objects.filter(pk=post.pk, changes=post.changes).delete()
    return {}


def _event(heed: Heed, post: Post, type_: str) -> None:
    heed.send("/v1/events", {"type": type_, "timestamp": timezone.now().isoformat(), "data": {"id": str(post.pk)}})
