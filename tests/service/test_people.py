"""Roles: who sees and does what on which forum; invitations; closing an account."""

import re
from urllib.parse import urlsplit

import pytest
from people import PASSWORD, add_person
from review_console import Console, text
from review_posts import SAMPLES, add_post
from sqlalchemy import select

from service.errors import Conflict, Invalid
from service.forums import add_forum
from service.people.roles import Access, access_of, people_who_may, set_role
from service.store.models import AuditEntry, Invitation, Moderator, QueueItem, now


@pytest.fixture
def quayside(store) -> str:
    """A second forum, `quayside`."""
    with store.write() as session:
        return add_forum(session, "quayside", "Quayside").forum.id


@pytest.fixture
def other_item(store, quayside) -> str:
    """A post that waits there."""
    from service.store.models import Forum

    with store.write() as session:
        return add_post(session, session.get_one(Forum, quayside), SAMPLES[2], "1")


@pytest.mark.parametrize(
    ("roles", "role", "forum", "may"),
    [
        ({None: "moderator"}, "moderator", "a", True),
        ({None: "moderator"}, "lead", "a", False),
        ({None: "viewer", "a": "lead"}, "lead", "a", True),
        ({None: "viewer", "a": "lead"}, "moderator", "b", False),
        ({"a": "admin"}, "viewer", None, False),
        ({}, "viewer", "a", False),
    ],
)
def test_a_role_holds_on_its_forum_and_holds_those_below_it(roles, role, forum, may):
    assert Access(roles).may(role, forum) is may


def test_nobody_sees_a_forum_they_have_no_role_on(store, forum, items, other_item, quayside, log_in):
    kim = log_in("kim", "moderator", quayside)
    page = text(kim.page("/console/"))
    assert "One post waits" in page and "Harbour" not in page
    assert kim.get(f"/console/items/{other_item}").status_code == 200
    for path in (f"/console/items/{items[0]}", f"/console/?forum={forum.forum.slug}"):
        answer = kim.get(path)
        assert SAMPLES[0].body[:30] not in answer.text
    assert kim.get(f"/console/items/{items[0]}").status_code == 404
    for act in ("decide", "undo", "skip", "hand-over", "take-over", "claim", "personal-data"):
        kim.post(f"/console/items/{items[0]}/{act}", action="approve", version="1", reason="heavy", show="yes")
    with store.read() as session:
        item = session.get_one(QueueItem, items[0])
        assert (item.state, item.version, item.claimed_by, item.assigned_to) == ("open", 1, None, None)
    assert "1" in re.search(r"<dt>Waiting</dt><dd>(\d+)</dd>", kim.page("/console/numbers"))[1]


def test_an_overdue_crisis_of_another_forum_alarms_nobody(store, items, quayside, log_in):
    with store.write() as session:
        session.get_one(QueueItem, items[0]).due_at = now().replace(year=2020)
    assert "Someone may be in danger" in log_in("kim", "viewer").page("/console/")
    assert "Someone may be in danger" not in log_in("lee", "moderator", quayside).page("/console/")


def test_a_viewer_reads_and_changes_nothing(store, items, log_in):
    kim = log_in("kim", "viewer")
    page = kim.page(f"/console/items/{items[2]}")
    assert 'name="action"' not in page and "data-claim" not in page and "Show personal data" not in page
    for act in ("decide", "skip", "hand-over", "take-over", "personal-data"):
        answer = kim.post(f"/console/items/{items[2]}/{act}", action="approve", version="1", reason="heavy", show="yes")
        assert answer.status_code == 403 and "role of a moderator" in text(answer.text)
    with store.read() as session:
        item = session.get_one(QueueItem, items[2])
        assert (item.state, item.version, item.claimed_by) == ("open", 1, None)


def test_a_post_is_handed_only_to_who_may_decide_it(store, items, console, log_in, quayside):
    log_in("vi", "viewer"), log_in("elsewhere", "moderator", quayside), log_in("mo", "moderator")
    page = console.page(f"/console/items/{items[2]}")
    assert "mo</label>" in page and "vi</label>" not in page and "elsewhere</label>" not in page
    with store.read() as session:
        vi = session.scalar(select(Moderator.id).where(Moderator.name == "vi"))
    assert console.post(f"/console/items/{items[2]}/hand-over", to=vi).status_code == 422


def test_people_who_may_leaves_out_the_closed(store, forum):
    with store.write() as session:
        kim, lee = add_person(session, "kim", "lead"), add_person(session, "lee")
        lee.active = False
        session.flush()
        assert list(session.scalars(people_who_may("moderator", forum.forum.id))) == [kim.id]
        assert list(session.scalars(people_who_may("admin", forum.forum.id))) == []


