"""Words that make medical harm soon more likely: the circumstances of high severity by the policy, section 1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from classifiers.folded import folded
from classifiers.medicines.names import named

WORDS: dict[str, str] = {
    "immunosuppressant": r"biologics? anti-?rejection immuno-?suppress\w*",
    "insulin": r"insulins? omnipod",
    "anticoagulant": r"blood\s?-?thinn\w+ anti-?coagul\w+ doacs? noacs?",
    "anti_epileptic": r"anti-?epileptics? anti-?convulsants? anti-?seizure",
    "steroid": r"steroids? corticosteroids? preds? dexa",
    "psychiatric_medicine": r"anti-?depress\w+ anti-?psychotics? ssris? snris? maois? mood\s+stabili[sz]ers?",
    "opioid_or_benzodiazepine": r"opioids? opiates? benzos? benzodiazepines?",
    "overdose": r"""over-?dos\w+ o\.?d'?(?:ed|ing) (?:too|so)\s+many\s+(?:pills|tablets|tabs) (?:whole|entire)\s+(?:bottle|pack(?:et)?|box|strip)\s+of
        (?:double|triple|quadruple)\s+(?:the|your|ur|my|his|her)\s+dose (?:double|triple)\s+(?:dose|it|up)""",
    "child": r"""child(?:ren)? kids? kiddos? bab(?:y|ies) toddlers? infants? newborns? bairns? wean (?:little|wee)\s+ones? teen(?:ager)?s?
        (?:my|your|ur|his|her|our|their|the)\s+(?:son|daughter|boy|girl|lad|grandson|granddaughter|nephew|niece|lo|ds|dd)
        (?:1[0-7]|[1-9])\s?-?(?:yo|y/o|(?:years?|yrs?|months?|mths?|weeks?)[\s-]?old) p(?:a)?ediatric\w*""",
    "pregnancy": r"""pregnan\w+ preggo preggers expecting\s+a breast-?\s?feed\w* nursing\s+(?:my|a|mum|mom|mother) trimester antenatal prenatal
        (?:trying|tryna)\s+(?:to\s+)?conceive ttc foetus fetus unborn midwife (?:\d{1,2})\s?(?:weeks|wks)\s+(?:pregnant|along|gone)
        miscarr\w+ ivf pre-?eclampsia""",
    "emergency_symptom": r"""chest\s+(?:pains?|tightness|pressure) (?:can'?t|cannot|cant|struggling\s+to|hard\s+to|trouble|difficulty)\s+breath\w*
        short(?:ness)?\s+of\s+breath breathless\w* coughing\s+(?:up\s+)?blood vomiting\s+blood throwing\s+up\s+blood black\s+stools? stroke
        face\s+droop\w* slurr\w+ seizures? convuls\w+ (?:having|had|has)\s+(?:a\s+)?fits? unconscious unresponsive pass(?:ed|ing)\s+out faint(?:ed|ing) collaps\w+ sepsis septic
        anaphyla\w+ throat\s+(?:closing|swelling) (?:lips|tongue|throat)\s+(?:swelling|swollen|swelled) stiff\s+neck dka ketoacidosis ketones
        heart\s+attack blue\s+lips suicidal heavy\s+bleeding worst\s+headache blood\s+clots? dvt meningitis adrenal\s+crisis
        (?:numb|weak|paralys\w+)\s+(?:arm|leg|face|side) saddle\s+numb\w*""",
}
"""Category → patterns of its words, parted by white space. Medicines by name have theirs in the formulary."""

NOT_MEANT = re.compile(
    r"\bheat\s+stroke\b|\bstroke\s+of\b|\bkid(?:ding|ney)\b|\bbaby\s+(?:aspirin|steps|wipes)\b", re.IGNORECASE
)
"""Read over before the words are looked for."""


def _compiled(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern of the words, those with the same first letter together: `re` tries alternatives one by one."""
    by_letter: dict[str, list[str]] = {}
    for word in words:
        first = word[0] if word[0].isalpha() and word[1:2] not in ("?", "*") else ""
        by_letter.setdefault(first, []).append(word[len(first) :])
    groups = "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in by_letter.items())
    return re.compile(rf"(?<!\w)(?:{groups})(?!\w)")


WORD = re.compile(r"\w+")
PLAIN = {category: frozenset(filter(str.isalpha, words.split())) for category, words in WORDS.items()}
"""The patterns that are nothing but one word: a set finds all of them at once."""
OTHER = {category: [word for word in words.split() if not word.isalpha()] for category, words in WORDS.items()}
COMPILED = {category: _compiled(words) for category, words in OTHER.items()}
"""For folded text: without IGNORECASE `re` passes over an alternative by its first letter."""
ANY = _compiled(word for words in OTHER.values() for word in words)


def hazards(text: str, parent: str = "") -> tuple[str, ...]:
    """The categories that the post or the post it answers names, in the order of `WORDS`."""
    both = folded(NOT_MEANT.sub(" ", f"{text}\n{parent}".replace("’", "'")))
    by_name = {each.medicine.hazard for each in named(both)}
    words, others = set(WORD.findall(both)), COMPILED if ANY.search(both) else {}
    return tuple(
        category
        for category in WORDS
        if category in by_name
        or not PLAIN[category].isdisjoint(words)
        or (category in others and others[category].search(both))
    )
