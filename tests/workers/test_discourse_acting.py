"""Verdicts carried out on a Discourse: hidden, given back, changed, told; each once, whatever breaks in between."""

import pytest
from discourse_side import Side

from service.store.models import Forum

BAD = "dangerous_remedy: drink it neat"
DIRE = "a crisis tonight"


@pytest.fixture
def side(desk, discourse, choose):
    return Side(desk, discourse, choose(allow_private_callbacks=True, callback_timeout_seconds=5))


def test_a_harmless_post_costs_discourse_no_request(side, discourse):
    side.judge(discourse.write("words"))
    assert discourse.asked == []
    assert side.delivery().state == "delivered"


def test_a_held_post_is_hidden_and_waits_in_discourses_queue_too(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    assert post.hidden and discourse.item_of(post).status == "pending"
    assert discourse.to_moderators == [] and discourse.letters == []
    assert side.delivery().state == "delivered"
    flagged = next(form for method, path, form in discourse.asked if path == "/post_actions.json")
    assert flagged == {"id": str(post.id), "post_action_type_id": "4", "queue_for_review": "true"}


def test_an_approved_post_is_back_and_its_item_closed(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    side.decide(post, "approve")
    assert not post.hidden and post.visible_topic and discourse.item_of(post).status == "rejected"


def test_a_removed_post_stays_hidden_its_item_is_closed_and_its_author_told_why(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    side.decide(post, "remove", label="medical.dangerous_remedy", message="Please write it without the advice.")
    assert post.hidden and discourse.item_of(post).status == "approved"
    [letter] = discourse.letters
    assert (letter.external_id, letter.to) == (side.verdict(post), "jo_b")
    assert letter.raw == f"Please write it without the advice.\n\n{discourse.url}/t/halving/77/1"


def test_an_undo_gives_back_what_was_removed(side, discourse):
    post = discourse.write("dosing: take two")
    side.judge(post)
    assert not post.hidden
    side.decide(post, "remove", label="medical.dosing")
    assert post.hidden
    side.undo(post)
    assert not post.hidden and side.delivery().state == "delivered"


def test_what_was_approved_and_then_edited_can_be_hidden_again(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    side.decide(post, "approve")
    discourse.edit(post, BAD + ", all of them")
    side.judge(post)
    assert post.hidden and side.delivery().state == "delivered"


def test_an_author_who_edits_a_held_post_shows_it_and_it_is_hidden_again(side, discourse):
    post = discourse.write(BAD)
    for words in ("once", "twice", "three times"):
        side.judge(post)
        assert post.hidden
        discourse.edit(post, f"{BAD} {words}")
        assert not post.hidden


def test_an_edit_for_the_better_closes_the_item_that_is_heeds_alone(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    discourse.edit(post, "words")
    side.judge(post)
    assert not post.hidden and discourse.item_of(post).status == "rejected"


def test_what_others_flagged_too_stays_for_discourses_moderators(side, discourse):
    post = discourse.write(BAD)
    discourse.flag("kim", post, 3)
    side.judge(post)
    side.decide(post, "approve")
    assert not post.hidden and discourse.item_of(post).status == "pending"


def test_what_heed_did_not_hide_heed_does_not_show(side, discourse):
    post = discourse.write("dosing: take two")
    side.judge(post)
    discourse.flag("ann", post, 4, queue=True)
    side.decide(post, "approve")
    assert post.hidden and discourse.item_of(post).status == "pending"


def test_a_hidden_post_is_not_flagged_once_more(side, discourse):
    post = discourse.write(BAD, hidden=True)
    side.judge(post)
    assert discourse.done == []


def test_a_version_that_knows_no_queue_for_review_hides_by_its_item(side, discourse):
    discourse.knows_queue_for_review = False
    post = discourse.write(BAD)
    side.judge(post)
    assert post.hidden and discourse.item_of(post).status == "approved"
    side.decide(post, "approve")
    assert not post.hidden


def test_just_decided_a_post_is_hidden_by_a_flag_of_the_other_kind(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    side.decide(post, "approve")
    side.undo(post)
    assert post.hidden and len(discourse.to_moderators) == 1


def test_a_post_that_can_not_be_hidden_is_said_to_be_and_tried_again(side, discourse):
    discourse.staff.discard("heed")
    post = discourse.write(BAD)
    side.judge(post)
    assert not post.hidden
    assert side.delivery().state == "pending" and "moderator" in side.delivery().last_error
    discourse.staff.add("heed")
    discourse.posts[post.id].flags.clear()
    side.desk.pass_time()
    side.send()
    assert post.hidden and side.delivery().state == "delivered"


def test_by_itself_nothing_visible_is_flagged(side, discourse):
    side.judge(discourse.write("dosing: take two"))
    assert discourse.asked == []


def test_where_the_forum_wants_it_what_stays_visible_is_flagged_with_a_message(side, discourse):
    side.connect(flags=True)
    post = discourse.write("dosing: take two")
    side.judge(post)
    [message] = discourse.to_moderators
    assert message.startswith("Heed: medical.dosing. http") and "/console/items/item_" in message
    assert not post.hidden and [flag.kind for flag in post.flags] == [7]
    side.decide(post, "hold")
    assert post.hidden


def test_what_was_flagged_and_then_mended_waits_no_longer_in_discourses_queue(side, discourse):
    side.connect(flags=True)
    post = discourse.write("dosing: take two")
    side.judge(post)
    discourse.edit(post, "words")
    side.judge(post)
    assert discourse.item_of(post).status == "rejected" and side.delivery().state == "delivered"


def test_beyond_its_reach_heed_says_that_a_post_has_to_be_hidden_by_hand(side, discourse):
    side.connect(flags=True)
    post = discourse.write("dosing: take two")
    side.judge(post)
    side.decide(post, "approve")
    discourse.edit(post, BAD)
    side.judge(post)
    assert not post.hidden and "by hand" in side.delivery().last_error and side.delivery().state == "pending"


def test_a_conflict_of_versions_is_read_again_and_decided(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    item, perform = discourse.item_of(post), discourse.perform
    racing = [True, True]

    def perform_after_somebody_else(*arguments):
        if racing:
            item.version += racing.pop()
        perform(*arguments)

    discourse.perform = perform_after_somebody_else
    side.decide(post, "approve")
    assert not post.hidden and item.status == "rejected" and side.delivery().state == "delivered"


def test_others_who_are_always_faster_are_waited_for(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    item, perform = discourse.item_of(post), discourse.perform

    def perform_too_late(*arguments):
        item.version += 1
        perform(*arguments)

    discourse.perform = perform_too_late
    side.decide(post, "approve")
    assert (side.delivery().state, side.delivery().last_status) == ("pending", 409)
    discourse.perform = perform
    side.desk.pass_time()
    side.send()
    assert not post.hidden and side.delivery().state == "delivered"


def test_an_approved_post_is_back_even_while_its_item_is_claimed_by_somebody(side, discourse):
    post = discourse.write(BAD)
    side.judge(post)
    discourse.claimed_by_others = True
    side.decide(post, "approve")
    assert not post.hidden and (side.delivery().state, side.delivery().last_status) == ("pending", 422)
    discourse.claimed_by_others = False
    side.desk.pass_time()
    side.send()
    assert discourse.item_of(post).status == "rejected" and side.delivery().state == "delivered"


def test_an_item_far_down_the_queue_is_found(side, discourse):
    for number in range(23):
        discourse.flag("kim", discourse.write(f"rude {number}"), 3)
    post = discourse.write(BAD)
    side.judge(post)
    side.decide(post, "approve")
    assert discourse.item_of(post).status == "rejected"


def test_who_is_in_danger_is_written_to_once_and_the_post_stays(side, discourse):
    post = discourse.write(DIRE)
    side.judge(post)
    discourse.edit(post, DIRE + ", again")
    side.judge(post)
    [letter] = discourse.letters
    assert "Samaritans" in letter.raw and letter.title == "About your post" and not post.hidden
    assert [each.state for each in side.desk.deliveries()] == ["delivered"] * 2


def test_a_redacted_text_is_shown_its_history_hidden_and_the_authors_own_comes_back(side, discourse):
    post = discourse.write("dosing: call Ann Lee on 07700 900461")
    discourse.edit(post, "dosing: please call Ann Lee on 07700 900461")
    side.judge(post)
    side.decide(post, "redact", left_out=("07700 900461",))
    assert "07700" not in post.raw and post.version == 3
    assert {number: each.hidden for number, each in post.revisions.items()} == {2: True, 3: True}
    side.take_in(post)
    side.undo(post)
    assert post.raw == "dosing: please call Ann Lee on 07700 900461"
    assert side.delivery().state == "delivered"


def test_words_of_which_heed_has_not_heard_are_not_judged(side, discourse):
    post = discourse.write(BAD)
    side.take_in(post)
    discourse.edit(post, "Better words.", quick=True)
    side.read()
    side.send()
    assert not post.hidden and side.delivery().state == "pending" and "other words" in side.delivery().last_error
    side.judge(post)
    assert [each.state for each in side.desk.deliveries()] == ["superseded", "delivered"]
    assert not post.hidden


def test_a_post_that_is_gone_is_let_be(side, discourse):
    post = discourse.write(BAD, deleted_at="2026-11-20T23:00:00.000Z")
    side.take_in(post)
    side.judge(post)
    assert discourse.done == [] and side.delivery().state == "delivered"


def test_a_post_of_another_discourse_is_given_up_and_nobody_is_asked(side, discourse):
    side.desk.submit("other.example.org/p/9", BAD)
    side.judge(discourse.write("words"))
    states = {each.state: each.last_error for each in side.desk.deliveries()}
    assert "another Discourse" in states["given_up"] and discourse.asked == []


@pytest.mark.parametrize("step", range(5))
def test_broken_off_anywhere_it_is_finished_and_nothing_is_done_twice(side, discourse, step):
    post = discourse.write(BAD)
    discourse.broken = [0] * step + [502]
    side.judge(post)
    side.desk.pass_time()
    side.send()
    assert post.hidden and side.delivery().state == "delivered"
    discourse.broken = [0] * step + [503]
    side.decide(post, "remove", label="medical.dangerous_remedy", message="Without the advice, please.")
    side.desk.pass_time()
    side.send()
    assert post.hidden and side.delivery().state == "delivered" and len(discourse.letters) == 1
    assert len(post.flags) == 1 and discourse.item_of(post).status == "approved"


def test_discourse_being_down_loses_nothing(side, discourse):
    post = discourse.write(BAD)
    discourse.broken = [500]
    side.judge(post)
    assert (side.delivery().state, side.delivery().last_status) == ("pending", 500)
    assert "words of a post" not in side.delivery().last_error
    side.desk.pass_time()
    side.send()
    assert post.hidden


def test_asked_to_slow_down_it_waits_as_long_as_discourse_says(side, discourse):
    discourse.busy_after = 1
    post = discourse.write(BAD)
    side.judge(post)
    delivery = side.delivery()
    assert (delivery.state, delivery.last_status) == ("pending", 429) and "rate_limit" in delivery.last_error
    discourse.busy_after = None
    side.desk.pass_time()
    side.send()
    assert post.hidden


def test_an_errand_asks_nothing_more_once_others_may_take_it_up(side, discourse, choose):
    side.chosen = choose(allow_private_callbacks=True, lease_seconds=-1)
    post = discourse.write(BAD)
    side.judge(post)
    assert discourse.asked == [] and "took too long" in side.delivery().last_error
    side.chosen = choose(allow_private_callbacks=True)
    side.desk.pass_time()
    side.send()
    assert post.hidden


def test_discourses_410_does_not_turn_the_forum_off(side, discourse):
    discourse.broken = [410]
    side.judge(discourse.write(BAD))
    assert side.delivery().state == "pending"
    with side.store.read() as session:
        assert session.get_one(Forum, side.forum.id).callback_disabled == ""


def test_a_wrong_key_is_one_sentence_without_the_key(side, discourse):
    side.desk.change(Forum, discourse_key="stolen")
    side.judge(discourse.write(BAD))
    assert "403" in side.delivery().last_error and "stolen" not in side.delivery().last_error
