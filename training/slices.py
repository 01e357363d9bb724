"""Kinds of posts that are measured apart: by length, by what surrounds them, by condition and by the English they are in.

The corpora do not say which condition or dialect a post is about or in, so words tell: a post of two conditions stands in
both slices, and one that names none in no slice.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from training import corpus
from training.corpus import LabelledPost

Belongs = Callable[[LabelledPost], bool]

FORMS: dict[str, Belongs] = {
    "up to 12 words": lambda post: len(post.text.split()) <= 12,
    "13 to 50 words": lambda post: 12 < len(post.text.split()) <= 50,
    "51 to 150 words": lambda post: 50 < len(post.text.split()) <= 150,
    "over 150 words": lambda post: len(post.text.split()) > 150,
    "a reply": lambda post: bool(post.parent),
    "no parent": lambda post: not post.parent,
    "half of a contrast pair": lambda post: bool(post.pair),
    "ordinary threads": corpus.is_ordinary,
    "all lower case": lambda post: post.text == post.text.lower(),
}
CONDITIONS = {
    "rheumatic, autoimmune": r"lupus|sle|rheum\w*|arthritis|\bra\b|sjogren\w*|psoria\w*|methotrexate|mtx|humira|biologics?",
    "diabetes": r"diabet\w*|insulin|hba1c|a1c|metformin|lantus|t1d?|t2d?|type [12]|hypos?|cgm|libre|ozempic|mounjaro",
    "heart, vessels": r"heart|cardiac|cardiolog\w*|stent|angina|warfarin|apixaban|blood thinners?|statins?|bp|pacemaker|afib|stroke|tia",
    "cancer": r"cancer|chemo\w*|tumou?rs?|oncolog\w*|lymphoma|leuk\w*|melanoma|mastectomy|radiotherapy|biops\w*|mets",
    "kidney, liver, transplant": r"kidney|dialysis|renal|egfr|creatinine|transplant|tacrolimus|liver|cirrhosis|hep [abc]",
    "gut": r"crohn\w*|colitis|ibs|ibd|stoma|coeliac|celiac|bowel|reflux|gastro\w*|colonoscopy",
    "nerves": r"epilep\w*|seizures?|keppra|ms|multiple sclerosis|parkinson\w*|migraines?|als|mnd|neuro\w*|dementia",
    "lungs": r"asthma|inhalers?|copd|cystic fibrosis|oxygen|nebuli\w*|apn\w*|cpap|pneumonia",
    "pain": r"fibro\w*|pain clinic|chronic pain|opioids?|tramadol|oxy\w*|morphine|gabapentin|pregabalin|codeine",
    "mind": r"depress\w*|anxiety|bipolar|schizo\w*|ptsd|ocd|sertraline|ssri|lithium|therap(y|ist)|psychiatr\w*|adhd|autis\w*",
    "eating": r"anorexi\w*|bulimi\w*|binge\w*|eating disorder|purg\w*|calories|weigh(ed|t|-ins?)?",
    "women's health, pregnancy": r"endo\w*|pcos|pregnan\w*|midwife|ivf|menopaus\w*|hrt|periods?|breastfe\w*|postpartum",
    "hormones": r"thyroid\w*|levothyroxine|hashimoto\w*|graves|addison\w*|cortisol|steroids?|pred(nisolone|nisone)?",
    "infections, jabs": r"covid\w*|hiv|vaccin\w*|jabs?|lyme|antibiotics?|sepsis|flu|tb|uti",
    "children": r"my (son|daughter|baby|toddler|little one|boy|girl)|newborn|\d+ ?(yo|months? old|weeks? old)|nursery",
}
"""Words of a condition, in the post, its title or its parent."""
DIALECTS = {
    "Britain, Ireland": r"gp|a&e|nhs|mum|mam|paracetamol|111|surgery|district nurse|fortnight|quid|£\d+|lads?|wee|grand|nan",
    "North America, Australia": r"mom|er|copay|insurance|tylenol|walgreens|cvs|pcp|y'?all|\$\d+|medicare|gotten|urgent care|"
    r"arvo|perth|sydney|melbourne|brisbane|auckland|nz|bulk bill\w*|panadol|reckon|ute",
    "Africa, Asia, the Caribbean, a second language": r"lagos|nairobi|accra|abuja|kenya\w*|nigeria\w*|ghana\w*|abeg|oo|wahala|"
    r"chama|joburg|lakhs?|rupees?|delhi|mumbai|pune|kerala|chennai|didi|aunty|ayurved\w*|kindly|po|kasi|talaga|lah|leh|manila|"
    r"cebu|kuya|lola|barangay|singapore|malaysia\w*|yuh|finna|jamaica\w*|trini\w*|cyah|tryna|i am (having|suffering|from)|"
    r"since \d+ (years?|months?) i|(sorry|excuse) (for )?my english|how do you call|he have|she have|i have \d+ years",
}
"""Words that a kind of English is known by, in the post alone."""


def _words(pattern: str, around: bool) -> Belongs:
    found = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
    return lambda post: bool(found.search("\n".join((post.text, post.title, post.parent)) if around else post.text))


SLICES: dict[str, Belongs] = {
    **FORMS,
    **{name: _words(pattern, around=True) for name, pattern in CONDITIONS.items()},
    **{name: _words(pattern, around=False) for name, pattern in DIALECTS.items()},
}
