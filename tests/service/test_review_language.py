"""Every text of the console stands in one catalogue for each language, and a page comes in its reader's."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from flask import url_for
from jinja2 import Environment, nodes
from people import add_person
from review_console import Console, text
from review_posts import SAMPLES

import service
from classifiers.medicines.formulary import medicines
from service.decisions import Decision, record_decision
from service.errors import RequestError
from service.people.logins import device
from service.policy.policy import why
from service.review import catalogue, language, words
from service.review.errors import TITLES
from service.store.models import Moderator, QueueItem, now

SERVICE = Path(service.__file__).parent
TEMPLATES = sorted((SERVICE / "review" / "templates").rglob("*.html"))
SPEAKING = sorted(
    path
    for pattern in ("review/**/*.py", "people/*.py", "policy/*.py", "decisions.py", "care.py", "author_messages.py")
    for path in SERVICE.glob(pattern)
    if path.name not in ("catalogue.py", "redact.py")
)
"""Modules whose texts the console shows. What stands in the place of personal data is part of a post."""
TRANSLATED = sorted(language.LANGUAGES.keys() - {"en"})
GETTEXT = {"_", "_l", "gettext", "ngettext", "pgettext", "lazy_gettext", "lazy_ngettext"}
SEEN = {"aria-label", "title", "placeholder", "alt"}
"""Attributes that a person reads or hears."""
NAMES = {"Heed", "· Heed", "UTC"}
NO_TEXT = {
    *language.LANGUAGES.values(),
    "A browser",
    "Heed",
    "an invitation",
    "no account has this password",
    "openid profile",
    "password and code",
    "Value error, ",
    "a span outside the body",
    "training data: ",
}
"""Strings of the code that nobody reads in a page: names, entries of the audit log, what is compared with."""
HEADER = re.compile(r"[A-Z]\w+(-[A-Z]\w+)+")
MACHINES = re.compile(r"Edg|Edge|OPR|Opera|Firefox|Chrome?|Safari|Android|Windows|Mac OS|Linux")
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def said(source: str) -> tuple[list[str], list[str]]:
    """The texts of a template outside of gettext: those of its markup, and those of its expressions."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    tree = environment.parse(source)
    # The block `page` names a class of the body.
    tree.body = [node for node in tree.body if not (isinstance(node, nodes.Block) and node.name == "page")]
    reader = Reader()
    reader.feed("".join(data.data for data in tree.find_all(nodes.TemplateData)))
    reader.close()
    return reader.texts, [value for value in constants(tree) if is_text(value)]


def constants(node: nodes.Node) -> Iterator[str]:
    """String constants outside of gettext calls."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from constants(child)


def is_text(value: str) -> bool:
    """Whether a string looks like words for people: it begins with a capital, or holds two words."""
    return bool(re.match(r"[A-Z][a-z ]", value) or re.search(r"^[^<]*[a-z]{2,} [a-z]", value))


class Reader(HTMLParser):
    """Gathers what people read of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        self.texts += [value for name, value in attrs if name in SEEN and value and re.search(r"[^\W\d_]", value)]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[len(self._inside) - 1 - self._inside[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        data = data.strip()
        key = self._inside[-1:] == ["kbd"] and len(data) == 1
        if re.search(r"[^\W\d_]|[“”]", data) and not key and data not in NAMES:
            self.texts.append(data)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_stands_outside_the_catalogue(path):
    markup, expressions = said(path.read_text(encoding="utf-8"))
    assert markup == [] and [value for value in expressions if value not in {"Heed"}] == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<b title="Hello {{ name }}">{{ name }}</b>',
        '<input placeholder="Hello">',
        "{% if name %}by {{ name }}{% endif %}",
        "{{ name or 'A post' }}",
        "{% set names = {'hold': 'a person held it'} %}",
        "<p>“{{ name }}”</p>",
        "<kbd>Enter</kbd>",
    ],
)
def test_a_text_outside_the_catalogue_is_found(source):
    assert any(said(source))
    wrapped = "<p>{{ _('Hello') }} {% trans n=n %}One{% pluralize n %}{{ n }} words{% endtrans %}</p><kbd>q</kbd>"
    assert said(wrapped) == ([], [])


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """String constants of a module outside of gettext calls, docstrings and the log."""

    def walk(node: ast.AST) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Call) and (called(node) in GETTEXT or ast.unparse(node.func).startswith("log.")):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")))


