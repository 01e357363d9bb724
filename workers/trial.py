"""The trial of the back ends, held by a process of its own: what is tried and not taken leaves nothing in a worker's memory,
and one that crashes or hangs ends no worker. What came of it is kept in the data folder, so that a worker starts again quickly.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from classifiers.backends import EXACT, NAMES
from classifiers.engine import Models
from service.settings import settings

log = logging.getLogger(__name__)

LONGEST_SECONDS = 300
"""A trial of both models takes half a minute on two cores."""
KEPT = "backend.json"
"""In the data folder: the back end that was taken, and what it was taken for."""
PACKAGES = ("heed", "torch", "transformers", "openvino")


def chosen_backend(models: Models) -> str:
    """The name of the back end that `backend.quickest` takes here for these models; the exact one where the trial does not
    come to an end.
    """
    file, conditions = settings().data_dir / KEPT, _conditions(models)
    if known := _known(file, conditions):
        log.info("the models run on %s, as the trial of an earlier start chose", known)
        return known
    command = [sys.executable, "-m", "workers.trial"]
    try:
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LONGEST_SECONDS, check=True)
    except subprocess.SubprocessError as error:
        log.warning(
            "the trial of the back ends did not end well (%s); the models run on %s", type(error).__name__, EXACT
        )
        return EXACT
    chosen = ended.stdout.strip()
    _keep(file, {**conditions, "backend": chosen})
    return chosen


def _conditions(models: Models) -> dict[str, Any]:
    """What the choice depends on: change any of it, and there is another trial."""
    both = [models.model, *([models.larger] if models.larger else [])]
    return {
        "models": [model.name for model in both],
        "versions": {name: _version(name) for name in PACKAGES},
        "processor": {name: str(can) for name, can in torch.cpu.get_capabilities().items()},
        "threads": torch.get_num_threads(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _known(file: Path, conditions: dict[str, Any]) -> str | None:
    with suppress(OSError, ValueError, AttributeError, TypeError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        chosen = kept.pop("backend", None)
        if kept == conditions and chosen in NAMES:
            return str(chosen)
    return None


def _keep(file: Path, chosen: dict[str, Any]) -> None:
    # Where nothing can be written, the next start holds a trial too.
    with suppress(OSError):
        new = file.with_name(f"{file.name}.{chosen['threads']}.new")
        new.write_text(json.dumps(chosen, indent=1), encoding="utf-8")
        new.replace(file)


def main() -> None:
    """Say the name on standard output; the log goes where the worker's goes."""
    from workers.backend import quickest
    from workers.logs import start_logs
    from workers.model import load_models

    start_logs()
    print(quickest(load_models()))


if __name__ == "__main__":
    main()
