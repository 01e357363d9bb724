"""The posts around one: shown in their order, safe, covered, and none that nobody may see."""

import re
from datetime import timedelta

import pytest
from people import add_person
from review_console import Console, text
from review_posts import SAMPLES, Sample, add_post, add_revision
from sqlalchemy import event, select

from classifiers.findings import NotChecked
from service.forums import add_forum
from service.intake import accept
from service.people.roles import set_role
from service.review.thread import LONGEST, load_thread
from service.store.models import AuditEntry, Forum, Post, QueueItem, Revision, Verdict, now

FLAGGED = (("dosing", 0.9, "Take two."),)
PHONE = "07700 900 461"


@pytest.fixture
def say(store, forum):
    """`say("7", "words", minutes=5)` adds a post to thread `t`; its item's id, or empty."""

    def say(id_: str, body: str = "", **more) -> str:
        into = more.pop("into", forum.forum.id)
        sample = Sample(**{"board": "b", "body": body or f"words of {id_}", "thread": "t", "author": f"a{id_}", **more})
        with store.write() as session:
            return add_post(session, session.get_one(Forum, into), sample, id_)

    return say


@pytest.fixture
def item(say) -> str:
    """A flagged post in the middle of a thread of nine, in reply to its first."""
    for number in range(1, 5):
        say(f"b{number}", minutes=100 - number)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50, reply_to="b1")
    for number in range(1, 5):
        say(f"c{number}", minutes=40 - number)
    return item


def page(console, item: str) -> str:
    return console.page(f"/console/items/{item}")


def part(page: str, begins: str) -> str:
    """A part of the thread on a page, as text."""
    return text(
        re.split(r"</details>\s*(?:<details class=\"parent|<div class=\"sides)|</section>", page.partition(begins)[2])[
            0
        ]
    )


def said(page: str) -> list[str]:
    """Whose posts stand around the one, in the order of the page."""
    return re.findall(r'<p class="meta"><b dir="auto">a(\w+)</b>', page)


def test_the_three_before_the_three_after_and_the_answered_one_are_shown_in_order(console, item):
    shown = page(console, item)
    assert said(shown) == ["b2", "b3", "b4", "b1", "c1", "c2", "c3"]
    assert "3 posts before it in the thread" in text(shown)
    assert "words of b1" in part(shown, '<details class="parent thread" open>')
    assert shown.index("words of b1") < shown.index("Take two.</mark>") < shown.index("words of c1")


def test_the_answered_post_among_the_near_ones_is_shown_once(console, say):
    say("b1", minutes=60)
    item = say(
        "it", "Take two.", labels=FLAGGED, minutes=50, reply_to="b1", parent="words of b1, as the forum gave them"
    )
    shown = page(console, item)
    assert said(shown) == ["b1"] and "as the forum gave them" not in shown and "before it" not in text(shown)


def test_the_answered_post_takes_no_other_ones_place(console, say):
    for number in range(1, 5):
        say(f"b{number}", minutes=60 - number)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50, reply_to="b3")
    assert said(page(console, item)) == ["b1", "b2", "b4", "b3"]


def test_a_post_of_no_thread_may_still_answer_one(console, say):
    say("b1", minutes=60, thread="")
    say("b2", minutes=55, thread="")
    item = say("it", "Take two.", labels=FLAGGED, minutes=50, thread="", reply_to="b1")
    assert said(page(console, item)) == ["b1"]


def test_where_only_the_forums_excerpt_is_known_it_is_shown(console, say):
    item = say("it", "Take two.", labels=FLAGGED, reply_to="nowhere", parent="as the forum gave them")
    assert "In reply to as the forum gave them" in text(page(console, item))


def test_each_says_who_when_how_it_stands_and_what_was_found(console, item, say):
    other = say("d1", "I do. Take two.", labels=FLAGGED, minutes=45)
    shown = part(page(console, item), '<section class="thread after"')
    assert "ad1 45 minutes ago Published Telling someone which dose to take" in shown
    assert f'href="/console/items/{other}"' in page(console, item)
    assert "ac1 39 minutes ago Approved" in shown


def test_the_newest_text_is_shown_in_the_first_ones_place(store, console, item):
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == "b3"))
        add_revision(session, post, Sample("b", "new words", thread="t", author="ab3", minutes=97), 2)
    shown = page(console, item)
    assert said(shown)[:3] == ["b2", "b3", "b4"] and "new words" in shown and "words of b3" not in shown


