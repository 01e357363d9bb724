"""The main job with everything real: posts in by signed webhook, read by the shipped model, verdicts out, reviewed."""

import asyncio
import os
import re
import signal
from collections import Counter

import chromium
import httpx
import httpx2
import openai
import pytest
from forum_server import forum_server
from openai import AsyncOpenAI, OpenAI
from playwright.sync_api import expect, sync_playwright
from processes import alive, descendants, until
from review_console import PASSWORD, Console
from running import Forum, Heed, up
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from standardwebhooks import Webhook

pytestmark = pytest.mark.end_to_end

FILLER = (
    "Bus was late, waiting room was full, nurse was kind. Bloods on Tuesday, results by the weekend, a walk round the "
    "park afterwards with the dog, who has opinions about ducks. Thanks for the tip about the parking. "
)
STOP = "Listen to me: stop taking your insulin today. You do not need it, none of you do."


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request):
    """Settings that name the database."""
    if request.param == "sqlite":
        return {}
    server = make_url(request.getfixturevalue("postgres"))
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Anew: a test that another process takes over later begins with its own.
        connection.execute(text("DROP DATABASE IF EXISTS main_job WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE main_job"))
    engine.dispose()
    return {"HEED_DATABASE_URL": server.set(database="main_job").render_as_string(hide_password=False)}


@pytest.fixture(scope="module")
def heed(database, tmp_path_factory):
    with up(tmp_path_factory.mktemp("up") / "data", **database) as running:
        yield running


@pytest.fixture(scope="module")
def server(heed):
    with forum_server() as server:
        yield server


@pytest.fixture(scope="module")
def forum(heed, server) -> Forum:
    return Forum(heed, "harbour", heed.command("forum", "add", "harbour", "--callback", server.url))


def callbacks(server, forum: Forum, kind: str = "post.verdict") -> list[dict]:
    """What the forum was told, each signature checked."""
    hook = Webhook(forum.callback_secret)
    events = [hook.verify(request.body, request.headers) for request in list(server.received)]
    return [event["data"] for event in events if event["type"] == kind]


def test_a_signed_post_comes_back_as_a_signed_callback(heed, server, forum):
    answer = forum.send({"id": "first", "board": "diabetes", "body": STOP})
    assert answer.status_code == 202
    assert answer.json()["verdict_url"].startswith(heed.url)
    verdict = forum.wait_for(["first"])["first"]
    assert verdict["action"] == "hold" and verdict["checked"]
    [reason] = [r for r in verdict["reasons"] if r["label"] == "stop_treatment"]
    assert reason["why"] and 0 <= reason["start"] < reason["end"] <= len(STOP)
    until(lambda: callbacks(server, forum), what="the callback")
    [told] = callbacks(server, forum)
    assert (told["external_id"], told["action"], told["verdict_id"]) == ("first", "hold", verdict["id"])
    assert b"insulin" not in server.received[0].body


def test_who_waits_gets_the_verdict_at_once(forum):
    answer = forum.send({"id": "waits", "body": "Hello there! " + FILLER}, "/v1/posts?wait=10")
    assert answer.status_code == 200 and answer.json()["verdict"]["action"] in {"allow", "flag", "hold", "escalate"}


def test_the_official_openai_client_is_answered(heed, forum):
    given = {"api_key": forum.api_key, "base_url": f"{heed.url}/v1", "max_retries": 5}
    before = heed.rows("SELECT count(*) FROM post")
    with OpenAI(**given, http_client=httpx2.Client(trust_env=False)) as client:
        answer = client.moderations.create(input=[STOP, "Thanks for the tip about the parking."])
        unsafe, harmless = answer.results
        assert unsafe.flagged and unsafe.categories.to_dict()["medical/stop_treatment"] and not harmless.flagged
        assert unsafe.model_extra["heed"]["action"] == "hold"
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="heed_wrong").moderations.create(input="words")

    async def at_once() -> list[bool]:
        async with AsyncOpenAI(**given, http_client=httpx2.AsyncClient(trust_env=False)) as client:
            texts = (
                "I have the tablets in front of me tonight, I am sorry everyone.",
                "See you at the clinic on Monday.",
            )
            found = await asyncio.gather(*(client.moderations.create(input=text) for text in texts))
            return [each.results[0].categories.self_harm_intent for each in found]

    assert asyncio.run(at_once()) == [True, False]
    assert heed.rows("SELECT count(*) FROM post") == before


