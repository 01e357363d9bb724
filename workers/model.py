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
    from classifiers.engine import Classifier, Models

log = logging.getLogger(__name__)

AUTO = "auto"


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
    """Give the system the memory of what loading left behind."""
    gc.collect()
    # What is freed glibc keeps; elsewhere there is no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@cache
def shadow_classifier() -> Classifier | None:
    """The model that reads along without acting, where one is set: on the back end of the one that acts."""
    from classifiers import engine

    chosen = settings()
    if not chosen.shadow_model:
        return None
    log.info("a second model reads along without acting")
    models = engine.load_models(chosen.shadow_model, threads=chosen.torch_threads)
    return engine.Classifier(models, classifier().backend)


def load_classifier() -> Classifier:
    """Load by `HEED_MODEL`, `HEED_BACKEND` and their like. Raises classifiers.weights.ModelError, which says what to do."""
    from classifiers.engine import Classifier
    from workers.trial import chosen_backend

    # Loaded first: what is wrong with the models is said here, and no trial is held of them.
    models = load_models()
    backend = settings().backend
    return Classifier(models, chosen_backend(models) if backend == AUTO else backend)


def load_models() -> Models:
    """The models by their settings, without a back end. Raises ModelError."""
    from classifiers import engine

    chosen = settings()
    return engine.load_models(
        chosen.model,
        chosen.encoder,
        threads=chosen.torch_threads,
        larger_model=chosen.larger_model,
        larger_encoder=chosen.larger_encoder,
        medical_model=chosen.medical_model,
        self_harm_model=chosen.self_harm_model,
        personal_data_model=chosen.personal_data_model,
    )
