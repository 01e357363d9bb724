"""Three Hugging Face pipelines, one for each question, each with an encoder of its own of Heed's size.

Their encoders are Heed's trained one; their heads are fresh, for they are measured by time alone.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from classifiers.labels import MEDICAL, PERSONAL_DATA, SELF_HARM

FOLDER = "BASELINE_MODELS"
"""Variable that names the folder of the three models."""
TASKS = {"medical": "text-classification", "self_harm": "text-classification", "personal_data": "token-classification"}


def make(folder: Path) -> None:
    """Write the three models, as somebody who fine-tuned them would have them on disk."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoModelForTokenClassification

    from classifiers import weights

    model, base = weights.load(), weights.base_encoder()
    tags = ["O", *(f"{begin}-{kind}" for kind in PERSONAL_DATA for begin in "BI")]
    for name, labels in (("medical", MEDICAL), ("self_harm", SELF_HARM), ("personal_data", tags)):
        named = dict(enumerate(labels))
        config = AutoConfig.from_pretrained(
            base, num_labels=len(labels), id2label=named, label2id={label: i for i, label in named.items()}
        )
        tagger = TASKS[name] == "token-classification"
        made = (AutoModelForTokenClassification if tagger else AutoModelForSequenceClassification).from_config(config)
        made.base_model.load_state_dict(model.network.encoder.state_dict(), strict=False)
        if tagger:
            # As of nearly all words: nothing. A fresh head would mark every word, and be slow for that alone.
            with torch.no_grad():
                made.classifier.bias[0] = 10.0
        made.save_pretrained(folder / name)
        model.tokenizer.save_pretrained(folder / name)


def load() -> dict[str, Any]:
    """The three pipelines."""
    from transformers import pipeline

    more = {"token-classification": {"aggregation_strategy": "simple"}, "text-classification": {"top_k": None, "truncation": True}}  # fmt: skip
    folder = Path(os.environ[FOLDER])
    return {name: pipeline(task, model=str(folder / name), **more[task]) for name, task in TASKS.items()}


@cache
def loaded() -> dict[str, Any]:
    """The three pipelines of this process."""
    return load()