@pytest.mark.parametrize("gone", [accept.delete, accept.erase])
def test_what_was_deleted_or_erased_is_not_shown(store, forum, console, item, gone):
    with store.write() as session:
        for id_ in ("b1", "b3", "c1"):
            gone(session, session.merge(forum.forum, load=False), id_, now())
    shown = page(console, item)
    assert said(shown) == ["b2", "b4", "c2", "c3", "c4"]
    assert not any(f"words of {id_}" in shown for id_ in ("b1", "b3", "c1"))


def test_another_forums_thread_of_the_same_id_is_not_shown(store, app, forum, console, say, item):
    with store.write() as session:
        cove = add_forum(session, "cove", "The Cove").forum.id
    theirs = say("b1", "their own words. Take two.", labels=FLAGGED, minutes=51, into=cove)
    assert "their own words" not in page(console, item)
    alone = page(console, theirs)
    assert said(alone) == [] and "words of" not in text(alone)
    with store.write() as session:
        person = add_person(session, "kit", "viewer")
        set_role(session, person, None, "")
        set_role(session, person, cove, "moderator")
    kit = Console(app.test_client())
    kit.log_in("kit")
    assert kit.get(f"/console/items/{item}").status_code == 404
    assert kit.post(f"/console/items/{item}/personal-data", show="yes").status_code == 404
    assert said(page(kit, theirs)) == []


def test_personal_data_around_a_post_is_covered_until_it_is_shown_and_each_is_logged(store, console, say, moderator):
    say("b1", f"Ring {PHONE}.", spans=(("phone", 0.99, PHONE),), title=f"Re {PHONE}", title_spans=(("phone", 0.99, PHONE),),
        minutes=60)  # fmt: skip
    say("b2", "nothing private", minutes=55)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50)
    shown = page(console, item)
    assert PHONE not in shown and "Re phone number hidden" in text(shown) and "Show personal data" in text(shown)
    assert console.post(f"/console/items/{item}/personal-data", show="yes").status_code == 303
    assert page(console, item).count(PHONE) == 2
    with store.read() as session:
        posts = {post.id: post.external_id for post in session.scalars(select(Post))}
        entries = session.scalars(select(AuditEntry).where(AuditEntry.what == "showed")).all()
        assert sorted(posts[entry.post_id] for entry in entries) == ["b1", "it"]
        assert {entry.moderator_id for entry in entries} == {moderator.id}
        assert session.get_one(Verdict, entries[0].detail["verdict"]).post_id == entries[0].post_id
        assert PHONE not in str([entry.detail for entry in entries])
    say("c1", f"Or ring {PHONE}.", spans=(("phone", 0.99, PHONE),), minutes=40)
    assert page(console, item).count(PHONE) == 2, "nobody has asked for what came later"
    console.post(f"/console/items/{item}/personal-data", show="no")
    assert PHONE not in page(console, item)


def test_who_may_only_read_sees_no_personal_data_around_a_post(store, app, say):
    say("b1", f"Ring {PHONE}.", spans=(("phone", 0.99, PHONE),), minutes=60)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50)
    with store.write() as session:
        add_person(session, "vera", "viewer")
    vera = Console(app.test_client())
    vera.log_in("vera")
    assert PHONE not in page(vera, item) and "shown to moderators only" in text(page(vera, item))
    assert vera.post(f"/console/items/{item}/personal-data", show="yes").status_code == 403
    assert PHONE not in page(vera, item)


def test_what_nobody_has_read_yet_is_said_and_not_shown(store, forum, console, item):
    with store.write() as session:
        post = Post(forum_id=forum.forum.id, external_id="new", revision=1)
        session.add(post)
        session.flush()
        session.add(
            Revision(
                post_id=post.id, forum_id=post.forum_id, number=1, body=f"secret {PHONE}", title="secret", thread="t",
                author="anew", digest="x", posted_at=now() - timedelta(minutes=45), url="javascript:alert(1)",
            )
        )  # fmt: skip
    shown = page(console, item)
    assert "anew 45 minutes ago Not read yet Heed has not read this post yet" in text(shown)
    assert "secret" not in shown and PHONE not in shown and "javascript:" not in shown
    console.post(f"/console/items/{item}/personal-data", show="yes")
    assert PHONE not in page(console, item)


