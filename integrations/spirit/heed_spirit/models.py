"""What this app keeps beside Spirit's own tables."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

HIDDEN = ("hold", "remove")
"""Verdicts that take a post from everybody but its author and the forum's moderators."""


class Post(models.Model):
    """A comment as Heed knows it: the outbox, and the verdict that stands.

    Its rows are made by triggers. It is no foreign key, since the row has to outlast the comment until Heed knows.
    """

    comment_id = models.BigIntegerField(primary_key=True)
    changes = models.PositiveIntegerField(db_default=0, help_text="Raised by the triggers with every change.")
    told = models.PositiveIntegerField(db_default=0, help_text="The `changes` that Heed has heard of.")
    revision = models.PositiveIntegerField(db_default=0, help_text="The newest revision sent; it never goes back.")
    digest = models.CharField(max_length=64, db_default="", help_text="SHA-256 of what that revision says.")
    gone = models.BooleanField(db_default=False, help_text="Whether Heed was told that it is deleted.")
    problem = models.TextField(db_default="", help_text="Why Heed refused it.")

    action = models.CharField(max_length=10, db_default="", help_text="The verdict that stands.")
    judged_at = models.DateTimeField(null=True)
    shown_html = models.TextField(db_default="", help_text="What is shown in place of the comment: `redact`.")
    shown_title = models.CharField(max_length=255, db_default="", help_text="Our title in the place of the author's.")
    own_title = models.CharField(max_length=255, db_default="")
    own_slug = models.CharField(max_length=50, db_default="")
    helped = models.BooleanField(db_default=False, help_text="Whether its author was sent the crisis lines.")

    class Meta:
        indexes = [
            models.Index("comment_id", condition=models.Q(told__lt=models.F("changes")), name="heed_spirit_waiting")
        ]

    @property
    def hidden(self) -> bool:
        return self.action in HIDDEN


class Heard(models.Model):
    """The `webhook-id` of a callback that was carried out: sent again, it changes nothing."""

    id = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
