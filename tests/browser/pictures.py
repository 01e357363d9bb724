"""Pictures of each page of the console, light, dark and on a phone, into docs/pictures or the folder named: ``make pictures``."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]
TARGET = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
PASSWORD = "correct horse battery staple"
SIZES = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}

PANELS = {"personal-data": {"redacting": "x"}, "post": {"removing": "r", "telling": "m", "asking": "c"}}
"""Panels that a key opens on a page, by the picture's name."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEED_DATA_DIR"], os.environ["HEED_DOUBLE_REVIEW_SHARE"] = folder, "0"
        pages = _prepare(folder)
        import chromium

        from service.web import create_app

        logging.getLogger("werkzeug").setLevel(logging.ERROR)

        server = make_server("127.0.0.1", 0, create_app(), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        TARGET.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.ARGUMENTS)
            for size, options in SIZES.items():
                _take(browser, f"http://127.0.0.1:{server.server_port}", size, options, pages)
            browser.close()
        server.shutdown()


def _prepare(folder: str) -> dict[str, str]:
    """A database of the tests' sample posts; the pages to show, by name."""
    from evening import addresses, stage
    from people import add_person
    from review_posts import seed

    from service.forums import add_forum
    from service.store import Store
    from service.store.migrate import upgrade
    from service.store.models import Forum

    url = f"sqlite:///{Path(folder).absolute() / 'heed.db'}"
    upgrade(url)
    store = Store(url)
    with store.write() as session:
        robin, sam = (add_person(session, name, role) for name, role in (("robin", "admin"), ("sam", "moderator")))
        sam.alias = "Night owl"
        forum = add_forum(session, "harbour", "The Harbour", callback_url="https://forum.example.org/heed").forum
        forum = session.get_one(Forum, forum.id)
        items = seed(session, forum)
        stage(session, forum, items, robin, sam)
    store.close()
    return {"log-in": "/console/login", **addresses(items), "person": f"/console/people/{sam.id}"}


def _take(browser: Browser, site: str, size: str, options: dict, pages: dict[str, str]) -> None:
    context = browser.new_context(base_url=site, locale="en-GB", **options)
    page = context.new_page()
    for name, path in pages.items():
        page.goto(path)
        page.screenshot(path=TARGET / f"{name}-{size}.png")
        for panel, key in PANELS.get(name, {}).items():
            page.locator(f'[data-key="{key}"]').click()
            page.screenshot(path=TARGET / f"{panel}-{size}.png")
            page.keyboard.press("Escape")
        if name == "log-in":
            page.get_by_label("Name").fill("robin")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/console/")
        if name == "queue":
            for box in page.get_by_role("checkbox").all()[:3]:
                box.check()
            page.screenshot(path=TARGET / f"choosing-{size}.png")
            page.get_by_role("button", name="Decide several").first.click()
            page.wait_for_url("**/together*")
            page.screenshot(path=TARGET / f"together-{size}.png")
        if name == "policy":
            page.get_by_label("Telling someone which dose to take: counts from").fill("0.9")
            page.get_by_role("button", name="Try it on the last days").click()
            page.wait_for_url("**/preview")
            page.screenshot(path=TARGET / f"policy-preview-{size}.png")
            page.get_by_role("button", name="Start in the shadow").click()
            page.wait_for_url("**/shadow")
            page.screenshot(path=TARGET / f"policy-shadow-{size}.png")
    context.close()
    _in_german(browser, site, size, options, pages)


def _in_german(browser: Browser, site: str, size: str, options: dict, pages: dict[str, str]) -> None:
    """Longer words need room."""
    page = browser.new_context(base_url=site, locale="de-DE", **options).new_page()
    page.goto("/console/login")
    page.locator("#name").fill("robin")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    for name in ("queue", "post"):
        page.goto(pages[name])
        page.screenshot(path=TARGET / f"{name}-german-{size}.png")
    page.context.close()


if __name__ == "__main__":
    main()
