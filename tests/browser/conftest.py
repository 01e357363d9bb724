"""A real browser on a real server, logged in."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import chromium
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(app, moderator, items) -> Iterator[str]:
    """The application served on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """`open_page()` gives a page of robin, logged in at the queue; any complaint of the browser fails the test."""
    contexts, complaints = [], []

    def new(name: str = "robin", **options: Any) -> Page:
        context = browser.new_context(base_url=site, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto("/console/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("15 posts wait for a person")
        return page

    yield new
    for context in contexts:
        context.close()
    # A refused decision answers 4xx, which the browser notes; nothing else may be noted.
    assert [said for said in complaints if "Failed to load resource" not in said] == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser nothing of this folder runs."""
    here = os.path.dirname(__file__)
    for item in items:
        if chromium.PATH is None and str(item.path).startswith(here):
            item.add_marker(pytest.mark.skip(reason="no Chromium here; name one by HEED_CHROMIUM"))