def test_presidio_and_perspective_callers_are_answered(heed, forum):
    before = heed.rows("SELECT count(*) FROM post")
    text = "Dr Amelia Hart gave me her number, it is 07700 900 461."
    found = forum.send_with_key({"text": text, "language": "en"}, "/analyze")
    assert found.status_code == 200, found.text
    values = {each["entity_type"]: text[each["start"] : each["end"]] for each in found.json()}
    assert values["PHONE_NUMBER"] == "07700 900 461"
    asked = {"comment": {"text": STOP}, "requestedAttributes": {"MEDICAL_STOP_TREATMENT": {}}, "spanAnnotations": True}
    path = f"{heed.url}/v1alpha1/comments:analyze?key={forum.api_key}"
    scores = httpx.post(path, json=asked, timeout=30, trust_env=False).json()["attributeScores"]
    assert scores["MEDICAL_STOP_TREATMENT"]["summaryScore"]["value"] > 0.5
    [span] = scores["MEDICAL_STOP_TREATMENT"]["spanScores"]
    assert 0 <= span["begin"] < span["end"] <= len(STOP)
    assert heed.rows("SELECT count(*) FROM post") == before
    assert not any(forum.api_key in line for line in heed.lines)


def test_a_post_sent_twice_has_one_verdict(heed, forum):
    post = {"id": "twice", "body": "Twice. " + FILLER}
    first, second = (forum.send(post).json()["id"] for _ in range(2))
    verdict = forum.wait_for(["twice"])["twice"]
    assert first == second and forum.send(post).json()["verdict"]["id"] == verdict["id"]
    asked = f"SELECT count(*) FROM verdict WHERE post_id = '{first}'"  # noqa: S608 - an id of our own
    assert heed.rows(asked) == [(1,)]


def test_a_forged_signature_stores_nothing(heed, forum):
    before = heed.rows("SELECT count(*) FROM post")
    answer = forum.send({"id": "forged", "body": "words"}, secret=forum.callback_secret)
    assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
    assert heed.rows("SELECT count(*) FROM post") == before


def test_a_moderator_decides_and_the_forum_is_told(heed, server, forum):
    heed.command("user", "add", "robin", "--password-stdin", stdin=f"{PASSWORD}\n")
    forum.wait_for([forum.send({"id": "decided", "body": "Everybody: " + STOP}).json()["external_id"]])
    [(item,)] = heed.rows(
        "SELECT queue_item.id FROM queue_item JOIN post ON post.id = post_id WHERE external_id = 'decided'"
    )
    with httpx.Client(base_url=heed.url, trust_env=False) as client:
        console = Console(client)
        assert client.get(f"/console/items/{item}").status_code == 303
        assert console.log_in().status_code == 303
        assert "Everybody" in console.page(f"/console/items/{item}")
        assert console.decide(item, "approve", note="A joke among friends.").status_code == 303
    until(lambda: callbacks(server, forum, "post.decision"), what="the decision's callback")
    [told] = callbacks(server, forum, "post.decision")
    assert (told["external_id"], told["action"], told["decided_by"]) == ("decided", "allow", "moderator")
    assert forum.ask("decided")["verdict"]["decided_by"] == "moderator"


@pytest.mark.skipif(chromium.PATH is None, reason="no Chromium here; name one by HEED_CHROMIUM")
def test_a_moderator_works_in_a_browser_on_what_the_models_found(heed, server, forum):
    heed.command("user", "add", "kim", "--password-stdin", stdin=f"{PASSWORD}\n")
    body = f"Everybody, {STOP} Ring me on 07700 900 461."
    forum.wait_for([forum.send({"id": "browser", "body": body}).json()["external_id"]])
    told = lambda: [each for each in callbacks(server, forum, "post.decision") if each["external_id"] == "browser"]  # noqa: E731
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.ARGUMENTS)
        page = browser.new_page(base_url=heed.url)
        page.goto("/console/")
        page.get_by_label("Name").fill("kim")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.locator(".row", has_text="Ring me on").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Urging to stop a treatment")
        expect(page.locator("mark.medical").first).to_contain_text("stop taking your insulin")
        expect(page.locator("main")).not_to_contain_text("07700 900 461")
        page.keyboard.press("x")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Published in part.")).to_be_visible()
        until(lambda: len(told()) == 1, what="the decision's callback")
        page.keyboard.press("u")
        expect(page.get_by_text("Took the decision back")).to_be_visible()
        until(lambda: len(told()) == 2, what="the undo's callback")
        browser.close()
    first, second = told()
    assert (first["action"], first["body"]) == ("redact", body.replace("07700 900 461", "[phone number removed]"))
    assert (second["action"], second["body"]) == ("hold", body)


