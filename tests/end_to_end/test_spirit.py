"""A real forum, the whole loop: Spirit and Heed as their people run them, and two people in a real browser."""

from __future__ import annotations

import os
import re
from pathlib import Path

import chromium
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from processes import until
from review_console import PASSWORD
from running import Forum, Heed, up
from spirit_forum import Spirit, install_app
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

pytestmark = pytest.mark.end_to_end

TITLE = "My letter from the clinic"
UNSAFE = (
    "I am so worried about this letter and I would love to talk to somebody about it. My passport is 533401372, "
    "and you can always write to me at 14 Elm Street, Leeds LS1 4AB."
)
MENDED = "The clinic wrote to me again. Did anybody else get such a letter?"
WAITS = "This post waits for a moderator."
PICTURES = os.environ.get("SPIRIT_PICTURES", "")
"""A folder for pictures of the browser's run; none are taken where it is empty."""
SECRETS = {"HEED_URL": "http://127.0.0.1:9", "HEED_API_KEY": "heed_none"} | dict.fromkeys(
    ("HEED_WEBHOOK_SECRET", "HEED_CALLBACK_SECRET"), "whsec_" + "A" * 32
)
SECONDS = 120
WAITING = "from heed_spirit.sync import waiting; print(*waiting())"


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Path:
    return install_app(tmp_path_factory.mktemp("app"))


# The app's own tests, inside Spirit


@pytest.fixture(params=["sqlite", "postgres"])
def database(request) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    server = make_url(request.getfixturevalue("postgres"))
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Anew: a test that another process takes over later begins with its own.
        connection.execute(text("DROP DATABASE IF EXISTS spirit WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE spirit"))
    engine.dispose()
    return {"POSTGRES": request.getfixturevalue("postgres")}


def test_the_apps_own_tests_pass_inside_spirit(app, database, tmp_path):
    spirit = Spirit(tmp_path / "harbour", app, **SECRETS, **database)
    done = spirit.manage("test", "heed_spirit", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"Ran (\d+) tests", done.stderr)[1]) >= 60
    spirit.manage("makemigrations", "--check", "--dry-run", "heed_spirit")


# The whole loop


@pytest.fixture(scope="module")
def heed(tmp_path_factory):
    with up(tmp_path_factory.mktemp("up") / "data", HEED_LARGER_MODEL="off") as running:
        yield running


@pytest.fixture(scope="module")
def spirit(heed, app, tmp_path_factory):
    spirit = Spirit(tmp_path_factory.mktemp("spirit") / "harbour", app, HEED_URL=heed.url)
    forum = Forum(
        heed, "harbour", heed.command("forum", "add", "harbour", "--callback", f"{spirit.url}/heed/callback/")
    )
    spirit.environment |= {
        "HEED_WEBHOOK_SECRET": forum.webhook_secret,
        "HEED_CALLBACK_SECRET": forum.callback_secret,
        "HEED_API_KEY": forum.api_key,
    }
    spirit.forum = forum
    spirit.manage("migrate", "--verbosity", "0")
    try:
        spirit.start()
        spirit.run("heed_sync")
        yield spirit
    finally:
        spirit.stop()


@pytest.fixture(scope="module")
def browser():
    if chromium.PATH is None:
        pytest.skip("no Chromium here; name one by HEED_CHROMIUM")
    with sync_playwright() as playwright:
        expect.set_options(timeout=SECONDS * 1000)
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


def new_page(browser: Browser, address: str) -> Page:
    page = browser.new_context(base_url=address, viewport={"width": 1100, "height": 760}).new_page()
    page.set_default_timeout(SECONDS * 1000)
    return page


@pytest.fixture(scope="module")
def ann(browser, spirit) -> Page:
    """Somebody who registers, answers the forum's e-mail and logs in."""
    page = new_page(browser, spirit.url)
    page.goto("/user/register/")
    page.locator("#id_username").fill("ann")
    page.locator("#id_email").fill("ann@example.org")
    page.locator("#id_email2").fill("ann@example.org")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page).to_have_url(re.compile("login"))
    [letter] = spirit.letters()
    page.goto(re.search(r"http://\S+/activation/\S+", letter.replace("=\n", ""))[0])
    page.locator("#id_username").fill("ann")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Login").click()
    expect(page).to_have_url(re.compile(r"/user/$"))
    return page


@pytest.fixture(scope="module")
def reader(browser, spirit) -> Page:
    """Anybody."""
    return new_page(browser, spirit.url)


