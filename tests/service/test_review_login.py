"""Getting in, staying in, getting out."""

import re

import pytest
from argon2 import PasswordHasher
from review_console import Console
from sqlalchemy import select

from service.people import accounts
from service.review.login import safe_path
from service.store.models import AuditEntry, Moderator

PASSWORD = "correct horse battery staple"


def test_the_console_begins_at_the_front_door(stranger):
    assert stranger.get("/").headers["Location"] == "/console/"
    assert stranger.get("/console/").headers["Location"] == "/console/login?next=/console/"


@pytest.mark.parametrize("path", ["/console/", "/console/decided", "/console/items/item_1", "/console/anything"])
def test_nothing_is_shown_before_the_login(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 303 and "/console/login" in answer.headers["Location"]


@pytest.mark.parametrize("path", ["items/item_1/decide", "items/item_1/undo", "items/item_1/personal-data", "logout"])
def test_nothing_is_done_before_the_login(stranger, path):
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.page("/console/login"))[1]
    answer = stranger.client.post(f"/console/{path}", data={"csrf_token": token, "action": "approve", "version": "1"})
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/console/login")


def test_login_leads_on_to_where_one_wanted_to_go(stranger, moderator):
    assert 'name="next" value="/console/decided"' in stranger.page("/console/login?next=/console/decided")
    assert stranger.log_in(next="/console/decided").headers["Location"] == "/console/decided"
    assert "robin" in stranger.page("/console/")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/console/../../evil", "/console/\n//evil.example",
        "javascript:alert(1)", "/consoles", "/elsewhere", "console/", "/console//evil.example/../..", "/console/logout",
        "/console/login?next=/console/",
    ],
)  # fmt: skip
def test_nothing_else_is_led_to(wanted):
    assert safe_path(wanted) == ""


def test_login_leads_nowhere_else(stranger, moderator):
    assert stranger.log_in(next="//evil.example").headers["Location"] == "/console/"


@pytest.mark.parametrize(
    "wanted", ["/console/", "/console/items/item_1?label=medical&board=Off+topic", "/console/?board=Caf%C3%A9"]
)
def test_pages_of_the_console_are_led_to(wanted):
    assert safe_path(wanted) == wanted


def test_an_unknown_name_and_a_wrong_password_hear_the_same(stranger, moderator):
    wrong, unknown = stranger.log_in(password="wrong horse battery"), stranger.log_in(name="nobody")
    assert wrong.status_code == unknown.status_code == 401
    said = [re.search(r'role="alert".*?</p>', answer.text, re.S)[0] for answer in (wrong, unknown)]
    assert said[0] == said[1] and PASSWORD not in unknown.text
    assert stranger.get("/console/").status_code == 303


def test_the_cookie_is_out_of_reach_and_new_after_the_login(stranger, moderator):
    before = stranger.get("/console/login").headers["Set-Cookie"]
    after = next(cookie for cookie in stranger.log_in().headers.getlist("Set-Cookie") if cookie.startswith("heed="))
    assert "HttpOnly" in after and "SameSite=Lax" in after and "Path=/" in after
    assert before.split(";")[0] != after.split(";")[0]


def test_a_form_without_its_token_does_nothing(stranger, moderator, console, items):
    form = {"action": "approve", "version": console.version(items[0])}
    for token in ("", "forged"):
        answer = console.client.post(f"/console/items/{items[0]}/decide", data={**form, "csrf_token": token})
        assert answer.status_code == 403 and "nothing was done" in answer.text
    assert 'value="approve"' in console.form(items[0])


def test_the_token_of_another_session_does_nothing(app, console, items):
    other = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get("/console/login").text)[1]
    form = {"action": "approve", "version": console.version(items[0]), "csrf_token": token}
    assert console.client.post(f"/console/items/{items[0]}/decide", data=form).status_code == 403


def test_logging_out_ends_a_copied_cookie_too(app, console):
    thief = app.test_client()
    cookie = console.client.get_cookie("heed")
    thief.set_cookie("heed", cookie.value)
    assert thief.get("/console/").status_code == 200
    assert console.post("/console/logout").status_code == 303
    assert console.get("/console/").status_code == 303
    assert thief.get("/console/").status_code == 303


def test_a_closed_account_is_out_at_once(store, console, moderator):
    with store.write() as session:
        session.get_one(Moderator, moderator.id).active = False
    assert console.get("/console/").status_code == 303


