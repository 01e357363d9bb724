"""axe-core finds nothing on any page, light or dark, wide or narrow, with every panel open."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from evening import INJURY, addresses, stage, tire
from people import add_person
from playwright.sync_api import Page
from sqlalchemy import select

from service.people.roles import set_role
from service.store.models import Forum, Moderator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "more contrast": {"forced_colors": "active"},
}


@pytest.fixture
def evening(store, items, moderator) -> None:
    """Everything the console can show; robin is an admin."""
    with store.write() as session:
        sam = add_person(session, "sam")
        robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
        set_role(session, robin, None, "admin")
        stage(session, session.scalar(select(Forum)), items, robin, sam)


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(open_page, items, store, look, request):
    page, found = open_page(**LOOKS[look]), {}
    request.getfixturevalue("evening")

    def check(name: str) -> None:
        found[name] = complaints(page)
        page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found[f"{name}, opened"] = complaints(page)

    for name, address in addresses(items).items():
        page.goto(address)
        check(name)
    page.goto("/console/people")
    page.get_by_role("link", name="sam").click()
    check("person")
    page.goto("/console/")
    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    check("choosing")
    page.get_by_role("button", name="Decide several").first.click()
    check("together")
    page.get_by_role("button", name="Approve").click()
    check("done together")
    with store.write() as session:
        tire(session, items, session.scalar(select(Moderator).where(Moderator.name == "robin")))
    page.goto(f"/console/items/{items[INJURY]}")
    check("enough for today")
    page.keyboard.press("?")
    found["keys"] = complaints(page)
    assert {name: said for name, said in found.items() if said} == {}


def test_axe_finds_nothing_at_the_log_in(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/console/login")
    assert complaints(page) == []
    page.close()


def test_axe_would_find_something(browser, site):
    page = browser.new_page()
    page.set_content("<title>x</title><p style='color: #ddd; background: #fff'>pale</p><button></button>")
    assert {said.partition(":")[0] for said in complaints(page)} >= {"button-name", "color-contrast"}
    page.close()
