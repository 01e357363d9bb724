"""Spirit's template tag that shows a comment, with Heed's verdict in mind: it takes the place of Spirit's own."""

from __future__ import annotations

from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from spirit.comment.models import Comment
from spirit.comment.tags import post_render_comment as spirits_own
from spirit.core.tags.registry import register

from heed_spirit.models import Post
from heed_spirit.seeing import sees_all

NOTES = {
    ("hold", True): _("This post waits for a moderator. Until then only its author and moderators see it."),
    ("hold", False): _("This post waits for a moderator."),
    ("remove", True): _("This post was removed. Only its author and moderators see it."),
    ("remove", False): _("This post was removed."),
    ("redact", True): _("A moderator left some words out."),
    ("redact", False): _("A moderator left some words out."),
}
"""What is said of a post, by its verdict and by whether the reader may see all of it."""


@register.simple_tag(takes_context=True, name="post_render_comment")
def post_render_comment(context: Context, comment: Comment) -> SafeString:
    own = spirits_own(context, comment)
    post = Post.objects.filter(pk=comment.pk).first()
    sees = sees_all(context["request"].user, comment)
    if post is None or (post.action, sees) not in NOTES:
        return own
    html = (own if sees else "") if post.hidden else mark_safe(post.shown_html) or own  # noqa: S308 - Spirit's Markdown made it
    return render_to_string("heed_spirit/post.html", {"html": html, "note": NOTES[post.action, sees]})
