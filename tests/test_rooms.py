"""Imports run one way, and the web process stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIGHT = {"classifiers.labels", "classifiers.findings"}
"""What `service` may know of the classifiers: the vocabulary, no models."""


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize(
    ("room", "forbidden"), [("classifiers", ("service", "workers", "training")), ("service", ("workers", "training"))]
)
def test_a_room_knows_only_those_below_it(room, forbidden):
    wrong = [(path.name, name) for path in files(room) for name in imported(path) if name.split(".")[0] in forbidden]
    assert wrong == []


def test_service_knows_the_vocabulary_and_no_model():
    wrong = [
        (path.name, name)
        for path in files("service")
        for name in imported(path)
        if name.startswith("classifiers.") and not any(name == ok or name.startswith(ok + ".") for ok in LIGHT)
    ]
    assert wrong == []


def test_the_web_process_never_loads_torch():
    code = "import sys, service.web; print([m for m in ('torch', 'transformers', 'numpy') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
