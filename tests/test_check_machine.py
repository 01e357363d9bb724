"""`make` on a machine that is not fit: one clear sentence and exit status 1, never a traceback."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "deploy" / "check_machine.py"


def check(broken: str = "", free: float = 50, torch_args: str = "") -> subprocess.CompletedProcess:
    """Run the script in a fresh interpreter on a machine with `free` GB, `broken` before by a line of Python."""
    code = f"""
import collections, runpy, shutil, sys
shutil.disk_usage = lambda _: collections.namedtuple("Usage", "total used free")(9e12, 0, {free} * 1e9)
sys.argv = [{str(SCRIPT)!r}, {torch_args!r}]
sys.platform = "linux"
{broken}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


def test_a_fit_machine_hears_nothing():
    done = check()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("broken", "free", "says"),
    [
        ("sys.version_info = (3, 9, 2)", 50, ["Python 3.11", "Python 3.9.2", "make run PYTHON="]),
        ("", 1.2, ["4 GB", "1.2 GB are free", "Make room"]),
        ("", 6, ["CUDA", "10 GB", "6.0 GB are free", "TORCH_ARGS="]),
        ("sys.modules['venv'] = None", 50, ["virtual environments", "apt install python3-venv"]),
        ("sys.modules['ensurepip'] = None", 50, ["virtual environments", "apt install python3-venv"]),
        ("import os; os.name = 'nt'", 50, ["Linux and macOS", "WSL"]),
    ],
    ids=["old python", "no disk", "no disk for CUDA", "no venv", "no ensurepip", "windows"],
)
def test_an_unfit_machine_hears_one_sentence_what_to_do(broken, free, says):
    done = check(broken, free)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert all(part in done.stderr for part in says)


def test_the_small_torch_needs_less():
    assert check(free=6, torch_args="-i https://example.org/cpu").returncode == 0
    assert check("import ensurepip, venv; sys.platform = 'darwin'", free=6).returncode == 0


def test_it_can_be_read_by_the_pythons_it_turns_away():
    # Compiled by an old Python before it may run there: no f-strings, no annotations, no walrus.
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 4))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match)
    assert not [node for node in ast.walk(tree) if isinstance(node, new)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f.name for f in functions if f.returns or any(argument.annotation for argument in f.args.args)]
    assert SCRIPT.read_bytes().isascii()


@pytest.mark.parametrize(
    ("python", "says"), [("false", ""), ("no-such-python", "There is no no-such-python here. Install Python 3.11")]
)
def test_make_stops_before_it_installs_anything(tmp_path, python, says):
    command = ["make", "setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0 and says in done.stderr and "Traceback" not in done.stderr
    assert "Installing" not in done.stdout
    assert not (tmp_path / "venv").exists()