def test_what_could_not_be_read_is_not_shown(store, console, item, say, caplog):
    failed = say("bad", f"secret {PHONE}", not_checked=NotChecked.FAILED, minutes=45)
    say("odd", "secret", minutes=44)
    with store.write() as session:
        post = session.scalar(select(Post.id).where(Post.external_id == "odd"))
        session.scalar(select(Verdict).where(Verdict.post_id == post)).document = {"odd": "secret"}
    shown = page(console, item)
    assert shown.count("This post could not be read") == 2 and "secret" not in shown and PHONE not in shown
    assert f'href="/console/items/{failed}"' in shown and "secret" not in caplog.text


def test_a_long_post_is_cut_and_opens_to_more(console, item, say):
    say("long", "word " * 2_000 + "the end", minutes=45)
    shown = page(console, item)
    whole = re.search(r"Read it whole.*?</details>", shown, re.S)[0]
    assert LONGEST - 100 < len(text(whole)) < LONGEST + 300 and "the end" not in shown and "It goes on." in text(whole)
    assert "Read it whole" not in text(shown.partition('<section class="thread after"')[0])


@pytest.mark.parametrize("format", ["plain", "markdown", "bbcode", "html"])
def test_no_format_lets_markup_of_a_neighbour_through(console, say, format):
    hostile = '</div></article></details><svg onload=alert(1)>\n{{ 7*7 }}<a href="javascript:alert(1)">x</a>'
    say("b1", hostile, title=hostile, author=hostile, format=format, minutes=60)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50, reply_to="b1")
    shown = page(console, item)
    assert "<svg onload" not in shown and 'href="javascript' not in shown and "49" not in text(shown)
    assert shown.count("</article>") == 1


def test_ids_of_marks_are_unique_on_the_page(console, say):
    for number in range(3):
        say(f"b{number}", "So.\nTake two.", labels=FLAGGED, minutes=60 - number, title="Take two.",
            title_spans=(("person", 0.9, "two"),))  # fmt: skip
    item = say("it", "Take two.\nNow.", labels=FLAGGED, minutes=50)
    ids = re.findall(r'\sid="([^"]+)"', page(console, item))
    assert "p0-m0" in ids and "p0-t0" in ids
    assert len(ids) == len(set(ids))


def test_sharp_sentences_of_neighbours_are_blurred_too(store, console, say):
    say("b1", SAMPLES[4].body, labels=SAMPLES[4].labels, minutes=60)
    item = say("it", "Take two.", labels=FLAGGED, minutes=50)
    assert '<mark class="mark self_harm">' in page(console, item)


@pytest.mark.parametrize("many", [3, 60])
def test_a_long_thread_takes_two_queries_like_a_short_one(store, say, many):
    item = say("it", "Take two.", labels=FLAGGED, minutes=50, reply_to="b1")
    for number in range(many):
        say(f"b{number}", minutes=51 + number)
        say(f"c{number}", minutes=49 - number)
    statements: list[str] = []
    with store.read() as session:
        revision = session.get_one(Verdict, session.get_one(QueueItem, item).verdict_id).revision
        event.listen(session.connection(), "before_cursor_execute", lambda *said: statements.append(said[2]))
        thread = load_thread(session, revision, "nobody")
    assert len(statements) == 2
    assert (len(thread.before), len(thread.after)) == (3 if many > 3 else 2, 3)
    assert all(said.excerpt.pieces for said in thread.every)


def test_the_threads_neighbours_are_found_by_an_index(store, item):
    if not store.is_sqlite:
        pytest.skip("PostgreSQL reads a table this small from end to end")
    with store.read() as session:
        revision = session.get_one(Verdict, session.get_one(QueueItem, item).verdict_id).revision
        plans: list[str] = []

        def explain(connection, cursor, statement, parameters, context, many) -> None:
            other = connection.connection.driver_connection.cursor()
            plans.extend(row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

        event.listen(store.engine, "before_cursor_execute", explain)
        load_thread(session, revision, "nobody")
        event.remove(store.engine, "before_cursor_execute", explain)
    walks = [plan for plan in plans if "ix_revision_thread" in plan]
    assert len(walks) == 2 and all("forum_id=? AND thread=? AND" in plan for plan in walks), plans
    assert not [plan for plan in plans if re.match(r"SCAN (revision|post|verdict|queue_item)\b", plan)]
