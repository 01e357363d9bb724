"""What is promised of one post, in plain Python: no database, no queue, no lease but who holds the post."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

UNREADABLE = "BREAK"
LABELS = ("calm", "stop_treatment", "dangerous_remedy", "ideation", "crisis", UNREADABLE)
DISTRESS = {"ideation", "crisis"}
POLICIES = {
    "": {
        "calm": "allow",
        "stop_treatment": "flag",
        "dangerous_remedy": "hold",
        "ideation": "escalate",
        "crisis": "escalate",
    },
    "[label_actions]\nstop_treatment = 'allow'\ndangerous_remedy = 'remove'\nideation = 'flag'\n": {
        "calm": "allow",
        "stop_treatment": "allow",
        "dangerous_remedy": "remove",
        "ideation": "flag",
        "crisis": "escalate",
    },
}
"""Two policies of the forum, and what each makes of a text that holds a label's name."""
FAILED = "flag"
PUBLISHED = {"allow", "flag"}
"""Actions that take nothing from the author."""
MOST_APPEALS = 3


@dataclass
class Standing:
    """A verdict in force, or one that stood before it on the same text."""

    action: str
    by: str | None
    document: dict[str, Any]
    settled: str = ""
    """The appeal that it decided."""


@dataclass
class Appealed:
    state: str
    recused: set[str]
    revision: int
    """Which text of the post it was about, counted by new revisions."""


@dataclass
class Expected:
    """A post as it should stand; `standing` ends with the verdict in force and is empty while the text waits to be read."""

    id: str
    revision: int = 0
    label: str = ""
    body: str = ""
    digest: str = ""
    """Of what the forum sent last, which may be a text that we told it to show."""
    minute: int = -1
    deleted: bool = False
    erased: bool = False
    as_of: int | None = None
    standing: list[Standing] = field(default_factory=list)
    told_to_show: set[str] = field(default_factory=set)
    appeals: dict[str, Appealed] = field(default_factory=dict)
    holder: str = ""
    blocked: str = ""
    """Why nobody may claim it: `leased`, `paused`, or empty."""
    claims: int = 0
    readings: dict[int, int] = field(default_factory=dict)
    texts: int = 0
    turn: int = 0
    """Rises whenever the post has to be read anew."""
    recovered: int = 0

    def is_known(self) -> bool:
        return bool(self.revision)

    def is_read(self) -> bool:
        """Whether it has, or had until an edit or its deletion, something to decide about."""
        return self.turn > 0 and any(self.readings.values())

    def has_taken(self) -> bool:
        """Whether the author lost anything by what was decided, if the post is still there or not."""
        return bool(self.standing) and self.standing[-1].action not in PUBLISHED

    def is_decided(self) -> bool:
        return bool(self.standing) and self.standing[-1].by is not None

    def is_appealed(self) -> bool:
        return bool(self.open_appeal)

    def waits_to_be_read(self) -> bool:
        return bool(self.revision) and not self.deleted and not self.standing

    @property
    def stands(self) -> bool:
        """Whether a verdict is in force."""
        return bool(self.standing) and not self.deleted

    @property
    def open_appeal(self) -> str:
        return next((id_ for id_, appeal in self.appeals.items() if appeal.state == "open"), "")

    @property
    def waits_for_people(self) -> bool:
        """Whether it belongs into the review queue, by the verdict in force."""
        if not self.stands:
            return False
        newest = self.standing[-1]
        return bool(self.open_appeal) or (newest.by is None and newest.action != "allow")

    def accept(self, revision: int, label: str, body: str, digest: str, minute: int, *, latest_wins: bool) -> bool:
        """News of a text; False where it has to be refused."""
        if self.erased or revision < self.revision:
            return True
        if revision == self.revision and digest == self.digest:
            self.minute = max(self.minute, minute)
            return True
        if self.revision and (digest == self.digest or self._is_told(body)):
            self.revision, self.digest, self.minute = revision, digest, minute
            return True
        if revision == self.revision:
            if not latest_wins:
                return False
            if (self.minute, self.digest) >= (minute, digest):
                return True
        self.texts += revision > self.revision
        self.revision, self.label, self.body, self.digest, self.minute = revision, label, body, digest, minute
        self.standing, self.told_to_show = [], set()
        self._drop_appeal()
        self._begin_anew()
        return True

    def delete(self, as_of: int) -> None:
        if self.as_of is None or as_of >= self.as_of:
            self.deleted, self.as_of = True, as_of
            self._drop_appeal()
            self._begin_anew()

    def recover(self, as_of: int) -> None:
        if self.as_of is not None and as_of <= self.as_of:
            return
        was_deleted = self.deleted
        self.deleted, self.erased, self.as_of = False, False, as_of
        if not was_deleted:
            return
        self.recovered += 1
        if not (self.standing and self.standing[-1].by):
            self.standing = []
            self._begin_anew()

    def erase(self, as_of: int) -> None:
        self.delete(max(as_of, self.as_of or as_of))
        self.erased, self.revision, self.body, self.digest, self.minute = True, 0, "", "", -1
        self.standing, self.told_to_show, self.appeals = [], set(), {}

    def may_appeal(self, id_: str) -> bool:
        return (
            id_ not in self.appeals
            and self.stands
            and self.has_taken()
            and not self.open_appeal
            and len(self.appeals) < MOST_APPEALS
        )

    def appeal(self, id_: str) -> None:
        # Who decided about an older revision may decide about this one.
        earlier = [each.recused for each in self.appeals.values() if each.revision == self.texts]
        mine = {self.standing[-1].by} - {None}
        self.appeals[id_] = Appealed("open", set().union(mine, *earlier), self.texts)

    def is_closed_to(self, id_: str, who: str, everybody: set[str]) -> bool:
        """Whether an appeal is for somebody else to decide."""
        recused = self.appeals[id_].recused
        return who in recused and bool(everybody - recused)

    def claimed(self, owner: str) -> None:
        self.holder, self.blocked = owner, "leased"
        self.claims += 1

    def free(self, blocked: str = "") -> None:
        self.holder, self.blocked = "", blocked

    def _is_told(self, body: str) -> bool:
        return bool(self.told_to_show) and body in {self.body, *self.told_to_show}

    def _drop_appeal(self) -> None:
        if self.open_appeal:
            self.appeals[self.open_appeal].state = "withdrawn"

    def _begin_anew(self) -> None:
        self.free()
        self.claims = 0
        self.turn += 1
