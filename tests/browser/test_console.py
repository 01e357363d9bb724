"""The console in a real browser: a night's work without a mouse, on a phone, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from people import add_person
from playwright.sync_api import Page, expect
from review_posts import SAMPLES, add_post
from sqlalchemy import select

from service.store.models import QueueItem, Verdict

PASSWORD = "correct horse battery staple"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

# One database is enough for the browser: tests/service runs the same pages on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def decided_as(store, item: str) -> tuple[str, str]:
    """The item's state and the action in force."""
    with store.read() as session:
        found = session.get_one(QueueItem, item)
        verdict = session.scalar(select(Verdict).where(Verdict.post_id == found.post_id, Verdict.current))
        return found.state, verdict.action


def test_a_night_by_keyboard(open_page, store, items):
    page = open_page()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Someone may be in danger now")
    page.keyboard.press("e")
    expect(page.get_by_text("Escalated.")).to_be_visible()
    assert decided_as(store, items[0]) == ("decided", "escalate")

    page.keyboard.press("u")
    expect(page.get_by_text("Took the decision back")).to_be_visible()
    assert decided_as(store, items[0]) == ("open", "escalate")

    page.keyboard.press("q")
    expect(page.get_by_role("heading", level=1)).to_have_text("15 posts wait for a person")


def rest_after_deciding(page: Page) -> None:
    """Keys rest for a moment on the page behind a decision."""
    page.evaluate("() => new Promise((done) => setTimeout(done, 800))")


def test_each_decision_is_one_key(open_page, store, items):
    page = open_page()
    for number, (key, action) in {7: ("a", "allow"), 3: ("h", "hold"), 13: ("e", "escalate")}.items():
        page.goto(f"/console/items/{items[number]}")
        rest_after_deciding(page)
        page.keyboard.press(key)
        expect(page).not_to_have_url(re.compile(items[number]))
        assert decided_as(store, items[number]) == ("decided", action)


def test_removing_asks_what_for(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Urging to stop a treatment")).to_be_focused()
    assert decided_as(store, items[2])[0] == "open"
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Remove the post")).to_be_hidden()
    page.keyboard.press("r")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Removed.")).to_be_visible()
    assert decided_as(store, items[2]) == ("decided", "remove")
    with store.read() as session:
        verdict = session.scalar(select(Verdict).where(Verdict.decided_by.is_not(None)))
        assert verdict.document["removed_for"] == "medical.dosing"


def test_a_cry_for_help_is_not_removed_by_one_person(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[4]}")
    page.keyboard.press("r")
    expect(page.get_by_text("nobody is punished for a cry for help")).to_be_visible()
    expect(page.get_by_role("button", name="Propose to remove it")).to_be_hidden()
    page.keyboard.press("r")
    assert decided_as(store, items[4])[0] == "open"


def test_keys_rest_while_somebody_writes(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[7]}")
    page.keyboard.press("n")
    page.keyboard.type("a hero? ask Ann; then quite sure")
    page.keyboard.press("Enter")
    expect(page.get_by_placeholder("Add a note")).to_have_value("a hero? ask Ann; then quite sure\n")
    assert decided_as(store, items[7])[0] == "open"
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_text("a hero? ask Ann; then quite sure")).to_be_visible()


def test_keys_of_the_browser_stay_its_own(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[7]}")
    for chord in ("Control+a", "Control+e", "Alt+a", "Meta+h"):
        page.keyboard.press(chord)
    assert decided_as(store, items[7])[0] == "open" and items[7] in page.url


def test_the_keys_are_shown_and_can_be_switched_off(open_page, store, items):
    page = open_page()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("Use single keys in this browser").uncheck()
    page.keyboard.press("Escape")
    page.goto(f"/console/items/{items[7]}")
    page.keyboard.press("a")
    assert decided_as(store, items[7])[0] == "open"
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.")).to_be_visible()


def test_a_hostile_post_is_only_text(open_page, items):
    page = open_page()
    page.goto(f"/console/items/{items[14]}")
    expect(page.get_by_text("<script>document.title='owned'</script>").first).to_be_visible()
    expect(page).to_have_title(re.compile("^E-mail address"))
    assert page.evaluate("document.querySelectorAll('article script, article img, article b').length") == 0