def called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_text_of_the_code_stands_outside_the_catalogue(path):
    tags = r"[a-z0-9]{1,10}( [a-z0-9]{1,10}){9,}"
    known = [re.compile(tags), HEADER, MACHINES, *map(re.compile, map(re.escape, NO_TEXT))]
    found = [(line, value) for line, value in strings(path) if is_text(value)]
    if path.stem == "__init__":
        found = [(line, value) for line, value in found if value != "Policy"]
    assert [each for each in found if not any(pattern.fullmatch(each[1]) for pattern in known)] == []


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_only_whole_texts_are_translated(path):
    """What is put together first can't be found by whoever gathers the texts."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    texts = [(call, call.args[: 2 if "ngettext" in called(call) else 1]) for call in calls if called(call) in GETTEXT]
    kept = [
        ast.unparse(call)
        for call, given in texts
        if not all(isinstance(arg, ast.Constant) and isinstance(arg.value, str) for arg in given)
    ]
    # A verdict's sentences are gathered from the policy and the formulary.
    assert kept == (["gettext(sentence)"] if path.name == "words.py" else [])


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return catalogue.gathered()


def test_the_policys_sentences_are_gathered(texts):
    assert all(sentence in texts for sentences in why().values() for sentence in sentences.values())


def test_the_formularys_words_are_gathered(texts):
    assert all(medicine.taper_why in texts for medicine in medicines() if medicine.taper_why)
    assert all(medicine.maximum.who in texts for medicine in medicines() if medicine.maximum)


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_holds_every_text_and_no_other(texts, code):
    found = catalogue.load(code)
    assert {(m.context, m.id) for m in found} == {(m.context, m.id) for m in texts}
    assert not found.obsolete and not found.fuzzy
    assert [m.id for m in found if m.id and (m.fuzzy or not m.string or not all(m.string))] == []


def fields(message: str) -> set[str]:
    """What is filled into a text, and its markup."""
    return set(re.findall(r"%\(\w+\)\w|%%|\{\w*\}|</?\w+>", message))


def forms(message: str | tuple[str, ...] | list[str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_filled_in_agrees(code):
    for message in catalogue.load(code):
        if message.id:
            ids, strings = forms(message.id), forms(message.string)
            assert fields(strings[-1]) == fields(ids[-1]), message.id
            assert all(fields(string) <= fields(ids[-1]) for string in strings), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_adds_no_markup(code):
    """Texts are not escaped in pages: what is filled into them is."""
    for message in catalogue.load(code):
        if message.id:
            special = set('<>&"') - set("".join(forms(message.id)))
            assert not special & set("".join(forms(message.string))), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_compiled_is_what_was_translated(code):
    with catalogue.path(code).with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    compiled, written = (
        {(m.context, *forms(m.id)): forms(m.string) for m in found if m.id}
        for found in (compiled, catalogue.load(code))
    )
    assert compiled == written


def test_a_catalogue_names_no_line_and_no_folder_of_a_machine():
    for code in TRANSLATED:
        places = re.findall(r"^#: (.*)$", catalogue.path(code).read_text(encoding="utf-8"), re.M)
        assert places and all(
            re.fullmatch(r"(?:service|classifiers)/[\w./-]+", name) for line in places for name in line.split()
        )


def test_a_catalogue_that_is_begun_asks_for_every_text(tmp_path, monkeypatch, texts):
    monkeypatch.setattr(catalogue, "CATALOGUES", tmp_path)
    assert catalogue.renew("pl") == len(texts)
    begun = catalogue.load("pl")
    begun.add("Queue", "Kolejka")
    assert begun.num_plurals == 3 and not catalogue.load("pl").fuzzy


def english(page: str) -> list[str]:
    """Texts of the catalogue that a page says in English; long enough to be no chance, and none of a post's own words."""
    shown, posts = text(page), " ".join(sample.body for sample in SAMPLES)
    texts = [m.id for m in catalogue.load("de") if isinstance(m.id, str) and len(m.id) > 11 and m.id != m.string]
    return [each for each in texts if each in shown and each not in posts]


