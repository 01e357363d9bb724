"""Who may do what: every route of the app, asked by everybody, as one table.

Each request is made so that it would do something. `+` it did: rows changed, or the page came. `o` it was answered, and of
this forum nothing was shown or changed. `L` sent to the log-in. `1` 401, `3` 403, `4` 404: and no row changed.
"""

import re
from contextlib import nullcontext

import pytest
from access_world import CALLS, SECRET, WHO, Call, World
from people import PASSWORD
from reading_along import worker
from sqlalchemy import update

from service.store.models import LoginSession

TABLE = """
                                                         nobody
                                                         | the forum's own key
                                                         | | another forum's key
                                                         | | | admin of another forum
                                                         | | | | viewer, moderator, lead, admin of the forum
                                                         | | | | | | | | admin of all forums
GET    /                                                 + + + + + + + + +
GET    /healthz                                          + + + + + + + + +
GET    /readyz                                           + + + + + + + + +
GET    /metrics                                          + + + + + + + + +
GET    /openapi.json                                     + + + + + + + + +

POST   /v1/posts                                         1 + o 1 1 1 1 1 1
POST   /v1/posts/batch                                   1 + o 1 1 1 1 1 1
POST   /v1/events                                        1 + o 1 1 1 1 1 1
GET    /v1/posts/<path:post_id>                          1 + 4 1 1 1 1 1 1
DELETE /v1/posts/<path:post_id>                          1 + o 1 1 1 1 1 1
POST   /v1/posts/<path:post_id>/appeals                  1 + 4 1 1 1 1 1 1
DELETE /v1/posts/<path:post_id>/appeals/<path:appeal_id> 1 + 4 1 1 1 1 1 1
GET    /v1/posts/<path:post_id>/statement                1 + 4 1 1 1 1 1 1
DELETE /v1/authors/<path:author>                         1 + o 1 1 1 1 1 1
GET    /v1/erasures/<erasure_id>                         1 + 4 1 1 1 1 1 1
POST   /v1/forums/<forum>/discourse                      1 1 1 1 1 1 1 1 1
POST   /v1/forums/<forum>/coral                          1 1 1 1 1 1 1 1 1
POST   /v1/moderations                                   1 + o 1 1 1 1 1 1
POST   /v1alpha1/comments:analyze                        1 + o 1 1 1 1 1 1
POST   /analyze                                          1 + o 1 1 1 1 1 1
GET    /supportedentities                                1 + o 1 1 1 1 1 1

GET    /console/login                                    + + + + + + + + +
POST   /console/login                                    + + + + + + + + +
GET    /console/login/code                               + + + + + + + + +
POST   /console/login/code                               + + + + + + + + +
GET    /console/join/<token>                             + + + + + + + + +
POST   /console/join/<token>                             + + + + + + + + +
GET    /console/sign-on                                  4 4 4 4 4 4 4 4 4
GET    /console/sign-on/back                             4 4 4 4 4 4 4 4 4
GET    /console/static/<path:filename>                   + + + + + + + + +
GET    /console/<path:_nowhere>                          L L L 4 4 4 4 4 4
POST   /console/logout                                   L L L + + + + + +

GET    /console/account                                  L L L + + + + + +
POST   /console/account/reading                          L L L + + + + + +
POST   /console/account/heavy                            L L L + + + + + +
POST   /console/account/password                         L L L + + + + + +
POST   /console/account/logins/end                       L L L + + + + + +
POST   /console/account/sign-on                          L L L + + + + + +
GET    /console/account/second-factor                    L L L + + + + + +
POST   /console/account/second-factor                    L L L + + + + + +
POST   /console/account/second-factor/off                L L L + + + + + +
POST   /console/softened                                 L L L + + + + + +
POST   /console/views                                    L L L + + + + + +
POST   /console/views/<view_id>/delete                   L L L + + + + + +

GET    /console/                                         L L L o + + + + +
GET    /console/decided                                  L L L o + + + + +
GET    /console/care                                     L L L o + + + + +
GET    /console/numbers                                  L L L o + + + + +
GET    /console/numbers.csv                              L L L o + + + + +
GET    /console/second-readings                          L L L o + + + + +
GET    /console/items/<item_id>                          L L L 4 + + + + +
POST   /console/items/<item_id>/all-the-same             L L L 4 + + + + +
GET    /console/together                                 L L L o + + + + +
GET    /console/together/<bulk_id>                       L L L 4 + + + + +

POST   /console/items/<item_id>/claim                    L L L 4 3 + + + +
POST   /console/items/<item_id>/release                  L L L 4 3 + + + +
POST   /console/items/<item_id>/take-over                L L L 4 3 + + + +
POST   /console/items/<item_id>/hand-over                L L L 4 3 + + + +
POST   /console/items/<item_id>/skip                     L L L 4 3 + + + +
POST   /console/items/<item_id>/unskip                   L L L 4 3 + + + +
POST   /console/items/<item_id>/decide                   L L L 4 3 + + + +
POST   /console/items/<item_id>/undo                     L L L 4 3 + + + +
POST   /console/items/<item_id>/personal-data            L L L 4 3 + + + +
POST   /console/items/<item_id>/care                     L L L 4 3 + + + +
POST   /console/items/<item_id>/ask                      L L L 4 3 + + + +
POST   /console/items/<item_id>/ask/take-back            L L L 4 3 + + + +
POST   /console/items/<item_id>/opinion                  L L L 4 3 + + + +
POST   /console/items/<item_id>/second-reading           L L L 4 3 + + + +
POST   /console/items/<item_id>/second-reading/leave     L L L 4 3 + + + +
POST   /console/together                                 L L L o 3 + + + +
POST   /console/together/decide                          L L L o 3 + + + +
POST   /console/together/<bulk_id>/undo                  L L L 4 3 + + + +

GET    /console/second-readings/differed                 L L L o 3 3 + + +
GET    /console/messages/<slug>                          L L L 4 3 3 + + +
POST   /console/messages/<slug>                          L L L 4 3 3 + + +
GET    /console/policy                                   L L L o 3 3 + + +
GET    /console/policy/<slug>                            L L L 4 3 3 + + +
POST   /console/policy/<slug>/preview                    L L L 4 3 3 + + +
POST   /console/policy/<slug>/save                       L L L 4 3 3 + + +
POST   /console/policy/<slug>/back                       L L L 4 3 3 + + +
GET    /console/policy/<slug>/shadow                     L L L 4 3 3 + + +
POST   /console/policy/<slug>/shadow                     L L L 4 3 3 + + +
POST   /console/policy/<slug>/shadow/stop                L L L 4 3 3 + + +
POST   /console/policy/<slug>/training                   L L L 4 3 3 + + +
POST   /console/policy/<slug>/training.jsonl             L L L 4 3 3 + + +

GET    /console/people                                   L L L o 3 3 3 + +
POST   /console/people/invite                            L L L 3 3 3 3 + +
POST   /console/people/invitations/<invitation_id>/revoke L L L 4 3 3 3 + +
GET    /console/people/<person_id>                       L L L 4 3 3 3 + +
POST   /console/people/<person_id>/role                  L L L 3 3 3 3 + +
POST   /console/people/<person_id>/active                L L L 4 3 3 3 + +
POST   /console/people/<person_id>/reset                 L L L 4 3 3 3 + +
POST   /console/people/<person_id>/log-out               L L L 4 3 3 3 + +
"""

