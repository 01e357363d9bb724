"""The trial of the back ends in a process of its own, and a worker's models on what it chose."""

import json
import sys
from dataclasses import replace

import pytest
import torch

from classifiers.backends import EXACT, NAMES
from classifiers.engine import load_models
from service.settings import settings
from workers import model, trial

PYTHON = sys.executable


@pytest.fixture(scope="module")
def models():
    return load_models()


@pytest.fixture(autouse=True)
def kept():
    """Where the choice is kept."""
    settings().data_dir.mkdir()
    return settings().data_dir / trial.KEPT


@pytest.fixture
def says(tmp_path, monkeypatch):
    """`says("print(1)")` has the trial's process run that instead."""

    def say(code):
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\nexec {PYTHON} -c '{code}'\n")
        python.chmod(0o755)
        monkeypatch.setattr(trial.sys, "executable", str(python))

    return say


def test_the_process_says_one_of_the_back_ends_and_the_next_start_knows_it(models, kept, says):
    chosen = trial.chosen_backend(models)
    assert chosen in NAMES and json.loads(kept.read_text())["backend"] == chosen
    says("raise SystemExit(3)")
    assert trial.chosen_backend(models) == chosen


def test_other_weights_or_a_file_that_is_broken_mean_another_trial(models, kept, says):
    says('print("openvino")')
    assert trial.chosen_backend(models) == "openvino"
    says('print("torch-bf16")')
    manifest = {**models.model.manifest, "sha256": "another"}
    assert trial.chosen_backend(replace(models, model=replace(models.model, manifest=manifest))) == "torch-bf16"
    for broken in ("[]", "{", "null", json.dumps({**json.loads(kept.read_text()), "backend": "gone"})):
        kept.write_text(broken)
        assert trial.chosen_backend(models) == "torch-bf16"


def test_where_nothing_can_be_kept_the_trial_counts_all_the_same(models, kept, says):
    settings().data_dir.rmdir()
    says('print("torch-bf16")')
    assert trial.chosen_backend(models) == "torch-bf16" and not kept.exists()


@pytest.mark.parametrize("ends", ["import os; os.abort()", "raise SystemExit(3)", "import time; time.sleep(600)"])
def test_a_trial_that_does_not_end_well_leaves_the_exact_one_this_time(models, kept, says, caplog, monkeypatch, ends):
    says(ends)
    monkeypatch.setattr(trial, "LONGEST_SECONDS", 2)
    assert trial.chosen_backend(models) == EXACT and not kept.exists()
    assert "trial of the back ends did not end well" in caplog.text


def test_what_is_chosen_is_taken(settings_env, monkeypatch):
    settings_env(HEED_BACKEND="auto")
    monkeypatch.setattr(trial, "chosen_backend", lambda models: "torch-bf16")
    assert model.load_classifier().backend == "torch-bf16"


def test_what_is_named_is_taken_without_a_trial(settings_env, monkeypatch):
    monkeypatch.setattr(trial, "chosen_backend", lambda models: pytest.fail("no trial"))
    settings_env(HEED_BACKEND="torch")
    assert model.load_classifier().backend == EXACT
    settings_env(HEED_BACKEND="torch-bf16")
    rounded = model.load_classifier()._reader._forward._network
    assert rounded.encoder.dtype == torch.bfloat16 and rounded.value.weight.dtype == torch.float32
