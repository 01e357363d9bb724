"""A forum and its people learn nothing of another forum: not by id, by name, by count, nor by how they are refused."""

import hmac
import re
from datetime import datetime, timedelta

import pytest
from access_world import CALLS, COLLEAGUE, SELF_HARM, Call, World
from people import add_person
from review_posts import SAMPLES, add_post
from standardwebhooks.webhooks import Webhook

from service import care
from service.people import invitations
from service.policy import shadow
from service.policy.versions import policy_of, save
from service.review import queue
from service.store.models import Forum, QueueItem, SavedView, new_id, now
from service.urgency import CRISIS_LANE

VARYING = re.compile(
    r'name="csrf_token" value="[^"]*"|data-seconds="\d+"|<time [^>]*>.*?</time>|\b(item|post|user|forum|bulk|policy|invite|view|appeal|verdict|erasure)_[0-9a-f]{32}\b'
    r"|\d{4}-\d\d-\d\dT[\d:.]+(\+00:00)?",
    re.DOTALL,
)


@pytest.fixture
def world(app, store, settings_env, valkey) -> World:
    settings_env(HEED_LOGIN_RATE_LIMIT="1000/minute", HEED_REDIS_URL=valkey)
    return World(app, store)


def said(answer) -> tuple[int, str, str]:
    """All that an answer tells, but for ids and times."""
    text, location = VARYING.sub("…", answer.text), VARYING.sub("…", answer.headers.get("Location", ""))
    return answer.status_code, text.replace("harbour", "nowhere"), location.replace("harbour", "nowhere")


WITH_IDS = sorted(route for route in CALLS if re.search(r"<(?!path:_nowhere|path:filename|token)", route)) + [
    "POST /console/together",
    "POST /console/people/invite",
    "POST /v1/events",
]


