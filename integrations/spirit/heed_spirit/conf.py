"""This app's settings: Django's own, or the defaults here."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

REQUIRED = ("HEED_URL", "HEED_FORUM", "HEED_WEBHOOK_SECRET", "HEED_CALLBACK_SECRET")
DEFAULTS = {
    "HEED_API_KEY": "",  # asks what Heed knows; `heed_sync --reconcile` alone needs it
    "HEED_PRIVATE_TOPICS": False,  # whether private messages are read too
    "HEED_SENDER": "heed",  # the account that authors hear from
    "HEED_SYNC_SECONDS": 2,  # pause of `heed_sync` between two looks at the outbox
}


def get(name: str):
    return getattr(settings, name, DEFAULTS.get(name))


def is_set(name: str) -> bool:
    return hasattr(settings, name)


def check() -> None:
    """Raises ImproperlyConfigured where a setting is missing."""
    missing = [name for name in REQUIRED if not get(name)]
    if missing:
        raise ImproperlyConfigured(f"Set {', '.join(missing)}: `heed forum add` prints them.")
