"""Pictures of each page of the console, light, dark and on a phone, into docs/pictures or the folder named: ``make pictures``."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
TARGET = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
PASSWORD = "correct horse battery staple"
SIZES = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}

PANELS = {"personal-data": {"redacting": "x"}, "post": {"removing": "r", "telling": "m"}}
"""Panels that a key opens on a page, by the picture's name."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEED_DATA_DIR"], os.environ["HEED_DOUBLE_REVIEW_SHARE"] = folder, "0"
        pages = _prepare(folder)
        from service.web import create_app

        logging.getLogger("werkzeug").setLevel(logging.ERROR)

        server = make_server("127.0.0.1", 0, create_app(), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        TARGET.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            path = os.environ.get("HEED_CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            for size, options in SIZES.items():
                _take(browser, f"http://127.0.0.1:{server.server_port}", size, options, pages)
            browser.close()
        server.shutdown()


def _prepare(folder: str) -> dict[str, str]:
    """A database of the tests' sample posts; the pages to show, by name."""
    from people import add_person
    from review_posts import seed

    from service import care
    from service.decisions import Decision, record_decision
    from service.forums import add_forum
    from service.store import Store
    from service.store.migrate import upgrade
    from service.store.models import Care, Forum, QueueItem, SavedView, now

    url = f"sqlite:///{Path(folder).absolute() / 'heed.db'}"
    upgrade(url)
    store = Store(url)
    with store.write() as session:
        robin, sam = (add_person(session, name, role) for name, role in (("robin", "admin"), ("sam", "moderator")))
        sam.alias = "Night owl"
        forum = add_forum(session, "harbour", "The Harbour", callback_url="https://forum.example.org/heed").forum
        items = seed(session, session.get_one(Forum, forum.id))
        late = session.get_one(QueueItem, items[0])
        late.due_at = now() - timedelta(minutes=3)
        held = session.get_one(QueueItem, items[4])
        held.claimed_by, held.claimed_at, held.claimed_until = sam.id, now(), now() + timedelta(minutes=4)
        session.add(SavedView(moderator_id=robin.id, name="Medicines tonight", filters={"board": "Medicines"}))
        for place, action, note in ((13, "approve", "told, not asked"), (9, "hold", "asked the author for a source")):
            item = session.get_one(QueueItem, items[place])
            record_decision(session, item.id, item.version, sam, Decision(action, note))
        care.plan_check_in(session, items[1], robin)
        session.get_one(Care, session.get_one(QueueItem, items[1]).post_id).check_in_at = now()
        care.send_help(session, items[0], sam, "We read it.")
        care.note_reply(session, items[0], sam)
    store.close()
    return {
        "log-in": "/console/login",
        "queue": "/console/",
        "narrowed": "/console/?label=medical&severity=high",
        "post": f"/console/items/{items[2]}",
        "crisis": f"/console/items/{items[0]}",
        "personal-data": f"/console/items/{items[5]}",
        "in-other-hands": f"/console/items/{items[4]}",
        "decided": "/console/decided",
        "rendered": f"/console/items/{items[9]}",
        "numbers": "/console/numbers",
        "account": "/console/account",
        "second-factor": "/console/account/second-factor",
        "people": "/console/people",
        "person": f"/console/people/{sam.id}",
        "policy": "/console/policy/harbour",
        "messages": "/console/messages/harbour",
        "care": "/console/care",
        "nothing-here": "/console/?label=claim&severity=critical",
    }


def _take(browser: Browser, site: str, size: str, options: dict, pages: dict[str, str]) -> None:
    context = browser.new_context(base_url=site, **options)
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
        if name == "policy":
            page.get_by_label("Telling someone which dose to take: counts from").fill("0.9")
            page.get_by_role("button", name="Try it on the last days").click()
            page.wait_for_url("**/preview")
            page.screenshot(path=TARGET / f"policy-preview-{size}.png")
            page.get_by_role("button", name="Start in the shadow").click()
            page.wait_for_url("**/shadow")
            page.screenshot(path=TARGET / f"policy-shadow-{size}.png")
    context.close()


if __name__ == "__main__":
    main()
