"""A forum and its people learn nothing of another forum: not by id, by name, by count, nor by how they are refused."""

import re

import pytest
from access_world import CALLS, World

VARYING = re.compile(
    r'name="csrf_token" value="[^"]*"|\b(item|post|user|forum|bulk|policy|invite|view|appeal|verdict)_[0-9a-f]{32}\b'
    r"|\d{4}-\d\d-\d\dT[\d:.]+(\+00:00)?"
)


@pytest.fixture
def world(app, store, settings_env, valkey) -> World:
    settings_env(HEED_LOGIN_RATE_LIMIT="1000/minute", HEED_REDIS_URL=valkey)
    return World(app, store)


def said(answer) -> tuple[int, str, str]:
    """All that an answer tells, but for ids and times."""
    text, location = VARYING.sub("…", answer.text), VARYING.sub("…", answer.headers.get("Location", ""))
    return answer.status_code, text.replace("harbour", "nowhere"), location.replace("harbour", "nowhere")


WITH_IDS = sorted(route for route in CALLS if re.search(r"<(?!path:_nowhere|path:filename|token)", route)) + [
    "POST /console/together",
    "POST /console/people/invite",
    "POST /v1/events",
]


@pytest.mark.parametrize("route", WITH_IDS)
def test_what_is_another_forums_is_refused_as_what_never_was(world, route):
    method, rule = route.split(" ")
    who = "other key" if rule.startswith("/v1") else "elsewhere"
    call = CALLS[route](world, who)
    theirs = world.send(world.client(who), method, rule, call)
    nothing = world.send(world.client(who), method, rule, call.as_of_nobody())
    assert said(theirs) == said(nothing)
