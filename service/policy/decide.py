"""The verdict on one post: a pure function of its findings and the rules of its board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from classifiers.findings import Fact, Findings, LabelScore, MarkedSpan, Part
from classifiers.labels import DISTRESS, Area, Severity
from service.policy.policy import Policy, Rules, crisis_resources, why
from service.policy.redact import redact

ACTIONS = ("allow", "flag", "hold", "escalate", "remove")
"""From the mildest to the most severe; a post takes its most severe one."""
LABELS = {"dose": "dosing", "sudden_stop": "stop_treatment"}
"""The label that a fact speaks to, by its kind."""


@dataclass(frozen=True)
class Reason:
    """One thing that counted: a label over its threshold, or a marked span."""

    area: Area
    label: str
    severity: Severity
    action: str
    score: float
    start: int | None
    end: int | None
    part: Part = Part.BODY
    facts: tuple[Fact, ...] = ()
    """What is published about the medicines that the advice names."""

    def to_json(self) -> dict[str, Any]:
        return {
            "area": str(self.area),
            "label": self.label,
            "severity": str(self.severity),
            "why": why()[self.area][self.label],
            "score": round(self.score, 4),
            "start": self.start,
            "end": self.end,
            **({} if self.part is Part.BODY else {"in": str(self.part)}),
            **({"facts": [fact.to_json() for fact in self.facts]} if self.facts else {}),
        }


def decide(
    findings: Findings, policy: Policy, *, text: str, title: str = "", board: str = "", region: str = "GB"
) -> dict[str, Any]:
    """The verdict document of one post; docs/api.md names its fields.

    `text` is the submitted body the findings' code points refer to, `title` the submitted title.
    """
    rules = policy.on(board)
    facts = _facts(findings, rules)
    labels = _label_reasons(findings, rules, facts)
    spans = [_span_reason(span, rules) for span in findings.spans if _counts(span, rules)]
    reasons = sorted(
        [*labels, *spans], key=lambda reason: (-_rank(reason.action), -reason.severity.rank, -reason.score)
    )
    action = _action(reasons, findings, rules)
    flagged = {(reason.area, reason.label) for reason in labels}
    private = [span for span in findings.spans if span.area is Area.PERSONAL_DATA and _counts(span, rules)]
    return {
        "action": action,
        "severity": str(max((r.severity for r in reasons), key=lambda s: s.rank, default=Severity.NONE)),
        "checked": findings.checked,
        "not_checked": str(findings.not_checked) if findings.not_checked else None,
        "language": findings.language,
        "labels": [_label_json(found, flagged, findings, rules, facts) for found in findings.labels],
        "spans": [span.to_json() for span in (*_evidence(findings, rules), *findings.spans) if _counts(span, rules)],
        "reasons": [reason.to_json() for reason in reasons],
        "redacted": _redacted(text, private, Part.BODY),
        "redacted_title": _redacted(title, private, Part.TITLE),
        "crisis_resources": list(crisis_resources(region)) if action == "escalate" else [],
        "policy_version": policy.version,
        "models": findings.models,
        **({"parent_spans": [span.to_json() for span in findings.parent]} if findings.parent else {}),
    }


def _redacted(text: str, private: Iterable[MarkedSpan], part: Part) -> str | None:
    """None where nothing has to go from this part of the post."""
    inside = [span for span in private if span.part is part]
    return redact(text, inside) if inside else None


def _rank(action: str) -> int:
    return ACTIONS.index(action)


def _counts(found: LabelScore | MarkedSpan, rules: Rules) -> bool:
    name = found.label if isinstance(found, LabelScore) else found.type
    return found.score >= rules.thresholds[found.area][name]


def _facts(findings: Findings, rules: Rules) -> dict[str, list[Fact]]:
    """The facts that bear on each flagged medical label: on the one of their kind, else on the likeliest."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    flagged = sorted(
        (found for found in findings.labels if _may_be_hazardous(found, rules) and _counts(found, rules)),
        key=lambda f: -f.score,
    )
    if not flagged or not rules.hazardous.facts:
        return facts
    names = [found.label for found in flagged]
    advice = [
        (span.start, span.end) for span in (*_evidence(findings, rules), *findings.spans) if _is_advice(span, rules)
    ]
    for fact in findings.facts:
        if not advice or any(start < fact.end and fact.start < end for start, end in advice):
            facts[LABELS[fact.kind] if LABELS[fact.kind] in names else names[0]].append(fact)
    return facts


