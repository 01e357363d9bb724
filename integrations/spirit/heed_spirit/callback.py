"""What Heed tells the forum: verified, carried out once."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from heed_spirit import conf, verdicts
from heed_spirit.models import Heard

KEPT = timedelta(days=30)
"""Heed tries a callback for three days; whoever has it sent again does so within a month."""
CARRIED_OUT = {"post.verdict": verdicts.judged, "post.decision": verdicts.judged, "post.care": verdicts.cared}


@csrf_exempt
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    try:
        event = Webhook(conf.get("HEED_CALLBACK_SECRET")).verify(request.body, request.headers)
    except (WebhookVerificationError, ValueError):
        return HttpResponse(status=401)
    with transaction.atomic():
        id_ = request.headers["webhook-id"]
        if _is_new(id_) and event["type"] in CARRIED_OUT and not CARRIED_OUT[event["type"]](event):
            # What was done so far stays; Heed sends it again, until it has heard of the newer words.
            Heard.objects.filter(pk=id_).delete()
            return HttpResponse(status=503)
    return HttpResponse(status=204)


def _is_new(id_: str) -> bool:
    """Keep a callback's id; False where it was there, or another process carries it out at this moment."""
    try:
        with transaction.atomic():
            Heard.objects.create(id=id_)
    except IntegrityError:
        return False
    Heard.objects.filter(at__lt=timezone.now() - KEPT).delete()
    return True