@pytest.mark.parametrize("path", ["/console/people", "/console/people/user_1"])
@pytest.mark.parametrize("role", ["viewer", "moderator", "lead"])
def test_only_admins_look_after_the_people(log_in, role, path):
    kim = log_in("kim", role)
    assert kim.get(path).status_code == 403
    assert kim.post("/console/people/invite", role="admin").status_code == 403
    assert "People</a>" not in kim.page("/console/")


def link_of(page: str) -> str:
    return re.search(r'value="https?://[^/]+(/console/join/[^"]+)"', page)[1]


def test_an_invitation_lets_one_person_join_with_its_role(app, store, forum, items, log_in):
    admin = log_in("ada", "admin")
    link = link_of(admin.post("/console/people/invite", forum=forum.forum.id, role="viewer").text)
    new = Console(app.test_client())
    assert "help on Harbour" in text(new.page(link))
    token = re.search(r'name="csrf_token" value="([^"]+)"', new.page(link))[1]
    short = new.client.post(link, data={"csrf_token": token, "name": "Noor", "password": "short"})
    assert short.status_code == 422 and "12 characters" in short.text and 'value="Noor"' in short.text
    taken = new.client.post(link, data={"csrf_token": token, "name": "ada", "password": PASSWORD})
    assert taken.status_code == 409
    joined = new.client.post(link, data={"csrf_token": token, "name": "Noor", "password": PASSWORD})
    assert joined.status_code == 303 and "posts wait" in text(new.page("/console/"))
    with store.read() as session:
        noor = session.scalar(select(Moderator).where(Moderator.name == "noor"))
        assert access_of(session, noor.id).roles == {forum.forum.id: "viewer"}
        said = [e.what for e in session.scalars(select(AuditEntry).order_by(AuditEntry.number))]
        assert said[-3:] == ["invited", "joined", "logged_in"]
        assert session.scalar(select(Invitation)) is None
    again = Console(app.test_client()).get(link)
    assert again.status_code == 404 and "used already" in again.text


def test_an_old_invitation_is_worth_nothing(app, store, log_in):
    link = link_of(log_in("ada", "admin").post("/console/people/invite", role="admin").text)
    with store.write() as session:
        session.scalar(select(Invitation)).expires_at = now()
    assert Console(app.test_client()).get(link).status_code == 404


def test_an_admin_of_one_forum_gives_roles_there_alone(store, forum, quayside, log_in):
    ada = log_in("ada", "admin", forum.forum.id)
    assert ada.post("/console/people/invite", role="viewer").status_code == 403
    assert ada.post("/console/people/invite", forum=quayside, role="viewer").status_code == 403
    with store.write() as session:
        here, both = add_person(session, "here", forum_id=forum.forum.id), add_person(session, "both")
        far = add_person(session, "faraway", forum_id=quayside)
    page = text(ada.page("/console/people"))
    assert "here" in page and "both" in page and "faraway" not in page
    change = {"forum": forum.forum.id, "role": "lead"}
    assert ada.post(f"/console/people/{here.id}/role", **change).status_code == 303
    assert ada.post(f"/console/people/{here.id}/role", role="lead").status_code == 403
    for act in ("reset", "active", "log-out"):
        assert ada.post(f"/console/people/{both.id}/{act}", active="no").status_code == 403
        assert ada.post(f"/console/people/{far.id}/{act}", active="no").status_code == 404
    assert ada.get(f"/console/people/{far.id}").status_code == 404
    assert ada.post(f"/console/people/{far.id}/role", **change).status_code == 404
    assert ada.post(f"/console/people/{here.id}/active", active="no").status_code == 303
    with store.read() as session:
        assert access_of(session, here.id).roles == {forum.forum.id: "lead"}
        assert not session.get_one(Moderator, here.id).active and session.get_one(Moderator, both.id).active


def test_a_link_outlives_neither_its_maker_nor_their_rank(store, log_in, stranger):
    ada, eve = log_in("ada", "admin"), log_in("eve", "admin")
    made = re.findall(r'value="(http[^"]+/join/[^"]+)"', eve.post("/console/people/invite", role="admin").text)[0]
    path = urlsplit(made).path
    assert stranger.get(path).status_code == 200
    with store.read() as session:
        gone = session.scalar(select(Moderator).where(Moderator.name == "eve")).id
    ada.post(f"/console/people/{gone}/role", role="moderator")
    assert stranger.get(path).status_code == 404
    ada.post(f"/console/people/{gone}/role", role="admin")
    assert stranger.get(path).status_code == 200
    ada.post(f"/console/people/{gone}/active", active="no")
    assert stranger.get(path).status_code == 404


