"""Any Hugging Face classifier can take the place of one of ours, matched by its labels' names."""

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, BertForTokenClassification

from classifiers.engine import load_classifier
from classifiers.findings import PostText
from classifiers.labels import Area
from classifiers.weights import ModelError, base_encoder


def small(kind, folder, labels: list[str], bias: list[float]):
    """A tiny real model on disk whose answer is its bias, whatever it reads."""
    config = BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=len(labels),
        id2label=dict(enumerate(labels)), label2id={n: i for i, n in enumerate(labels)},
    )  # fmt: skip
    model = kind(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor(bias))
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base_encoder()).save_pretrained(folder)
    return str(folder)


def test_a_text_classifier_takes_over_the_labels_it_names(tmp_path):
    name = small(BertForSequenceClassification, tmp_path, ["Stop-Treatment", "dosing", "other"], [4.0, -4.0, 0.0])
    (found,) = load_classifier(medical_model=name).read([PostText("I take my tablets with breakfast. " * 120)])
    scores = {label.label: label.score for label in found.labels}
    assert scores["stop_treatment"] > 0.95 and scores["dosing"] < 0.05 and scores["false_cure"] == 0.0
    assert found.models["medical"] == name


def test_a_token_classifier_takes_over_the_spans(tmp_path):
    name = small(BertForTokenClassification, tmp_path, ["O", "B-credential", "I-credential"], [-4.0, 0.0, 4.0])
    text = "open sesame"
    (found,) = load_classifier(personal_data_model=name).read([PostText(text)])
    spans = [text[s.start : s.end] for s in found.spans if s.area is Area.PERSONAL_DATA and s.type == "credential"]
    assert spans == [text]


def test_a_model_without_our_labels_is_refused(tmp_path):
    name = small(BertForSequenceClassification, tmp_path, ["spam", "ham"], [0.0, 0.0])
    with pytest.raises(ModelError, match="none of the labels.*spam"):
        load_classifier(self_harm_model=name)
