"""Who sees what Heed has hidden."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from spirit.comment.models import Comment

from heed_spirit.models import Post


def sees_all(user, comment: Comment) -> bool:
    """Authors see their own posts, and the forum's moderators all of them."""
    return user.is_authenticated and (user.pk == comment.user_id or user.st.is_moderator)


class HiddenPostsMiddleware:
    """Closes Spirit's side doors to a comment's text: the quote button and the history of edits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Callable, _args: list, kwargs: dict) -> HttpResponse | None:
        page = request.resolver_match.view_name
        if page == "spirit:comment:publish" and "pk" in kwargs and _is_closed(request, kwargs["pk"], now=True):
            return redirect("spirit:comment:publish", topic_id=kwargs["topic_id"])
        if page == "spirit:comment:history:detail" and _is_closed(request, kwargs["comment_id"], now=False):
            raise Http404
        return None


def _is_closed(request: HttpRequest, comment_id: int, *, now: bool) -> bool:
    post = Post.objects.filter(pk=comment_id, history_closed=True).first()
    if post is None or (now and not post.hidden and post.action != "redact"):
        return False
    comment = Comment.objects.filter(pk=comment_id).first()
    return comment is not None and not sees_all(request.user, comment)
