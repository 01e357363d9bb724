"""axe-core finds nothing on any page, light or dark, wide or narrow, with every panel open."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from people import add_person
from playwright.sync_api import Page
from sqlalchemy import select

from service.decisions import Decision, record_decision
from service.people.roles import set_role
from service.store.models import Moderator, QueueItem, now

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAGES = (
    "queue",
    "narrowed",
    "empty",
    "crisis",
    "medical",
    "personal",
    "broken link",
    "decided",
    "numbers",
    "account",
    "second factor",
    "people",
    "person",
)
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "more contrast": {"forced_colors": "active"},
}


def make_late(store, items) -> None:
    """One crisis post is overdue, two posts are decided, there is a colleague, and robin is an admin."""
    with store.write() as session:
        sam = add_person(session, "sam")
        set_role(session, session.scalar(select(Moderator).where(Moderator.name == "robin")), None, "admin")
        session.get_one(QueueItem, items[0]).due_at = now()
        for place, action in ((13, "approve"), (9, "hold")):
            item = session.get_one(QueueItem, items[place])
            record_decision(session, item.id, item.version, sam, Decision(action))


def address(page: str, items: list[str]) -> str:
    places = {"crisis": 0, "medical": 2, "personal": 5}
    if page in places:
        return f"/console/items/{items[places[page]]}"
    return {
        "queue": "/console/",
        "narrowed": "/console/?label=medical&severity=high",
        "empty": "/console/?label=claim&severity=critical",
        "broken link": "/console/nowhere",
        "decided": "/console/decided",
        "numbers": "/console/numbers",
        "account": "/console/account",
        "second factor": "/console/account/second-factor",
        "people": "/console/people",
    }[page]


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(open_page, items, store, look):
    page = open_page(**LOOKS[look])
    make_late(store, items)
    found = {}
    for name in PAGES:
        if name == "person":
            page.get_by_role("link", name="sam").click()
        else:
            page.goto(address(name, items))
        found[name] = complaints(page)
        page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found[f"{name}, opened"] = complaints(page)
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
