"""Words to authors, posts published in part, care: by keyboard, and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from service.store.models import Care, Delivery, QueueItem

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(store) -> dict:
    """What the forum was told last."""
    with store.read() as session:
        newest = select(Delivery).where(Delivery.event != "post.verdict").order_by(Delivery.id.desc()).limit(1)
        return session.scalar(newest).payload["data"]


def test_a_post_is_published_in_part_by_keyboard(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press("x")
    expect(page.get_by_text("Publish it without these words")).to_be_visible()
    expect(page.locator(".preview")).to_contain_text("[phone number removed]")
    page.get_by_label("Leave out as well").fill("just leave the evening one out until your appointment")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published in part.")).to_be_visible()
    assert told(store)["action"] == "redact" and "evening one" not in told(store)["body"]
    page.keyboard.press("u")
    expect(page.get_by_text("Took the decision back")).to_be_visible()
    assert "just leave the evening one out" in told(store)["body"]


def test_the_author_is_told_in_a_moderators_own_words(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press("m")
    page.get_by_text("Remove", exact=True).first.click()
    expect(page.get_by_text("because {reason}")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("Dear Moira, we ring you.")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page).not_to_have_url(re.compile(items[2]))
    assert told(store)["message"] == "Dear Moira, we ring you."


def test_somebody_is_looked_after_without_a_mouse(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[4]}")
    page.get_by_role("region", name="For the author").get_by_text("Send help").press("Enter")
    page.get_by_role("button", name="Send it through the forum").press("Enter")
    expect(page.get_by_text("Help sent")).to_be_visible()
    assert "116 123" in told(store)["message"]
    page.get_by_role("button", name="Remind us tomorrow").press("Enter")
    expect(page.get_by_text("Look again:")).to_be_visible()
    page.get_by_role("link", name="Care", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("/console/care$"))
    page.get_by_role("button", name="They replied").press("Enter")
    expect(page.get_by_text("Nobody waits to be looked after")).to_be_visible()
    with store.read() as session:
        post = session.get_one(QueueItem, items[4]).post_id
        assert session.get_one(Care, post).outcome == "replied"


def test_all_of_it_works_without_javascript(open_page, store, items):
    page = open_page(java_script_enabled=False)
    page.goto(f"/console/items/{items[5]}")
    page.locator("summary.choice", has_text="Redact").click()
    page.get_by_role("button", name="Publish it so").click()
    expect(page.get_by_text("Published in part.")).to_be_visible()
    page.goto(f"/console/items/{items[0]}")
    page.get_by_role("button", name="I replied to them").click()
    expect(page.get_by_text("A person replied")).to_be_visible()
