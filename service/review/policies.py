"""The policy page, for leads: thresholds and actions, tried on the last days before they hold, each version kept."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import ConfigurationError, Invalid, RequestError
from service.policy import shadow, versions
from service.policy.changes import Changes, apply
from service.policy.decide import ACTIONS
from service.policy.policy import NAMES, Policy
from service.policy.preview import DAYS, preview
from service.review import words
from service.review.access import forum_to_lead, reading, require_somewhere, writing
from service.review.errors import page as error_page
from service.review.excerpt import excerpt, labels_in
from service.store.models import Forum, Moderator, QueueItem

blueprint = Blueprint("policies", __name__, url_prefix="/policy")

EDITED = ("self_harm", "medical", "personal_data", "claim")


@dataclass(frozen=True)
class Line:
    """One label as the page edits it."""

    area: str
    label: str
    words: str
    threshold: float
    action: str
    """The action chosen for this label, or empty: what its severity leads to."""
    usual: str
    """That action."""


@blueprint.before_request
def _leads_only() -> None:
    require_somewhere("lead")


@blueprint.errorhandler(RequestError)
def _refused(error: RequestError) -> ResponseReturnValue:
    return error_page(error), error.status


@blueprint.get("")
def choose() -> ResponseReturnValue:
    """The forums whose policy one may change; straight to it where there is one."""
    with reading() as db:
        forums = [each for each in db.scalars(select(Forum).order_by(Forum.name)) if g.access.may("lead", each.id)]
    if len(forums) == 1:
        return redirect(url_for("review.policies.show", slug=forums[0].slug), 303)
    return render_template("review/policy_forums.html", forums=forums)


@blueprint.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """The policy in force on a forum, or on one of its boards."""
    with reading() as db:
        return _page(db, forum_to_lead(db, slug), _board())


def _page(db: Session, forum: Forum, board: str, problem: str = "", typed: str | None = None) -> str:
    """The policy in force; `typed` is TOML that is no policy, to be mended."""
    present = versions.policy_of(forum)
    return render_template(
        "review/policy.html",
        forum=forum,
        board=board,
        boards=_boards(db, forum, present, board),
        areas=[(words.AREAS[area], _lines(present, board, area)) for area in EDITED],
        actions=[(action, words.POLICY_ACTIONS[action]) for action in ACTIONS],
        toml=forum.policy if typed is None else typed,
        version=present.version,
        history=versions.newest(db, forum),
        problem=problem,
    )


@blueprint.post("/<slug>/preview")
def try_it(slug: str) -> ResponseReturnValue:
    """What the change would have done to the posts of the last days; nothing is saved."""
    board = _board()
    with reading() as db:
        forum = forum_to_lead(db, slug)
        try:
            proposed_toml = _proposed(forum, board)
            proposed = versions.checked(proposed_toml)
        except (ConfigurationError, Invalid) as error:
            return _page(db, forum, board, str(error), request.form.get("toml")), 422
        present = versions.policy_of(forum)
        found = preview(db, forum, present, proposed)
        examples = [(each, *_said(each)) for each in found.examples]
        return render_template(
            "review/policy_preview.html",
            forum=forum,
            board=board,
            toml=proposed_toml,
            version=present.version,
            same=proposed.version == present.version,
            preview=found,
            labels=[(words.label(*name), *counts) for name, counts in found.labels.items()],
            examples=examples,
            days=DAYS,
        )


def _said(changed):  # noqa: ANN001, ANN202
    """The labels of an example before and after, and an excerpt."""
    weightier = changed.before if changed.fewer else changed.after
    return labels_in(changed.before), labels_in(changed.after), excerpt(weightier, changed.revision)


@blueprint.post("/<slug>/save")
def save(slug: str) -> ResponseReturnValue:
    """Make the tried policy the forum's."""
    with writing() as db:
        forum = forum_to_lead(db, slug)
        versions.save(
            db, forum, _toml(), instead_of=request.form.get("version", ""), by=_me(db), why=request.form.get("why", "")
        )
    return redirect(url_for("review.policies.show", slug=slug, board=_board() or None), 303)


@blueprint.post("/<slug>/back")
def go_back(slug: str) -> ResponseReturnValue:
    """Make an older version the forum's policy again."""
    with writing() as db:
        forum = forum_to_lead(db, slug)
        instead_of = request.form.get("version", "")
        versions.go_back(db, forum, request.form.get("policy", ""), instead_of=instead_of, by=_me(db))
    return redirect(url_for("review.policies.show", slug=slug), 303)


@blueprint.get("/<slug>/shadow")
def differences(slug: str) -> ResponseReturnValue:
    """Where the shadow judges otherwise."""
    with reading() as db:
        forum = forum_to_lead(db, slug)
        found = shadow.differences(db, forum)
    return render_template("review/policy_shadow.html", forum=forum, found=found)


@blueprint.post("/<slug>/shadow")
def start_shadow(slug: str) -> ResponseReturnValue:
    """Let the tried policy judge along without acting."""
    with writing() as db:
        shadow.start(db, forum_to_lead(db, slug), _toml(), _me(db))
    return redirect(url_for("review.policies.differences", slug=slug), 303)


@blueprint.post("/<slug>/shadow/stop")
def stop_shadow(slug: str) -> ResponseReturnValue:
    """No other policy judges along."""
    with writing() as db:
        shadow.stop(db, forum_to_lead(db, slug), _me(db))
    return redirect(url_for("review.policies.show", slug=slug), 303)


def _me(db: Session) -> Moderator:
    return db.get_one(Moderator, g.moderator.id)


def _board() -> str:
    return " ".join(request.values.get("board", "").split())[:200]


def _toml() -> str:
    return request.form.get("toml", "").replace("\r\n", "\n")


def _proposed(forum: Forum, board: str) -> str:
    """The TOML that the form makes: the whole of it as it was typed, or the fields laid over what is in force."""
    if request.form.get("as") == "toml":
        return _toml()
    thresholds, actions = {}, {}
    for area in EDITED:
        for label in sorted(NAMES[area]):
            thresholds[area, label] = _number(f"threshold.{area}.{label}")
            if area != "claim":
                actions[label] = _choice(f"action.{label}")
    return apply(forum.policy, Changes(board, thresholds, actions))


def _number(name: str) -> float:
    try:
        value = float(request.form.get(name, "").replace(",", "."))
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise Invalid(_("Write each threshold as a number from 0 to 1, such as 0.45."), field=name)
    return value


def _choice(name: str) -> str:
    value = request.form.get(name, "")
    if value and value not in ACTIONS:
        raise Invalid(_("Choose each action from its list."), field=name)
    return value


def _lines(policy: Policy, board: str, area: str) -> list[Line]:
    rules = policy.on(board)
    lines = []
    for (known, label), said in words.LABELS.items():
        if known == area:
            severity = rules.severities.get(area, {}).get(label)
            usual = (
                rules.actions[area].get(severity, "allow") if severity else rules.actions[area].get("medium", "allow")
            )
            chosen = rules.label_actions.get(label, "") if area != "claim" else ""
            threshold = rules.thresholds[area][label]
            said = words.CLAIMS[label] if area == "claim" else said
            lines.append(Line(area, label, said, threshold, chosen, usual))
    return lines


def _boards(db: Session, forum: Forum, policy: Policy, board: str) -> list[str]:
    """Boards that posts waited from, and those that the policy names."""
    seen = db.scalars(select(QueueItem.board).where(QueueItem.forum_id == forum.id).distinct().limit(200))
    return sorted({*seen, *policy.boards, board} - {""})