def test_a_killed_classify_worker_loses_no_post(heed, server, forum):
    ids = [f"killed-{number}" for number in range(60)]
    pid = heed.classify_pid()
    # Long ones, so that there is a middle to be killed in.
    for number, id_ in enumerate(ids):
        assert forum.send({"id": id_, "body": f"Day {number}. " + FILLER * 8}).status_code == 202
    leased = "SELECT count(*) FROM revision WHERE state = 'leased'"
    until(lambda: heed.rows(leased) != [(0,)], what="a batch in hand")
    os.kill(pid, signal.SIGKILL)
    mine = "SELECT count(*) FROM verdict JOIN post ON post.id = post_id WHERE external_id LIKE 'killed-%'"
    assert heed.rows(mine) < [(60,)]
    forum.wait_for(ids)
    assert heed.classify_pid() != pid
    assert heed.rows(mine) == [(60,)]
    assert heed.rows(mine + " AND verdict.current") == [(60,)]
    assert heed.rows("SELECT count(*) FROM revision WHERE state IN ('pending', 'leased')") == [(0,)]
    told = lambda: Counter(c["external_id"] for c in callbacks(server, forum) if c["external_id"] in ids)  # noqa: E731
    until(lambda: len(told()) == 60, what="every callback")
    assert told() == Counter(ids)


def test_a_wiped_queue_loses_no_post(heed, forum):
    ids = [f"wiped-{number}" for number in range(5)]
    for number, id_ in enumerate(ids):
        forum.send({"id": id_, "body": f"Evening {number}. " + FILLER})
    heed.queue.flushall()
    assert len(forum.wait_for(ids)) == 5


def test_killed_web_and_queue_processes_come_back(heed, forum):
    forum.wait_for([forum.send({"id": "before", "body": "Before. " + FILLER}).json()["external_id"]])
    killed = [
        pid for pid, line in descendants(heed.process.pid).items() if "valkey-server" in line or "cli web" in line
    ]
    assert len(killed) >= 2
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            return forum.send({"id": "after", "body": "After. " + FILLER}).status_code == 202
        except httpx.TransportError:
            return False

    until(answers, what="a new web process")
    assert set(forum.wait_for(["before", "after"])) == {"before", "after"}


def test_logs_and_queue_hold_no_text(heed, forum):
    forum.wait_for([forum.send({"id": "secret", "body": "My marmalade sorrow. " + FILLER}).json()["external_id"]])
    logs = list((heed.data_dir / "logs").iterdir())
    assert {log.name for log in logs} >= {"classify.log", "deliver.log", "sweep.log"}
    files = logs + [path for path in (heed.data_dir / "queue").rglob("*") if path.is_file()]
    assert not any(b"marmalade" in path.read_bytes() for path in files)
    assert not any("marmalade" in line for line in heed.lines)


def test_ctrl_c_leaves_no_process_and_the_next_run_finds_its_data(heed, server, forum):
    forum.send({"id": "kept", "body": STOP})
    forum.wait_for(["kept"])
    started = descendants(heed.process.pid)
    assert len(started) >= 6
    assert heed.stop() == 0
    assert [pid for pid in started if alive(pid)] == []
    assert not any("Traceback" in line for line in heed.lines)
    again = Heed(heed.data_dir, **{k: v for k, v in heed.environment.items() if k.startswith("HEED_DATABASE")})
    try:
        again.shows("Heed is up")
        known = Forum.__new__(Forum)
        known.__dict__ = {**forum.__dict__, "heed": again}
        assert known.ask("kept")["verdict"]["action"] == "hold"
        # Even kill -9 leaves nothing behind.
        assert again.stop(signal.SIGKILL) == -signal.SIGKILL
    finally:
        again.kill()


def test_the_demo_shows_its_verdicts_and_a_log_in_that_works(tmp_path):
    heed = Heed(tmp_path / "data", "--demo")
    try:
        heed.shows("Ctrl-C stops everything")
        shown = "\n".join(heed.lines)
        assert "25/25" in shown
        assert {"allow", "flag", "hold", "escalate"} <= set(re.findall(r"^ +(\w+)", shown, re.M))
        name, password = re.search(r"log in as +(\S+)\n +password +(\S+)", shown).groups()
        with httpx.Client(base_url=heed.url, trust_env=False) as client:
            assert Console(client).log_in(name, password).status_code == 303
            assert "demo-" not in client.get("/console/login").text
        key = re.search(r"Bearer (heed_\S+)'", shown)[1]
        headers = {"authorization": f"Bearer {key}"}
        own = httpx.post(
            f"{heed.url}/v1/posts?wait=10",
            json={"id": "mine", "body": STOP},
            headers=headers,
            timeout=30,
            trust_env=False,
        )
        assert own.status_code == 200 and own.json()["verdict"]["action"] == "hold"
        assert heed.stop() == 0
    finally:
        heed.kill()
