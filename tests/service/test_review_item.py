"""One post: shown whole, safe, with its reasons, its personal data covered."""

import re
from html import unescape

import pytest
from review_console import text
from review_posts import SAMPLES, Sample, add_post, add_revision
from sqlalchemy import select

from service.store.models import AuditEntry, Post, QueueItem, Verdict
from service.verdicts import withdraw


def body(page: str) -> str:
    return re.search(r'<div class="body[^"]*" dir="auto">(.*?)</div>', page, re.S)[1]


def words(markup: str) -> str:
    """The post's own words: without tags, and without what the page says of them."""
    markup = re.sub(r'<span class="tag.*?\)</span></span>|<button.*?</button>', "", markup, flags=re.S)
    return unescape(re.sub(r"<[^>]+>", "", markup))


def add(store, forum, sample: Sample) -> str:
    with store.write() as session:
        return add_post(session, session.merge(forum.forum, load=False), sample, "x1")


def test_the_body_is_shown_whole_in_its_own_shape(console, items):
    for item, sample in zip(items, SAMPLES, strict=True):
        if sample.format == "plain" and not sample.spans:
            assert words(body(console.page(f"/console/items/{item}"))) == sample.body


def test_reasons_are_in_words_with_their_why_and_their_weight(console, items):
    page = text(console.page(f"/console/items/{items[2]}"))
    assert "Urging to stop a treatment Urges the reader to stop, skip" in page
    assert "High · very likely (95 %)" in page and "High · likely (71 %)" in page
    assert "Claims somebody could check 2" in page and "A figure" in page
    assert "Hidden" in page and "transplanted2019" in page and "tremor from tacrolimus" in page


def test_context_and_makers_are_named(console, items):
    page = text(console.page(f"/console/items/{items[2]}"))
    assert "In reply to Six months post transplant" in page
    assert "2026-11+" in page and "all-MiniLM-L6-v2" in page
    assert 'rel="noreferrer noopener"' in console.page(f"/console/items/{items[2]}")


def test_the_evidence_is_marked_and_named_in_the_text(console, items):
    shown = body(console.page(f"/console/items/{items[0]}"))
    mark = re.search(r'<mark class="mark self_harm" title="Someone may be in danger now">(.*?)</mark>(.*)', shown, re.S)
    assert unescape(mark[1]).startswith("I’ve written the letters") and "Someone may be in danger now" in mark[2]


def test_every_place_that_a_reason_points_to_is_there(console, items):
    for item in items:
        page = console.page(f"/console/items/{item}")
        wanted = set(re.findall(r'href="#(m\d+)"', page))
        assert wanted == set(re.findall(r'<span id="(m\d+)" class="anchor">', page)), item


def test_quotes_are_dimmed(console, items):
    assert '<span class="quoted">&gt; Is this just how it is now?</span>' in body(
        console.page(f"/console/items/{items[2]}")
    )


def test_html_posts_read_as_text(console, items):
    shown = words(body(console.page(f"/console/items/{items[9]}")))
    assert shown.startswith("I was a district nurse for 20 years & I can tell you") and "<p>" not in shown
    assert "a study (https://example.org/study) about it" in shown


def test_a_hostile_post_is_text_everywhere(console, items):
    sample = SAMPLES[14]
    assert sample.body.startswith("<script>")
    for path in ("/console/", f"/console/items/{items[14]}"):
        page = console.page(path)
        assert "<script>document" not in page and "<script>alert" not in page and "<img src=x" not in page
        assert "<b>bobby" not in page
        assert [
            tag
            for tag in re.findall(r"<script[^>]*>", page)
            if not re.search(r"/console/static/(console|visit)\.js", tag)
        ] == []
    assert "<script>document.title='owned'</script>" in words(body(page))