def test_a_way_back_in_leads_to_nobody_above_its_maker(store, forum, log_in, stranger):
    ada = log_in("ada", "admin", forum.forum.id)
    with store.write() as session:
        here = add_person(session, "here", forum_id=forum.forum.id)
    made = re.findall(r'value="(http[^"]+/join/[^"]+)"', ada.post(f"/console/people/{here.id}/reset").text)[0]
    assert stranger.get(urlsplit(made).path).status_code == 200
    with store.write() as session:
        set_role(session, session.get_one(Moderator, here.id), None, "admin")
    assert stranger.get(urlsplit(made).path).status_code == 404


def test_an_invitation_can_be_revoked(store, log_in, stranger, forum):
    ada, near = log_in("ada", "admin"), log_in("near", "admin", forum.forum.id)
    made = re.findall(r'value="(http[^"]+/join/[^"]+)"', ada.post("/console/people/invite", role="lead").text)[0]
    page = ada.page("/console/people")
    revoke = re.search(r'action="(/console/people/invitations/[^"]+/revoke)"', page)[1]
    assert "Invited, not here yet" in page and revoke not in near.page("/console/people")
    assert near.post(revoke).status_code == 404 and stranger.get(urlsplit(made).path).status_code == 200
    assert ada.post(revoke).status_code == 303
    assert stranger.get(urlsplit(made).path).status_code == 404


def test_nobody_can_stop_others_from_joining(log_in, app, forum, settings_env):
    ada = log_in("ada", "admin")
    made = re.findall(r'value="(http[^"]+/join/[^"]+)"', ada.post("/console/people/invite", role="lead").text)[0]
    troll = app.test_client()
    for _ in range(12):
        answer = troll.get("/console/join/nothing", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert answer.status_code == 429
    assert Console(app.test_client()).get(urlsplit(made).path).status_code == 200


def test_closing_an_account_ends_its_logins_and_opening_it_lets_back_in(store, items, console, moderator, log_in):
    ada = log_in("ada", "admin")
    ada.post(f"/console/people/{moderator.id}/active", active="no")
    assert console.get("/console/").status_code == 303 and console.log_in().status_code == 401
    ada.post(f"/console/people/{moderator.id}/active", active="yes")
    assert console.get("/console/").status_code == 303 and console.log_in().status_code == 303


def test_a_reset_gives_a_new_password_and_ends_what_was(app, console, moderator, log_in):
    ada = log_in("ada", "admin")
    first = link_of(ada.post(f"/console/people/{moderator.id}/reset").text)
    link = link_of(ada.post(f"/console/people/{moderator.id}/reset").text)
    other = Console(app.test_client())
    assert other.get(first).status_code == 404
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.page(link))[1]
    form = {"csrf_token": token, "password": "quite another password", "name": "ada"}
    assert other.client.post(link, data=form).status_code == 303
    assert "robin" in other.page("/console/") and console.get("/console/").status_code == 303
    assert Console(app.test_client()).log_in().status_code == 401


def test_the_last_admin_stays(store, log_in):
    ada = log_in("ada", "admin")
    with store.write() as session:
        person = session.scalar(select(Moderator).where(Moderator.name == "ada"))
        for role in ("lead", ""):
            with pytest.raises(Conflict):
                set_role(session, person, None, role)
        with pytest.raises(Invalid):
            set_role(session, person, None, "king")
        with pytest.raises(Invalid):
            set_role(session, person, "forum_none", "lead")
    answer = ada.post(f"/console/people/{person.id}/active", active="no")
    assert answer.status_code == 409 and "Nobody else could" in text(answer.text)
    log_in("bo", "admin")
    assert ada.post(f"/console/people/{person.id}/role", role="").status_code == 303
    assert ada.get("/console/people").status_code == 403 and "Nothing waits" in text(ada.page("/console/"))


def test_who_is_unknown_is_said_so(log_in):
    ada = log_in("ada", "admin")
    for path in ("/console/people/user_none/reset", "/console/people/user_none/role"):
        assert ada.post(path, role="viewer").status_code == 404
    assert ada.get("/console/people/user_none").status_code == 404


def test_colleagues_see_the_pseudonym(items, console, sam):
    console.post("/console/account/reading", alias="Night owl")
    console.decide(items[2], "hold")
    assert "Night owl" in text(sam.page("/console/decided")) and "robin" not in text(sam.page("/console/decided"))
    page = text(sam.page(f"/console/items/{items[2]}"))
    assert "Night owl" in page and "robin" not in page
