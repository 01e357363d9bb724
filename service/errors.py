"""The exceptions of Heed, in one tree.

HeedError                    what went wrong, in a sentence that says what to do next
├── ConfigurationError       a setting, policy or file the operator has to mend; the process does not start
│   ├── EncryptionKeyMissing what stands in the database needs a key that the settings do not hold, or names another than its own
│   └── ValueDamaged         what stands in the database encrypted was damaged or changed
└── RequestError             something a client sent; answered as application/problem+json
    ├── Unauthorized         401
    ├── Forbidden            403
    ├── NotFound             404
    ├── Conflict             409
    ├── Gone                 410, in the console alone: a forum may switch its webhook off at it
    ├── TooLarge             413
    ├── Invalid              422, names the field
    ├── TooMany              429, with Retry-After
    └── Unavailable          503, with Retry-After

No message ever holds a post's text or a secret.
"""

from __future__ import annotations


def place(error: BaseException) -> str:
    """Where an exception was raised, as `file:line`: what a log may say of it, for its words may quote a post."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    return f"{found.tb_frame.f_code.co_filename}:{found.tb_lineno}" if found else "unknown place"


class HeedError(Exception):
    """Base of all; its text is shown to a person."""


class ConfigurationError(HeedError):
    """The operator has to mend something before Heed can start."""


class EncryptionKeyMissing(ConfigurationError):
    """What stands in the database is encrypted by a key that nobody gave."""


class ValueDamaged(ConfigurationError):
    """What stands in the database encrypted is not what was written there."""


class RequestError(HeedError):
    """A client's request can't be served as it is."""

    status = 400
    title = "Bad request"

    def __init__(self, detail: str, *, field: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.retry_after = retry_after


class Unauthorized(RequestError):
    status, title = 401, "Not authenticated"


class Forbidden(RequestError):
    status, title = 403, "Not allowed"


class NotFound(RequestError):
    status, title = 404, "Not found"


class Conflict(RequestError):
    status, title = 409, "Conflict"


class Gone(RequestError):
    status, title = 410, "Erased"


class TooLarge(RequestError):
    status, title = 413, "Too large"


class Invalid(RequestError):
    status, title = 422, "Invalid"


class TooMany(RequestError):
    status, title = 429, "Too many requests"


class Unavailable(RequestError):
    status, title = 503, "Unavailable"
