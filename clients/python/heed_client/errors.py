"""What can go wrong, in one tree; each says in words what to do next.

HeedError
├── Unreachable      no answer: send it again later
├── Unverified       a callback that Heed did not send, or an old one: answer 401
└── Refused          Heed answered, and did not do it
    ├── Unauthorized 401: the key or the signature
    ├── NotFound     404: this forum sent no such post
    ├── Conflict     409: another text under the same revision; or nothing to appeal
    ├── TooLarge     413
    ├── Invalid      422: `field` names the member to mend
    ├── TooMany      429: send it again in `retry_after` seconds
    └── Unavailable  5xx: nothing was stored; send it again in `retry_after` seconds
"""

from __future__ import annotations

import httpx


class HeedError(Exception):
    """Base of all. No message holds a post's text or a secret."""

    again = False
    """Whether the same request may succeed later."""


class Unreachable(HeedError):
    again = True


class Unverified(HeedError):
    pass


class Refused(HeedError):
    """`detail` is Heed's own sentence, `field` the member of the request to mend or empty."""

    def __init__(self, status: int, detail: str, field: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{detail} ({status})")
        self.status, self.detail, self.field, self.retry_after = status, detail, field, retry_after


class Unauthorized(Refused):
    pass


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class TooLarge(Refused):
    pass


class Invalid(Refused):
    pass


class TooMany(Refused):
    again = True


class Unavailable(Refused):
    again = True


KINDS: dict[int, type[Refused]] = {
    401: Unauthorized,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    429: TooMany,
}


def refusal(response: httpx.Response) -> Refused:
    """The error for an answer that is none of success."""
    kind = KINDS.get(response.status_code, Unavailable if response.status_code >= 500 else Refused)
    try:
        problem = response.json()
        detail, field = str(problem["detail"]), str(problem.get("field", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        detail, field = "This is no answer of Heed's. Check its address, and what stands before it.", ""
    return kind(response.status_code, detail, field, _seconds(response.headers.get("retry-after", "")))


def _seconds(value: str) -> float | None:
    return float(value) if value.isdecimal() else None
