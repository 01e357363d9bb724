"""Accounts: who may be added, and who gets in."""

import pytest
from sqlalchemy import select

from service.accounts import add_moderator, check_password, end_sessions
from service.errors import Conflict, Invalid
from service.store.models import Moderator

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
    ("name", "password", "role", "field"),
    [
        ("", PASSWORD, "moderator", "name"),
        ("x" * 81, PASSWORD, "moderator", "name"),
        ("a\x00b", PASSWORD, "moderator", "name"),
        ("kit", "short", "moderator", "password"),
        ("twelve chars", "Twelve Chars", "moderator", "password"),
        ("kit", "x" * 257, "moderator", "password"),
        ("kit", PASSWORD, "king", "role"),
    ],
)
def test_what_can_not_be_an_account_is_refused_by_field(store, name, password, role, field):
    with pytest.raises(Invalid) as refusal, store.write() as session:
        add_moderator(session, name, password, role)
    assert refusal.value.field == field and (not password or password not in refusal.value.detail)


def test_a_name_is_given_once(store, moderator):
    with pytest.raises(Conflict), store.write() as session:
        add_moderator(session, "ROBIN", PASSWORD, "admin")


def test_ending_sessions_raises_the_epoch_of_one_only(store, moderator):
    with store.write() as session:
        other = add_moderator(session, "sam", PASSWORD)
        end_sessions(session, moderator.id)
    with store.read() as session:
        epochs = dict(session.execute(select(Moderator.id, Moderator.session_epoch)).all())
    assert epochs == {moderator.id: 2, other.id: 1}
