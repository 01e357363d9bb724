"""Being kind to whoever reads: what is in a post is said first, sharp words are covered, and there is an end to a heavy day."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from people import add_person
from review_console import Console, text
from review_posts import SAMPLES, add_post
from sqlalchemy import select, update

from service.forums import add_forum
from service.intake.accept import erase
from service.people import budget
from service.review.item import marks_of
from service.review.summary import HAZARDS, summary
from service.store.models import AuditEntry, Forum, HeavyReading, LoginSession, Moderator, QueueItem, Revision, now

CRISIS, WORRY, MEDICAL, IDEATION, PRIVATE, INJURY, EATING = 0, 1, 2, 4, 5, 8, 11


def allow(console: Console, **numbers: str):
    """Choose one's own numbers, as the form sends them."""
    return console.post("/console/account/heavy", **{name: numbers.get(name, "") for name in budget.CATEGORIES})


def readings(store) -> list[HeavyReading]:
    with store.read() as session:
        return list(session.scalars(select(HeavyReading)))


def following(page: str) -> str:
    """The item that `j` leads to."""
    found = re.search(r'href="/console/items/(\w+)[^"]*" data-key="j"', page)
    return found[1] if found else ""


def led_to(console: Console, first: str) -> list[str]:
    """Every item that `j` leads to from the first, until it comes round or ends."""
    seen, here = [], first
    while (here := following(console.page(f"/console/items/{here}"))) and here not in [first, *seen]:
        seen.append(here)
    return seen


# what is in it


def test_a_line_says_what_is_in_a_post_before_any_of_it(console, items):
    page = console.page(f"/console/items/{items[MEDICAL]}")
    before, _, _ = page.partition('<article class="text"')
    line = text(re.search(r'<p class="contents">.*?</p>', before)[0])
    assert line == (
        "In it: urging to stop a treatment · telling someone which dose to take · phone number · claims to check · "
        "in reply to a question · 73 words"
    )


def test_the_line_names_self_harm_first_and_a_hazard_by_its_kind_alone():
    revision = Revision(body="one", parent="Nobody asked.")
    parts = summary(" medical.dosing personal_data.phone self_harm.ideation ", revision, ["insulin", "tacrolimus"])
    assert parts[0] == "thoughts of dying" and parts[-3:] == ["about insulin", "in reply to another post", "1 word"]
    assert "tacrolimus" not in " ".join(parts), "a word of the post is no kind of hazard"


def test_the_line_knows_every_kind_of_hazard():
    from classifiers.hazards import WORDS

    assert set(HAZARDS) == set(WORDS)


def test_the_line_says_where_nothing_was_found_or_read():
    assert summary("", Revision(body="", parent=""))[0] == "nothing was found in it"
    assert summary(" not_checked.language ", Revision(body="", parent=""))[0] == "another language"


# covered words


def test_a_post_of_self_harm_is_closed_for_who_wants_it_softened(console, items):
    path = f"/console/items/{items[INJURY]}"
    assert '<details class="closed"' not in console.page(path)
    console.post("/console/softened", softened="yes")
    page = console.page(path)
    closed = page.partition('<details class="closed">')[2].partition("</article>")[0]
    assert "Read the post" in text(closed) and "eleven weeks" in closed
    assert "eleven weeks" not in page.replace(closed, "") and 'data-key="o"' in closed
    assert '<details class="closed"' not in console.page(f"/console/items/{items[MEDICAL]}")


def test_a_closed_post_stays_open_once_its_personal_data_is_shown(store, forum, console):
    sample = replace(SAMPLES[INJURY], spans=(("person", 0.9, "eleven weeks"),))
    with store.write() as session:
        item = add_post(session, session.get_one(Forum, forum.forum.id), sample, "x")
    console.post("/console/softened", softened="yes")
    console.post(f"/console/items/{item}/personal-data", show="yes")
    assert '<details class="closed" open>' in console.page(f"/console/items/{item}")


def test_sharp_sentences_in_the_queue_are_blurred_and_can_be_reached(console, items):
    marked = '<mark class="mark self_harm" data-blur tabindex="0">'
    assert marked not in console.page("/console/") and '<mark class="mark self_harm">' in console.page("/console/")
    console.post("/console/softened", softened="yes")
    page = console.page("/console/")
    assert page.count(marked) == 5 and '<mark class="mark self_harm">' not in page
    assert '<mark class="mark medical">' in page


