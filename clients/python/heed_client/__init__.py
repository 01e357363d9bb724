"""Talks to Heed: sends posts, reads verdicts, verifies callbacks."""

from heed_client.answers import (
    Appeal,
    Callback,
    CallbackData,
    CrisisResource,
    Erasure,
    Label,
    Reason,
    Span,
    Standing,
    Verdict,
)
from heed_client.callbacks import verify_callback
from heed_client.client import Heed
from heed_client.errors import (
    Conflict,
    HeedError,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
    Unverified,
)

__all__ = [
    "Appeal",
    "Callback",
    "CallbackData",
    "Conflict",
    "CrisisResource",
    "Erasure",
    "Heed",
    "HeedError",
    "Invalid",
    "Label",
    "NotFound",
    "Reason",
    "Refused",
    "Span",
    "Standing",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Unverified",
    "Verdict",
    "verify_callback",
]
