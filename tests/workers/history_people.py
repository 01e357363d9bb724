"""What authors, their forum and its moderators do, at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from history import NAMES, SECRET, START, History
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from promise import DISTRESS, LABELS, POLICIES, Expected, Standing

from service import appeals, care
from service.decisions import ACTIONS, UPHOLD, Decision, record_decision, undo_decision
from service.intake import accept
from service.intake.submission import Submission
from service.policy import versions
from service.store.models import Moderator, QueueItem, Verdict
from service.verdicts import current_verdict

POSTS = st.sampled_from(["a", "b"])
WHO = st.sampled_from(NAMES)
WHICH = st.integers(0, 3)
LATE = st.integers(0, 2)
THE_SAME, WHAT_WE_TOLD, HELP, TAKE_BACK = "the same", "what we told to show", "help", 1


class People(History):
    """Texts come in any order, twice, contradicting each other; posts go and come back; people change their minds."""

    @initialize(
        labels=st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), read=st.sampled_from([True, True, False])
    )
    def begin(self, labels: tuple[str, str], read: bool) -> None:
        for post, label in zip(self.posts, labels, strict=True):
            self.submit(post, label, 0, 0, False)
        if read:
            self.read_all()

    @rule(
        post=POSTS,
        what=st.sampled_from([*LABELS, THE_SAME, WHAT_WE_TOLD]),
        up=st.integers(-1, 1),
        late=LATE,
        latest_wins=st.booleans(),
    )
    def submit(self, post: str, what: str, up: int, late: int, latest_wins: bool) -> None:
        expected = self.posts[post]
        label = what if what in LABELS else "calm"
        body = f"{SECRET}{post} says {label} here"
        if what == THE_SAME and expected.revision:
            label, body = expected.label, expected.body
        elif what == WHAT_WE_TOLD and self.shown[post]:
            body = self.shown[post][-1]
        self.minute += 1
        revision, minute = max(1, expected.revision + up), self.minute - late
        sent = Submission(id=post, revision=revision, body=body, created_at=START + timedelta(minutes=minute))
        taken = expected.accept(revision, label, body, sent.digest, minute, latest_wins=latest_wins)
        self._does(taken, lambda session, forum: accept.accept(session, forum, sent, latest_wins=latest_wins))

    @rule(post=POSTS, late=LATE, what=st.sampled_from(["the other", "the other", "the other", "again", "erased"]))
    def delete_or_recover(self, post: str, late: int, what: str) -> None:
        expected = self.posts[post]
        if what == "erased":
            expected.erase(self._news(accept.erase, post, late))
        elif expected.deleted is (what == "again"):
            expected.delete(self._news(accept.delete, post, late))
        else:
            expected.recover(self._news(accept.recover, post, late))

    def _news(self, happened: Callable, post: str, late: int) -> int:
        self.minute += 1
        as_of = self.minute - late
        self._does(True, lambda session, forum: happened(session, forum, post, START + timedelta(minutes=as_of)))
        return as_of

    @precondition(lambda self: self._are(Expected.has_taken))
    @rule(which=WHICH, number=st.integers(1, 4))
    def appeal_or_take_back(self, which: int, number: int) -> None:
        expected = self._pick(self._are(Expected.has_taken), which)
        if expected.open_appeal and number == TAKE_BACK:
            self._take_back(expected)
        else:
            self._appeal(expected, f"appeal-{number}")

    def _appeal(self, expected: Expected, id_: str) -> None:
        def begin(session, forum) -> None:
            post = accept.find(session, forum, expected.id)
            text = f"{SECRET}{expected.id} disagrees"
            appeals.begin(session, post, current_verdict(session, post), id_, text, None)

        known = id_ in expected.appeals
        if self._does(known or expected.may_appeal(id_), begin) and not known:
            expected.appeal(id_)

    def _take_back(self, expected: Expected) -> None:
        id_ = expected.open_appeal

        def take_back(session, forum) -> None:
            post = accept.find(session, forum, expected.id)
            found = appeals.find(session, post, id_)
            appeals.take_back(session, post, current_verdict(session, post), found)

        self._does(True, take_back)
        expected.appeals[id_].state = "withdrawn"

    @precondition(lambda self: self._are(Expected.is_read))
    @rule(
        which=WHICH,
        name=WHO,
        action=st.sampled_from([*ACTIONS, UPHOLD, HELP]),
        stale=st.sampled_from([False, False, False, False, True]),
    )
    def moderate(self, which: int, name: str, action: str, stale: bool) -> None:
        """Help the author, take a decision back where there is one, else decide; `stale` is a page opened before."""
        expected, who = self._pick(self._are(Expected.is_read), which), self.people[name]
        item = self._item(expected.id)
        if item is None:
            return
        if action == HELP:
            self._does(not self._off(), lambda session, forum: care.send_help(session, item.id, who, "Call us."))
        elif expected.is_decided() and not expected.open_appeal:
            self._undo(expected, who, item, stale)
        else:
            self._decide(expected, who, item, action, stale)

    def _decide(self, expected: Expected, who: Moderator, item: QueueItem, action: str, stale: bool) -> None:
        left_out = (f"says {expected.label}",) if action == "redact" else ()
        chosen = Decision(action, note=f"{SECRET}{expected.id} noted", left_out=left_out)
        made: list[Verdict] = []

        def decide(session, forum) -> None:
            made.append(record_decision(session, item.id, item.version - stale, who, chosen))

        before = expected.open_appeal
        if not self._does(self._may_decide(expected, who, action, stale), decide):
            return
        verdict = made[0]
        if before:
            expected.appeals[before].state = "settled"
        wanted = expected.standing[-1].action if action == UPHOLD else ACTIONS[action]
        assert verdict.action == wanted
        if action == "redact":
            expected.told_to_show.add(verdict.document["published"])
            self.shown[expected.id].append(verdict.document["published"])
        expected.standing.append(Standing(verdict.action, who.id, verdict.document, before))

    def _may_decide(self, post: Expected, who: Moderator, action: str, stale: bool) -> bool:
        if stale or not post.waits_for_people:
            return False
        if (appeal := post.open_appeal) and post.is_closed_to(appeal, who.id, self._everybody):
            return False
        if action == UPHOLD:
            return bool(appeal)
        distress = post.label in DISTRESS and post.standing[0].document["not_checked"] is None
        if action == "redact":
            return not distress and not self._off()
        return not (action == "remove" and distress)

    def _undo(self, expected: Expected, who: Moderator, item: QueueItem, stale: bool) -> None:
        settled = expected.standing[-1].settled
        closed = settled and expected.is_closed_to(settled, who.id, self._everybody)
        allowed = expected.stands and not stale and not closed
        if not self._does(allowed, lambda session, forum: undo_decision(session, item.id, item.version - stale, who)):
            return
        expected.standing.pop()
        if settled:
            expected.appeals[settled].state = "open"

    @precondition(lambda self: self.hands)
    @rule(name=WHO)
    def change_the_policy(self, name: str) -> None:
        (toml,) = POLICIES.keys() - {self.policy}

        def save(session, forum) -> None:
            instead_of = versions.policy_of(forum).version
            versions.save(session, forum, toml, instead_of=instead_of, by=self.people[name], why="for the test")

        self._does(True, save)
        self.policy = toml