ROWS = {
    f"{method} {rule}": cells.split()
    for method, rule, cells in re.findall(r"^([A-Z]+) +(/\S*) +([+oL134](?: [+oL134]){8})$", TABLE, re.M)
}
READ = {"POST /v1/moderations", "POST /v1alpha1/comments:analyze", "POST /analyze"}
"""A worker has to read what they send; nothing of it is left."""
KEEPS = READ | {
    "POST /console/account/sign-on", "POST /console/together", "POST /console/policy/<slug>/preview",
}  # fmt: skip
"""They change no row: the first keeps in the browser's session what is linked, the others only show what would be done."""
OF_THIS_FORUM = re.compile(r"Harbour|harbour|levothyroxine|tacrolimus|hands shake|lindqvist")


def routes(app) -> set[str]:
    return {
        f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_no_route_is_missing_in_the_table_and_none_is_too_many(app):
    assert set(ROWS) == routes(app) == set(CALLS)


@pytest.fixture
def world(app, store, settings_env, valkey) -> World:
    settings_env(HEED_LOGIN_RATE_LIMIT="1000/minute", HEED_REDIS_URL=valkey, HEED_HEAVY_BUDGET=9)
    return World(app, store)


def prepare(world: World, client, route: str) -> None:
    """What was done in the same browser just before."""
    if "/login/code" in route:
        world.send(client, "POST", "/console/login", Call(form={"name": "tess", "password": PASSWORD}))
    if route == "POST /console/account/second-factor":
        with client.session_transaction() as cookie, world.store.write() as session:
            session.execute(update(LoginSession).where(LoginSession.id == cookie.get("login")).values(new_totp=SECRET))


def outcome(answer) -> str:
    refused = {401: "1", 403: "3", 404: "4"}.get(answer.status_code)
    to_log_in = re.match(r"/console/login(\?|$)", answer.headers.get("Location", ""))
    return refused or ("L" if to_log_in else "+" if answer.status_code < 400 else str(answer.status_code))


@pytest.mark.parametrize("route", ROWS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_table_holds(world, route):
    method, rule = route.split(" ")
    found = []
    for who, cell in zip(WHO, ROWS[route], strict=True):
        call, client = CALLS[route](world, who), world.client(who)
        prepare(world, client, route)
        before = world.rows()
        with worker(world.store) if route in READ else nullcontext():
            answer = world.send(client, method, rule, call)
        after = world.rows()
        changed = after != before
        # Who logs out ends where others are sent to.
        got = "+" if route == "POST /console/logout" and changed else outcome(answer)
        if got == "+" and cell == "o":
            assert world.of_here(after) == world.of_here(before), f"{who} changed what is not theirs"
            assert not OF_THIS_FORUM.search(answer.text), f"{who} was shown what is not theirs"
            got = "o"
        elif got == "+" and method != "GET":
            assert changed or route in KEEPS, (
                f"nothing came of what {who} did: {answer.status_code} {answer.text[:400]}"
            )
        elif got != "+":
            assert not changed, f"{who} was refused and changed something all the same"
        found.append(got)
    assert " ".join(found) == " ".join(ROWS[route])