def test_a_sentence_that_is_sharp_and_unsafe_advice_at_once_is_sharp():
    place = {"start": 0, "end": 9, "severity": "high", "score": 1.0}
    reasons = [
        {"area": "medical", "label": "dosing", **place},
        {"area": "self_harm", "label": "encouragement", **place},
    ]
    (mark,) = marks_of(reasons)
    assert mark.sharp and mark.area == "medical"


def test_the_redacted_text_of_a_sharp_post_is_blurred_too(store, forum, console):
    sample = replace(SAMPLES[INJURY], spans=(("person", 0.9, "eleven weeks"),))
    with store.write() as session:
        item = add_post(session, session.get_one(Forum, forum.forum.id), sample, "x")
    console.post("/console/softened", softened="yes")
    page = console.page(f"/console/items/{item}")
    assert 'class="preview" dir="auto" data-blur' in page and 'class="without body" dir="auto" data-blur' in page


# the daily budget


def test_after_as_many_as_one_chose_a_stop_comes_before_the_next(store, console, items, moderator):
    allow(console, distress="2")
    for place in (IDEATION, INJURY):
        assert 'value="approve"' in console.page(f"/console/items/{items[place]}")
    page = console.page(f"/console/items/{items[EATING]}")
    assert "That is a lot for one day" in page and "You have read 2 posts like this today" in text(page)
    assert "disordered eating · 29 words" in text(page).replace("\xa0", " ")
    assert "skipping all of it" not in page and 'value="approve"' not in page
    with store.read() as session:
        assert session.get_one(QueueItem, items[EATING]).claimed_by is None
    assert 'value="approve"' in console.page(f"/console/items/{items[CRISIS]}"), "another kind is not used up"


def test_reading_one_all_the_same_opens_only_this_one(console, items):
    allow(console, distress="1")
    console.page(f"/console/items/{items[IDEATION]}")
    answer = console.post(f"/console/items/{items[INJURY]}/all-the-same?label=self_harm")
    assert answer.headers["Location"] == f"/console/items/{items[INJURY]}?label=self_harm"
    assert 'value="approve"' in console.page(f"/console/items/{items[INJURY]}")
    page = text(console.page(f"/console/items/{items[EATING]}"))
    assert "You have read 2 posts like this today" in page


def test_a_post_counts_once_a_day_however_often_it_is_opened(store, console, items):
    allow(console, distress="2")
    for _ in range(3):
        console.page(f"/console/items/{items[IDEATION]}")
    assert [(each.item_id, each.category) for each in readings(store)] == [(items[IDEATION], "distress")]
    console.page(f"/console/items/{items[INJURY]}")
    assert 'value="approve"' in console.page(f"/console/items/{items[IDEATION]}"), "what was read may be read again"


def test_looking_ahead_counts_nothing_and_shows_nothing_beyond_the_stop(store, console, items):
    allow(console, distress="1")
    ahead = {"Sec-Purpose": "prefetch"}
    console.get(f"/console/items/{items[INJURY]}", headers=ahead)
    assert readings(store) == []
    console.page(f"/console/items/{items[IDEATION]}")
    assert "eleven weeks" not in console.get(f"/console/items/{items[INJURY]}", headers=ahead).text


def test_going_on_leads_past_what_is_used_up(console, items):
    allow(console, distress="1")
    distress = {items[place] for place in (IDEATION, INJURY, EATING)}
    read = distress & set(led_to(console, items[MEDICAL]))
    assert len(read) == 1, "the first of them was counted on the way, the others were passed"
    page, passed = console.page(f"/console/items/{items[MEDICAL]}"), set()
    while (before := re.search(r'href="/console/items/(\w+)[^"]*" data-key="k"', page)) and before[1] not in passed:
        passed.add(before[1])
        page = console.page(f"/console/items/{before[1]}")
    assert items[CRISIS] in passed and not passed & (distress - read)


def test_after_a_decision_the_next_one_is_of_another_kind(console, items):
    allow(console, distress="1")
    answer = console.decide(items[INJURY], "escalate")
    following = answer.headers["Location"].rpartition("/")[2]
    # Without the budget the next by its clock would be the other post of distress.
    assert following not in (items[IDEATION], items[EATING])
    assert console.decide(following, "hold").status_code == 303