@pytest.mark.parametrize("format", ["plain", "markdown", "bbcode", "html"])
def test_no_format_lets_markup_through(store, forum, console, format):
    hostile = '</div></article><svg onload=alert(1)>{{ 7*7 }}<a href="javascript:alert(1)">x</a>'
    item = add(store, forum, Sample("</b>", hostile, labels=(("dosing", 0.9, "onload"),), parent=hostile, title=hostile,
                                    author=hostile, format=format))  # fmt: skip
    page = console.page(f"/console/items/{item}")
    assert "<svg onload" not in page and 'href="javascript' not in page and "49" not in words(body(page))
    assert page.count("</article>") == 1


def test_a_link_to_the_forum_is_shown_only_where_it_is_one(store, forum, console):
    item = add(store, forum, Sample("b", "x", labels=(("dosing", 0.9, "x"),), parent="p"))
    with store.write() as session:
        session.scalar(select(Verdict)).revision.url = "javascript:alert(1)"
    page = console.page(f"/console/items/{item}")
    assert "See it on the forum" not in page and "javascript:" not in page


def test_personal_data_is_covered_until_somebody_asks(store, console, items, moderator):
    page = console.page(f"/console/items/{items[5]}")
    for _, _, value in SAMPLES[5].spans:
        assert value not in page
    assert "home address hidden" in text(page) and "[address removed]" in text(page)

    assert console.post(f"/console/items/{items[5]}/personal-data", show="yes").status_code == 303
    assert words(body(console.page(f"/console/items/{items[5]}"))) == SAMPLES[5].body
    with store.read() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.what == "showed"))
        assert entry.moderator_id == moderator.id and entry.post_id == session.get_one(QueueItem, items[5]).post_id
        assert not any(value in str(entry.detail) for _, _, value in SAMPLES[5].spans)

    assert "phone number hidden" in text(console.page(f"/console/items/{items[2]}")), "one post only"
    console.post(f"/console/items/{items[5]}/personal-data", show="no")
    assert SAMPLES[5].spans[0][2] not in console.page(f"/console/items/{items[5]}")


def test_an_edit_covers_personal_data_again(store, console, items):
    console.post(f"/console/items/{items[5]}/personal-data", show="yes")
    with store.write() as session:
        add_revision(session, session.scalar(select(Post).where(Post.external_id == "6")), SAMPLES[5], 2)
    page = console.page(f"/console/items/{items[5]}")
    assert SAMPLES[5].spans[0][2] not in page and "revision 2" in text(page)


def test_looking_is_forgotten_after_many_posts_but_not_the_cookie(store, forum, console):
    with store.write() as session:
        for number in range(25):
            add_post(session, session.merge(forum.forum, load=False), SAMPLES[10], f"n{number}")
    with store.read() as session:
        every = session.scalars(select(QueueItem.id)).all()
    for item in every:
        console.post(f"/console/items/{item}/personal-data", show="yes")
    assert len(console.client.get_cookie("heed").value) < 3500
    assert "@beth" in body(console.page(f"/console/items/{every[-1]}"))
    assert "@beth" not in body(console.page(f"/console/items/{every[0]}"))


def test_help_for_the_author_is_shown_with_an_escalation(console, items):
    assert "Samaritans : 116 123" in text(console.page(f"/console/items/{items[0]}"))
    assert "Samaritans" not in console.page(f"/console/items/{items[2]}")


def test_what_the_models_could_not_read_is_said(console, items):
    page = text(console.page(f"/console/items/{items[12]}"))
    assert "Another language The models can't read this language" in page


def test_same_sentence_for_two_labels_is_one_mark(console, items):
    shown = body(console.page(f"/console/items/{items[2]}"))
    assert 'title="Urging to stop a treatment · Telling someone which dose to take"' in shown


@pytest.mark.parametrize("path", ["items/item_nowhere", "items/..%2f..", "nowhere"])
def test_what_is_not_there_is_said_kindly(console, items, path):
    answer = console.get(f"/console/{path}")
    assert answer.status_code == 404 and "Go to the queue" in answer.text and "<!doctype html>" in answer.text


