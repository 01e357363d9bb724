"""What is fuzzed: each target is made of inputs and of what must hold of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from benchmarks.fuzz import addresses, hostile, reading, showing, webhooks


@dataclass(frozen=True)
class Target:
    """`check` raises AssertionError, or anything else, on an input that breaks its promise."""

    name: str
    check: Callable[[Any], None]
    inputs: st.SearchStrategy[Any]
    mutated: Callable[[int], Callable[[], Any]] | None = None
    """Inputs without end from a seed, made by mutation: a hundred times as fast as by Hypothesis."""
    share: float = 1
    """Of the time for mutation, beside the others: little where an input is soon tried and says little."""


def _of_text(name: str, check: Callable[[str], None]) -> Target:
    return Target(name, check, hostile.texts(), hostile.mutated)


TARGETS = (
    _of_text("plain words for the network", reading.plain_words),
    _of_text("own and quoted words", reading.own_words),
    _of_text("personal data and redaction", reading.personal_data),
    _of_text("language, sentences, hazards", reading.what_it_is_about),
    _of_text("windows of the encoder", reading.windows),
    _of_text("highlights", showing.marked),
    _of_text("covered personal data", showing.secret),
    _of_text("the post's page", showing.page),
    Target("callback addresses", addresses.refused_or_public, addresses.urls, addresses.mutated_urls, share=0.3),
    Target("IPv4 within IPv6", addresses.wrapped_as_bare, addresses.v4, addresses.mutated_v4, share=0.1),
    Target("webhooks as they arrive", webhooks.verified_or_refused, webhooks.webhooks, webhooks.mutated),
    Target("bodies of webhooks", webhooks.read_or_refused, webhooks.bodies, webhooks.mutated_bodies),
)
"""Those that need no database."""
