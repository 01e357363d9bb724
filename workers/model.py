"""The classifier of this process, by its settings: loaded once, before the first job."""

from __future__ import annotations

import ctypes
import gc
import logging
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from service.settings import settings

if TYPE_CHECKING:
    from classifiers.engine import Classifier

log = logging.getLogger(__name__)


@cache
def classifier() -> Classifier:
    """The one classifier of this process."""
    started = time.monotonic()
    loaded = load_classifier()
    _give_back()
    names = {**loaded.models, "shared": loaded.name}
    told = ", ".join(f"{area} {name}" for area, name in names.items())
    log.info("models loaded in %.1f s: %s", time.monotonic() - started, told)
    return loaded


def _give_back() -> None:
    """Give the system the memory of what loading left behind, such as the networks of back ends that were not taken."""
    gc.collect()
    # What is freed glibc keeps; elsewhere there is no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@cache
def shadow_classifier() -> Classifier | None:
    """The model that reads along without acting, where one is set."""
    from classifiers.engine import load_models
    from workers.backend import by_setting

    chosen = settings()
    if not chosen.shadow_model:
        return None
    log.info("a second model reads along without acting")
    return by_setting(load_models(chosen.shadow_model, threads=chosen.torch_threads), chosen.backend)


def load_classifier() -> Classifier:
    """Load by `HEED_MODEL`, `HEED_BACKEND` and their like. Raises classifiers.weights.ModelError, which says what to do."""
    from classifiers.engine import load_models
    from workers.backend import by_setting

    chosen = settings()
    models = load_models(
        chosen.model,
        chosen.encoder,
        threads=chosen.torch_threads,
        larger_model=chosen.larger_model,
        larger_encoder=chosen.larger_encoder,
        medical_model=chosen.medical_model,
        self_harm_model=chosen.self_harm_model,
        personal_data_model=chosen.personal_data_model,
    )
    return by_setting(models, chosen.backend)
