"""A missing, altered or foreign model is refused with a sentence that says what to do."""

import json
import shutil

import huggingface_hub
import pytest
import torch

from classifiers import weights
from classifiers.weights import SHIPPED, ModelError


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "model")


def test_the_shipped_model_loads_and_is_small():
    model = weights.load()
    assert model.name.startswith("heed-minilm@")
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.*")) < 50_000_000


def test_a_difference_of_low_rank_is_written_small_and_read_whole(tmp_path):
    torch.manual_seed(3)
    base = weights.base_encoder()
    network = weights.build(base).eval()
    name = "encoder.encoder.layer.0.intermediate.dense.weight"
    changed = network.get_parameter(name)
    change = 0.05 * torch.randn(changed.shape[0], 2) @ torch.randn(2, changed.shape[1])
    changed.data += change
    weights.save(network, tmp_path, {"name": "thin"}, base, rank=2)
    read = weights.load(str(tmp_path)).network.state_dict()
    assert read[name] == pytest.approx(changed.detach(), abs=6e-3)
    assert (tmp_path / "heed.safetensors").stat().st_size < 0.1 * (SHIPPED / "heed.safetensors").stat().st_size


def test_an_altered_file_is_refused(model):
    with (model / "heed.safetensors").open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2\3")
    with pytest.raises(ModelError, match="damaged or altered"):
        weights.load(str(model))


def test_a_missing_file_is_named(model):
    (model / "heed.safetensors").unlink()
    with pytest.raises(ModelError, match="heed.safetensors is missing"):
        weights.load(str(model))


def test_a_missing_manifest_is_named(model):
    (model / "heed.json").unlink()
    with pytest.raises(ModelError, match="no readable heed.json"):
        weights.load(str(model))


def test_another_encoder_than_it_was_trained_on_is_refused(model):
    manifest = json.loads((model / "heed.json").read_text())
    (model / "heed.json").write_text(json.dumps(manifest | {"encoder_sha256": "0" * 64}))
    with pytest.raises(ModelError, match="base encoder"):
        weights.load(str(model))


def test_a_model_of_other_labels_is_refused(model):
    manifest = json.loads((model / "heed.json").read_text())
    (model / "heed.json").write_text(json.dumps(manifest | {"post_labels": ["spam"]}))
    with pytest.raises(ModelError, match="other labels"):
        weights.load(str(model))


def test_a_name_that_leads_nowhere_is_refused(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="neither a folder nor a model"):
        weights.load("nobody/no-such-model")


def test_a_calibration_is_written_into_the_manifest_and_nowhere_else(model):
    before = weights.load(str(model)).manifest
    weights.annotate(model, calibration={"crisis": (0.5, -1.0)})
    assert weights.load(str(model)).manifest == before | {"calibration": {"crisis": [0.5, -1.0]}}


def test_a_model_fetched_is_held_to_its_commit(tmp_path, monkeypatch):
    commits = ("a" * 40, "b" * 40)
    for commit in commits:
        (tmp_path / "models--them--it" / "snapshots" / commit).mkdir(parents=True)
    (tmp_path / "models--them--it" / "refs").mkdir()
    (tmp_path / "models--them--it" / "refs" / "main").write_text(commits[1])
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    found = [weights.folder_of(name).name for name in (f"them/it@{commits[0]}", "them/it")]
    assert found == list(commits)
    with pytest.raises(ModelError, match="neither a folder"):
        weights.folder_of(f"them/it@{'c' * 40}")
