"""Two forums, people with every role on each, and one request for every route of the app, made so that it would do something."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from people import PASSWORD, add_person
from review_posts import SAMPLES, add_post
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from service.decisions import Decision, record_decision
from service.forums import NewForum, add_forum
from service.people import invitations, logins, second_factor
from service.policy.versions import policy_of, save
from service.store import Store
from service.store.models import (
    Appeal,
    Base,
    Forum,
    Moderator,
    OpinionRequest,
    Post,
    QueueItem,
    SavedView,
    SecondReading,
    Skip,
    Verdict,
    new_id,
    now,
)

WHO = ("nobody", "key", "other key", "elsewhere", "viewer", "moderator", "lead", "admin", "administrator")
"""Nobody; the forum's own key; another forum's; an admin of the other forum; the roles on this forum; an admin of all."""
HELD, SELF_HARM = 2, 4
COLLEAGUE = "lindqvist"
"""A moderator of the forum, whose name stands nowhere else."""
IDS = re.compile(r"\b(item|post|user|forum|bulk|policy|invite|view|appeal|verdict|erasure)_[0-9a-f]{32}\b")
POLICY = "[actions.medical]\nhigh = 'hold'\n"


@dataclass
class Call:
    """One request: what stands in its address, and what it sends."""

    place: dict[str, str] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    query: str = ""

    def as_of_nobody(self) -> Call:
        """The same with ids that nothing has."""
        place = {name: unknown(value) for name, value in self.place.items()}
        form = {name: unknown(value) for name, value in self.form.items()}
        return Call(place, form, self.json, self.query)


def unknown(value: Any) -> Any:
    """An id of the same shape that nothing has; a slug or a token that nothing has."""
    if isinstance(value, list):
        return [unknown(each) for each in value]
    if value in ("harbour", "quayside"):
        return "nowhere"
    return IDS.sub(lambda found: f"{found[1]}_{'0' * 32}", value) if isinstance(value, str) else value


class World:
    """`here` is the forum that the table speaks of, `there` the other one."""

    def __init__(self, app: Flask, store: Store) -> None:
        self.app, self.store, self.count = app, store, 0
        with store.write() as session:
            self.here = add_forum(session, "harbour", "Harbour", callback_url="https://forum.example.org/heed")
            self.there = add_forum(session, "quayside", "Quayside")
            for role in ("viewer", "moderator", "lead", "admin"):
                add_person(session, role, role, forum_id=self.here.forum.id)
            add_person(session, "elsewhere", "admin", forum_id=self.there.forum.id)
            add_person(session, "administrator", "admin")
            add_person(session, COLLEAGUE, "moderator", forum_id=self.here.forum.id)

    # Who asks

    def client(self, who: str) -> FlaskClient:
        """Their browser, logged in, or the forum's server with its key."""
        client = self.app.test_client()
        if who in ("key", "other key"):
            forum = self.here if who == "key" else self.there
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {forum.api_key}"
        elif who != "nobody":
            with self.store.write() as session:
                login = logins.begin(session, session.get_one(Moderator, self.id(who)), "")
            with client.session_transaction() as cookie:
                cookie["login"] = login.id
        return client

    def id(self, who: str) -> str:
        with self.store.read() as session:
            return session.scalar(select(Moderator.id).where(Moderator.name == who)) or ""

    def me(self, session: Session, who: str) -> Moderator:
        """They; a colleague for who is nobody of the console."""
        known = session.scalar(select(Moderator).where(Moderator.name == who))
        return known or session.scalars(select(Moderator).where(Moderator.name == COLLEAGUE)).one()

    def send(self, client: FlaskClient, method: str, rule: str, call: Call, *, token: bool = True) -> TestResponse:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: call.place[name[1]], rule) + call.query
        form = dict(call.form)
        if token and path.startswith("/console") and method == "POST":
            with client.session_transaction() as cookie:
                raw = cookie.setdefault("csrf_token", "a" * 40)
            form["csrf_token"] = URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(raw)
        sent = {"json": call.json} if call.json is not None else {"data": form} if method == "POST" else {}
        return client.open(path, method=method, buffered=True, **sent)

    # What there is

    def post(self, forum: NewForum | None = None, sample: int = HELD) -> str:
        """A post that waits on the forum; its item's id."""
        self.count += 1
        with self.store.write() as session:
            known = session.get_one(Forum, (forum or self.here).forum.id)
            return add_post(session, known, SAMPLES[sample], str(self.count))

    def decided(self, who: str = COLLEAGUE, forum: NewForum | None = None, action: str = "hold") -> str:
        """A post that somebody decided; its item's id."""
        item = self.post(forum)
        with self.store.write() as session:
            record_decision(session, item, 1, self.me(session, who), Decision(action))
        return item

    def post_of(self, item: str) -> str:
        """The id of an item's post."""
        with self.store.read() as session:
            return session.get_one(QueueItem, item).post_id

    def external(self, item: str) -> str:
        """The forum's own id of it."""
        with self.store.read() as session:
            return session.get_one(Post, session.get_one(QueueItem, item).post_id).external_id

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """Every row there is, but for when somebody was last seen."""
        with self.store.read() as session:
            return [
                (table.name, {name: value for name, value in row.items() if name != "seen_at"})
                for table in Base.metadata.sorted_tables
                for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
            ]

    def of_here(self, rows: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
        """Those of them that belong to this forum."""
        mine, links = {self.here.forum.id}, ("id", "forum_id", "post_id", "item_id")
        for name in links[1:]:
            mine |= {row["id"] for _, row in rows if "id" in row and row.get(name) in mine}
        return [(table, row) for table, row in rows if mine & {row.get(name) for name in links}]


Builder = Callable[[World, str], Call]
CALLS: dict[str, Builder] = {}
"""By method and rule: a request of somebody that would do something, were it theirs to do."""


def call(route: str) -> Callable[[Builder], Builder]:
    def keep(builder: Builder) -> Builder:
        CALLS[route] = builder
        return builder

    return keep


def of_item(act: str, before: Callable[[World, str, str], None] | None = None, **form: Any) -> None:
    """A POST to an address below an item's; `before` makes the item what the act needs."""

    def build(world: World, who: str) -> Call:
        item = world.post(sample=form.get("sample", HELD))
        if before:
            before(world, who, item)
        sent = {name: world.id(value) if value == COLLEAGUE else value for name, value in form.items()}
        sent.pop("sample", None)
        return Call({"item_id": item}, sent)

    CALLS[f"POST /console/items/<item_id>/{act}"] = build


def _with(act: Callable[[Session, Moderator, Moderator, str], object]) -> Callable[[World, str, str], None]:
    """`act` with the session, who asks, a colleague, and the item."""

    def do(world: World, who: str, item: str) -> None:
        with world.store.write() as session:
            act(session, world.me(session, who), world.me(session, COLLEAGUE), item)

    return do


def _claimed(by_colleague: bool) -> Callable[[World, str, str], None]:
    def claim(session: Session, me: Moderator, colleague: Moderator, item: str) -> None:
        row = session.get_one(QueueItem, item)
        row.claimed_by, row.claimed_at = colleague.id if by_colleague else me.id, now().replace(microsecond=0)
        row.claimed_until = now() + timedelta(minutes=5)

    return _with(claim)


def _decide(session: Session, _me: Moderator, colleague: Moderator, item: str) -> Verdict:
    return record_decision(session, item, 1, colleague, Decision("hold"))


def _draw(session: Session, me: Moderator, colleague: Moderator, item: str) -> None:
    verdict = _decide(session, me, colleague, item)
    session.add(SecondReading(verdict_id=verdict.id, item_id=item, version=2))


def _ask(session: Session, me: Moderator, colleague: Moderator, item: str) -> None:
    session.add(OpinionRequest(item_id=item, version=1, asked_by=colleague.id))


of_item("decide", action="hold", version="1")
of_item("undo", _with(_decide), version="2")
of_item("skip", reason="heavy")
of_item("unskip", _with(lambda db, me, _other, item: db.add(Skip(item_id=item, moderator_id=me.id, reason="heavy"))))
of_item("claim")
of_item("take-over", _claimed(by_colleague=True))
of_item("hand-over", to=COLLEAGUE)
of_item("ask", to=COLLEAGUE, question="What would you do?")
of_item("opinion", _with(_ask), action="hold", version="1", note="so")
of_item("care", step="check-in")
of_item("personal-data", show="yes")
of_item("all-the-same", sample=SELF_HARM)
of_item("second-reading", _with(_draw), action="approve", version="2")
of_item("second-reading/leave", _with(_draw))
of_item(
    "ask/take-back",
    _with(lambda db, me, _other, item: db.add(OpinionRequest(item_id=item, version=1, asked_by=me.id))),
)


@call("POST /console/items/<item_id>/release")
def _release(world: World, who: str) -> Call:
    item = world.post()
    _claimed(by_colleague=False)(world, who, item)
    with world.store.read() as session:
        return Call({"item_id": item}, {"began": session.get_one(QueueItem, item).claimed_at.isoformat()})


# Pages

for rule in (
    "/", "/console/", "/console/account", "/console/account/second-factor", "/console/care", "/console/decided",
    "/console/login", "/console/numbers", "/console/numbers.csv", "/console/people", "/console/policy",
    "/console/second-readings", "/console/second-readings/differed", "/console/sign-on", "/console/sign-on/back",
    "/console/together", "/healthz", "/metrics", "/openapi.json", "/readyz",
):  # fmt: skip
    CALLS[f"GET {rule}"] = lambda world, who: Call(form={"": world.post()})
CALLS["GET /console/<path:_nowhere>"] = lambda world, who: Call({"_nowhere": "nowhere"})
CALLS["GET /console/static/<path:filename>"] = lambda world, who: Call({"filename": "console.css"})
CALLS["GET /console/items/<item_id>"] = lambda world, who: Call({"item_id": world.post()})
CALLS["GET /console/people/<person_id>"] = lambda world, who: Call({"person_id": world.id(COLLEAGUE)})
for rule in ("messages/<slug>", "policy/<slug>", "policy/<slug>/shadow"):
    CALLS[f"GET /console/{rule}"] = lambda world, who: Call({"slug": "harbour"})


# Logging in and joining


@call("GET /console/login/code")
@call("POST /console/login/code")
def _code(world: World, who: str) -> Call:
    """`half_way` in the test has been there before."""
    with world.store.write() as session:
        person = session.scalar(select(Moderator).where(Moderator.name == "tess")) or add_person(session, "tess")
        second_factor.turn_on(session, person, SECRET, pyotp.TOTP(SECRET).now())
        person.totp_step = 0
    return Call(form={"code": pyotp.TOTP(SECRET).now()})


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@call("GET /console/join/<token>")
@call("POST /console/join/<token>")
def _join(world: World, who: str) -> Call:
    with world.store.write() as session:
        token = invitations.invite(session, world.here.forum.id, "viewer", by=None)
    world.count += 1
    return Call({"token": token}, {"name": f"new {world.count}", "password": PASSWORD})


CALLS["POST /console/login"] = lambda world, who: Call(form={"name": COLLEAGUE, "password": PASSWORD})
CALLS["POST /console/logout"] = lambda world, who: Call()

# One's own account

CALLS["POST /console/account/heavy"] = lambda world, who: Call(form={"danger": "7"})
CALLS["POST /console/account/reading"] = lambda world, who: Call(form={"alias": f"Night owl {who}"})
CALLS["POST /console/softened"] = lambda world, who: Call(form={"softened": "yes"})
CALLS["POST /console/account/sign-on"] = lambda world, who: Call(form={"password": PASSWORD})
CALLS["POST /console/account/second-factor/off"] = lambda world, who: Call(form={"password": PASSWORD})
CALLS["POST /console/account/password"] = lambda world, who: Call(
    form={"password": PASSWORD, "new_password": "quite another password"}
)


@call("POST /console/account/logins/end")
def _another_login(world: World, who: str) -> Call:
    with world.store.write() as session:
        return Call(form={"login": logins.begin(session, world.me(session, who), "").id})


@call("POST /console/account/second-factor")
def _second_factor(world: World, who: str) -> Call:
    """`set_up` in the test puts this secret into the login."""
    return Call(form={"code": pyotp.TOTP(SECRET).now(), "password": PASSWORD})


@call("POST /console/views")
def _view(world: World, who: str) -> Call:
    return Call(form={"name": "Mine"}, query="?label=medical")


@call("POST /console/views/<view_id>/delete")
def _view_gone(world: World, who: str) -> Call:
    with world.store.write() as session:
        view = SavedView(moderator_id=world.me(session, who).id, name=new_id("view")[:40], filters={"label": "medical"})
        session.add(view)
        session.flush()
        return Call({"view_id": view.id})


# What leads and admins do

CALLS["POST /console/messages/<slug>"] = lambda world, who: Call(
    {"slug": "harbour"}, {kind: f"{kind} by {who}" for kind in MESSAGES} | {"language": "en"}
)
MESSAGES = ("hold", "remove", "redact", "escalate", "approve", "care", "upheld", "granted")


def _policy(world: World, who: str, **form: str) -> Call:
    with world.store.write() as session:
        forum = session.get_one(Forum, world.here.forum.id)
        forum.training_consent = False
        version = policy_of(forum).version
    toml = POLICY + f"# {who} {version}\n"
    return Call({"slug": "harbour"}, {"toml": toml, "as": "toml", "version": version, "why": "to try", **form})


CALLS["POST /console/policy/<slug>/preview"] = _policy
CALLS["POST /console/policy/<slug>/save"] = _policy
CALLS["POST /console/policy/<slug>/shadow"] = _policy
CALLS["POST /console/policy/<slug>/shadow/stop"] = _policy
CALLS["POST /console/policy/<slug>/training"] = lambda world, who: _policy(world, who, consent="yes")


@call("POST /console/policy/<slug>/back")
def _back(world: World, who: str) -> Call:
    with world.store.write() as session:
        forum = session.get_one(Forum, world.here.forum.id)
        by = world.me(session, COLLEAGUE)
        kept = save(session, forum, POLICY, instead_of=policy_of(forum).version, by=by, why="at first")
        now_there = save(session, forum, "", instead_of=policy_of(forum).version, by=by, why="then")
        return Call({"slug": "harbour"}, {"policy": kept.id, "version": now_there.version})


@call("POST /console/policy/<slug>/training.jsonl")
def _export(world: World, who: str) -> Call:
    world.decided()
    with world.store.write() as session:
        session.get_one(Forum, world.here.forum.id).training_consent = True
    return Call({"slug": "harbour"})


def _colleague(world: World, who: str, **form: str) -> Call:
    """Somebody of this forum alone."""
    world.count += 1
    with world.store.write() as session:
        person = add_person(session, f"person {world.count}", forum_id=world.here.forum.id)
        logins.begin(session, person, "")
        return Call({"person_id": person.id}, form)


CALLS["POST /console/people/<person_id>/active"] = lambda world, who: _colleague(world, who, active="no")
CALLS["POST /console/people/<person_id>/log-out"] = _colleague
CALLS["POST /console/people/<person_id>/reset"] = _colleague
CALLS["POST /console/people/<person_id>/role"] = lambda world, who: _colleague(
    world, who, forum=world.here.forum.id, role="lead"
)
CALLS["POST /console/people/invite"] = lambda world, who: Call(form={"forum": world.here.forum.id, "role": "viewer"})


@call("POST /console/people/invitations/<invitation_id>/revoke")
def _revoke(world: World, who: str) -> Call:
    with world.store.write() as session:
        invitations.invite(session, world.here.forum.id, "viewer", by=None)
        newest = select(invitations.Invitation.id).order_by(invitations.Invitation.created_at.desc()).limit(1)
        return Call({"invitation_id": session.scalar(newest)})


# Several posts together


def _picked(world: World) -> dict[str, Any]:
    return {"post": [f"{world.post()}.1", f"{world.post()}.1"], "action": "hold", "plan": new_id("bulk")}


CALLS["POST /console/together"] = lambda world, who: Call(form=_picked(world))
CALLS["POST /console/together/decide"] = lambda world, who: Call(form=_picked(world))


@call("GET /console/together/<bulk_id>")
@call("POST /console/together/<bulk_id>/undo")
def _together(world: World, who: str) -> Call:
    """Decided together by a colleague."""
    client, form = world.client(COLLEAGUE), _picked(world)
    done = world.send(client, "POST", "/console/together/decide", Call(form=form))
    return Call({"bulk_id": done.headers["Location"].rpartition("/")[2]})


# The forum's own server

CALLS["POST /v1/moderations"] = lambda world, who: Call(json={"input": "Is 50 of levothyroxine a lot?"})
CALLS["POST /analyze"] = lambda world, who: Call(json={"text": "Ring Karen Holt", "language": "en"})
CALLS["GET /supportedentities"] = lambda world, who: Call()
CALLS["POST /v1alpha1/comments:analyze"] = lambda world, who: Call(
    json={"comment": {"text": "Is 50 of levothyroxine a lot?"}, "requestedAttributes": {"MEDICAL_DOSING": {}}}
)
CALLS["POST /v1/posts"] = lambda world, who: Call(json=_submitted(world))
CALLS["POST /v1/posts/batch"] = lambda world, who: Call(json={"posts": [_submitted(world)]})
CALLS["GET /v1/posts/<path:post_id>"] = lambda world, who: Call({"post_id": world.post_of(world.post())})
CALLS["DELETE /v1/posts/<path:post_id>"] = lambda world, who: Call({"post_id": world.post_of(world.post())})
CALLS["POST /v1/forums/<forum>/coral"] = lambda world, who: Call({"forum": "harbour"}, json={"comment": {"body": "a"}})
CALLS["POST /v1/forums/<forum>/discourse"] = lambda world, who: Call({"forum": "harbour"}, json={"post": {"id": 1}})


CALLS["DELETE /v1/authors/<path:author>"] = lambda world, who: _author(world)


def _author(world: World) -> Call:
    world.post()
    return Call({"author": SAMPLES[HELD].author})


@call("GET /v1/erasures/<erasure_id>")
def _receipt(world: World, who: str) -> Call:
    done = world.send(world.client("key"), "DELETE", "/v1/authors/<path:author>", _author(world))
    return Call({"erasure_id": done.json["id"]})


def _submitted(world: World) -> dict[str, Any]:
    world.count += 1
    return {"id": str(world.count), "body": "Is 50 of levothyroxine a lot?"}


@call("POST /v1/events")
def _event(world: World, who: str) -> Call:
    gone = {"id": world.external(world.post())}
    return Call(json={"type": "post.deleted", "timestamp": now().isoformat(), "data": gone})


@call("POST /v1/posts/<path:post_id>/appeals")
def _appeal(world: World, who: str) -> Call:
    return Call({"post_id": world.post_of(world.decided())}, json={"id": "a-1", "text": "Please read it again."})


@call("GET /v1/posts/<path:post_id>/statement")
def _statement(world: World, who: str) -> Call:
    return Call({"post_id": world.post_of(world.decided())})


@call("DELETE /v1/posts/<path:post_id>/appeals/<path:appeal_id>")
def _no_appeal(world: World, who: str) -> Call:
    item = world.decided()
    with world.store.write() as session:
        post = session.get_one(QueueItem, item).post_id
        verdict = session.scalar(select(Verdict.id).where(Verdict.post_id == post, Verdict.current))
        session.add(Appeal(post_id=post, verdict_id=verdict, external_id="a-1", text="", state="open"))
    return Call({"post_id": world.post_of(item), "appeal_id": "a-1"})
