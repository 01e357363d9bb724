"""Before `heed up` starts anything: may it write its data folder, is it alone there, is there room?"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import ConfigurationError

FREE_MB = 200
"""Below this a database soon can't write."""


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the data folder, made where it is missing, against a second `heed up`. Raises ConfigurationError."""
    try:
        # Posts lie there: nobody else on this machine has any business in it.
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(data_dir / "heed.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {data_dir} can't be used ({error.strerror}). Mend that, or name another: HEED_DATA_DIR=…"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise ConfigurationError(
            f"Another `heed up` runs on {data_dir}. Stop it, or give this one a folder of its own: HEED_DATA_DIR=…"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def check_disk(data_dir: Path) -> None:
    """Raise ConfigurationError where the disk is all but full."""
    free = shutil.disk_usage(data_dir).free / 1e6
    if free < FREE_MB:
        raise ConfigurationError(
            f"The disk of {data_dir} is full: {free:.0f} MB are free, and Heed wants {FREE_MB}. Make room and try again."
        )
