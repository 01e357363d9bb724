"""The console's language: one gettext catalogue for every text, in the language a person chose, else their browser's."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, g, has_request_context, request
from flask_babel import Babel

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Languages that the console speaks, by ISO 639 code, each in its own words. English is what the texts are written in."""
LOCALES = {"en": "en_GB"}
"""Where dates and numbers are written as in one country's way of the language."""
CAPITAL_NOUNS = frozenset({"de"})
"""Languages in which a label keeps its capital within a sentence."""
CATALOGUES = Path(__file__).parent / "translations"


def install(app: Flask) -> None:
    """Have the application's texts translated: `gettext` in Python, `_()` in templates."""
    Babel(app, default_translation_directories=str(CATALOGUES), locale_selector=_locale)


def spoken() -> str:
    """The language of this request, a key of LANGUAGES. The API always speaks English, and so does whoever has no request."""
    if not has_request_context() or request.blueprint is None or not request.blueprint.startswith("review"):
        return "en"
    chosen = g.moderator.language if g.get("moderator") else ""
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


def _locale() -> str:
    language = spoken()
    return LOCALES.get(language, language)
