"""Whether words are told to the reader: not the author's own story, a question, a warning or what a clinician said."""

from __future__ import annotations

import re

CLAUSE = re.compile(r"[,;:()—–!]+|\s-+\s|\b(?:so|but|then|and\s+then|and\s+you|because|cos)\b", re.IGNORECASE)
TOLD = re.compile(
    r"\b(?:you|your|yours|u|ur|ya|i'?d|i\s+would|should|need\s+to|try|let'?s)\b|^\W*(?:and|or|just|yes|yeah|yep|nah|no|honestly|pls|please|simply|instead"
    r"|always|definitely|even|only|\s|\W)*(?:take|go|have|start|double|triple|up(?!\s+to)|bump|increase|raise|use|pop|drop|stop|quit|ditch|bin|dump"
    r"|chuck|throw|come|get|do|make|keep|skip|push|stick|give|leave|flush|neck|swallow|inject|begin|add|work)\b",
    re.IGNORECASE,
)
OWN = re.compile(
    r"\b(?:i|i'm|im|i've|ive|me|my|mine|we|we're|our|he|him|his|she|her|hers|they|their|dh|dd|ds|mum|mom|dad)\b|^\W*(?:was|were|been|took|had|started|stopped|came|went)\b",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\b(?:not|never|no|nobody|without|cannot|cant|dont|doesnt|shouldnt|wouldnt|wont|didnt|avoid|instead\s+of|rather\s+than|before|until|unless"
    r"|if|when|whether|whoever|after|since|warn\w*|danger\w*|risk\w*|afraid|scared|wrong|shame|pity|die[ds]?|kill\w*|toxic)\b|n't\b",
    re.IGNORECASE,
)
FROM_CLINIC = re.compile(
    r"\b(?:doctors?|docs?|drs?|gps?|nurses?|pharmacists?|chemists?|consultants?|psychiatrists?|psych|specialists?|neuro\w*|rheum\w*|cardio\w*|endo\w*|oncolog\w*"
    r"|midwife|clinic|hospital|leaflet|label|bnf|nhs|fda|nice)\s+(?:\w+\s+)?(?:has|had|have|said|says|say|told|tells|put|puts|upped|prescribed|started|wants"
    r"|wanted|lets?|gave|gives|raised|increased|lowered|recommends?|recommended|agreed|thinks?|may|might|can|will|would)\b"
    r"|\b(?:ask|ring|call|phone|see|speak\s+to|talk\s+to|check\s+with|tell)\s+(?:your|the|a|ur)\s+(?:own\s+)?(?:doctor|doc|dr|gp|nurse|pharmacist|chemist|consultant"
    r"|team|clinic|psychiatrist|specialist|neuro\w*|rheum\w*)",
    re.IGNORECASE,
)

NEAR = 300
"""Characters before and after that are looked at."""


def is_told(sentence: str, at: int) -> bool:
    """Whether what stands at the offset `at` of `sentence` is told to the reader, as far as its words say."""
    if sentence.endswith("?") or FROM_CLINIC.search(sentence[max(0, at - NEAR) : at + NEAR]):
        return False
    clauses = CLAUSE.split(sentence[max(0, at - NEAR) : at])
    if REFUSED.search(clauses[-1]):
        return False
    for clause in reversed(clauses):
        told, own = _last(TOLD, clause), _last(OWN, clause)
        if told >= 0 or own >= 0:
            return told > own or bool(re.match(r"\W*(?:i'?d|i\s+would|try)\b", clause, re.IGNORECASE))
    return True


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the pattern is found last in `text`, or -1."""
    return max((found.start() for found in pattern.finditer(text)), default=-1)
