"""One shared encoder with three heads: post labels, claim spans, personal-data spans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from classifiers.encoding import SHAPES, Window
from classifiers.labels import CLAIMS, PERSONAL_DATA, POST_LABELS

CLAIM_TAGS = 1 + 2 * len(CLAIMS)
PERSONAL_TAGS = 1 + 2 * len(PERSONAL_DATA)
"""Outside, then begin and inside of each type: tag 0 is O, 1+2k is B-k, 2+2k is I-k."""


class Batch(NamedTuple):
    """Padded windows: ids, types, mask, own are (windows, pieces); shapes is (windows, pieces, SHAPES)."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    own: Tensor
    shapes: Tensor


class Output(NamedTuple):
    """Logits: labels (windows, labels); weights (windows, pieces, labels); claims and personal (windows, pieces, tags).

    `weights` says how much each piece added to each label's logit.
    """

    labels: Tensor
    weights: Tensor
    claims: Tensor
    personal: Tensor


class HeedNetwork(nn.Module):
    """Label-wise attention over the author's own pieces, and two taggers that also see how a word is spelled.

    The attention follows Mullenbach et al. 2018, "Explainable Prediction of Medical Codes from Clinical Text" (CAML):
    a label's logit is a sum over pieces, so that the sentence that weighed most can be shown.
    """

    def __init__(self, encoder: nn.Module, hidden: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.typed = getattr(encoder.config, "type_vocab_size", 1) > 1
        self.dropout = nn.Dropout(dropout)
        self.attention = nn.Linear(hidden, len(POST_LABELS), bias=False)
        self.value = nn.Linear(hidden, len(POST_LABELS))
        self.claims = _tagger(hidden, CLAIM_TAGS, dropout)
        self.personal = _tagger(hidden, PERSONAL_TAGS, dropout)

    def forward(self, batch: Batch) -> Output:
        types = {"token_type_ids": batch.types} if self.typed else {}
        states = self.encoder(input_ids=batch.ids, attention_mask=batch.mask, **types).last_hidden_state
        # The encoder may be rounded to bf16; the heads are not.
        states = self.dropout(states.to(self.attention.weight.dtype))
        scores = self.attention(states).masked_fill(~batch.own.unsqueeze(-1), -1e4)
        weights = scores.softmax(dim=1) * self.value(states)
        spelled = torch.cat([states, batch.shapes.to(states.dtype)], dim=-1)
        return Output(weights.sum(dim=1), weights, self.claims(spelled), self.personal(spelled))


def _tagger(hidden: int, tags: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(hidden + SHAPES, 128), nn.GELU(), nn.Dropout(dropout), nn.Linear(128, tags))


def collate(windows: list[Window], pad: int) -> Batch:
    """Pad windows to the longest of them."""
    size = len(windows), max(len(window.ids) for window in windows)
    ids, types, mask = np.full(size, pad), np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    own, shapes = np.zeros(size, dtype=bool), np.zeros((*size, SHAPES), dtype=np.float32)
    for row, window in enumerate(windows):
        here = row, slice(len(window.ids))
        ids[here], types[here], mask[here] = window.ids, window.types, 1
        own[here], shapes[here] = window.own, window.shapes
    return Batch(*map(torch.from_numpy, (ids, types, mask, own, shapes)))
