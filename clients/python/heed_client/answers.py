"""What Heed answers, as it stands in its OpenAPI description."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

Action = Literal["allow", "flag", "hold", "escalate", "remove", "redact"]
Severity = Literal["none", "medium", "high", "critical"]
NotChecked = Literal["empty", "language", "failed"]


class Label(TypedDict):
    area: str
    label: str
    score: float
    flagged: bool
    severity: Severity
    evidence: list[int] | None


Span = TypedDict(
    "Span",
    {
        "area": str,
        "type": str,
        "start": int,
        "end": int,
        "score": float,
        "source": str,
        "in": NotRequired[Literal["title"]],
    },
)


class Dose(TypedDict):
    amount: float
    unit: Literal["mg", "mcg", "g", "units"]
    per: Literal["dose", "day", "week"]


class Maximum(Dose):
    route: str
    who: str


class Source(TypedDict):
    title: str
    url: str
    date: str


class Fact(TypedDict):
    """What is published about a medicine that a post gives advice on."""

    kind: Literal["dose", "sudden_stop"]
    medicine: str
    start: int
    end: int
    source: Source
    said: NotRequired[Dose]
    maximum: NotRequired[Maximum]
    why: NotRequired[str]


Reason = TypedDict(
    "Reason",
    {
        "area": str,
        "label": str,
        "severity": Severity,
        "score": float,
        "why": str,
        "start": "int | None",
        "end": "int | None",
        "in": NotRequired[Literal["title"]],
        "facts": NotRequired[list[Fact]],
    },
)


class CrisisResource(TypedDict):
    name: str
    contact: str
    url: str


class _Judged(TypedDict):
    action: Action
    severity: Severity
    checked: bool
    not_checked: NotChecked | None
    labels: list[Label]
    spans: list[Span]
    reasons: list[Reason]
    crisis_resources: list[CrisisResource]
    removed_for: str
    message: str
    policy_version: str
    models: dict[str, str]


class Verdict(_Judged):
    id: str
    language: str
    redacted: str | None
    redacted_title: str | None
    decided_by: Literal["models", "moderator"]
    decided_at: str


class Appeal(TypedDict):
    id: str
    external_id: str
    state: Literal["open", "upheld", "granted", "withdrawn"]
    created_at: str
    settled_at: str | None


class Erasure(TypedDict):
    """The receipt."""

    id: str
    of: Literal["post", "author"]
    post_id: str | None
    state: Literal["under_way", "done"]
    posts: int
    erased: dict[str, int]
    requested_at: str
    finished_at: str | None


class Standing(TypedDict):
    """Where a post stands; `verdict` is there once it is read."""

    id: str
    external_id: str
    revision: int
    status: Literal["pending", "done", "deleted"]
    verdict: Verdict | None
    appeal: Appeal | None
    erasure: Erasure | None
    verdict_url: NotRequired[str]


class AppealOutcome(TypedDict):
    id: str
    external_id: str
    outcome: Literal["open", "upheld", "granted"]


class _Told(TypedDict):
    forum: str
    post_id: str
    external_id: str
    revision: int


class CallbackData(_Told, _Judged):
    verdict_id: str
    decided_by: Literal["models", "moderator"]
    body: NotRequired[str]
    title: NotRequired[str]
    appeal: NotRequired[AppealOutcome]


class CareData(_Told):
    message: str
    crisis_resources: list[CrisisResource]


class VerdictCallback(TypedDict):
    type: Literal["post.verdict", "post.decision"]
    timestamp: str
    data: CallbackData


class CareCallback(TypedDict):
    type: Literal["post.care"]
    timestamp: str
    data: CareData


Callback = VerdictCallback | CareCallback
"""`type` says which of the two."""