def test_personal_data_is_shown_by_key_and_covered_again(open_page, items):
    page = open_page()
    page.goto(f"/console/items/{items[5]}")
    address = page.get_by_text("14 Quarry Lane, Otley LS21 3QT")
    expect(address).to_have_count(0)
    page.keyboard.press("p")
    expect(address).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="home address hidden")).to_be_visible()
    expect(address).to_have_count(0)


def test_a_reason_leads_to_its_place(open_page, items):
    page = open_page(viewport={"width": 1280, "height": 420})
    page.goto(f"/console/items/{items[2]}")
    page.get_by_role("link", name="see where").first.click()
    expect(page.locator("mark.medical").first).to_be_in_viewport()


def test_two_at_once_see_one_another(open_page, store, items):
    first, second = open_page(), open_page()
    for page in (first, second):
        page.goto(f"/console/items/{items[2]}")
    first.keyboard.press("h")
    expect(first.get_by_text("Held.")).to_be_visible()
    second.keyboard.press("a")
    expect(second.get_by_role("alert")).to_contain_text("robin chose held")
    assert decided_as(store, items[2]) == ("decided", "hold")


@pytest.fixture
def sam(store) -> str:
    with store.write() as session:
        add_person(session, "sam")
    return "sam"


def test_two_people_at_one_post(open_page, store, items, sam):
    first, second = open_page(), open_page(sam)
    for page in (first, second):
        page.goto(f"/console/items/{items[2]}")
    expect(second.get_by_text("robin is reading this post at the moment")).to_be_visible()
    second.keyboard.press("a")
    assert decided_as(store, items[2])[0] == "open"
    second.keyboard.press("t")
    expect(second.get_by_role("button", name="Approve")).to_be_visible()
    first.keyboard.press("a")
    expect(first.get_by_role("alert")).to_contain_text("sam is reading this post")
    second.keyboard.press("h")
    expect(second.get_by_text("Held.")).to_be_visible()
    assert decided_as(store, items[2]) == ("decided", "hold")


def test_a_closed_page_lets_go_of_its_post(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.reload()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    with store.read() as session:
        assert session.get_one(QueueItem, items[2]).claimed_by
    page.keyboard.press("q")
    expect(page.get_by_role("heading", level=1)).to_have_text("15 posts wait for a person")

    def let_go() -> bool:
        with store.read() as session:
            return session.get_one(QueueItem, items[2]).claimed_by is None

    eventually(page, let_go)


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never happened")


def test_skipping_and_handing_over_by_keyboard(open_page, store, items, sam):
    page, other = open_page(), open_page(sam)
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press("s")
    expect(page.get_by_role("radio", name="Too heavy for me today")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile(items[2]))
    page.goto(f"/console/items/{items[3]}")
    page.keyboard.press("g")
    expect(page.get_by_role("radio", name="sam")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile(items[3]))
    page.goto("/console/")
    expect(page.get_by_role("heading", level=1)).to_have_text("14 posts wait for a person")
    other.goto("/console/?who=me")
    expect(other.get_by_role("heading", level=1)).to_have_text("One post waits for a person")
    other.keyboard.press("j")
    other.keyboard.press("Enter")
    expect(other.get_by_text("Handed it to sam")).to_be_visible()


def test_a_view_is_saved_and_found_again(open_page, items):
    page = open_page()
    page.get_by_role("link", name="Self-harm").click()
    page.locator("summary", has_text="Save this view").click()
    page.get_by_label("Name").fill("the urgent ones")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="the urgent ones")).to_be_visible()
    page.goto("/console/")
    page.get_by_role("link", name="the urgent ones").click()
    expect(page).to_have_url(re.compile(r"label=self_harm"))


def test_new_posts_appear_by_themselves(open_page, store, forum, items):
    page = open_page()
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.closest('li').id")
    with store.write() as session:
        add_post(session, session.merge(forum.forum, load=False), SAMPLES[1], "new")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("16 posts wait for a person")
    expect(page.locator("[data-told]")).to_have_text("One new post")
    assert page.evaluate("document.activeElement.closest('li').id") == first
    assert page.title().startswith("16 waiting")


