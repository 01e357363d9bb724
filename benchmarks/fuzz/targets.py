"""What is fuzzed: each target is made of inputs and of what must hold of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from benchmarks.fuzz import addresses, hostile, reading, showing


@dataclass(frozen=True)
class Target:
    """`check` raises AssertionError, or anything else, on an input that breaks its promise."""

    name: str
    check: Callable[[Any], None]
    inputs: st.SearchStrategy[Any]
    of_text: bool = True
    """Whether an input is a text, which seeded mutation makes too."""


TARGETS = (
    Target("plain words for the network", reading.plain_words, hostile.texts()),
    Target("own and quoted words", reading.own_words, hostile.texts()),
    Target("personal data and redaction", reading.personal_data, hostile.texts()),
    Target("language, sentences, hazards", reading.what_it_is_about, hostile.texts()),
    Target("windows of the encoder", reading.windows, hostile.texts()),
    Target("highlights", showing.marked, hostile.texts()),
    Target("covered personal data", showing.secret, hostile.texts()),
    Target("the post's page", showing.page, hostile.texts()),
    Target("callback addresses", addresses.refused_or_public, addresses.urls, of_text=False),
    Target("IPv4 within IPv6", addresses.wrapped_as_bare, addresses.v4, of_text=False),
)
"""Those that need no database."""
