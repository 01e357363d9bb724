"""The catalogues of the console's texts: gathered from the code, merged into each language's, compiled. `make catalogue`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from service.review.language import CATALOGUES, LANGUAGES

ROOT = Path(__file__).parents[2]
METHODS = {
    "service": [
        ("review/templates/**.html", "jinja2"),
        ("policy/why.toml", "service.review.catalogue:sentences"),
        ("**.py", "python"),
    ],
    "classifiers/medicines": [("formulary.jsonl", "service.review.catalogue:published")],
}
"""How the texts of a folder's files are found. A verdict keeps the policy's sentences and the formulary's in English;
they are translated where they are shown."""
OPTIONS = {"review/templates/**.html": {"silent": "no"}}
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None, "_l": None, "lazy_ngettext": (1, 2)}
WIDTH = 120
HEADER = "# The texts of Heed's console; docs/translating.md says how they are translated."


def gathered() -> Catalog:
    """Every text of the console in English, with the files it stands in."""
    catalogue = Catalog()
    for folder, methods in METHODS.items():
        found = extract_from_dir(ROOT / folder, methods, OPTIONS, KEYWORDS)
        for file, _line, message, comments, context in found:
            catalogue.add(message, locations=[(f"{folder}/{file}", 0)], auto_comments=comments, context=context)
    return catalogue


Text = tuple[int, None, str, list[str]]
"""A text as Babel wants an extractor to give it."""


def sentences(file: BinaryIO, _keywords: Any, _tags: Any, options: Any) -> Iterator[Text]:
    """The sentences of a TOML file of tables."""
    for table in tomllib.loads(file.read().decode()).values():
        for sentence in table.values():
            yield 0, None, sentence, []


def published(file: BinaryIO, _keywords: Any, _tags: Any, options: Any) -> Iterator[Text]:
    """Whom the formulary's maxima are for, and what a sudden stop may bring."""
    for medicine in map(json.loads, file):
        who = (medicine["max_daily"] or {}).get("who", "")
        yield from ((0, None, text, []) for text in (who, medicine["taper_why"]) if text)


def path(language: str) -> Path:
    """Where a language's catalogue stands; the compiled one stands beside it as `.mo`."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    """A language's catalogue as its translators left it; an empty one where nobody has begun."""
    if not path(language).exists():
        return Catalog(language, header_comment=HEADER, project="Heed", version="0.1.0", fuzzy=False)
    with path(language).open("rb") as file:
        return read_po(file, language)


def renew(language: str) -> int:
    """Bring a language's catalogue up to date with the code, and compile it. How many texts are not translated yet."""
    catalogue = load(language)
    catalogue.update(gathered(), no_fuzzy_matching=True, update_creation_date=False)
    path(language).parent.mkdir(parents=True, exist_ok=True)
    with path(language).open("wb") as file:
        write_po(file, catalogue, WIDTH, sort_output=True, ignore_obsolete=True, include_lineno=False)
    with path(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return sum(not message.string or not all(message.string) for message in catalogue if message.id)


if __name__ == "__main__":
    for each in LANGUAGES.keys() - {"en"}:
        print(f"{LANGUAGES[each]}: {renew(each)} texts to translate in {path(each).relative_to(ROOT)}")