def speak(console: Console, code: str, **more: str):
    return console.post("/console/account/reading", language=code, zone="Europe/Berlin", **more)


def test_before_the_log_in_the_browser_says_which_language(stranger):
    page = stranger.get("/console/login", headers=GERMAN).text
    assert '<html lang="de">' in page and "Schön, dass Sie wieder da sind" in text(page) and english(page) == []
    page = stranger.get("/console/login", headers={"Accept-Language": "fr, ja;q=0.5"}).text
    assert '<html lang="en-GB">' in page and "Welcome back" in text(page)
    assert "Welcome back" in text(stranger.page("/console/login"))


def test_after_the_log_in_the_person_does(console, store, moderator):
    assert "Nothing waits" in console.page("/console/")
    assert "Nichts wartet" in console.get("/console/", headers=GERMAN).text
    assert speak(console, "de").status_code == 303
    assert '<html lang="de">' in console.page("/console/") and "Nichts wartet" in console.page("/console/")
    assert speak(console, "en").status_code == 303
    assert "Nothing waits" in console.get("/console/", headers=GERMAN).text
    assert speak(console, "tlh").status_code == 303
    with store.read() as session:
        assert session.get_one(Moderator, moderator.id).language == ""


def test_refusals_come_in_the_readers_language(console, items):
    page = console.get("/console/items/item_none", headers=GERMAN)
    assert page.status_code == 404 and "Nicht gefunden Diesen Beitrag gibt es" in text(page.text)
    speak(console, "de")
    refused = console.decide(items[2], "remove")
    assert refused.status_code == 422 and "Wählen Sie, weshalb der Beitrag entfernt wird" in refused.text


def test_the_api_speaks_english_to_everybody(client, console, settings_env):
    speak(console, "de")
    settings_env(HEED_DATABASE_URL="sqlite:////nowhere/heed.db")
    for who in (client, console.client):
        problem = who.get("/v1/nowhere", headers=GERMAN).get_json()
        assert problem["detail"] == "There is nothing at this address. See /openapi.json for what there is."
        problem = who.get("/v1/posts/post_none", headers={"Authorization": "Bearer none", **GERMAN}).get_json()
        assert problem["detail"] == "The database does not answer. Nothing was stored; send it again."
        assert problem["title"] == "Unavailable"


def test_every_kind_of_refusal_has_its_title_in_the_pages():
    kinds = {RequestError, *RequestError.__subclasses__()}
    assert {kind.status: kind.title for kind in kinds}.items() <= {s: str(title) for s, title in TITLES.items()}.items()


@pytest.fixture
def lea(app, store) -> Console:
    """An admin whose console is in German."""
    with store.write() as session:
        add_person(session, "lea", "admin").language = "de"
    console = Console(app.test_client())
    console.log_in("lea")
    return console


def test_every_page_comes_in_german(store, lea, items, forum):
    with store.write() as session:
        sam = add_person(session, "sam")
        item = session.get_one(QueueItem, items[3])
        record_decision(session, items[3], item.version, sam, Decision("hold"))
        late = session.get_one(QueueItem, items[0])
        late.due_at = now() - timedelta(minutes=3)
    shown = [f"/console/items/{items[place]}" for place in (0, 2, 3, 5, 9, 12)]
    plain = "/ /?label=medical&severity=high /decided /care /numbers /account /account/second-factor /people".split()
    rules = [f"/console/policy/{forum.forum.slug}", f"/console/messages/{forum.forum.slug}"]
    for path in [*shown, *(f"/console{each}" for each in plain), f"/console/people/{sam.id}", *rules]:
        page = lea.page(path)
        assert '<html lang="de">' in page and english(page) == [], path
    assert "Jemand ist vielleicht in Gefahr, und der Beitrag ist überfällig." in text(lea.page("/console/"))