@pytest.fixture(scope="module")
def console(browser, heed) -> Page:
    """A moderator in Heed's console."""
    heed.command("user", "add", "robin", "--password-stdin", stdin=f"{PASSWORD}\n")
    page = new_page(browser, heed.url)
    page.goto("/console/")
    page.get_by_label("Name").fill("robin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("wait")
    return page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/spirit-{name}.png")


def reload_until(page: Page, words: str, there: bool = True) -> None:
    """Load the page anew until the words are there, or gone."""

    def done() -> bool:
        page.reload()
        return (words in page.locator(".comments_list").inner_text()) == there

    until(done, SECONDS, f"`{words}` to be {'there' if there else 'gone'}")


def waiting(heed: Heed) -> list[str]:
    """The forum's own ids of what waits in Heed's queue."""
    asked = "SELECT external_id FROM queue_item JOIN post ON post.id = post_id WHERE queue_item.state = 'open'"
    return [id_ for (id_,) in heed.rows(asked)]


def reply(page: Page, words: str) -> str:
    """Write a reply under the topic; its id."""
    page.locator("#reply textarea").fill(words)
    page.get_by_role("button", name="Publish").click()
    written = page.locator(".js-comment").filter(has_text=words)
    expect(written).to_be_visible()
    return written.get_attribute("data-pk")


@pytest.fixture(scope="module")
def address(ann) -> str:
    """Ann's topic: its opening post gives away who she is and where she lives."""
    ann.goto("/topic/publish/")
    ann.locator("#id_title").fill(TITLE)
    ann.locator("#id_category").select_option(index=1)
    ann.locator("#id_comment").fill(UNSAFE)
    ann.get_by_role("button", name="Publish").click()
    expect(ann.locator(".js-comment").first).to_contain_text("Elm Street")
    return re.search(r"/topic/\d+/", ann.url)[0]


def test_an_unsafe_post_is_hidden_until_a_moderator_lets_it_through(ann, reader, console, heed, address):
    reload_until(ann, WAITS.rstrip("."))
    ann.reload()
    expect(ann.get_by_role("heading", level=1)).not_to_contain_text(TITLE)
    expect(ann.locator(".comments_list")).to_contain_text("Elm Street")
    picture(ann, "held")
    reader.goto(address)
    expect(reader.locator(".comments_list")).to_contain_text(WAITS)
    for page in (address, "/"):
        reader.goto(page)
        assert "Elm Street" not in reader.content() and TITLE not in reader.content()

    console.goto("/console/")
    console.locator(".row").first.get_by_role("link").click()
    expect(console).to_have_url(re.compile("/console/items/"))
    expect(console.get_by_role("button", name="Approve")).to_be_visible()
    picture(console, "console")
    console.keyboard.press("a")
    expect(console.get_by_text("Approved.")).to_be_visible()

    reader.goto(address)
    reload_until(reader, "Elm Street")
    expect(reader.get_by_role("heading", level=1)).to_contain_text(TITLE)
    assert WAITS not in reader.content()
    picture(reader, "back")
    assert reader.locator(".js-comment").first.get_attribute("data-pk") not in waiting(heed)


def test_an_edit_is_read_again(ann, reader, heed, address):
    ann.goto(address)
    id_ = reply(ann, UNSAFE.replace("Elm", "Oak"))
    until(lambda: id_ in waiting(heed), SECONDS, "the reply in the queue")
    ann.goto(address)
    reload_until(ann, WAITS.rstrip("."))
    ann.goto(f"/comment/{id_}/update/")
    ann.locator("#id_comment").fill(MENDED)
    ann.get_by_role("button", name="Publish").click()
    reader.goto(address)
    reload_until(reader, MENDED)
    assert id_ not in waiting(heed)


def test_a_deletion_leaves_the_queue(ann, heed, spirit, address):
    ann.goto(address)
    id_ = reply(ann, UNSAFE.replace("Elm", "Ash"))
    until(lambda: id_ in waiting(heed), SECONDS, "the reply in the queue")
    spirit.shell(
        "from django.contrib.auth.models import User; st = User.objects.get(username='ann').st; st.is_moderator = True; st.save()"
    )
    ann.goto(f"/comment/{id_}/delete/")
    ann.get_by_role("button", name="Apply").click()
    until(lambda: id_ not in waiting(heed), SECONDS, "the post out of the queue")
    assert spirit.forum.ask(id_)["status"] == "deleted"


def test_with_heed_down_people_post_and_afterwards_it_knows_everything(ann, heed, spirit, address):
    assert heed.stop() == 0
    ann.goto(address)
    ids = [reply(ann, f"Evening {number}, and nobody else is awake.") for number in ("one", "two", "three")]
    assert spirit.manage("heed_sync", "--once", check=False).returncode != 0
    again = Heed(heed.data_dir, **{**heed.environment, "HEED_PORT": heed.port})
    try:
        again.port = heed.port
        again.shows("Heed is up")
        spirit.forum.heed = again
        until(lambda: not spirit.shell(WAITING), SECONDS, "an empty outbox")
        assert set(spirit.forum.wait_for(ids)) == set(ids)
        assert spirit.manage("heed_sync", "--reconcile").stdout.startswith("0 queued again")
        there = spirit.shell(
            "from heed_spirit.submission import sent; print(*sent().values_list('pk', flat=True))"
        ).split()
        known = [id_ for (id_,) in again.rows("SELECT external_id FROM post WHERE NOT deleted")]
        assert sorted(known) == sorted(there)
    finally:
        again.kill()
