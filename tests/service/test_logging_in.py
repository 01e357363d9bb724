"""Guessing at the log-in: how long it goes on, whom it locks out, what it learns, and what a copied cookie is worth."""

import re
from collections import Counter

import pyotp
import pytest
from people import PASSWORD
from redis import Redis
from review_console import Console, text
from sqlalchemy import event

from service.people import accounts
from service.review import attempts
from service.store.models import Moderator

WRONG = "wrong horse battery"


@pytest.fixture(autouse=True)
def _three_failures(settings_env, valkey):
    settings_env(HEED_REDIS_URL=valkey, HEED_LOGIN_RATE_LIMIT="1000/minute", HEED_LOGIN_LOCKOUT="3/hour")


def browser(app, address: str = "192.0.2.1") -> Console:
    """Somebody's browser there."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return Console(client)


def guess(app, name: str, address: str) -> int:
    return browser(app, address).log_in(name, WRONG).status_code


# Locked out


def test_who_fails_too_often_by_a_name_is_locked_out_from_everywhere(app, moderator):
    assert [guess(app, "robin", f"192.0.2.{number}") for number in range(4)] == [401, 401, 401, 429]
    refused = browser(app, "198.51.100.9").log_in()
    assert refused.status_code == 429 and "60 minutes" in text(refused.text) and "ask an admin" in text(refused.text)
    assert 0 < int(refused.headers["Retry-After"]) <= 3601


def test_a_name_that_nobody_has_is_locked_out_alike(app, moderator):
    assert [guess(app, "nobody", f"192.0.2.{number}") for number in range(4)] == [401, 401, 401, 429]


def test_who_fails_too_often_from_an_address_is_locked_out_there_alone(app, moderator):
    assert [guess(app, f"name {number}", "192.0.2.1") for number in range(4)] == [401, 401, 401, 429]
    assert browser(app, "192.0.2.1").log_in().status_code == 429
    assert browser(app, "192.0.2.2").log_in().status_code == 303


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_address_is_what_one_caller_has(app, moderator, first, second, same):
    for number in range(3):
        guess(app, f"name {number}", first)
    assert browser(app, second).log_in().status_code == (429 if same else 303)


def test_nobody_locks_a_moderator_out_of_their_own_browser(app, moderator):
    robin = browser(app, "198.51.100.9")
    robin.log_in()
    robin.post("/console/logout")
    assert [guess(app, "robin", f"192.0.2.{number}") for number in range(4)][-1] == 429
    assert browser(app, "198.51.100.10").log_in().status_code == 429
    assert robin.log_in().status_code == 303


def test_a_known_browser_may_fail_no_more_often_and_is_known_for_its_owner_alone(app, moderator, sam):
    robin = browser(app, "198.51.100.9")
    robin.log_in()
    robin.post("/console/logout")
    for number in range(3):
        robin.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        assert robin.log_in(password=WRONG).status_code == 401
    robin.client.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    assert robin.log_in().status_code == 429
    assert [guess(app, "sam", f"192.0.2.{number}") for number in range(3)] == [401, 401, 401]
    assert robin.log_in("sam").status_code == 429


def test_a_forged_cookie_makes_no_browser_known(app, moderator):
    robin = browser(app)
    robin.log_in()
    cookie = robin.client.get_cookie("heed-known").value
    assert [guess(app, "robin", f"192.0.2.{number}") for number in range(2, 6)][-1] == 429
    for value in (cookie[:-2] + "xx", "x", ""):
        other = browser(app, "203.0.113.1")
        other.client.set_cookie("heed-known", value)
        assert other.log_in().status_code == 429


def test_getting_in_forgets_what_failed_by_the_name_and_not_what_failed_from_the_address(app, moderator):
    assert [guess(app, "robin", address) for address in ("192.0.2.1", "192.0.2.1")] == [401, 401]
    assert browser(app, "192.0.2.1").log_in().status_code == 303
    assert [guess(app, "robin", f"198.51.100.{number}") for number in range(3)] == [401, 401, 401]
    assert guess(app, "another", "192.0.2.1") == 401 and guess(app, "another", "192.0.2.1") == 429


def test_codes_that_fail_count_and_a_right_password_forgets_nothing(app, store, moderator):
    with store.write() as session:
        session.get_one(Moderator, moderator.id).totp_secret = pyotp.random_base32()
    answers = []
    for number in range(4):
        robin = browser(app, f"192.0.2.{number}")
        if robin.log_in().status_code == 303:
            token = re.search(r'name="csrf_token" value="([^"]+)"', robin.page("/console/login/code"))[1]
            form = {"csrf_token": token, "code": "000000"}
            answers.append(robin.client.post("/console/login/code", data=form).status_code)
    assert answers == [401, 401, 401]


def test_a_borrowed_browser_does_not_guess_the_password_for_ever(app, console):
    form = {"password": WRONG, "new_password": "quite another password"}
    answers = [console.post("/console/account/password", **form).status_code for _ in range(4)]
    assert answers == [422, 422, 422, 429]


def test_a_link_lets_back_in_whoever_is_locked_out(app, moderator, log_in):
    ada = log_in("ada", "admin")
    for number in range(3):
        guess(app, "robin", f"192.0.2.{number}")
    page = ada.post(f"/console/people/{moderator.id}/reset").text
    link = re.search(r'value="https?://[^/]+(/console/join/[^"]+)"', page)[1]
    robin = browser(app, "203.0.113.1")
    token = re.search(r'name="csrf_token" value="([^"]+)"', robin.page(link))[1]
    form = {"csrf_token": token, "password": "quite another password"}
    assert robin.client.post(link, data=form).status_code == 303
    assert robin.get("/console/").status_code == 200


def test_failures_are_counted_without_redis_too(app, moderator, settings_env):
    settings_env(HEED_REDIS_URL="redis://127.0.0.1:1/0")
    attempts._own.cache_clear()
    answers = [guess(app, "robin", f"192.0.2.{number}") for number in range(4)]
    attempts._own.cache_clear()
    assert answers == [401, 401, 401, 429]


def test_links_are_not_guessed_for_ever(app, valkey, settings_env):
    settings_env(HEED_LOGIN_RATE_LIMIT="3/hour", HEED_REDIS_URL=valkey)
    stranger = browser(app)
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.page("/console/login"))[1]
    answers = [stranger.client.post(f"/console/join/{n}", data={"csrf_token": token}).status_code for n in range(4)]
    assert answers == [404, 404, 404, 429]


# What it learns


class Counted:
    """A password hasher that says what was asked of it."""

    def __init__(self, hasher) -> None:
        self._hasher, self.asked = hasher, []

    def hash(self, password: str) -> str:
        self.asked.append("hash")
        return self._hasher.hash(password)

    def verify(self, known: str, password: str) -> bool:
        self.asked.append(f"verify {known.rpartition('$')[0].rpartition('$')[0]}")
        return self._hasher.verify(known, password)


def test_an_unknown_name_is_the_same_work_as_a_wrong_password(app, store, moderator, monkeypatch):
    """The first unknown name of a process, too."""
    accounts._nobodys_hash.cache_clear()
    accounts.prepare()
    counted = Counted(accounts._hasher)
    monkeypatch.setattr(accounts, "_hasher", counted)
    works = []
    for name in ("nobody", "robin", "another nobody"):
        console, statements = browser(app, f"192.0.2.{len(works)}"), []
        console.get("/console/login")
        counted.asked.clear()

        def note(_connection, _cursor, statement, *_more, kept=statements) -> None:
            kept.append(" ".join(statement.split()))

        event.listen(store.engine, "before_cursor_execute", note)
        assert console.log_in(name, WRONG).status_code == 401
        event.remove(store.engine, "before_cursor_execute", note)
        works.append((Counter(counted.asked), Counter(statements)))
    assert works[0] == works[1] == works[2]
    assert sum(works[0][0].values()) == 1, "one verification, and nothing hashed"


def test_an_application_has_its_hash_at_hand_before_the_first_unknown_name(store, valkey):
    from service.web import create_app

    accounts._nobodys_hash.cache_clear()
    create_app()
    assert accounts._nobodys_hash.cache_info().currsize == 1


# What a cookie is worth


def test_what_stood_in_the_cookie_before_the_log_in_is_worth_nothing_after(app, moderator):
    robin, thief = browser(app), browser(app)
    planted = robin.get("/console/login")
    before = robin.client.get_cookie("heed").value
    thief.client.set_cookie("heed", before)
    assert robin.log_in().status_code == 303 and robin.client.get_cookie("heed").value != before
    assert thief.get("/console/").status_code == 303, "the planted session was not logged in with it"
    token = re.search(r'name="csrf_token" value="([^"]+)"', planted.text)[1]
    assert robin.client.post("/console/logout", data={"csrf_token": token}).status_code == 403


def copied(app, console: Console) -> Console:
    other = browser(app)
    other.client.set_cookie("heed", console.client.get_cookie("heed").value)
    assert other.get("/console/").status_code == 200
    return other


@pytest.mark.parametrize("act", ["log out", "password", "second factor"])
def test_a_copy_of_this_very_login_ends_with_it(app, console, act):
    thief = copied(app, console)
    if act == "log out":
        assert console.post("/console/logout").status_code == 303
    elif act == "password":
        form = {"password": PASSWORD, "new_password": "quite another password"}
        assert console.post("/console/account/password", **form).status_code == 200
    else:
        secret = re.search(r'class="secret-key">([A-Z2-7]+)<', console.page("/console/account/second-factor"))[1]
        form = {"password": PASSWORD, "code": pyotp.TOTP(secret).now()}
        assert console.post("/console/account/second-factor", **form).status_code == 200
    assert thief.get("/console/").status_code == 303
    assert console.get("/console/").status_code == (303 if act == "log out" else 200)


def test_a_password_that_was_changed_is_no_longer_half_way_in(app, store, moderator):
    secret = pyotp.random_base32()
    with store.write() as session:
        session.get_one(Moderator, moderator.id).totp_secret = secret
    thief = browser(app)
    assert "/login/code" in thief.log_in().headers["Location"]
    assert thief.get("/console/login/code").status_code == 200
    with store.write() as session:
        person = session.get_one(Moderator, moderator.id)
        person.password_hash = accounts.hash_password("quite another password", "robin")
    assert thief.get("/console/login/code").headers["Location"] == "/console/login"


def test_redis_learns_neither_names_nor_browsers_owners(app, moderator, valkey):
    browser(app).log_in()
    guess(app, "robin", "192.0.2.1")
    keys = b" ".join(Redis.from_url(valkey).keys("*"))
    assert keys and b"robin" not in keys
