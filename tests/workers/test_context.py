"""A reply is read with what it answers: the forum's own excerpt, else the post that Heed knows."""

from dataclasses import replace

import pytest
from reading import Reader, findings
from sqlalchemy import select

from classifiers.findings import MarkedSpan, Part
from classifiers.labels import Area
from service.forums import add_forum
from service.intake import accept
from service.intake.submission import Submission
from service.store.models import Verdict, now
from workers.classify import read_all
from workers.context import END

QUESTION = "Should I go up to 40 mg?"


class Listener(Reader):
    """Keeps the parent that each text was read with."""

    def __init__(self) -> None:
        super().__init__()
        self.parents: dict[str, str] = {}

    def read(self, posts):
        self.parents |= {post.text: post.parent for post in posts}
        return super().read(posts)


@pytest.fixture
def parents(store, chosen):
    """Read everything that waits; what each text was read with."""

    def read() -> dict[str, str]:
        reader = Listener()
        read_all(store, reader, chosen)
        return reader.parents

    return read


def test_the_post_replied_to_is_read_as_the_parent(desk, parents):
    desk.submit("1", QUESTION)
    desk.submit("2", "double it, I did", reply_to="1")
    assert parents() == {QUESTION: "", "double it, I did": QUESTION}


def test_its_newest_text_counts_and_its_own_words_only(desk, parents):
    desk.submit("1", "first")
    desk.submit("1", "> what another said\n\n**second**", revision=2, format="markdown")
    desk.submit("2", "yes", reply_to="1")
    assert parents()["yes"].strip() == "second"


def test_what_the_forum_gives_comes_first(desk, parents):
    desk.submit("1", QUESTION)
    desk.submit("2", "yes", reply_to="1", parent="its own excerpt")
    assert parents()["yes"] == "its own excerpt"


@pytest.mark.parametrize("gone", [accept.delete, accept.erase])
def test_a_deleted_or_erased_post_is_not_read_as_a_parent(store, desk, parents, gone):
    desk.submit("1", QUESTION)
    desk.submit("2", "yes", reply_to="1")
    with store.write() as session:
        gone(session, session.merge(desk.forum, load=False), "1", now())
    assert parents() == {"yes": ""}


def test_another_forums_post_of_the_same_id_is_not_read_as_a_parent(store, desk, parents):
    with store.write() as session:
        other = add_forum(session, "cove", "Cove").forum
        accept.accept(session, other, Submission(id="1", body=QUESTION))
    desk.submit("2", "yes", reply_to="1")
    assert parents()["yes"] == ""


def test_of_a_long_parent_beginning_and_end_are_read(desk, parents):
    desk.submit("1", "a" * 5_000 + "z" * 5_000)
    desk.submit("2", "yes", reply_to="1")
    assert parents()["yes"] == "a" * END + "\n" + "z" * END


@pytest.mark.parametrize(("submitted", "kept"), [("ring 07700 900461", 1), ("", 0)])
def test_only_what_the_reply_itself_holds_is_kept_of_a_parent(store, desk, chosen, submitted, kept):
    """Places in another post's text would be nobody's once that post is edited."""

    class Masking(Reader):
        def read(self, posts):
            mask = (MarkedSpan(Area.PERSONAL_DATA, "phone", 5, 17, 0.9, part=Part.PARENT),)
            return [replace(findings(), parent=mask) for _ in posts]

    desk.submit("2", "yes", reply_to="1", parent=submitted)
    read_all(store, Masking(), chosen)
    with store.read() as session:
        verdict = session.scalar(select(Verdict))
    assert len(verdict.findings.get("parent", [])) == len(verdict.document.get("parent_spans", [])) == kept
    assert verdict.document["action"] == "allow" and verdict.document["spans"] == []
