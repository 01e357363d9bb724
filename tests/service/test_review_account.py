"""One's own account: reading, password, second factor, logins."""

import re
from datetime import timedelta

import pyotp
import pytest
from people import PASSWORD
from review_console import Console, text
from sqlalchemy import select

from service.people import second_factor
from service.store.models import AuditEntry, Moderator, RecoveryCode, now


@pytest.fixture
def factor(store, console, moderator) -> tuple[str, list[str]]:
    """robin's second factor, turned on in the console: its secret and the recovery codes."""
    secret = re.search(r'class="secret-key">([A-Z2-7]+)<', console.page("/console/account/second-factor"))[1]
    page = console.post("/console/account/second-factor", code=pyotp.TOTP(secret).now(), password=PASSWORD).text
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code>", page)
    assert len(codes) == 8
    return secret, codes


def half_way(app) -> Console:
    """robin's password was right, and the code is asked for."""
    console = Console(app.test_client())
    assert console.log_in().headers["Location"].startswith("/console/login/code")
    return console


def later(secret: str) -> str:
    """The code of the next half minute: the one of now was used to turn the factor on."""
    return pyotp.TOTP(secret).at(now() + timedelta(seconds=30))


def send_code(console: Console, code: str):
    token = re.search(r'name="csrf_token" value="([^"]+)"', console.page("/console/login/code"))[1]
    return console.client.post("/console/login/code", data={"csrf_token": token, "code": code})


def test_a_borrowed_browser_puts_no_other_second_factor_in_its_place(console, store, factor):
    secret, _codes = factor
    other = re.search(r'class="secret-key">([A-Z2-7]+)<', console.page("/console/account/second-factor"))[1]
    assert other != secret
    with console.client.session_transaction() as session:
        assert other not in str(dict(session))
    form = {"code": pyotp.TOTP(other).now()}
    assert console.post("/console/account/second-factor", **form).status_code == 422
    assert console.post("/console/account/second-factor", password="a guess", **form).status_code == 422
    with store.read() as session:
        assert session.scalar(select(Moderator)).totp_secret == secret
    assert console.post("/console/account/second-factor", password=PASSWORD, **form).status_code == 200
    with store.read() as session:
        assert session.scalar(select(Moderator)).totp_secret == other


def test_a_borrowed_browser_turns_no_second_factor_on(store, console, moderator):
    secret = re.search(r'class="secret-key">([A-Z2-7]+)<', console.page("/console/account/second-factor"))[1]
    for form in ({}, {"password": "a guess"}):
        answer = console.post("/console/account/second-factor", code=pyotp.TOTP(secret).now(), **form)
        assert answer.status_code == 422 and "password" in text(answer.text)
    with store.read() as session:
        assert session.get_one(Moderator, moderator.id).totp_secret == ""


def test_a_wrong_first_code_turns_nothing_on(store, console, moderator):
    console.page("/console/account/second-factor")
    answer = console.post("/console/account/second-factor", code="000000", password=PASSWORD)
    assert answer.status_code == 422 and "doesn’t fit" in answer.text
    with store.read() as session:
        assert session.get_one(Moderator, moderator.id).totp_secret == ""


def test_the_qr_code_is_drawn_in_the_page(console):
    page = console.page("/console/account/second-factor")
    assert re.search(r'<svg[^>]*class="qr"', page) and "style=" not in page


def test_with_a_second_factor_the_password_alone_lets_nobody_in(app, factor):
    console = half_way(app)
    assert console.get("/console/").status_code == 303
    assert send_code(console, "000000").status_code == 401 and console.get("/console/").status_code == 303
    assert send_code(console, later(factor[0])).status_code == 303
    assert console.get("/console/").status_code == 200


def test_a_code_counts_once(app, factor):
    code = later(factor[0])
    assert send_code(half_way(app), code).status_code == 303
    assert send_code(half_way(app), code).status_code == 401


def test_a_recovery_code_counts_once_and_is_kept_as_its_hash(app, store, factor):
    assert send_code(half_way(app), factor[1][3]).status_code == 303
    assert send_code(half_way(app), factor[1][3]).status_code == 401
    with store.read() as session:
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 7 and not set(kept) & set(factor[1])


def test_codes_are_not_guessed_for_ever(app, factor, settings_env):
    settings_env(HEED_LOGIN_RATE_LIMIT="4/hour")
    console = half_way(app)
    answers = [send_code(console, "000000").status_code for _ in range(4)]
    assert answers[0] == 401 and answers[-1] == 429


def test_the_code_page_alone_is_nothing(app, stranger):
    assert stranger.get("/console/login/code").headers["Location"] == "/console/login"


def test_the_factor_is_turned_off_with_the_password_only(store, console, moderator, factor):
    assert console.post("/console/account/second-factor/off", password="wrong horse").status_code == 422
    assert console.post("/console/account/second-factor/off", password=PASSWORD).status_code == 303
    with store.read() as session:
        assert session.get_one(Moderator, moderator.id).totp_secret == ""
        assert session.scalar(select(RecoveryCode)) is None
        said = {e.what for e in session.scalars(select(AuditEntry))}
    assert {"turned_on_second_factor", "turned_off_second_factor"} <= said


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_telephones_clock_may_be_off_by_half_a_minute(store, moderator, seconds):
    secret = second_factor.new_secret()
    with store.write() as session:
        me = session.get_one(Moderator, moderator.id)
        second_factor.turn_on(session, me, secret, pyotp.TOTP(secret).at(now() + timedelta(seconds=seconds)))
        assert me.totp_secret == secret


def test_a_new_password_ends_the_other_logins(app, console, moderator):
    other = Console(app.test_client())
    other.log_in()
    wrong = console.post("/console/account/password", password="wrong horse", new_password="a new password")
    assert wrong.status_code == 422 and other.get("/console/").status_code == 200
    easy = console.post("/console/account/password", password=PASSWORD, new_password="short")
    assert easy.status_code == 422 and "short" not in text(easy.text).replace("shorter", "")
    done = console.post("/console/account/password", password=PASSWORD, new_password="a new password")
    assert done.status_code == 200 and console.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 303
    assert other.log_in().status_code == 401 and other.log_in(password="a new password").status_code == 303


def test_logins_are_listed_and_ended(app, console, moderator, sam):
    other = app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Android 15) Firefox/143.0"
    Console(other).log_in()
    page = console.page("/console/account")
    assert "Firefox on Android" in page and page.count("Log out<span") == 1
    login = re.search(r'name="login" value="([^"]+)"', page)[1]
    sam.post("/console/account/logins/end", login=login)
    assert other.get("/console/").status_code == 200
    console.post("/console/account/logins/end", login=login)
    assert other.get("/console/").status_code == 303 and console.get("/console/").status_code == 200


def test_logging_out_ends_this_login_only(app, console, moderator):
    other = Console(app.test_client())
    other.log_in()
    console.post("/console/logout")
    assert console.get("/console/").status_code == 303 and other.get("/console/").status_code == 200


def test_times_and_sizes_are_the_readers_own(items, console):
    answer = console.post("/console/account/reading", zone="Asia/Tokyo", text_size="larger", alias=" ")
    assert answer.status_code == 303
    page = console.page("/console/")
    assert 'class="larger"' in page and re.search(r'title="\d+ \w+ \d{4}, \d\d:\d\d JST"', page)
    assert console.post("/console/account/reading", zone="Mars/Base").status_code == 422
    assert "JST" in console.page("/console/")
