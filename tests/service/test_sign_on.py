"""Signing on with a real OpenID Connect provider: only who was invited, and nobody by a forged token."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from people import PASSWORD, add_person
from review_console import Console, text
from sign_on_provider import CLIENT, SECRET, serving
from sqlalchemy import select

from service.errors import ConfigurationError
from service.people.invitations import invite
from service.people.roles import access_of
from service.settings import load
from service.store.models import AuditEntry, Moderator


@pytest.fixture
def provider(store, valkey, settings_env):
    with serving() as provider:
        settings_env(
            HEED_OIDC_ISSUER=provider.url,
            HEED_OIDC_CLIENT_ID=CLIENT,
            HEED_OIDC_CLIENT_SECRET=SECRET,
            HEED_OIDC_NAME="Hospital login",
        )
        yield provider


@pytest.fixture
def browser(provider) -> Console:
    from service.web import create_app

    return Console(create_app().test_client())


def sign_on(browser: Console):
    """Through the provider and back; the answer to coming back."""
    there = browser.get("/console/sign-on").headers["Location"]
    back = httpx.get(there, follow_redirects=False).headers["location"]
    return browser.get(f"/console/sign-on/back?{urlsplit(back).query}")


def test_the_log_in_offers_it(browser):
    assert "Log in with Hospital login" in text(browser.page("/console/login"))


def test_nobody_gets_in_uninvited(browser, store):
    answer = sign_on(browser)
    assert answer.status_code == 403 and "invitation" in text(answer.text)
    assert browser.get("/console/").status_code == 303
    with store.read() as session:
        assert session.scalar(select(Moderator)) is None


def test_an_invitation_makes_the_account_and_the_next_sign_on_finds_it(browser, store, provider):
    with store.write() as session:
        token = invite(session, None, "lead", by=None)
    assert "Join with Hospital login" in text(browser.page(f"/console/join/{token}"))
    assert sign_on(browser).status_code == 303 and "noor" in browser.page("/console/")
    browser.post("/console/logout")
    provider.claims["preferred_username"] = "renamed elsewhere"
    assert sign_on(browser).status_code == 303 and "noor" in browser.page("/console/")
    with store.read() as session:
        noor = session.scalar(select(Moderator))
        assert (noor.name, noor.password_hash) == ("noor", "")
        assert access_of(session, noor.id).roles == {None: "lead"}
        entries = session.scalars(select(AuditEntry).where(AuditEntry.what == "logged_in"))
        assert {entry.detail["by"] for entry in entries} == {"sign-on"}
    assert browser.client.get("/console/logout").status_code in (303, 404, 405)
    other = Console(browser.client.application.test_client())
    assert other.log_in("noor", "").status_code == 401 and other.log_in("noor", PASSWORD).status_code == 401


def test_somebody_with_a_password_links_their_own(browser, store, provider):
    with store.write() as session:
        add_person(session, "kim")
        add_person(session, "lee")
    browser.log_in("kim")
    assert "Also log in with Hospital login" in browser.page("/console/account")
    assert sign_on(browser).status_code == 403
    assert browser.post("/console/account/sign-on", password="a guess").status_code == 422
    assert sign_on(browser).status_code == 403
    assert "Go on to Hospital login" in browser.post("/console/account/sign-on", password=PASSWORD).text
    assert sign_on(browser).headers["Location"] == "/console/account"
    browser.post("/console/logout")
    assert sign_on(browser).status_code == 303 and "kim" in browser.page("/console/account")
    browser.post("/console/logout")
    browser.log_in("lee")
    browser.post("/console/account/sign-on", password=PASSWORD)
    assert sign_on(browser).status_code == 409


def test_a_closed_account_stays_closed(browser, store, provider):
    with store.write() as session:
        kim = add_person(session, "kim")
        kim.sign_on, kim.active = f"{provider.url} 1001", False
    assert sign_on(browser).status_code == 403


@pytest.mark.parametrize("change", ["key", "aud", "iss", "nonce", "exp"])
def test_a_token_that_does_not_hold_lets_nobody_in(browser, store, provider, change):
    with store.write() as session:
        add_person(session, "kim").sign_on = f"{provider.url} 1001"
    if change == "key":
        provider.key, known = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False), provider.key
        provider_keys = {"keys": [known.as_dict(private=False)]}
        provider.key.as_dict = lambda private=False: provider_keys["keys"][0]
    else:
        provider.claims[change] = 1 if change == "exp" else "other"
    answer = sign_on(browser)
    assert answer.status_code == 403 and "not completed" in text(answer.text)
    assert browser.get("/console/").status_code == 303


def test_an_answer_nobody_asked_for_lets_nobody_in(browser, store, provider):
    with store.write() as session:
        add_person(session, "kim").sign_on = f"{provider.url} 1001"
    there = browser.get("/console/sign-on").headers["Location"]
    back = httpx.get(there, follow_redirects=False).headers["location"]
    victim = Console(browser.client.application.test_client())
    assert victim.get(f"/console/sign-on/back?{urlsplit(back).query}").status_code == 403
    assert browser.get("/console/sign-on/back?error=access_denied&state=x").status_code == 403


def test_a_provider_that_is_down_is_said_so(valkey, store, settings_env):
    settings_env(HEED_OIDC_ISSUER="http://127.0.0.1:1", HEED_OIDC_CLIENT_ID="a", HEED_OIDC_CLIENT_SECRET="b")
    from service.web import create_app

    answer = create_app().test_client().get("/console/sign-on")
    assert answer.status_code == 503 and "Try again" in answer.text


def test_without_a_provider_there_is_no_sign_on(stranger):
    assert stranger.get("/console/sign-on").status_code == 404
    assert not re.search("Log in with", stranger.page("/console/login"))


def test_a_provider_without_its_secret_is_refused_at_the_start(settings_env):
    settings_env(HEED_OIDC_ISSUER="https://login.example.org")
    with pytest.raises(ConfigurationError, match="HEED_OIDC_CLIENT_ID"):
        load()
