"""Who sees what Heed has hidden."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from spirit.comment.models import Comment
from spirit.comment.poll.models import CommentPollChoice

from heed_spirit.models import HIDDEN, Post


def sees_all(user, comment: Comment) -> bool:
    """Authors see their own posts, and the forum's moderators all of them."""
    return user.is_authenticated and (user.pk == comment.user_id or user.st.is_moderator)


class HiddenPostsMiddleware:
    """Closes Spirit's side doors to a hidden post's words: quotes, the history of edits, polls, an address in a cache."""

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
        if page == "spirit:comment:publish" and "pk" in kwargs and _is_closed(request, kwargs["pk"]):
            return redirect("spirit:comment:publish", topic_id=kwargs["topic_id"])
        # Older words were hidden once, or mended so soon that nobody has judged them.
        if page == "spirit:comment:history:detail" and _is_kept_from(request, kwargs["comment_id"]):
            raise Http404
        if page == "spirit:comment:poll:voters":
            choice = CommentPollChoice.objects.filter(pk=kwargs["pk"]).select_related("poll").first()
            if choice and _is_closed(request, choice.poll.comment_id):
                raise Http404
        return None


def _is_closed(request: HttpRequest, comment_id: int) -> bool:
    """Whether a comment is hidden or shown in part, and the reader one who does not see all of it."""
    judged = Post.objects.filter(pk=comment_id, action__in=(*HIDDEN, "redact"))
    return judged.exists() and _is_kept_from(request, comment_id)


def _is_kept_from(request: HttpRequest, comment_id: int) -> bool:
    # Whoever has not logged in is asked to by Spirit.
    comment = Comment.objects.filter(pk=comment_id).first()
    return comment is not None and request.user.is_authenticated and not sees_all(request.user, comment)
