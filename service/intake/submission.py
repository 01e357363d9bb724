"""A post as a forum submits it, checked field by field."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from service.errors import Invalid
from service.settings import settings

Format = Literal["plain", "markdown", "bbcode", "html"]
"""How a body is written."""
FIELD = re.compile(r"[\w.-]{1,60}", re.ASCII)
"""A field's name that may be repeated in an answer: one that a client made up could be a whole post."""


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL character; leave it out")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half of a surrogate pair; send whole Unicode characters")
    return text


def _short_enough(text: str) -> str:
    most = settings().max_text_chars
    if len(text) > most:
        raise ValueError(f"is longer than {most} characters (HEED_MAX_TEXT_CHARS)")
    return text


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; name it as your forum does")
    if "\n" in text:
        raise ValueError("holds a line break, so that no address could name it")
    return text


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no time in UTC; send the time by the forum's clock") from None


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Text = Annotated[str, AfterValidator(_storable), AfterValidator(_short_enough)]
Short = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Name = Annotated[Short, AfterValidator(_named)]


class Strict(BaseModel):
    """Unknown members are refused: a misspelt one would be lost without a word."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class Submission(Strict):
    """One revision of one post."""

    id: Name = Field(description="The forum's own id of the post.")
    revision: int = Field(
        1, ge=1, le=2**31 - 1, strict=True, description="Rises with each edit; the highest one counts."
    )
    board: Short = Field("", description="Board or category; the policy may differ between boards.")
    title: Text = Field("", description="The topic's title, where this post opens it.")
    body: Text = Field(description="The text as its author wrote it.")
    format: Format = Field("plain", description="How the body is written; quotes are read as context.")
    parent: Text = Field("", description="The post replied to, or an excerpt of it; read as context.")
    thread: Short = Field("", description="The forum's own id of the topic; moderators see the posts around this one.")
    reply_to: Short = Field("", description="The forum's own id of the post replied to.")
    author: Short = Field("", description="The forum's own reference to the author; opaque to Heed.")
    language: Annotated[
        str, Field(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$", max_length=35), AfterValidator(_primary)
    ] = Field("", description="Language the forum knows the post to be in (BCP 47); empty: Heed finds out.")
    created_at: Moment | None = Field(None, description="When it was posted or edited, by the forum's clock.")
    priority: Literal["normal", "low"] = Field(
        "normal", description="`low`: read once nothing else waits, such as an archive that is sent in."
    )
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$", max_length=2000), AfterValidator(_storable)] = Field(
        "", description="Where the forum shows the post; moderators get a link."
    )

    @property
    def digest(self) -> str:
        """SHA-256 of what is read: two submissions with the same digest are the same revision."""
        parts = json.dumps([self.title, self.body, self.format, self.parent], ensure_ascii=False)
        return hashlib.sha256(parts.encode()).hexdigest()


class Batch(Strict):
    """Up to a hundred posts at once."""

    posts: list[dict[str, object]] = Field(min_length=1, max_length=100, description="Each as for `POST /v1/posts`.")


class EventData(Strict):
    """Which post something happened to."""

    id: Name = Field(description="The forum's own id of the post.")


class Event(Strict):
    """What happened to a post, in the shape of Standard Webhooks."""

    type: Literal["post.deleted", "post.recovered", "post.erased"]
    timestamp: Moment = Field(description="When it happened, by the forum's clock; the newest one counts.")
    data: EventData


class AuthorReference(Strict):
    """Whose posts."""

    author: Name = Field(description="The forum's own reference to the author, as its posts name it.")


class AppealSubmission(Strict):
    """An author's word against the verdict on their post."""

    id: Name = Field(description="The forum's own id of the appeal; sent again, it is the same appeal.")
    text: Annotated[str, Field(max_length=10_000), AfterValidator(_storable)] = Field(
        "", description="The author's words, for the moderators alone."
    )
    created_at: Moment | None = Field(None, description="When the author appealed, by the forum's clock.")


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], raw: bytes) -> Model:
    """A model from the bytes of a request. Raises Invalid, which names the field and never shows its value."""
    return check(model, read_json(raw))


def read_json(raw: bytes) -> object:
    """The JSON in the bytes of a request. Raises Invalid where it is none."""
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8. Send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Invalid(f"The body is not JSON: {error.msg} at {where}.") from None
    except ValueError:
        raise Invalid("The body holds a number that JSON does not have.") from None


def check(model: type[Model], document: object) -> Model:
    """A model from parsed JSON. Raises Invalid, which names the first field to mend and never shows its value."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        field = field if FIELD.fullmatch(field) else ""
        what = problem["msg"].removeprefix("Value error, ")
        raise Invalid(f"{field or 'A member of the body'}: {what}.", field=field) from None


def _no_constant(_name: str) -> None:
    raise ValueError