def test_where_nothing_else_is_left_going_on_ends_at_the_queue(console, items):
    allow(console, distress="1")
    answer = console.post(
        f"/console/items/{items[IDEATION]}/decide?label=self_harm.ideation",
        action="escalate",
        version=console.version(items[IDEATION]),
    )
    assert answer.headers["Location"] == "/console/?label=self_harm.ideation"


def test_the_queue_keeps_all_of_it_and_marks_it_quietly(console, sam, items):
    before = console.page("/console/")
    assert "enough of these today" not in before
    allow(console, distress="1")
    console.page(f"/console/items/{items[IDEATION]}")
    page = console.page("/console/")
    assert re.findall(r'<li class="row" id="(\w+)"', page) == re.findall(r'<li class="row" id="(\w+)"', before)
    assert re.findall(r"<b>\d+</b>", page) == re.findall(r"<b>\d+</b>", before)
    assert text(page).count("enough of these today") == 3 and "Somebody’s own distress: you have read enough" in text(
        page
    )
    marked = re.findall(r'<li class="row" id="(\w+)"(?:(?!</li>).)*enough of these today', page, re.S)
    assert set(marked) == {items[INJURY], items[EATING]}
    assert "enough of these" not in sam.page("/console/")


def test_without_a_choice_the_settings_number_holds_and_zero_is_no_limit(store, settings_env, console, items):
    settings_env(HEED_HEAVY_BUDGET=1)
    console.page(f"/console/items/{items[IDEATION]}")
    assert "That is a lot" in console.page(f"/console/items/{items[INJURY]}")
    allow(console, distress="0")
    assert 'value="approve"' in console.page(f"/console/items/{items[INJURY]}")
    assert [each.item_id for each in readings(store)] == [items[IDEATION]], "without a limit nothing is kept"
    settings_env(HEED_HEAVY_BUDGET=0)
    allow(console)
    assert 'value="approve"' in console.page(f"/console/items/{items[EATING]}")


def test_the_day_is_that_of_the_persons_own_time_zone(store, moderator, items):
    evening = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    with store.write() as session:
        session.execute(update(Moderator).values(heavy_budget={"distress": 1}, zone="Pacific/Auckland"))
    with store.write() as session:
        first, second = (session.get_one(QueueItem, items[place]) for place in (IDEATION, INJURY))
        assert budget.open_item(session, first, moderator.id, evening)
        # Half an hour later the day is another one in London, and in Auckland it is still the 4th.
        assert not budget.open_item(session, second, moderator.id, evening + timedelta(minutes=45))
        session.execute(update(Moderator).values(zone="UTC"))
        session.expire_all()
        session.execute(update(HeavyReading).values(day=evening.date()))
        assert budget.open_item(session, second, moderator.id, evening + timedelta(minutes=45))


def test_a_post_of_two_kinds_counts_for_the_graver(items, store):
    with store.read() as session:
        item = session.get_one(QueueItem, items[CRISIS])
        item.labels = " self_harm.concern_for_other self_harm.crisis "
        assert budget.category_of(item) == "danger"


@pytest.fixture
def used_up(store, console, forum, items) -> str:
    """robin has read enough of danger; a crisis post is overdue. Its item."""
    allow(console, danger="1")
    sample = replace(SAMPLES[CRISIS], minutes=90)
    with store.write() as session:
        late = add_post(session, session.get_one(Forum, forum.forum.id), sample, "late")
    console.page(f"/console/items/{items[CRISIS]}")
    return late


def test_a_life_outweighs_the_budget_where_nobody_else_is_about(console, items, used_up):
    page = console.page(f"/console/items/{used_up}")
    said = text(page)
    assert "Somebody may be in danger, and nobody else is here" in said and "a life comes first" in said
    ways = page.partition('<div class="ways">')[2]
    assert ways.index("Open it") < ways.index("Go on with other posts") and "all-the-same" in ways
    assert "autofocus" in ways.partition("Open it")[0]
    assert following(console.page(f"/console/items/{items[CRISIS]}")) != used_up, "it comes before this one"
    assert used_up in led_to(console, items[MEDICAL]), "nobody is led past it"


