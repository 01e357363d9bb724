"""Hostile input, a little of it each time: `python -m benchmarks.fuzz` tries as much as there is time for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_along import worker

from benchmarks.fuzz import patterns
from benchmarks.fuzz.described import ITSELF, as_described, cases
from benchmarks.fuzz.intake import Asked, Intake, Mangled, questions, requests
from benchmarks.fuzz.targets import TARGETS
from service.openapi import describe

HERE = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
"""The same inputs each time: what fails does so for whoever looks."""


def hold(check: Callable[[Any], None], inputs: st.SearchStrategy[Any], examples: int) -> None:
    settings(max_examples=examples, **HERE)(given(inputs)(lambda each: check(each)))()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_must_hold_of_any_input(target):
    hold(target.check, target.inputs, 60)
    made = target.mutated(7)
    for _ in range(60):
        target.check(made())


def test_a_pattern_that_takes_the_square_of_a_text_is_found():
    times = {pattern: patterns.slowest(re.compile(pattern), "", "a") for pattern in (r"\w*[A-Z]\w*", r"\w+[A-Z]?")}
    assert [patterns.is_slow(each) for each in times.values()] == [True, False]


def test_every_pattern_of_the_code_is_looked_at():
    found = patterns.compiled()
    assert len(found) > 150 and patterns.READ_IN_PIECES.keys() <= found.keys()
    assert {"classifiers.canonical.MIXED", "service.review.markup.HTML"} <= found.keys()
    pumped = {pump for _, pump in patterns.hostile(re.compile(r"<a(\s+b)*>"))}
    assert {"<a", " b", " "} <= pumped


@pytest.fixture
def any_number_of_posts(settings_env) -> None:
    settings_env(HEED_RATE_LIMIT="1000000/minute", HEED_WAIT_SECONDS_MAX=0)


@pytest.fixture
def intake(any_number_of_posts, client, store, forum) -> Intake:
    return Intake(client, store, forum)


def test_no_request_breaks_the_intake_and_none_is_forged(intake):
    hold(intake.check, requests(), 100)
    made = Mangled(7)
    for _ in range(60):
        intake.check(made.request())


def test_no_question_breaks_the_console(console, items):
    hold(Asked(console.client).check, questions(), 40)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_endpoint_answers_as_it_is_described(any_number_of_posts, app, forum, store, settings_env):
    by_endpoint = cases(app, forum)
    described = {f"{method.upper()} {path}" for path, methods in describe()["paths"].items() for method in methods}
    assert by_endpoint.keys() == {each for each in described if "PARAMETERS" not in each and ITSELF not in each}
    settings_env(HEED_WAIT_SECONDS_MAX=20)
    with worker(store):
        for inputs in by_endpoint.values():
            hold(as_described, inputs, 15)
