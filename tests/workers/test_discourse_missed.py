"""What Discourse's webhooks missed is found by asking, and nothing that is known is disturbed."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from discourse_server import KEY
from discourse_side import Side
from sqlalchemy import select

from service.store.models import Forum, Post, Revision, now
from workers import deliver, sweep
from workers.cli import main
from workers.missed import forums_due, look_back, look_where_due

DELETED = "2026-11-20T23:00:00.000Z"


@pytest.fixture
def side(desk, discourse, settings_env, valkey, choose):
    settings_env(HEED_ALLOW_PRIVATE_CALLBACKS="true")
    return Side(desk, discourse, choose(allow_private_callbacks=True))


def look(side, days: int = 7) -> dict[str, int]:
    return {name: count for name, count in look_back(side.store, "harbour", days).items() if count}


def heed(*arguments: str, stdin: str = ""):
    return CliRunner().invoke(main, list(arguments), input=stdin, catch_exceptions=False)


def newest(side) -> dict[str, str]:
    """The newest text of each post that is there."""
    query = select(Post.external_id, Revision.body).join(Revision, Revision.post_id == Post.id)
    with side.store.read() as session:
        found = session.execute(query.where(Revision.number == Post.revision, Post.deleted.is_(False)))
        return {row[0].partition("/p/")[2]: row[1] for row in found}


def test_a_post_that_no_webhook_told_of_is_taken_in_as_its_webhook_would(side, discourse):
    missed, known = discourse.write("missed"), discourse.write("known")
    side.take_in(known)
    assert look(side) == {"read": 1}
    assert newest(side) == {str(missed.id): "missed", str(known.id): "known"}
    with side.store.read() as session:
        found = {each.body: each for each in session.scalars(select(Revision))}
    for name in ("board", "title", "thread", "author", "format"):
        assert getattr(found["missed"], name) == (getattr(found["known"], name) if name != "title" else "Halving")
    assert found["missed"].url == f"{discourse.url}/t/halving/77/1"
    assert look(side) == {}


def test_edits_counted_or_quick_are_found(side, discourse):
    counted, quick = discourse.write("one"), discourse.write("two")
    side.take_in(counted)
    side.take_in(quick)
    discourse.edit(counted, "one, counted")
    discourse.edit(quick, "two, quick", quick=True)
    assert look(side) == {"read": 2}
    assert set(newest(side).values()) == {"one, counted", "two, quick"}


def test_deletions_are_found_by_a_moderator_by_the_author_and_for_good(side, discourse):
    posts = [discourse.write(f"words {number}") for number in range(4)]
    for post in posts:
        side.take_in(post)
    posts[0].deleted_at, posts[1].user_deleted = DELETED, True
    del discourse.posts[posts[2].id]
    assert look(side) == {"deleted": 3}
    assert newest(side) == {str(posts[3].id): "words 3"}
    assert look(side) == {}


def test_what_was_brought_back_is_read_again_and_may_go_again(side, discourse):
    post = discourse.write("words")
    side.take_in(post)
    for _ in range(2):
        post.deleted_at = DELETED
        assert look(side) == {"deleted": 1}
        post.deleted_at = None
        assert look(side) == {"recovered": 1}
        assert newest(side) == {str(post.id): "words"}


def test_what_was_erased_stays_so(side, discourse):
    from service.intake import accept

    post = discourse.write("words")
    side.take_in(post)
    with side.store.write() as session:
        accept.erase(session, session.get_one(Forum, side.forum.id), side.id_of(post), now())
    assert look(side) == {}
    with side.store.read() as session:
        assert session.scalars(select(Revision)).all() == []


def test_a_post_that_heed_hid_stands_in_no_list_and_is_not_taken_for_gone(side, discourse):
    post = discourse.write("dangerous_remedy: drink it")
    side.judge(post)
    assert post.hidden and look(side) == {}
    discourse.edit(post, "dangerous_remedy: drink it all", by="ann")
    assert look(side) == {"read": 1}
    with side.store.read() as session:
        revision = session.scalars(select(Revision).where(Revision.number == 2)).one()
    assert (revision.title, revision.board) == ("Halving", "thyroid")


def test_the_list_is_read_page_by_page_as_far_back_as_asked(side, discourse):
    old = discourse.write("old", created_at=now() - timedelta(days=9))
    for number in range(120):
        discourse.write(f"words {number}")
    assert look(side, days=7)["read"] == 121 - (old.raw not in newest(side).values())
    assert sum(path == "/posts.json" for _, path, _ in discourse.asked) == 3


def test_what_heed_itself_wrote_is_not_taken_in(side, discourse):
    discourse.write("a letter", username="Heed")
    assert look(side) == {} and newest(side) == {}


def test_by_itself_each_forum_has_its_turn_and_nothing_is_lost_where_discourse_is_away(side, discourse, store):
    discourse.write("missed", created_at=now() - timedelta(days=2))
    chosen = side.chosen
    assert forums_due(store, chosen.model_copy(update={"discourse_minutes": 0})) == []
    assert forums_due(store, chosen) == [side.forum.id]
    side.desk.change(Forum, discourse_known_at=now() - timedelta(days=3))
    discourse.broken = [502]
    look_where_due(store, chosen)
    assert newest(side) == {} and forums_due(store, chosen) == []
    side.desk.change(Forum, discourse_asked_at=now() - timedelta(minutes=16))
    look_where_due(store, chosen)
    assert list(newest(side).values()) == ["missed"]
    with store.read() as session:
        forum = session.get_one(Forum, side.forum.id)
    assert forum.discourse_known_at == forum.discourse_asked_at


def test_the_sweeper_wakes_the_deliver_worker_who_asks(side, discourse, store):
    from service.wakeup import redis_connection

    discourse.write("missed")
    sweep.once()
    assert redis_connection().llen("rq:queue:deliver") == 1
    deliver.run()
    assert list(newest(side).values()) == ["missed"]
    assert redis_connection().llen("rq:queue:classify") == 1


@pytest.mark.parametrize("document", [{}, {"latest_posts": [{"raw": "words"}]}, {"latest_posts": [{"id": "x"}]}])
def test_an_answer_of_another_shape_is_one_sentence(side, discourse, document):
    discourse.write("words")
    discourse.latest = lambda *_: (200, document)
    if document:
        done = heed("reconcile", "harbour")
        assert done.exit_code == 1 and "another shape" in done.output and done.output.count("\n") == 1
    else:
        assert look(side) == {}


def test_the_command_says_what_was_found(side, discourse):
    discourse.write("missed")
    done = heed("reconcile", "harbour", "--days", "2")
    assert (done.exit_code, done.output) == (0, "read: 1, deleted: 0, recovered: 0, refused: 0\n")
    discourse.broken = [500]
    done = heed("reconcile", "harbour")
    assert done.exit_code == 1 and "500" in done.output and "words of a post" not in done.output


def test_a_forum_without_discourse_is_one_sentence(forum):
    done = heed("reconcile", "harbour")
    assert done.exit_code == 1 and "heed forum discourse harbour" in done.output


class TestConnecting:
    """`heed forum discourse`"""

    @pytest.fixture(autouse=True)
    def _allowed(self, forum, settings_env):
        settings_env(HEED_ALLOW_PRIVATE_CALLBACKS="true")

    def columns(self, store) -> tuple[str, str, str, bool]:
        with store.read() as session:
            forum = session.scalars(select(Forum)).one()
        return forum.callback_url, forum.discourse_user, forum.discourse_key, forum.discourse_flags

    def test_a_key_is_tried_kept_and_never_printed(self, store, discourse):
        done = heed("forum", "discourse", "harbour", f"{discourse.url}/", "--key-stdin", "--flags", stdin=f"{KEY}\n")
        assert done.exit_code == 0 and KEY not in done.output, done.output
        assert self.columns(store) == (discourse.url, "heed", KEY, True)

    def test_off_forgets_it(self, store, discourse):
        heed("forum", "discourse", "harbour", discourse.url, "--key-stdin", stdin=KEY)
        assert heed("forum", "discourse", "harbour", "--off").exit_code == 0
        assert self.columns(store)[:3] == ("", "", "")

    @pytest.mark.parametrize(
        ("options", "key", "sentence"),
        [
            ([], "wrong", "does not take the key for heed"),
            (["--user", "jo_b"], KEY, "no moderator"),
        ],
    )
    def test_one_that_will_not_do_is_one_sentence_and_nothing_changes(self, store, discourse, options, key, sentence):
        before = self.columns(store)
        done = heed("forum", "discourse", "harbour", discourse.url, *options, "--key-stdin", stdin=key)
        assert done.exit_code == 1 and sentence in done.output and done.output.count("\n") == 1
        assert self.columns(store) == before

    def test_a_private_address_is_refused(self, settings_env, discourse):
        settings_env(HEED_ALLOW_PRIVATE_CALLBACKS="false")
        done = heed("forum", "discourse", "harbour", discourse.url, "--key-stdin", stdin=KEY)
        assert done.exit_code == 1 and "HEED_ALLOW_PRIVATE_CALLBACKS" in done.output and discourse.asked == []

    def test_encrypted_where_heed_encrypts(self, store, discourse, settings_env):
        from marker import columns_with

        from service.keyring import new_key

        settings_env(HEED_ENCRYPTION_KEYS=new_key())
        assert heed("forum", "discourse", "harbour", discourse.url, "--key-stdin", stdin=KEY).exit_code == 0
        assert columns_with(store, KEY) == []
        assert self.columns(store)[2] == KEY