def _may_be_hazardous(found: LabelScore, rules: Rules) -> bool:
    return found.area is Area.MEDICAL and found.label in rules.hazardous.labels


def _is_advice(span: MarkedSpan, rules: Rules) -> bool:
    """Whether it is a claim, or the sentence that raised a medical label."""
    return span.area in (Area.MEDICAL, Area.CLAIM) and span.part is Part.BODY and _counts(span, rules)


def _severity(found: LabelScore, findings: Findings, rules: Rules, facts: dict[str, list[Fact]]) -> Severity:
    if _may_be_hazardous(found, rules) and (findings.hazards or facts.get(found.label)):
        return Severity.HIGH
    return rules.severities.get(found.area, {}).get(found.label, Severity.NONE)


def _label_reasons(findings: Findings, rules: Rules, facts: dict[str, list[Fact]]) -> list[Reason]:
    reasons = []
    for found in findings.labels:
        if _counts(found, rules):
            severity = _severity(found, findings, rules, facts)
            action = rules.action(found.area, found.label, severity)
            place = (found.evidence.start, found.evidence.end) if found.evidence else (None, None)
            told = tuple(facts.get(found.label, ()))
            reasons.append(Reason(found.area, found.label, severity, action, found.score, *place, facts=told))
    return reasons


def _span_reason(span: MarkedSpan, rules: Rules) -> Reason:
    # A claim is not a violation: it has no severity, and the action a forum gives to `medium`.
    severity = rules.severities.get(span.area, {}).get(span.type, Severity.NONE)
    action = rules.action(span.area, span.type, severity) if span.area is not Area.CLAIM else _claim_action(rules)
    return Reason(span.area, span.type, severity, action, span.score, span.start, span.end, span.part)


def _claim_action(rules: Rules) -> str:
    return rules.actions[Area.CLAIM].get(Severity.MEDIUM, "allow")


def _action(reasons: Iterable[Reason], findings: Findings, rules: Rules) -> str:
    reasons = list(reasons)
    unread = [getattr(rules.not_checked, findings.not_checked)] if findings.not_checked else []
    action = max([*unread, *(reason.action for reason in reasons)], key=_rank, default="allow")
    in_distress = any(reason.area is Area.SELF_HARM and reason.label in DISTRESS for reason in reasons)
    # Someone who breaks a rule while in distress is looked after first: staff see the post, nobody removes it unread.
    return "escalate" if action == "remove" and in_distress else action


def _evidence(findings: Findings, rules: Rules) -> list[MarkedSpan]:
    """The weightiest sentence of each flagged label of a post, as a span; one of personal data marks its own."""
    return [
        MarkedSpan(found.area, found.label, found.evidence.start, found.evidence.end, found.score, "model")
        for found in findings.labels
        if found.evidence and found.area is not Area.PERSONAL_DATA and _counts(found, rules)
    ]


def _label_json(
    found: LabelScore, flagged: set, findings: Findings, rules: Rules, facts: dict[str, list[Fact]]
) -> dict[str, Any]:
    return {
        "area": str(found.area),
        "label": found.label,
        "score": round(found.score, 4),
        "flagged": (found.area, found.label) in flagged,
        "severity": str(_severity(found, findings, rules, facts)),
        "evidence": [found.evidence.start, found.evidence.end] if found.evidence else None,
    }
