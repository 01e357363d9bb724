"""Every page of the console, however it is come by: no form without its token, nothing foreign run, framed or kept."""

import re
import tempfile

import pytest
from access_world import CALLS, World
from sqlalchemy import text as sql
from test_access_table import ROWS

SECRET_KEY = "a secret key of thirty-two characters or more"
POSTS = [route for route in ROWS if route.startswith("POST /console")]
CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|<iframe|<object|<embed|<base", re.I)


@pytest.fixture
def world(app, store, settings_env, valkey) -> World:
    settings_env(HEED_LOGIN_RATE_LIMIT="1000/minute", HEED_REDIS_URL=valkey)
    return World(app, store)


@pytest.mark.parametrize("route", POSTS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_form_of_the_console_is_taken_without_its_token(world, route):
    """From the browser of an admin of everything, with all that the form needs but the token."""
    method, rule = route.split(" ")
    call, client = CALLS[route](world, "administrator"), world.client("administrator")
    for token in (None, "", "forged", "of another browser"):
        if token == "of another browser":
            other = world.client("administrator")
            other.get("/console/login")
            page = other.get("/console/account").text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        form = dict(call.form) | ({} if token is None else {"csrf_token": token})
        before = world.rows()
        answer = world.send(client, method, rule, type(call)(call.place, form, None, call.query), token=False)
        assert answer.status_code == 403 and "nothing was done" in answer.text, token
        assert world.rows() == before


def test_a_file_that_is_sent_along_never_reaches_the_disk(world, tmp_path, monkeypatch):
    head = b'--x\r\nContent-Disposition: form-data; name="note"; filename="a.txt"\r\n\r\n'
    form = {"data": head + b"a" * 900_000 + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert world.app.test_client().post("/console/login", **form).status_code == 403


def protected(answer) -> None:
    headers = answer.headers
    assert dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; ")) == CSP
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "camera=()" in headers["Permissions-Policy"]
    if not answer.request.path.startswith("/console/static/"):
        assert headers["Cache-Control"] == "no-store"
    if answer.mimetype == "text/html":
        assert not INLINE.search(answer.text)
    assert "Server" not in headers or "Python" not in headers["Server"]


@pytest.fixture
def production(store, valkey, settings_env) -> World:
    settings_env(
        HEED_ENVIRONMENT="production",
        HEED_SECRET_KEY=SECRET_KEY,
        HEED_PUBLIC_URL="https://heed.example.org",
        HEED_REDIS_URL=valkey,
        HEED_LOGIN_RATE_LIMIT="1000/minute",
    )
    from service.web import create_app

    return World(create_app(), store)


def ask(client, path: str, method: str = "GET", **more):
    referrer = {"Referer": "https://heed.example.org/console/"}
    return client.open(path, method=method, base_url="https://heed.example.org", headers=referrer, **more)


def logged_in(world: World, who: str = "administrator"):
    client = world.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', ask(client, "/console/login").text)[1]
    form = {"csrf_token": token, "name": who, "password": "correct horse battery staple"}
    answer = ask(client, "/console/login", "POST", data=form)
    assert answer.status_code == 303
    return client, answer


def test_every_page_runs_frames_and_keeps_nothing_foreign(production):
    """The pages that are there, and those that say what went wrong."""
    client, _ = logged_in(production)
    pages = 0
    for route in (route for route in ROWS if route.startswith("GET /console")):
        call = CALLS[route](production, "administrator")
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name, call=call: call.place[name[1]], route.partition(" ")[2])
        for browser in (client, production.app.test_client()):
            answer = ask(browser, path)
            protected(answer)
            pages += answer.status_code == 200 and answer.mimetype == "text/html"
    assert pages > 15
    item = production.post()
    errors = {
        ask(client, f"/console/items/{item}/decide", "POST", data={"action": "hold"}): 403,
        ask(client, "/console/nowhere"): 404,
        ask(client, "/console/login", "PUT"): 405,
        ask(client, f"/console/items/{item}/decide", "POST", data={"note": "x" * 1_100_000}): 413,
    }
    for answer, status in errors.items():
        assert answer.status_code == status and answer.mimetype == "text/html"
        protected(answer)


def test_a_page_that_breaks_is_protected_too(production):
    client, _ = logged_in(production)
    with production.store.engine.begin() as connection:
        connection.execute(sql("ALTER TABLE second_reading RENAME TO lost"))
    try:
        answer = ask(client, "/console/")
    finally:
        with production.store.engine.begin() as connection:
            connection.execute(sql("ALTER TABLE lost RENAME TO second_reading"))
    assert answer.status_code >= 500 and "second_reading" not in answer.text
    protected(answer)


def test_cookies_of_production_go_nowhere_else(production):
    client, answer = logged_in(production)
    cookies = {cookie.partition("=")[0]: cookie.split("; ")[1:] for cookie in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-heed", "__Host-heed-known"}
    for flags in cookies.values():
        assert {"Secure", "HttpOnly", "Path=/"} <= set(flags) and not [flag for flag in flags if "Domain" in flag]
    assert "SameSite=Lax" in cookies["__Host-heed"] and "SameSite=Strict" in cookies["__Host-heed-known"]
    left = [cookie for cookie in ask(client, "/console/").headers.getlist("Set-Cookie")]
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in left)


def test_a_form_sent_from_elsewhere_is_refused(production):
    """Even one with its token, by where the browser says that it came from."""
    client, _ = logged_in(production)
    page = ask(client, "/console/account").text
    form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1], "softened": "yes"}
    for referrer in ("https://evil.example/", "https://heed.example.org.evil.example/", ""):
        headers = {"Referer": referrer} if referrer else {}
        answer = client.post("/console/softened", base_url="https://heed.example.org", data=form, headers=headers)
        assert answer.status_code == 403
    assert ask(client, "/console/softened", "POST", data=form).status_code == 303


def test_the_api_takes_no_cookie_for_a_key(production):
    client, _ = logged_in(production)
    for method, path in (("POST", "/v1/posts"), ("DELETE", "/v1/posts/1"), ("GET", "/v1/posts/1")):
        answer = ask(client, path, method, json={} if method == "POST" else None)
        assert answer.status_code == 401 and answer.headers["X-Frame-Options"] == "DENY"
