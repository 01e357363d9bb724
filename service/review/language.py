"""The console's language: one gettext catalogue for every text, in the language a person chose, else their browser's."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, g, request
from flask_babel import Babel

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Languages that the console speaks, by ISO 639 code, each in its own words. English is what the texts are written in."""
CATALOGUES = Path(__file__).parent / "translations"


def install(app: Flask) -> None:
    """Have the application's texts translated: `gettext` in Python, `_()` in templates."""
    Babel(app, default_translation_directories=str(CATALOGUES), locale_selector=spoken)


def spoken() -> str:
    """The language of this request, a key of LANGUAGES. The API always speaks English."""
    if request.blueprint is None or not request.blueprint.startswith("review"):
        return "en"
    chosen = g.moderator.language if g.get("moderator") else ""
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"
