"""The forum's side: requests made ahead, over connections that stay open, light enough not to be what is measured."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import BadStatusLine, HTTPConnection

LANES = 16


@dataclass(frozen=True, slots=True)
class Request:
    """One post, as it goes over the wire."""

    id: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """When a post was due to be sent, by the clock on the wall, and how long its answer took from then."""

    id: str
    due: float
    took: float
    code: int
    said: str = ""
    """What a refusal says, which is never a post's words."""


@dataclass
class _Line:
    """Who comes next; several lanes take from it."""

    requests: Sequence[Request]
    due: Sequence[float] | None
    next: int = 0
    answers: list[Answer] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int | None:
        with self.lock:
            number, self.next = self.next, self.next + 1
        return number if number < len(self.requests) else None


def send(
    port: int, requests: Sequence[Request], due: Sequence[float] | None = None, lanes: int = LANES
) -> list[Answer]:
    """Send all: each as soon as a lane is free or, where `due` says so, so many seconds from now."""
    line, began = _Line(requests, due), time.time()
    with ThreadPoolExecutor(lanes) as pool:
        for lane in [pool.submit(_lane, port, line, began) for _ in range(lanes)]:
            lane.result()
    refused = [answer for answer in line.answers if answer.code >= 300]
    if refused:
        first = f"{requests[0].path}, the first with {refused[0].code}: {refused[0].said}"
        raise RuntimeError(f"{len(refused)} of {len(requests)} posts were refused at {first}")
    return line.answers


def arrivals(number: int, rate: float, seed: int) -> list[float]:
    """So many moments of a Poisson process, in seconds from its start."""
    dice, at, moments = random.Random(seed), 0.0, []
    for _ in range(number):
        at += dice.expovariate(rate)
        moments.append(at)
    return moments


def _lane(port: int, line: _Line, began: float) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while (number := line.take()) is not None:
        request = line.requests[number]
        due = began + line.due[number] if line.due else time.time()
        time.sleep(max(0.0, due - time.time()))
        code, said = _answer(connection, request)
        line.answers.append(Answer(request.id, due, time.time() - due, code, said if code >= 300 else ""))
    connection.close()


def _answer(connection: HTTPConnection, request: Request) -> tuple[int, str]:
    try:
        connection.request("POST", request.path, request.body, request.headers)
        answer = connection.getresponse()
    except (ConnectionError, BadStatusLine):
        # A server closes what was quiet for a while; a client opens it again.
        connection.close()
        connection.request("POST", request.path, request.body, request.headers)
        answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")