def test_somebody_who_took_over_is_told_of(open_page, store, items, sam):
    page, other = open_page(), open_page(sam)
    page.goto(f"/console/items/{items[2]}")
    other.goto(f"/console/items/{items[2]}")
    other.keyboard.press("t")
    expect(other.get_by_role("button", name="Approve")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Somebody else has this post now")).to_be_visible()


def test_a_sharp_sentence_is_blurred_until_wanted(open_page, items):
    page = open_page()
    page.goto(f"/console/items/{items[0]}")
    sharp = page.locator("mark.self_harm").first
    assert sharp.evaluate("e => getComputedStyle(e).filter") == "none"
    page.keyboard.press("b")
    expect(page.locator("body.softened")).to_be_visible()
    page.keyboard.press("o")
    assert "blur" in sharp.evaluate("e => getComputedStyle(e).filter")
    sharp.focus()
    assert sharp.evaluate("e => getComputedStyle(e).filter") == "none"
    page.keyboard.press("b")
    expect(page.locator("body.softened")).to_have_count(0)


def test_everything_works_without_javascript(open_page, store, items):
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Medical advice").click()
    page.locator("summary", has_text="Narrow").click()
    page.get_by_label("Board").select_option("Treatments")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Harmful misinformation").click()
    page.get_by_placeholder("Add a note").fill("no source at all")
    page.locator("summary.choice", has_text="Remove").click()
    page.get_by_role("button", name="Remove the post").click()
    expect(page.get_by_text("Removed.")).to_be_visible()
    assert decided_as(store, items[9]) == ("decided", "remove")
    page.get_by_role("button", name="Undo").click()
    assert decided_as(store, items[9])[0] == "open"


@pytest.mark.parametrize("path", ["/console/", "/console/decided", "item", "/console/nowhere"])
def test_nothing_sticks_out_on_a_phone(open_page, items, path):
    page = open_page(**PHONE)
    for item in items if path == "item" else [""]:
        page.goto(f"/console/items/{item}" if item else path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, item


def test_fingers_find_the_buttons_on_a_phone(open_page, items):
    page = open_page(**PHONE)
    page.goto(f"/console/items/{items[2]}")
    for box in [button.bounding_box() for button in page.locator(".bar .choice").all()]:
        assert box["height"] >= 44 and box["width"] >= 44 and box["y"] + box["height"] <= 844
    page.locator("summary.choice", has_text="Remove").tap()
    assert page.get_by_role("button", name="Remove the post").bounding_box()["y"] > 0


def test_every_field_and_button_has_a_name(open_page, items):
    page = open_page()
    for path in ("/console/", "/console/decided", f"/console/items/{items[5]}", f"/console/items/{items[2]}"):
        page.goto(path)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button:not([hidden]), a[href], select, textarea, input:not([type=hidden])')]
                .filter((e) => !(e.innerText || e.getAttribute('aria-label') || (e.labels && e.labels.length)
                                 || e.textContent.trim())).map((e) => e.outerHTML)"""
        )
        assert nameless == [], path


def test_the_page_can_be_walked_by_tab(open_page, items):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_key_pressed_twice_does_not_decide_the_next_post(open_page, store, items):
    page = open_page()
    page.goto(f"/console/items/{items[7]}")
    # As if the second press came while the next page had only just appeared.
    page.evaluate("() => { performance.now = () => 100; }")
    page.keyboard.press("a")
    expect(page).not_to_have_url(re.compile(items[7]))
    following = page.url.rpartition("/")[2]
    page.keyboard.press("a")
    page.keyboard.press("q")
    expect(page.get_by_role("heading", level=1)).to_have_text("14 posts wait for a person")
    assert decided_as(store, following)[0] == "open"


@pytest.mark.parametrize(("panel", "letter"), [("s", "h"), ("r", "a"), ("x", "e")])
def test_letters_in_an_open_panel_decide_nothing(open_page, store, items, panel, letter):
    page = open_page()
    page.goto(f"/console/items/{items[2]}")
    page.keyboard.press(panel)
    page.keyboard.press(letter)
    page.keyboard.press("Escape")
    expect(page.locator("[data-panel][open]")).to_have_count(0)
    assert decided_as(store, items[2])[0] == "open" and items[2] in page.url


def test_the_panel_of_a_cry_for_help_has_the_focus(open_page, items):
    page = open_page()
    page.goto(f"/console/items/{items[4]}")
    page.keyboard.press("r")
    assert page.evaluate("() => document.activeElement.closest('[data-panel]') !== null")