def test_a_post_deleted_meanwhile_is_not_shown(store, console, items):
    with store.write() as session:
        post = session.scalar(select(Post).where(Post.external_id == "1"))
        post.deleted = True
        withdraw(session, post, edited=False)
    answer = console.get(f"/console/items/{items[0]}")
    assert answer.status_code == 404 and "edited or deleted" in answer.text and "letters" not in answer.text


def test_a_verdict_of_another_shape_shows_the_text_without_reasons(store, console, items, caplog):
    with store.write() as session:
        session.get_one(Verdict, session.get_one(QueueItem, items[4]).verdict_id).document = {"odd": SAMPLES[4].body}
    page = console.page(f"/console/items/{items[4]}")
    assert "can’t be shown" in page and 'value="approve"' in page
    assert "quietly" in page and "wake up" not in page, "nobody knows what in it is private"
    console.post(f"/console/items/{items[4]}/personal-data", show="yes")
    assert words(body(console.page(f"/console/items/{items[4]}"))) == SAMPLES[4].body
    assert "can't be shown (KeyError)" in caplog.text and "wake up" not in caplog.text


def test_offsets_past_the_end_show_the_text(store, console, items):
    with store.write() as session:
        verdict = session.get_one(Verdict, session.get_one(QueueItem, items[7]).verdict_id)
        reasons = [{**reason, "start": 5, "end": 10_000} for reason in verdict.document["reasons"]]
        verdict.document = {**verdict.document, "reasons": reasons}
    assert words(body(console.page(f"/console/items/{items[7]}"))) == SAMPLES[7].body


def test_the_page_title_tells_nothing_of_the_post(console, items):
    title = re.search(r"<title>(.*?)</title>", console.page(f"/console/items/{items[5]}"))[1]
    assert title == "Home address · Heed"


def test_what_else_the_author_posted_is_shown_with_what_became_of_it(store, forum, console, items):
    with store.write() as session:
        where = session.merge(forum.forum, load=False)
        again = Sample("Off topic", "x", labels=(("dosing", 0.9, "x"),), author=SAMPLES[2].author)
        other = add_post(session, where, again, "again")
        clean = Sample("Off topic", "good morning all", author=SAMPLES[2].author)
        add_post(session, where, clean, "clean")
        add_post(session, where, Sample("b", "x", labels=(("dosing", 0.9, "x"),), author="somebody else"), "else")
    console.decide(other, "remove", label="medical.dosing")
    page = console.page(f"/console/items/{items[2]}")
    listed = text(re.search(r'<ul class="earlier">(.*?)</ul>', page, re.S)[1])
    assert "Telling someone which dose to take · Removed by robin" in listed and "Nothing found · Approved" in listed
    assert listed.count("Off topic") == 2
    assert f'href="/console/items/{other}"' in page


def test_an_author_the_forum_does_not_name_has_no_past(store, forum, console):
    with store.write() as session:
        where = session.merge(forum.forum, load=False)
        ids = [
            add_post(session, where, Sample("b", "x", labels=(("dosing", 0.9, "x"),), author=""), name) for name in "ab"
        ]
    assert 'class="earlier"' not in console.page(f"/console/items/{ids[0]}")


def test_sharp_sentences_are_blurred_for_who_wants_it(store, app, console, items, sam):
    assert 'class="reading"' in console.page(f"/console/items/{items[0]}")
    answer = console.post("/console/softened", softened="yes", back="/console/?label=medical")
    assert answer.headers["Location"] == "/console/?label=medical"
    page = console.page(f"/console/items/{items[0]}")
    assert (
        'class="reading softened"' in page and 'class="mark self_harm"' in page and 'tabindex="0">I’ve written' in page
    )
    assert "softened" not in re.search(r"<body[^>]*>", sam.page("/console/"))[0]
    assert console.post("/console/softened", softened="no", back="//evil").headers["Location"] == "/console/"
    assert 'class="list"' in console.page("/console/")
