"""`heed classify`: posts from a file, findings to a file, no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, Protocol, TextIO

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from classifiers.findings import Findings, PostText
from service.intake.submission import Format
from service.policy import Policy, decide, load

CHUNK = 64
"""Lines read together: enough to fill the encoder's batches, few enough to show progress."""


def _whole(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("is not valid Unicode; write the file as UTF-8")
    return text


Text = Annotated[str, AfterValidator(_whole)]


class Line(BaseModel):
    """One line in."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(coerce_numbers_to_str=True), AfterValidator(_whole)]
    text: Text
    title: Text = ""
    parent: Text = ""
    format: Format = "plain"
    language: Text = ""

    @property
    def post(self) -> PostText:
        return PostText(self.text, self.title, self.parent, self.format, self.language)


class Reader(Protocol):
    """What reads posts: classifiers.engine.Classifier."""

    def read(self, posts: Sequence[PostText]) -> list[Findings]: ...


Problem = dict[str, Any]
"""`{"line": 7, "error": "…"}`"""
Parsed = tuple[int, Line | Problem]
"""A line's number and what it holds."""


def classify_stream(reader: Reader, source: TextIO, target: TextIO, policy: Policy | None = None) -> int:
    """Write one line for each line read, in order; returns how many were bad. Empty lines are passed over.

    A bad line gives `{"line": 7, "error": "…"}` in its place.
    """
    policy = policy or load()
    bad = 0
    for chunk in _chunks((number, text) for number, text in enumerate(source, 1) if text.strip()):
        for answer in _answers(reader, [(number, _parse(number, text)) for number, text in chunk], policy):
            bad += "error" in answer
            target.write(json.dumps(answer, ensure_ascii=False) + "\n")
        target.flush()
    return bad


def _answers(reader: Reader, chunk: list[Parsed], policy: Policy) -> Iterator[dict[str, Any]]:
    """A verdict or a problem for each line. Where reading together fails, each is read alone: one can't spoil others."""
    lines = [line for _, line in chunk if isinstance(line, Line)]
    try:
        findings = iter(reader.read([line.post for line in lines]))
    except Exception as error:
        if len(chunk) > 1:
            for parsed in chunk:
                yield from _answers(reader, [parsed], policy)
            return
        yield {"line": chunk[0][0], "error": f"could not be read ({type(error).__name__})"}
        return
    for _, line in chunk:
        yield (
            {"id": line.id, **decide(next(findings), policy, text=line.text, title=line.title)}
            if isinstance(line, Line)
            else line
        )


def _parse(number: int, text: str) -> Line | Problem:
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            return {"line": number, "error": "not a JSON object"}
        return Line.model_validate(document)
    except json.JSONDecodeError as error:
        return {"line": number, "error": f"not JSON: {error.msg} at column {error.colno}"}
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        what = "; ".join(f"{'.'.join(map(str, p['loc']))}: {_words(p['msg'])}" for p in problems)
        return {"line": number, "error": what}
    except (ValueError, RecursionError) as error:
        return {"line": number, "error": f"not JSON that can be used ({type(error).__name__})"}


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def _chunks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    lines = iter(lines)
    while chunk := list(islice(lines, CHUNK)):
        yield chunk
