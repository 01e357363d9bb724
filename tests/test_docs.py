"""The docs miss no setting, no command, no label and no endpoint."""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmarks.chaos.report import tables
from classifiers import labels
from service.openapi import describe
from service.policy.policy import NAMES, why
from service.settings import Settings
from service.web import create_app
from workers.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CODE_OF_CONDUCT.md",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "integrations").rglob("*.md"),
    *(ROOT / "clients").rglob("*.md"),
]
DOCS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}


def settings_page() -> str:
    rows = [
        "# Settings",
        "",
        "Read from the environment. Checked against `service/settings.py` by tests/test_docs.py.",
        "",
    ]
    rows += ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
        rows.append(f"| `HEED_{name.upper()}` | `{default}` | {field.description} |".replace("``", "empty"))
    return "\n".join(rows) + "\n"


def test_every_setting_is_documented():
    assert DOCS["docs/settings.md"] == settings_page()


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, by its whole name."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    for each in command.commands.values():
        yield from commands(each, f"{name} {each.name}")


def told(given: click.Parameter) -> str:
    """A row of what may be given to a command; empty where there is nothing to say of it."""
    words = [given.help or ""] if isinstance(given, click.Option) else []
    if isinstance(given.type, click.Choice):
        words.append(f"One of {', '.join(f'`{each}`' for each in given.type.choices)}.")
    if words and given.required and isinstance(given, click.Option):
        words.append("Needed.")
    name = ", ".join(given.opts) if isinstance(given, click.Option) else given.human_readable_name
    return f"| `{name}` | {' '.join(words)} |" if words else ""


def commands_page() -> str:
    rows = [
        "# Commands",
        "",
        "`heed COMMAND --help` says the same. Checked against `workers/cli.py` by tests/test_docs.py.",
    ]
    for name, command in sorted(commands(main, "heed"), key=lambda each: each[0]):
        arguments = [each.human_readable_name for each in command.params if isinstance(each, click.Argument)]
        rows += ["", f"## `{' '.join([name, *arguments])}`", "", inspect.cleandoc(command.help or "")]
        if given := [*filter(None, map(told, command.params))]:
            rows += ["", "| given | what it does |", "|---|---|", *given]
    return "\n".join(rows) + "\n"


def test_every_command_is_documented():
    assert DOCS["docs/commands.md"] == commands_page()


def test_every_endpoint_is_documented():
    app = create_app()
    rules = {str(rule) for rule in app.url_map.iter_rules() if str(rule).startswith("/v1")}
    page = DOCS["docs/api.md"].replace("{", "<").replace("}", ">")
    missing = [rule for rule in rules if re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule) not in page]
    assert missing == []


def test_every_event_is_documented():
    events = set(re.findall(r'"(post\.[a-z]+)"', json.dumps(describe())))
    assert {"post.verdict", "post.deleted"} <= events
    assert [event for event in sorted(events) if event not in DOCS["docs/api.md"]] == []


@pytest.mark.parametrize("area", sorted(NAMES))
def test_every_label_has_its_sentence_and_stands_in_the_policy(area):
    assert set(why()[area]) == NAMES[area]
    assert all(f"`{name}`" in DOCS["docs/policy.md"] for name in NAMES[area])


def test_links_between_the_docs_lead_somewhere():
    for name, page in DOCS.items():
        folder = (ROOT / name).parent
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page):
            assert (folder / target).exists(), f"{name}: {target}"


def test_every_page_has_its_place_on_the_site():
    def pages(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        return [page for within in (part.values() if isinstance(part, dict) else part) for page in pages(within)]

    site = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]
    corpora = [str(path.relative_to(ROOT)) for path in (ROOT / "training/corpora").glob("*.md")]
    assert sorted(pages(site["nav"])) == sorted([*DOCS, "CHANGELOG.md", *corpora])


def test_labels_are_unique():
    names = [name for _, name in labels.POST_LABELS]
    assert len(names) == len(set(names))


def test_the_tables_of_recorded_runs_are_what_was_recorded():
    recorded = json.loads((ROOT / "docs/reliability.json").read_text("utf-8"))
    assert recorded and tables(recorded) in DOCS["docs/reliability.md"]


def test_a_run_that_counts_no_faults_has_its_table_too():
    overload = {"stack": "overload of the box", "day": "2026-11-29", "command": "…", "figures": {"answers": "202 7"}}
    broken = {"memory stays bounded": {"times": 1, "for example": "web"}}
    page = tables({"overload of the box": overload | {"broken": broken}})
    assert "### The overload of the box" in page and "| answers | 202 7 |" in page
    assert "| **promises broken** | 1 |" in page and "| memory stays bounded | 1, such as web |" in page


def test_every_test_that_the_docs_name_exists():
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = {(page, name) for page, text in DOCS.items() for name in re.findall(r"`(test_\w+)`", text)}
    assert [(page, name) for page, name in sorted(named) if f"def {name}(" not in sources] == []
    files = {(page, name) for page, text in DOCS.items() for name in re.findall(r"`([\w/]*test_\w+\.py)`", text)}
    assert [(page, name) for page, name in sorted(files) if not list((ROOT / "tests").rglob(Path(name).name))] == []