def test_a_forged_cookie_is_no_login(app, moderator):
    client = app.test_client()
    client.set_cookie("heed", "eyJtb2RlcmF0b3IiOiJ1c2VyXzEifQ.aaaaaa.forged")
    assert client.get("/console/").status_code == 303


def test_too_many_attempts_have_to_wait(stranger, moderator, settings_env):
    settings_env(HEED_LOGIN_RATE_LIMIT="3/hour")
    answers = [stranger.log_in(password="wrong horse battery").status_code for _ in range(3)]
    refused = stranger.log_in()
    assert answers == [401, 401, 401] and refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 3601 and "Wait" in refused.text
    assert stranger.get("/console/").status_code == 303


def test_attempts_are_counted_by_name_from_any_address(app, stranger, moderator, settings_env):
    settings_env(HEED_LOGIN_RATE_LIMIT="3/hour")
    for number in range(3):
        page = stranger.client.get("/console/login").text
        form = {
            "csrf_token": re.search(r'value="([^"]+)"', page)[1],
            "name": "robin",
            "password": "wrong horse battery",
        }
        address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        assert stranger.client.post("/console/login", data=form, environ_base=address).status_code == 401
    assert stranger.log_in().status_code == 429


def test_attempts_are_counted_without_redis_too(stranger, moderator, settings_env):
    from service.review import attempts

    attempts._own.cache_clear()
    settings_env(HEED_LOGIN_RATE_LIMIT="2/hour", HEED_REDIS_URL="redis://127.0.0.1:1/0")
    answers = [stranger.log_in(name="nobody").status_code for _ in range(3)]
    attempts._own.cache_clear()
    assert answers == [401, 401, 429]


def test_redis_never_learns_what_was_typed_as_a_name(stranger, moderator, valkey):
    from redis import Redis

    stranger.log_in(name="my-secret-password")
    keys = Redis.from_url(valkey).keys("*")
    assert keys and not [key for key in keys if b"my-secret" in key]


def test_pages_are_private_and_run_nothing_foreign(console):
    answer = console.get("/console/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_static_files_are_kept_by_their_hash(stranger):
    page = stranger.page("/console/login")
    for path in re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page):
        answer = stranger.get(path)
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_https_cookies_are_secure_and_its_forms_work(store, valkey, moderator, settings_env):
    settings_env(HEED_PUBLIC_URL="https://heed.example.org", HEED_REDIS_URL=valkey)
    from service.web import create_app

    client = create_app().test_client()
    page = client.get("/console/login", base_url="https://heed.example.org")
    assert "__Host-heed=" in page.headers["Set-Cookie"] and "Secure" in page.headers["Set-Cookie"]
    form = {"csrf_token": re.search(r'value="([^"]+)"', page.text)[1], "name": "robin", "password": PASSWORD}
    referrer = {"Referer": "https://heed.example.org/console/login"}
    answer = client.post("/console/login", base_url="https://heed.example.org", data=form, headers=referrer)
    assert answer.status_code == 303
    assert client.get("/console/", base_url="https://heed.example.org").status_code == 200


def test_log_ins_are_written_down_and_what_was_typed_is_not(store, stranger, moderator):
    stranger.log_in("robin", "a wrong password")
    stranger.log_in("my own password by mistake", "robin")
    stranger.log_in()
    stranger.post("/console/logout")
    with store.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [entry.what for entry in entries] == ["log_in_failed", "log_in_failed", "logged_in", "logged_out"]
    assert [entry.moderator_id for entry in entries] == [moderator.id, None, moderator.id, moderator.id]
    assert [entry.detail for entry in entries] == [{}, {}, {"by": "password"}, {}]


def test_a_hash_by_older_parameters_is_made_anew_at_the_log_in(store, stranger, moderator, monkeypatch):
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", stronger)
    assert stranger.log_in(password="wrong horse battery staple").status_code == 401
    assert _hash_of(store) == moderator.password_hash
    assert stranger.log_in().status_code == 303
    made = _hash_of(store)
    assert not stronger.check_needs_rehash(made) and stronger.verify(made, PASSWORD)
    Console(stranger.client.application.test_client()).log_in()
    assert _hash_of(store) == made, "once is enough"


def test_a_password_that_was_changed_meanwhile_is_not_put_back(store, moderator):
    with store.write() as session:
        session.get_one(Moderator, moderator.id).password_hash = "newer"
    with store.write() as session:
        accounts.hash_anew(session, moderator, PASSWORD)
    assert _hash_of(store) == "newer"


def _hash_of(store) -> str:
    with store.read() as session:
        return session.scalar(select(Moderator.password_hash))
