"""Twelve ways in which the same words arrive otherwise: noise of phones and keyboards, and writing that hides."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

WORD = re.compile(r"[A-Za-z]{4,}")
LOOKS_LIKE = str.maketrans("aeopcxyi", "аеорсхуі")
LEET = str.maketrans("aeiost", "43105+")
NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioplsdfghjkl;xcvbnm,", strict=True))
MARKS = ("**{}**", "_{}_", "~~{}~~", "`{}`")


def _some_words(change: Callable[[random.Random, str], str], share: float) -> Callable[[random.Random, str], str]:
    """`change` for a share of the words of four letters and more."""

    def apply(chance: random.Random, text: str) -> str:
        return WORD.sub(lambda word: change(chance, word[0]) if chance.random() < share else word[0], text)

    return apply


def _swap(chance: random.Random, word: str) -> str:
    at = chance.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _slip(chance: random.Random, word: str) -> str:
    at = chance.randrange(len(word))
    return word[:at] + NEIGHBOURS.get(word[at].lower(), word[at]) + word[at + 1 :]


def _leet(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at].translate(LEET).replace("+", "7") + word[at + 1 :]


PERTURBATIONS: dict[str, Callable[[random.Random, str], str]] = {
    "lower case": lambda chance, text: text.lower(),
    "upper case": lambda chance, text: text.upper(),
    "no punctuation": lambda chance, text: re.sub(r"[.,;:!?'’\"()-]", "", text),
    "letters swapped": _some_words(_swap, 0.15),
    "letters dropped": _some_words(_drop, 0.15),
    "neighbouring keys": _some_words(_slip, 0.15),
    "letters drawn out": _some_words(lambda chance, word: word + word[-1] * chance.randint(2, 4), 0.15),
    "marked up": _some_words(lambda chance, word: chance.choice(MARKS).format(word), 0.15),
    "zero-width characters": _some_words(lambda chance, word: "\u200b".join(word), 0.5),
    "look-alike letters": _some_words(lambda chance, word: word.translate(LOOKS_LIKE), 0.5),
    "digits for letters": _some_words(_leet, 0.3),
    "letters parted": _some_words(lambda chance, word: " ".join(word), 0.15),
}
"""Name → what it does to a text; the share of words is that of a hurried or a hiding writer, not of an attack by machine."""


def perturb(name: str, text: str, seed: int = 7) -> str:
    """`text` as `name` would have it: the same every time for the same seed and text."""
    return PERTURBATIONS[name](random.Random(f"{seed} {name} {text}"), text)