def test_where_colleagues_are_about_the_stop_is_the_same_for_a_crisis(store, console, sam, items, used_up):
    page = console.page(f"/console/items/{used_up}")
    ways = page.partition('<div class="ways">')[2]
    assert "This one is overdue" in text(page) and "Colleagues are here" in text(page)
    assert ways.index("Go on with other posts") < ways.index("Read it all the same")
    assert used_up not in led_to(console, items[MEDICAL])


def test_who_left_skipped_or_may_not_decide_is_not_about(store, console, sam, forum, used_up):
    alone = "nobody else is here"
    assert alone not in console.page(f"/console/items/{used_up}")
    sam.post(f"/console/items/{used_up}/skip", reason="heavy")
    assert alone in console.page(f"/console/items/{used_up}")
    sam.post(f"/console/items/{used_up}/unskip")
    assert alone not in console.page(f"/console/items/{used_up}")
    with store.write() as session:
        session.execute(update(LoginSession).values(seen_at=now() - timedelta(minutes=16)))
    assert alone in console.page(f"/console/items/{used_up}")


def test_a_viewer_does_not_count_as_about(app, store, console, used_up):
    with store.write() as session:
        add_person(session, "vic", "viewer")
    Console(app.test_client()).log_in("vic")
    assert "nobody else is here" in console.page(f"/console/items/{used_up}")


def test_nobody_else_sees_how_much_somebody_reads(app, store, console, items, moderator):
    with store.write() as session:
        add_person(session, "ada", "admin")
    admin = Console(app.test_client())
    admin.log_in("ada")
    pages = (
        "/console/",
        "/console/numbers",
        "/console/numbers.csv",
        "/console/people",
        f"/console/people/{moderator.id}",
    )
    before = [re.sub(r'csrf_token" value="[^"]+', "", admin.page(path)) for path in pages]
    entries = audited(store)
    allow(console, distress="1")
    console.page(f"/console/items/{items[IDEATION]}")
    console.page(f"/console/items/{items[INJURY]}")
    console.post(f"/console/items/{items[INJURY]}/all-the-same")
    console.page("/console/")
    assert audited(store) == entries
    assert [re.sub(r'csrf_token" value="[^"]+', "", admin.page(path)) for path in pages] == before


def audited(store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(AuditEntry.id).where(AuditEntry.what != "logged_in")))


def test_ones_own_numbers_are_kept_and_faulty_ones_refused(store, console, moderator):
    assert allow(console, danger="3", worry="0").status_code == 303
    page = console.page("/console/account")
    assert re.search(r'name="danger"[^>]*value="3"', page) and re.search(r'name="worry"[^>]*value="0"', page)
    assert re.search(r'name="distress"[^>]*value="" placeholder="15"', page)
    for wrong in ("-1", "many", "1000", "²", "9" * 40):
        answer = allow(console, danger=wrong)
        assert answer.status_code == 422 and "from 0 to 999" in text(answer.text)
    with store.read() as session:
        assert session.get_one(Moderator, moderator.id).heavy_budget == {"danger": 3, "worry": 0}


def test_who_read_what_is_forgotten_after_some_days_and_with_the_post(store, valkey, console, forum, items):
    from workers.sweep import once

    allow(console, distress="9")
    for place in (IDEATION, INJURY, EATING):
        console.page(f"/console/items/{items[place]}")
    today = readings(store)[0].day
    with store.write() as session:
        old = update(HeavyReading).where(HeavyReading.item_id == items[IDEATION])
        session.execute(old.values(day=today - timedelta(days=4)))
    once()
    assert {each.item_id for each in readings(store)} == {items[INJURY], items[EATING]}
    with store.write() as session:
        erase(session, session.get_one(Forum, forum.forum.id), str(INJURY + 1), now())
    assert {each.item_id for each in readings(store)} == {items[EATING]}


def test_another_forums_post_can_not_be_opened_all_the_same(app, store, items):
    with store.write() as session:
        other = add_forum(session, "elsewhere", "Elsewhere").forum
        add_person(session, "eli", forum_id=other.id)
    eli = Console(app.test_client())
    eli.log_in("eli")
    assert eli.post(f"/console/items/{items[IDEATION]}/all-the-same").status_code == 404
    assert eli.get(f"/console/items/{items[IDEATION]}").status_code == 404
    assert readings(store) == []
