"""`heed classify`: posts from a file, findings to a file, no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError
from service.intake.submission import Format

from classifiers.engine import Classifier
from classifiers.findings import PostText
from service.policy import Policy, decide, load

CHUNK = 64
"""Lines read together: enough to fill the encoder's batches, few enough to show progress."""


class Line(BaseModel):
    """One line in."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: str
    text: str
    title: str = ""
    parent: str = ""
    format: Format = "plain"
    language: str = ""


def classify_stream(classifier: Classifier, source: TextIO, target: TextIO, policy: Policy | None = None) -> int:
    """Write one line for each line read, in order; returns how many were bad.

    A bad line gives `{"line": 7, "error": "…"}` in its place.
    """
    policy = policy or load()
    bad = 0
    for chunk in _chunks(enumerate(source, 1)):
        parsed = [_parse(number, text) for number, text in chunk if text.strip()]
        lines = [line for line in parsed if isinstance(line, Line)]
        posts = [PostText(line.text, line.title, line.parent, line.format, line.language) for line in lines]
        findings = iter(classifier.read(posts))
        for line in parsed:
            answer = {"id": line.id, **decide(next(findings), policy, text=line.text)} if isinstance(line, Line) else line
            bad += not isinstance(line, Line)
            target.write(json.dumps(answer, ensure_ascii=False) + "\n")
        target.flush()
    return bad


def _parse(number: int, text: str) -> Line | dict[str, Any]:
    try:
        return Line.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        return {"line": number, "error": f"not JSON: {error.msg} at column {error.colno}"}
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        what = "; ".join(f"{'.'.join(map(str, p['loc'])) or 'line'}: {p['msg']}" for p in problems)
        return {"line": number, "error": what}


def _chunks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    lines = iter(lines)
    while chunk := list(islice(lines, CHUNK)):
        yield chunk
