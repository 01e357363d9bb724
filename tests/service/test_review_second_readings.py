"""Second readings: drawn by lot, read blind, never by who decided; where two differ, and how far they agree."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from people import add_person, person
from review_console import Console, logged_in, text
from review_posts import SAMPLES, Sample, add_post, add_revision
from sqlalchemy import func, select

from service import second_readings
from service.errors import Conflict
from service.forums import add_forum
from service.intake.accept import delete, erase
from service.review.agreement import load_agreements
from service.review.counts import load_counts
from service.review.filters import Filters
from service.second_readings import is_drawn
from service.store.models import (
    Forum,
    Moderator,
    Opinion,
    Post,
    QueueItem,
    Revision,
    SecondReading,
    Verdict,
    new_id,
    now,
)

CRISIS, HELD, SUPPLY, OTHER = 0, 2, 7, 13
NOTE = "zebra crossing"
"""A note that stands nowhere else."""


@pytest.fixture(autouse=True)
def _every_decision(settings_env):
    settings_env(HEED_DOUBLE_REVIEW_SHARE=1)


@pytest.fixture
def first(app, store) -> Console:
    """Who decides first: `wilhelmina`, a name that stands nowhere else."""
    return logged_in(app, store, "wilhelmina")


def read(console, item: str, action: str, **fields):
    page = console.page(f"/console/items/{item}").partition('id="second-reading"')[2]
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    return console.post(f"/console/items/{item}/second-reading", action=action, version=version, **fields)


def offered(console) -> list[str]:
    return re.findall(r'<li class="row" id="(item_\w+)"', console.page("/console/second-readings"))


def is_blind(console, item: str) -> bool:
    return 'id="second-reading"' in console.page(f"/console/items/{item}")


def page_of(item: str) -> str:
    return f"/console/items/{item}"


def post_of(session, place: int) -> Post:
    return session.scalar(select(Post).where(Post.external_id == str(place + 1)))


# Drawing


def test_the_lot_falls_on_the_share_that_was_set():
    ids = [new_id("verdict") for _ in range(4000)]
    assert not any(is_drawn(each, 0) for each in ids) and all(is_drawn(each, 1) for each in ids)
    assert 120 < sum(is_drawn(each, 0.05) for each in ids) < 290
    assert [is_drawn(each, 0.5) for each in ids] == [is_drawn(each, 0.5) for each in ids]
    assert all(is_drawn(each, 0.5) for each in ids if is_drawn(each, 0.05)), "a larger share holds the smaller"


def test_no_decision_is_drawn_where_the_share_is_nothing(store, first, console, items, settings_env):
    settings_env(HEED_DOUBLE_REVIEW_SHARE=0)
    first.decide(items[HELD], "hold")
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(SecondReading)) == 0
    assert offered(console) == [] and "Held by wilhelmina" in text(console.page(f"/console/items/{items[HELD]}"))


def test_every_decision_is_drawn_where_the_share_is_all(store, first, console, items):
    first.decide(items[HELD], "hold"), first.decide(items[OTHER], "approve")
    assert set(offered(console)) == {items[HELD], items[OTHER]}


# Blind


@pytest.mark.parametrize(
    ("action", "said"), [("hold", "held"), ("approve", "approved"), ("remove", "removed"), ("escalate", "escalated")]
)
def test_no_page_of_the_post_tells_what_was_decided(store, first, console, items, action, said):
    with store.read() as session:
        author = session.get_one(Verdict, session.get_one(QueueItem, items[HELD]).verdict_id).revision.author
        forum = session.scalar(select(Forum))
    same = Sample("Medicines", "Another one, take two.", labels=(("dosing", 0.9, "take two."),), author=author)
    with store.write() as session:
        beside = add_post(session, session.merge(forum, load=False), same, "beside")
    first.decide(items[HELD], action, label="medical.dosing", note=NOTE, message="Dear quagga")
    for path in ("/console/", "/console/decided", "/console/care", "/console/second-readings", page_of(items[HELD])):
        page = text(console.page(path))
        assert "wilhelmina" not in page and NOTE not in page and "quagga" not in page, path
    for path in ("/console/decided", "/console/second-readings", page_of(items[HELD])):
        page = re.sub(r"\[[^]]*removed\]", "", text(console.page(path)).lower())
        assert not re.search(rf"\b{said}\b", page), path
    page = console.page(f"/console/items/{items[HELD]}")
    assert "It doesn’t have to be!" in text(page) and "Urging to stop a treatment" in page and "clinic" in page.lower()
    assert "See it on the forum" not in page and "What happened so far" not in page and 'class="bar"' not in page
    assert items[HELD] not in console.page("/console/decided")
    earlier = text(console.page(page_of(beside)).partition('class="earlier"')[2].partition("</ul>")[0])
    assert re.fullmatch(
        r".*Urging to stop a treatment · Waits for a second reading Medicines · 1\d minutes ago", earlier
    )


@pytest.mark.parametrize("what", ["decide", "undo", "skip", "ask", "opinion", "care", "take-over"])
def test_nor_does_a_refusal(store, first, console, items, what):
    version = console.version(items[HELD])
    console.page(f"/console/items/{items[CRISIS]}")
    first.decide(items[HELD], "hold", note=NOTE)
    form = {"action": "approve", "version": version, "reason": "heavy", "to": "anybody", "step": "nothing"}
    answer = console.post(f"/console/items/{items[HELD]}/{what}", **form)
    assert answer.status_code in (409, 422)
    assert NOTE not in answer.text and "wilhelmina" not in answer.text and "Held" not in text(answer.text)


def test_personal_data_can_be_shown_to_a_second_reader(first, console, items):
    first.decide(items[HELD], "hold", note=NOTE)
    assert "07700 900 461" not in console.page(f"/console/items/{items[HELD]}")
    console.post(f"/console/items/{items[HELD]}/personal-data", show="yes")
    page = console.page(f"/console/items/{items[HELD]}")
    assert "07700 900 461" in page and NOTE not in page


def test_only_afterwards_is_the_decision_shown(store, first, console, items):
    first.decide(items[HELD], "hold", note=NOTE)
    before = current(store, items[HELD])
    answer = read(console, items[HELD], "approve", note="seems kind to me")
    assert answer.headers["Location"] == f"/console/items/{items[HELD]}"
    page = text(console.page(f"/console/items/{items[HELD]}"))
    assert "Second reading: you would approve this post. “seems kind to me” wilhelmina decided otherwise: held." in page
    assert NOTE in page and "robin · Would approve it (second reading)" in page and "Held by wilhelmina" in page
    assert "Second reading: robin would approve this post" in text(first.page(f"/console/items/{items[HELD]}"))
    assert items[HELD] in console.page("/console/decided") and offered(console) == []
    assert current(store, items[HELD]) == before, "nothing changed on the forum"


def current(store, item: str) -> tuple[str, str, int]:
    with store.read() as session:
        found = session.get_one(QueueItem, item)
        verdict = session.scalar(select(Verdict).where(Verdict.post_id == found.post_id, Verdict.current))
        return verdict.id, found.state, found.version


def test_who_does_the_same_is_told_so(first, console, items):
    first.decide(items[HELD], "approve")
    read(console, items[HELD], "approve")
    page = text(console.page(f"/console/items/{items[HELD]}"))
    assert "Second reading: you would approve this post. That is what was done." in page


# Who reads


def test_never_who_decided(store, first, console, items):
    first.decide(items[HELD], "hold", note=NOTE)
    assert offered(first) == [] and NOTE in first.page(f"/console/items/{items[HELD]}")
    assert first.post(f"/console/items/{items[HELD]}/second-reading", action="hold", version="2").status_code == 409
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 0


def test_nor_who_decided_it_before_it_was_taken_back(first, console, sam, items):
    first.decide(items[HELD], "hold")
    first.post(f"/console/items/{items[HELD]}/undo", version="2")
    first.page(f"/console/items/{items[CRISIS]}")
    sam.decide(items[HELD], "approve")
    assert offered(first) == [] and offered(sam) == [] and offered(console) == [items[HELD]]


def test_nor_who_had_a_part_in_it(store, first, console, sam, items):
    console.post(f"/console/items/{items[HELD]}/ask", to=person(store, "sam"), question="?")
    sam.post(f"/console/items/{items[HELD]}/opinion", action="hold", version="1")
    sam.page(f"/console/items/{items[CRISIS]}")
    first.decide(items[HELD], "hold")
    assert offered(console) == [] and offered(sam) == [] and offered(first) == []
    assert "Held by wilhelmina" in text(console.page(f"/console/items/{items[HELD]}"))


def test_nor_who_left_the_post_to_others(first, console, items):
    console.post(f"/console/items/{items[HELD]}/skip", reason="close")
    first.decide(items[HELD], "hold")
    assert offered(console) == [] and not is_blind(console, items[HELD])


def test_nor_a_viewer_nor_somebody_of_another_forum(app, store, first, console, items):
    with store.write() as session:
        quayside = add_forum(session, "quayside", "Quayside").forum.id
    vi, lee = logged_in(app, store, "vi", "viewer"), logged_in(app, store, "lee", "moderator", quayside)
    first.decide(items[HELD], "hold", note=NOTE)
    assert offered(vi) == offered(lee) == []
    assert NOTE in vi.page(f"/console/items/{items[HELD]}"), "a viewer reads what was decided, as before"
    path = f"/console/items/{items[HELD]}/second-reading"
    for act in ("", "/leave"):
        assert vi.post(path + act, action="hold", version="2").status_code == 403
        assert lee.post(path + act, action="hold", version="2").status_code in (404, 303, 409)
    assert lee.get(f"/console/items/{items[HELD]}").status_code == 404
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 0
        assert session.scalar(select(SecondReading.left_by)) == ""
    assert offered(console) == [items[HELD]]


def test_two_do_not_read_the_same_for_nothing(store, first, console, sam, items):
    first.decide(items[HELD], "hold", note=NOTE)
    console.page(f"/console/items/{items[HELD]}")
    assert offered(sam) == [] and offered(console) == [items[HELD]]
    page = sam.page(f"/console/items/{items[HELD]}")
    assert "A colleague is reading this post a second time just now" in page and NOTE not in page
    assert "What would you do?" not in page
    with store.write() as session:
        session.scalar(select(SecondReading)).claimed_until = now() - timedelta(seconds=1)
    assert offered(sam) == [items[HELD]]
    assert read(sam, items[HELD], "hold").status_code == 303
    late = console.post(f"/console/items/{items[HELD]}/second-reading", action="approve", version="2")
    assert late.status_code == 409 and "waits no longer for you" in text(late.text)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 1


def test_of_two_at_once_one_is_told_so(store, first, sam, console, items):
    first.decide(items[HELD], "hold")

    def say(session, name: str) -> None:
        who = session.scalar(select(Moderator).where(Moderator.name == name))
        second_readings.answer(session, items[HELD], 2, who, Opinion(action="hold", label="", note=""))

    def late() -> None:
        with store.write() as session:
            say(session, "sam")

    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            say(session, "robin")
            second = pool.submit(late)
            with pytest.raises(TimeoutError):
                second.result(0.5)
        assert isinstance(second.exception(20), Conflict)


def test_opening_another_lets_go_of_the_first(first, console, sam, items):
    first.decide(items[HELD], "hold"), first.decide(items[OTHER], "hold")
    console.page(f"/console/items/{items[HELD]}")
    console.page(f"/console/items/{items[OTHER]}")
    assert offered(sam) == [items[HELD]]


@pytest.mark.parametrize(("then", "leads"), [("list", "/console/second-readings"), ("see", None)])
def test_it_can_be_left(first, console, sam, items, then, leads):
    first.decide(items[HELD], "hold", note=NOTE)
    console.page(f"/console/items/{items[HELD]}")
    answer = console.post(f"/console/items/{items[HELD]}/second-reading/leave", then=then)
    assert answer.headers["Location"] == (leads or f"/console/items/{items[HELD]}")
    assert offered(console) == [] and offered(sam) == [items[HELD]]
    assert NOTE in console.page(f"/console/items/{items[HELD]}")
    assert NOTE not in sam.page(f"/console/items/{items[HELD]}")


# Its end


@pytest.mark.parametrize("end", ["undo", "edit", "delete", "lapse"])
def test_a_reading_is_withdrawn(store, first, console, items, end):
    first.decide(items[HELD], "hold")
    assert is_blind(console, items[HELD])
    with store.write() as session:
        post = post_of(session, HELD)
        if end == "edit":
            add_revision(session, post, SAMPLES[SUPPLY], 2)
        elif end == "delete":
            delete(session, session.scalar(select(Forum)), post.external_id, now())
        elif end == "lapse":
            session.scalar(select(SecondReading)).created_at = now() - second_readings.LAPSES
    if end == "undo":
        first.post(f"/console/items/{items[HELD]}/undo", version="2")
    assert offered(console) == []
    answer = console.post(f"/console/items/{items[HELD]}/second-reading", action="hold", version="2")
    assert answer.status_code == (404 if end == "delete" else 409)
    if end == "lapse":
        assert "Held by wilhelmina" in text(console.page(f"/console/items/{items[HELD]}"))


def test_what_was_said_goes_with_the_post(store, first, console, items):
    first.decide(items[HELD], "hold"), first.decide(items[OTHER], "hold")
    read(console, items[HELD], "approve", note="a private note")
    with store.write() as session:
        for place in (HELD, OTHER):
            erase(session, session.scalar(select(Forum)), str(place + 1), now())
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 0
        assert session.scalar(select(func.count()).select_from(SecondReading)) == 0


# The queue, and the leads' page


def test_the_queue_counts_none_of_it_and_points_to_it_quietly(store, first, console, items, moderator):
    assert "second reading" not in console.page("/console/")
    first.decide(items[HELD], "hold"), first.decide(items[OTHER], "approve")
    page = console.page("/console/")
    assert "13 posts wait" in page and items[HELD] not in page
    assert "2 decided posts wait for a second reading, when you have time." in text(page)
    with store.read() as session:
        counts = load_counts(session, Filters(), moderator.id, now())
    assert counts.total == 13 and {c.value: c.count for c in counts.whose} == {"nobody": 13}
    assert "second reading" not in first.page("/console/")
    console.page(f"/console/items/{items[HELD]}")
    assert "Mine" not in console.page("/console/"), "a second reading is no post of one's own"


def test_leads_see_where_two_differed_and_can_reopen_it(app, store, first, console, items):
    lead = logged_in(app, store, "lindiwe", "lead")
    first.decide(items[HELD], "hold", note=NOTE), first.decide(items[OTHER], "approve")
    assert NOTE not in lead.page("/console/second-readings/differed")
    read(console, items[HELD], "approve", note="<i>kind</i>")
    read(console, items[OTHER], "approve")
    page = lead.page("/console/second-readings/differed")
    assert "wilhelmina Held zebra crossing robin Would approve it <i>kind</i>" in text(page)
    assert items[OTHER] not in page and "&lt;i&gt;kind" in page
    undo = re.search(r'action="([^"]+/undo)">.*?name="version" value="(\d+)"', page, re.S)
    assert lead.post(undo[1], version=undo[2]).headers["Location"] == f"/console/items/{items[HELD]}"
    page = text(lead.page("/console/second-readings/differed"))
    assert "the decision stands no more" in page and "Undo and reopen" not in page
    assert console.get("/console/second-readings/differed").status_code == 403


def test_leads_of_one_forum_see_nothing_of_another(app, store, first, console, items):
    with store.write() as session:
        quayside = add_forum(session, "quayside", "Quayside").forum.id
    elsewhere = logged_in(app, store, "elsewhere", "lead", quayside)
    with store.write() as session:
        add_person(session, "both", "viewer")
        from service.people.roles import set_role

        set_role(session, session.scalar(select(Moderator).where(Moderator.name == "both")), quayside, "lead")
    both = Console(app.test_client())
    both.log_in("both")
    first.decide(items[HELD], "hold", note=NOTE)
    read(console, items[HELD], "approve")
    for who in (elsewhere, both):
        assert NOTE not in who.page("/console/second-readings/differed")


def test_a_difference_on_a_deleted_post_is_not_shown(app, store, first, console, items):
    lead = logged_in(app, store, "lindiwe", "lead")
    first.decide(items[HELD], "hold", note=NOTE)
    read(console, items[HELD], "approve")
    with store.write() as session:
        delete(session, session.scalar(select(Forum)), str(HELD + 1), now())
    assert NOTE not in lead.page("/console/second-readings/differed")


# Agreement


@pytest.fixture
def twice(store, forum, moderator) -> list[tuple[str, str]]:
    """Twelve dosing posts that two people read without knowing of each other: (decided, would have)."""
    pairs = (
        [("allow", "approve")] * 4 + [("hold", "hold")] * 3 + [("hold", "escalate")] * 2 + [("remove", "approve")] * 3
    )
    with store.write() as session:
        second, place = add_person(session, "sam"), session.merge(forum.forum, load=False)
        for number, (done, said) in enumerate(pairs):
            sample = Sample("b", "Take two.", labels=(("dosing", 0.9, "Take two."),))
            add_twice(session, place, sample, str(number), (done, said), moderator, second)
    return pairs


def add_twice(session, forum, sample, external_id, pair, first, second) -> None:
    item = session.get_one(QueueItem, add_post(session, forum, sample, external_id))
    machine = session.get_one(Verdict, item.verdict_id)
    revision = session.get_one(Revision, machine.revision_id)
    verdict = Verdict(
        post_id=item.post_id, revision_id=revision.id, current=False, action=pair[0], severity="medium",
        document=machine.document, policy_version="1", decided_by=first.id,
    )  # fmt: skip
    opinion = Opinion(item_id=item.id, version=2, moderator_id=second.id, action=pair[1])
    session.add_all([verdict, opinion])
    session.flush()
    session.add(
        SecondReading(verdict_id=verdict.id, item_id=item.id, version=2, labels=item.labels, opinion_id=opinion.id)
    )


def test_agreement_is_over_choices_for_all_and_over_acting_for_a_label(store, twice):
    """By hand. Choices: 7 of 12 alike; by chance (4*7 + 5*3) / 144 = 43/144. Acting: 9 of 12; (4*7 + 8*5) / 144."""
    with store.read() as session:
        found = load_agreements(session, 30)
    assert found.all.pairs == 12 and found.all.alike == pytest.approx(7 / 12)
    assert found.all.kappa == pytest.approx((7 * 12 - 43) / (144 - 43))
    assert list(found.labels) == ["medical.dosing"]
    assert found.labels["medical.dosing"].alike == pytest.approx(9 / 12)
    assert found.labels["medical.dosing"].kappa == pytest.approx((9 * 12 - 68) / (144 - 68))


def test_the_page_and_the_export_tell_it(store, console, twice):
    page = text(console.page("/console/numbers"))
    assert "All, by what was chosen 12 58 % 0.41" in page and "Telling someone which dose to take 12 75 % 0.53" in page
    rows = {row["label"]: row for row in csv.DictReader(io.StringIO(console.get("/console/numbers.csv").text))}
    assert rows["All"]["read twice"] == "12" and rows["All"]["kappa"] == "0.406"
    assert rows["Telling someone which dose to take"]["kappa"] == "0.526"
    assert float(rows["All"]["kappa from"]) < 0.406 < float(rows["All"]["kappa to"])


def test_too_few_are_said_to_be_too_few(store, first, console, items):
    assert "Cohen" not in console.page("/console/numbers")
    first.decide(items[HELD], "hold")
    read(console, items[HELD], "hold")
    page = text(console.page("/console/numbers"))
    assert "All, by what was chosen 1 too few" in page and "Urging to stop a treatment 1 too few" in page


def test_where_all_were_treated_the_same_no_kappa_is_told(store, forum, console, moderator):
    with store.write() as session:
        second, place = add_person(session, "sam"), session.merge(forum.forum, load=False)
        for number in range(11):
            add_twice(session, place, SAMPLES[OTHER], str(number), ("hold", "hold"), moderator, second)
    assert "All, by what was chosen 11 100 % none: all were treated the same" in text(console.page("/console/numbers"))


def test_older_readings_and_those_of_another_forum_are_not_counted(app, store, twice):
    with store.write() as session:
        quayside = add_forum(session, "quayside", "Quayside").forum.id
        session.scalar(select(Opinion)).created_at = now() - timedelta(days=40)
    lee = logged_in(app, store, "lee", "moderator", quayside)
    assert "Cohen" not in lee.page("/console/numbers")
    with store.read() as session:
        assert (load_agreements(session, 30).all.pairs, load_agreements(session, 90).all.pairs) == (11, 12)


def test_an_opinion_that_was_asked_for_is_no_blind_reading(store, console, sam, items):
    console.post(f"/console/items/{items[HELD]}/ask", to=person(store, "sam"), question="?")
    sam.post(f"/console/items/{items[HELD]}/opinion", action="hold", version="1")
    sam.page(f"/console/items/{items[CRISIS]}")
    console.decide(items[HELD], "hold")
    with store.read() as session:
        assert load_agreements(session, 30).all.pairs == 0


def test_no_word_of_it_is_logged(first, console, items, caplog):
    caplog.set_level("DEBUG")
    first.decide(items[HELD], "hold")
    read(console, items[HELD], "approve", note="a private note")
    assert "private note" not in caplog.text and "tacrolimus" not in caplog.text


def test_nor_does_the_thread_of_a_post_beside_it(store, first, console, items):
    same = Sample("Medicines", "Another one, take two.", labels=(("dosing", 0.9, "take two."),), thread="t")
    with store.write() as session:
        forum = session.merge(session.scalar(select(Forum)), load=False)
        beside, other = (add_post(session, forum, same, name) for name in ("beside", "other"))
    first.decide(other, "hold", note=NOTE)
    around = text(console.page(page_of(beside)).partition('class="thread after"')[2].partition("</section>")[0])
    assert "Waits for a second reading" in around and "Hidden" not in around
