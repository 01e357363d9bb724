"""Numbers: counted right, each person's own, and exported."""

import csv
import io
import re
from datetime import timedelta

import pytest
from review_console import text
from review_posts import SAMPLES
from sqlalchemy import select

from service.forums import add_forum
from service.people.roles import set_role
from service.review.numbers import load_numbers
from service.store.models import Moderator, QueueItem, now


@pytest.fixture
def decided(store, console, sam, items) -> None:
    """Medical posts: robin held one after an hour and approved one after three; sam approved one forty days ago."""
    console.decide(items[2], "hold")
    console.decide(items[3], "approve")
    sam.decide(items[7], "approve")
    moment = now()
    with store.write() as session:
        for place, days, minutes in ((2, 0, 60), (3, 1, 180), (7, 40, 5)):
            item = session.get_one(QueueItem, items[place])
            item.decided_at = moment - timedelta(days=days, minutes=1)
            item.created_at = item.decided_at - timedelta(minutes=minutes)


def numbers(store, name: str = "robin", days: int = 30):
    with store.read() as session:
        return load_numbers(session, days, session.scalar(select(Moderator.id).where(Moderator.name == name)))


def test_what_waits_and_what_was_decided_is_counted(store, decided):
    found = numbers(store)
    assert (found.waiting, found.all.decided, found.all.upheld, found.all.overturned) == (12, 2, 1, 1)
    assert (found.all.median, found.all.p95) == (pytest.approx(120), pytest.approx(180))
    assert found.read == len(SAMPLES) and found.unread == [("Another language", 1)]
    by_label = {each.words: each for each in found.labels}
    assert by_label["Urging to stop a treatment"].share_upheld == 1
    assert by_label["Promising a false cure"].share_upheld == 0
    assert by_label["Someone may be in danger now"].share_upheld is None
    assert sum(map(sum, found.all.steps)) == 2 and sum(found.all.steps[-1]) == 2
    assert numbers(store, days=90).all.decided == 3


def test_a_decision_taken_back_counts_no_more(store, console, decided, items):
    version = re.search(r'name="version" value="(\d+)"', console.form(items[2]))[1]
    console.post(f"/console/items/{items[2]}/undo", version=version)
    assert (numbers(store).all.decided, numbers(store).waiting) == (1, 13)


def test_each_sees_their_own_and_an_admin_everybodys(store, console, decided):
    assert [(p.name, p.decided, p.upheld) for p in numbers(store, days=90).people] == [("robin", 2, 1)]
    with store.write() as session:
        robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
        assert [p.name for p in load_numbers(session, 90, robin.id, None).people] == ["robin", "sam"]
        set_role(session, robin, None, "admin")
    assert "sam: " in text(console.page("/console/numbers?days=90"))


def test_an_admin_of_one_forum_sees_nobodys_numbers_of_another(store, console, decided):
    with store.write() as session:
        robin = session.scalar(select(Moderator).where(Moderator.name == "robin"))
        set_role(session, robin, add_forum(session, "quayside", "Quayside").forum.id, "admin")
    page = text(console.page("/console/numbers?days=90"))
    assert "robin: " in page and "sam: " not in page


def test_the_page_says_so_in_words(console, decided):
    page = text(console.page("/console/numbers"))
    assert "Numbers of the last 30 days" in page and "All 12 2 50 % 2 h 3 h" in page
    assert "of the last 90 days" in text(console.page("/console/numbers?days=90"))
    assert "of the last 30 days" in text(console.page("/console/numbers?days=x"))


def test_the_export_holds_a_row_for_each_label(console, decided):
    answer = console.get("/console/numbers.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0] == {"label": "All", "waiting": "12", "decided": "2", "upheld": "1", "overturned": "1",
                       "median minutes": "120.0", "p95 minutes": "180.0", "received": "", "read twice": "0", "alike": "",
                       "kappa": "", "kappa from": "", "kappa to": ""}  # fmt: skip
    assert answer.mimetype == "text/csv" and not any(row["label"][0] in "=+-@" for row in rows)


def test_no_numbers_are_no_error(console):
    assert "Waiting 0" in text(console.page("/console/numbers"))
