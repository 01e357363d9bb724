"""A whole shift in a real browser, by keyboard alone: several at once, a colleague's opinion, an appeal, a second reading,
a policy tried out, enough for today; and the same evening in German.
"""

from __future__ import annotations

import re

import pytest
from evening import ACCOUNT, EATING, ILLNESS, INJURY, SUPPLY, stage, tire
from people import add_person
from playwright.sync_api import Page, expect
from sqlalchemy import select

from service.people.roles import set_role
from service.store.models import Appeal, Forum, Moderator, QueueItem, SecondReading, Verdict

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shift(open_page, store, items, moderator) -> Page:
    """robin, an admin, at the queue of the evening."""
    page = open_page()
    with store.write() as session:
        sam = add_person(session, "sam")
        robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
        set_role(session, robin, None, "admin")
        stage(session, session.scalar(select(Forum)), items, robin, sam)
    page.goto("/console/")
    return page


def action(store, item: str) -> tuple[str, str]:
    """The item's state and the action in force."""
    with store.read() as session:
        found = session.get_one(QueueItem, item)
        verdict = session.scalar(select(Verdict).where(Verdict.post_id == found.post_id, Verdict.current))
        return found.state, verdict.action


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on a button of that name."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip().startswith(name):
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_several_posts_are_decided_together_and_taken_back(shift, store, items):
    for place in (EATING, ILLNESS):
        shift.locator(f"#{items[place]} [data-row]").focus()
        shift.keyboard.press("x")
    expect(shift.get_by_role("checkbox").and_(shift.locator(":checked"))).to_have_count(2)
    tab_to(shift, "Decide several")
    shift.keyboard.press("Enter")
    expect(shift.get_by_role("heading", level=1)).to_contain_text("2 posts to decide together")
    assert action(store, items[EATING])[0] == "open"
    tab_to(shift, "Hold")
    shift.keyboard.press("Enter")
    expect(shift.get_by_text("They stand so. The forum is told of each.")).to_be_visible()
    assert action(store, items[EATING]) == action(store, items[ILLNESS]) == ("decided", "hold")
    shift.keyboard.press("u")
    expect(shift.get_by_text("They stand so.")).to_be_hidden()
    assert action(store, items[EATING])[0] == action(store, items[ILLNESS])[0] == "open"


def test_a_crisis_can_not_be_ticked(shift, items):
    shift.keyboard.press("j")
    shift.keyboard.press("x")
    expect(shift.get_by_role("checkbox").and_(shift.locator(":checked"))).to_have_count(0)
    expect(shift.locator(f"#{items[0]}").get_by_role("checkbox")).to_have_count(0)


def test_a_colleague_is_told_what_one_would_do(shift, store, items):
    shift.goto(f"/console/items/{items[ILLNESS]}")
    shift.keyboard.press("c")
    expect(shift.get_by_text("What would you do?")).to_be_visible()
    shift.get_by_label("Hold it").press("Space")
    shift.get_by_role("textbox", name="Why").fill("the town is small")
    tab_to(shift, "Say so")
    shift.keyboard.press("Enter")
    expect(shift.get_by_text("“the town is small”").first).to_be_visible()
    assert action(store, items[ILLNESS])[0] == "open"


def test_an_appeal_is_upheld_by_a_key(shift, store, items):
    shift.goto(f"/console/items/{items[SUPPLY]}")
    expect(shift.get_by_text("I meant the empty boxes").first).to_be_visible()
    shift.keyboard.press("y")
    expect(shift.get_by_text("Decision upheld")).to_be_visible()
    assert action(store, items[SUPPLY]) == ("decided", "remove")
    with store.read() as session:
        assert session.scalar(select(Appeal.state)) == "upheld"


def test_a_second_reading_tells_only_afterwards(shift, store, items):
    shift.keyboard.press("q")
    shift.get_by_role("link", name="Second readings").press("Enter")
    expect(shift.get_by_role("heading", level=1)).to_contain_text("Second reading")
    shift.locator("[data-row]").first.press("Enter")
    expect(shift.get_by_text("without knowing how")).to_be_visible()
    assert "sam" not in shift.locator("main").inner_text()
    shift.get_by_label("Hold it").press("Space")
    tab_to(shift, "Say so")
    shift.keyboard.press("Enter")
    expect(shift.get_by_text("sam decided otherwise: approved")).to_be_visible()
    with store.read() as session:
        assert session.scalar(select(SecondReading.opinion_id)) is not None
    assert action(store, items[ACCOUNT]) == ("decided", "allow")


def test_a_policy_is_tried_before_it_holds(shift, store):
    shift.goto("/console/policy/harbour")
    shift.get_by_label("Telling someone which dose to take: counts from").fill("0.99")
    shift.keyboard.press("Enter")
    expect(shift.get_by_role("heading", level=1)).to_contain_text("What it would have done")
    with store.read() as session:
        assert session.scalar(select(Forum.policy)) == ""


def test_enough_is_enough_and_can_be_overruled(shift, store, items):
    with store.write() as session:
        tire(session, items, session.scalar(select(Moderator).where(Moderator.name == "robin")))
    shift.goto(f"/console/items/{items[INJURY]}")
    expect(shift.get_by_text("I’d gone eleven weeks")).to_have_count(0)
    expect(shift.get_by_role("button", name="Read it all the same")).to_be_visible()
    shift.keyboard.press("o")
    expect(shift.get_by_role("heading", level=1)).to_have_text("Hurting themselves")


def test_whoever_blurs_opens_a_sharp_post_when_they_are_ready(shift, items):
    shift.keyboard.press("b")
    expect(shift.locator("body.softened")).to_be_visible()
    shift.goto(f"/console/items/{items[INJURY]}")
    words = shift.get_by_text("I’d gone eleven weeks")
    expect(words).to_be_hidden()
    expect(shift.get_by_text("In it: hurting themselves")).to_be_visible()
    shift.keyboard.press("o")
    expect(words).to_be_visible()


def test_the_evening_in_german(open_page, shift, store, items):
    shift.goto("/console/account")
    shift.get_by_label("Language").select_option("de")
    shift.get_by_role("button", name="Save").first.press("Enter")
    expect(shift.locator("html")).to_have_attribute("lang", "de")
    shift.goto(f"/console/items/{items[EATING]}")
    expect(shift.get_by_role("button", name=re.compile("Freigeben"))).to_be_visible()
    shift.keyboard.press("a")
    expect(shift.get_by_text("Freigegeben.")).to_be_visible()
    assert action(store, items[EATING]) == ("decided", "allow")
