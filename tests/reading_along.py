"""A worker beside the web application, and texts that it reads as they say themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from classifiers.findings import Evidence, Findings, LabelScore, MarkedSpan, NotChecked, PostText
from classifiers.labels import POST_LABELS, Area
from service.settings import settings
from service.store import Store
from workers.classify import read_some

SURE, UNSURE = 0.99, 0.5
SPANS = {
    "phone": (r"07700 900\d{3}", "phone"),
    "person": (r"Karen Holt", "model"),
    "payment": (r"4111 1111 1111 1111", "card"),
    "government_id": (r"943 476 5919", "gb_nhs"),
}
"""Personal data that it finds, and who found it."""


class Reader:
    """A label's name in a text is that label's evidence. "GERMAN" is another language, digits and signs alone are nothing to
    read, "BREAK" breaks; "perhaps" makes everything unsure.
    """

    def read(self, posts: Sequence[PostText]) -> list[Findings]:
        return [self._read(post.text) for post in posts]

    def _read(self, text: str) -> Findings:
        if "BREAK" in text:
            raise RuntimeError(f"can't read: {text}")
        score = UNSURE if "perhaps" in text else SURE
        spans = tuple(
            MarkedSpan(Area.PERSONAL_DATA, name, *found.span(), score, source)
            for name, (pattern, source) in SPANS.items()
            for found in re.finditer(pattern, text)
        )
        if "GERMAN" in text:
            return Findings(spans=spans, not_checked=NotChecked.LANGUAGE)
        if not any(character.isalpha() for character in text):
            return Findings(spans=spans, not_checked=NotChecked.EMPTY)
        labels = tuple(self._label(area, name, text, score) for area, name in POST_LABELS)
        return Findings(labels=labels, spans=spans, language="en", models={"shared": "told"})

    @staticmethod
    def _label(area: Area, name: str, text: str, score: float) -> LabelScore:
        place = text.find(name)
        evidence = Evidence(place, place + len(name)) if place >= 0 else None
        return LabelScore(area, name, score if evidence else 0.001, evidence)


@contextmanager
def worker(store: Store) -> Iterator[None]:
    """Somebody reads whatever is pending, until the block ends."""
    ended, chosen = Event(), settings()

    def work() -> None:
        while not ended.wait(0.02):
            read_some(store, Reader(), chosen)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
