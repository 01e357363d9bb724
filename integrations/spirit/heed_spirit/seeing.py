"""Who sees what Heed has hidden."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from spirit.comment.models import Comment

from heed_spirit.models import Post


def sees_all(user, comment: Comment) -> bool:
    """Authors see their own posts, and the forum's moderators all of them."""
    return user.is_authenticated and (user.pk == comment.user_id or user.st.is_moderator)


class HiddenPostsMiddleware:
    """Closes Spirit's side doors to a hidden post's words: the quote button, the history of edits, an address in a cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 301 and request.resolver_match.view_name == "spirit:topic:detail":
            # A hidden title gives its address back later: browsers that kept both ways would go round in circles.
            add_never_cache_headers(response)
        return response

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