@pytest.mark.parametrize("route", WITH_IDS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_another_forums_is_refused_as_what_never_was(world, route):
    method, rule = route.split(" ")
    who = "other key" if rule.startswith("/v1") else "elsewhere"
    call = CALLS[route](world, who)
    theirs = world.send(world.client(who), method, rule, call)
    nothing = world.send(world.client(who), method, rule, call.as_of_nobody())
    assert said(theirs) == said(nothing)


def test_another_forums_erased_post_never_was(world):
    item, client = world.post(), world.client("elsewhere")
    erase = Call({"post_id": world.post_of(item)}, query="?erase=true")
    assert world.send(world.client("key"), "DELETE", "/v1/posts/<path:post_id>", erase).status_code == 200
    assert world.client("viewer").get(f"/console/items/{item}").status_code == 410
    for method, act in (("GET", ""), ("POST", "/decide"), ("POST", "/skip"), ("POST", "/all-the-same")):
        rule, form = f"/console/items/<item_id>{act}", {"action": "hold", "version": "1", "reason": "heavy"}
        theirs = world.send(client, method, rule, Call({"item_id": item}, form))
        nothing = world.send(client, method, rule, Call({"item_id": item}, form).as_of_nobody())
        assert said(theirs) == said(nothing) and theirs.status_code == 404


def test_a_plan_of_somebody_elses_is_answered_as_a_new_one(world):
    rule, call = "/console/together/decide", CALLS["POST /console/together/decide"]
    theirs, client = call(world, COLLEAGUE), world.client("elsewhere")
    world.send(world.client(COLLEAGUE), "POST", rule, theirs)
    answers = []
    for plan in (theirs.form["plan"], f"bulk_{'0' * 32}"):
        form = {"plan": plan, "post": [f"{world.post(world.there)}.1"], "action": "hold"}
        done = world.send(client, "POST", rule, Call(form=form))
        answers.append((said(done), said(client.get(done.headers["Location"]))))
    assert answers[0] == answers[1] and [answer[0] for answer in answers[0]] == [303, 200]


# Pages


def fill(world: World, due: datetime) -> dict[str, str]:
    """Whatever a forum can have, on the other one, its crisis post `due` then; what its pages are asked by."""
    with world.store.write() as session:
        for role in ("viewer", "moderator", "lead"):
            add_person(session, f"{role} of quayside", role, forum_id=world.there.forum.id)
        invitations.invite(session, world.there.forum.id, "lead", by=None)
        forum, by = session.get_one(Forum, world.there.forum.id), world.me(session, "elsewhere")
        made = save(session, forum, MARKED, instead_of=policy_of(forum).version, by=by, why="of quayside")
        shadow.start(session, forum, MARKED, by)
        waiting = [add_post(session, forum, each, f"q-{place}") for place, each in enumerate(SAMPLES)]
        session.get_one(QueueItem, waiting[0]).due_at = due
        care.plan_check_in(session, waiting[SELF_HARM], by).check_in_at = now() - timedelta(days=1)
        session.add(SavedView(moderator_id=by.id, name="of quayside", filters={"board": "Medicines"}))
        after = queue.cursor(session.get_one(QueueItem, waiting[0]))
    client = world.client("elsewhere")
    for place, act in ((2, "hold"), (5, "approve"), (7, "remove")):
        form = {"action": act, "version": "1", "label": "medical.medicine_supply", "note": "of quayside"}
        assert world.send(client, "POST", f"/console/items/{waiting[place]}/decide", Call(form=form)).status_code == 303
    together = {"post": [f"{waiting[10]}.1", f"{waiting[13]}.1"], "action": "hold", "plan": new_id("bulk")}
    done = world.send(client, "POST", "/console/together/decide", Call(form=together))
    key = {"Authorization": f"Bearer {world.there.api_key}"}
    appeal = client.post("/v1/posts/q-2/appeals", json={"id": "a-1", "text": "of quayside"}, headers=key)
    assert appeal.status_code == 202
    bulk = done.headers["Location"].rpartition("/")[2]
    return {"item": waiting[1], "bulk": bulk, "person": world.id("elsewhere"), "after": after, "policy": made.id}


MARKED = "[actions.medical]\nhigh = 'hold'\n# of quayside\n"
PAGES = [
    "/console/", "/console/?who=nobody", "/console/?age=overdue", "/console/?forum=harbour", "/console/?forum=quayside",
    "/console/?board=Family+and+carers", "/console/?label=medical", "/console/?severity=critical", "/console/?after={after}",
    "/console/decided", "/console/care", "/console/numbers", "/console/numbers.csv", "/console/numbers?days=90",
    "/console/second-readings", "/console/second-readings/differed", "/console/account", "/console/people", "/console/policy",
    "/console/policy/harbour", "/console/policy/harbour/shadow", "/console/policy/quayside", "/console/messages/harbour",
    "/console/messages/quayside", "/console/items/{mine}", "/console/items/{mine}?board=Family+and+carers",
    "/console/items/{item}", "/console/together/{bulk}", "/console/people/{person}",
]  # fmt: skip


@pytest.mark.parametrize("who", ["viewer", "moderator", "lead", "admin"])
def test_no_page_changes_when_another_forum_fills(world, who, settings_env, valkey):
    settings_env(HEED_DOUBLE_REVIEW_SHARE=1, HEED_REDIS_URL=valkey)
    mine = world.post()
    world.post(sample=SELF_HARM), world.decided("moderator"), world.decided()
    client = world.client(who)

    def pages(ids: dict[str, str]) -> dict[str, tuple]:
        asked = [page.format(mine=mine, **ids) for page in PAGES]
        return {page: said(client.get(address)) for page, address in zip(PAGES, asked, strict=True)}

    due, nobody = now() - timedelta(days=2), "0" * 32
    after = queue.cursor(QueueItem(id=f"item_{nobody}", lane=CRISIS_LANE, due_at=due))
    nothing = {"item": f"item_{nobody}", "bulk": f"bulk_{nobody}", "person": f"user_{nobody}", "after": after}
    empty = pages(nothing)
    ids = fill(world, due)
    full = pages(ids)
    assert empty == full
    assert {answer[0] for page, answer in full.items() if re.search("{(?!mine|after)|quayside", page)} <= {
        200,
        403,
        404,
    }
    assert not [page for page, (_, text, _) in full.items() if "of quayside" in text or "Quayside" in text]


# Signatures


@pytest.mark.parametrize("slug", ["harbour", "nowhere"])
def test_another_forums_secret_signs_for_nobody_else(world, client, slug):
    """And a forum that there is is refused as one that never was."""
    raw, at, forum = '{"id": "1", "body": "words"}', now(), world.there.forum
    signature = Webhook(forum.webhook_secret).sign("msg_1", at, raw)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    answer = client.post("/v1/posts", data=raw, headers={**headers, "X-Heed-Forum": slug})
    assert answer.status_code == 401 and "does not match" in answer.json["detail"]
    signature = "sha256=" + hmac.new(forum.discourse_secret.encode(), raw.encode(), "sha256").hexdigest()
    answer = client.post(f"/v1/forums/{slug}/discourse", data=raw, headers={"X-Discourse-Event-Signature": signature})
    assert answer.status_code == 401 and "does not match" in answer.json["detail"]


def test_one_external_id_is_each_forums_own_post(world, client):
    """Whoever sends under another forum's ids meets and changes nothing of it."""
    item = world.post()
    ours, external = world.post_of(item), world.external(item)
    before = world.of_here(world.rows())
    key = {"Authorization": f"Bearer {world.there.api_key}"}
    made = client.post("/v1/posts", json={"id": external, "body": "other words"}, headers=key).json
    assert made["id"] != ours and client.get(f"/v1/posts/{external}", headers=key).json["id"] == made["id"]
    named = {"id": ours, "body": "words", "thread": "t", "reply_to": external}
    assert client.post("/v1/posts", json=named, headers=key).status_code == 202
    assert client.delete(f"/v1/posts/{external}?erase=true", headers=key).json["id"] == made["id"]
    assert world.of_here(world.rows()) == before


@pytest.mark.parametrize("route", [route for route in WITH_IDS if "<" in route and "<forum>" not in route])
def test_no_id_is_so_odd_that_it_breaks_the_answer(world, route):
    method, rule = route.split(" ")
    who = "key" if rule.startswith("/v1") else "administrator"
    call, client = CALLS[route](world, who), world.client(who)
    for odd in ("%00", "item_%00", "%F0%9F%98%80", "x" * 300, "'", "%25"):
        place = dict.fromkeys(call.place, odd)
        assert world.send(client, method, rule, Call(place, call.form, call.json, call.query)).status_code < 500


@pytest.mark.parametrize(
    "path", ["/console/?board=%00", "/console/?forum=a%00b&label=medical", "/console/policy/harbour?board=%00"]
)
def test_no_filter_is_so_odd_either(world, path):
    assert world.client("administrator").get(path).status_code == 422
