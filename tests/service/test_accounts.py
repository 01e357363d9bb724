"""Accounts: who may be added, and who gets in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.errors import Conflict, Invalid
from service.people import logins
from service.people.accounts import add_moderator, check_password
from service.store.models import LoginSession, Moderator, now

PASSWORD = "correct horse battery staple"


def test_the_password_is_kept_as_argon2id_only(moderator):
    assert moderator.password_hash.startswith("$argon2id$") and PASSWORD not in moderator.password_hash


@pytest.mark.parametrize("name", ["robin", "Robin", " ROBIN "])
def test_the_right_password_lets_in_however_the_name_is_typed(store, moderator, name):
    with store.read() as session:
        assert check_password(session, name, PASSWORD).id == moderator.id


@pytest.mark.parametrize(
    ("name", "password"),
    [("robin", "wrong horse"), ("robin", ""), ("robin", PASSWORD * 20), ("nobody", PASSWORD), ("", "")],
)
def test_anything_else_lets_nobody_in(store, moderator, name, password):
    with store.read() as session:
        assert check_password(session, name, password) is None


def test_an_account_that_was_closed_lets_nobody_in(store, moderator):
    with store.write() as session:
        session.get_one(Moderator, moderator.id).active = False
    with store.read() as session:
        assert check_password(session, "robin", PASSWORD) is None


def test_a_hash_that_is_none_lets_nobody_in(store, moderator):
    with store.write() as session:
        session.get_one(Moderator, moderator.id).password_hash = "x"
    with store.read() as session:
        assert check_password(session, "robin", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", PASSWORD, "name"),
        ("x" * 81, PASSWORD, "name"),
        ("a\x00b", PASSWORD, "name"),
        ("kit", "short", "password"),
        ("twelve chars", "Twelve Chars", "password"),
        ("kit", "x" * 257, "password"),
    ],
)
def test_what_can_not_be_an_account_is_refused_by_field(store, name, password, field):
    with pytest.raises(Invalid) as refusal, store.write() as session:
        add_moderator(session, name, password)
    assert refusal.value.field == field and (not password or password not in refusal.value.detail)


def test_a_name_is_given_once(store, moderator):
    with pytest.raises(Conflict), store.write() as session:
        add_moderator(session, "ROBIN", PASSWORD)


def test_logins_are_ended_one_by_one_or_all_but_one(store, moderator):
    with store.write() as session:
        other = logins.begin(session, add_moderator(session, "sam", PASSWORD), "").id
        first, second, third = (logins.begin(session, moderator, "").id for _ in range(3))
        logins.end(session, moderator.id, only=second, but=first)
        left = [each for each in (first, second, third, other) if logins.find(session, each)]
        logins.end(session, moderator.id, only=other)
        logins.end(session, moderator.id, but=first)
        assert left == [first, third, other]
        assert [each for each in (first, third, other) if logins.find(session, each)] == [first, other]


def test_a_login_nobody_uses_is_over(store, moderator):
    with store.write() as session:
        old = logins.begin(session, moderator, "")
        old.seen_at = now() - timedelta(hours=11)
        session.flush()
        assert logins.find(session, old.id) is not None
        old.seen_at = now() - timedelta(hours=12)
        session.flush()
        assert logins.find(session, old.id) is None and logins.of_person(session, moderator.id) == []


def test_a_login_is_over_some_day_however_much_it_is_used(store, moderator, settings_env):
    settings_env(HEED_LOGIN_ABSOLUTE_TIMEOUT_DAYS=3)
    with store.write() as session:
        old = logins.begin(session, moderator, "")
        old.created_at = now() - timedelta(days=2)
        session.flush()
        assert logins.find(session, old.id) is not None
        old.created_at = now() - timedelta(days=3)
        session.flush()
        assert logins.find(session, old.id) is None
        logins.begin(session, moderator, "")
        assert len(session.scalars(select(LoginSession)).all()) == 1, "what is over is forgotten"


@pytest.mark.parametrize(
    ("said", "known_as"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8.5.0", "A browser"),
    ],
)
def test_a_login_is_named_as_its_owner_knows_it(said, known_as):
    assert logins.device(said) == known_as