def test_reasons_labels_and_numbers_are_said_in_german(lea, items):
    page = text(lea.page(f"/console/items/{items[2]}"))
    assert "Drängen, eine Behandlung abzubrechen" in page and "Hoch · sehr wahrscheinlich (95 %)" in page
    assert "Drängt andere, eine verordnete Behandlung" in page and "Telefonnummer verdeckt" in page
    assert "Eine Zahl wahrscheinlich" in page and "Behauptung: eine Zahl" in page


def test_what_was_just_done_is_said_in_german(lea, items):
    assert lea.decide(items[6], "hold").status_code == 303
    page = text(lea.page("/console/"))
    assert "Zurückgehalten. Rückgängig u" in page and "14 Beiträge warten auf einen Menschen" in page


def test_new_posts_are_told_of_in_german(lea):
    page = lea.page("/console/")
    assert 'data-one="Ein neuer Beitrag"' in page and 'data-more="{} neue Beiträge"' in page


def test_the_table_to_download_is_headed_in_german(lea, items):
    answer = lea.get("/console/numbers.csv?days=7")
    assert answer.text.startswith("Kategorie,wartend,entschieden,bestätigt,verworfen,Median in Minuten")
    assert answer.headers["Content-Disposition"] == "attachment; filename=heed-7-tage.csv"


@pytest.fixture
def german(app):
    with app.test_request_context("/console/login", headers=GERMAN):
        assert url_for("review.login.show_login") and language.spoken() == "de"
        yield


@pytest.mark.parametrize(
    ("minutes", "long", "narrow", "before"),
    [
        (0, "weniger als eine Minute", "0 Min.", "gerade eben"),
        (1, "1 Minute", "1 Min.", "vor 1 Minute"),
        (12, "12 Minuten", "12 Min.", "vor 12 Minuten"),
        (65, "1 Stunde", "65 Min.", "vor 1 Stunde"),
        (150, "2 Stunden", "2 Std.", "vor 2 Stunden"),
        (1_500, "1 Tag", "25 Std.", "vor 1 Tag"),
        (4_400, "3 Tage", "3 Tage", "vor 3 Tagen"),
    ],
)
def test_times_in_german(german, minutes, long, narrow, before):
    length = timedelta(minutes=minutes, seconds=10)
    assert (words.span(length), words.short(length)) == (long, narrow)
    assert words.ago(now() - length, now()) == before


def test_dates_and_numbers_are_written_as_the_language_has_them(app, german):
    local, number, percent = (app.jinja_env.filters[name] for name in ("local", "number", "percent"))
    when = now().replace(year=2026, month=3, day=3, hour=21, minute=4)
    assert (
        local(when) == "3. März 2026, 21:04 UTC" and number(12_345) == "12.345" and percent(0.125, 1) == "12,5\u00a0%"
    )


def test_dates_and_numbers_in_english(app):
    with app.test_request_context("/console/login"):
        local, number, percent = (app.jinja_env.filters[name] for name in ("local", "number", "percent"))
        when = now().replace(year=2026, month=3, day=3, hour=21, minute=4)
        assert local(when) == "3 March 2026, 21:04 UTC" and number(12_345) == "12,345"
        assert (percent(0.5), percent(0.125, 1)) == ("50 %", "12.5 %")


def test_german_nouns_keep_their_capital_within_a_sentence(german):
    assert words.in_sentence(words.LABELS["personal_data", "phone"]) == "Telefonnummer"


def test_a_browser_is_named_in_german(german):
    assert words.device(device("Mozilla/5.0 (Android 15) Firefox/143.0")) == "Firefox auf Android"
    assert words.device(device("curl")) == "Ein Browser"


def test_outside_a_request_everything_is_english(app):
    assert words.span(timedelta(days=2)) == "2 days" and str(words.AREAS["medical"]) == "Medical advice"
    with app.app_context():
        assert words.span(timedelta(days=2)) == "2 days" and words.in_sentence("Phone number") == "phone number"
