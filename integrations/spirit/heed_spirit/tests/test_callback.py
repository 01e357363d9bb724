"""Verdicts, verified and carried out: who sees what afterwards."""

from datetime import timedelta

from django.test import override_settings
from django.utils import timezone
from spirit.comment.models import Comment
from spirit.comment.poll.models import CommentPoll, CommentPollChoice
from spirit.topic.models import Topic
from spirit.topic.notification.models import TopicNotification

from heed_spirit.models import Heard
from heed_spirit.tests.forum import CALLBACK, ForumCase

WORDS = "Lucky you!"
WAITS = "waits for a moderator"
LINES = [{"name": "Samaritans", "contact": "116 123", "url": "https://www.samaritans.org"}]


class CallbackCase(ForumCase):
    def setUp(self) -> None:
        super().setUp()
        self.sync()
        self.mo = self.person("mo", is_moderator=True)

    def letters(self, user) -> list[str]:
        """The private messages that somebody got."""
        return [letter.comment for letter in Comment.objects.filter(topic__topics_private__user=user).order_by("pk")]


class SignatureTest(CallbackCase):
    def test_a_forged_one_changes_nothing(self):
        answer = self.tell(self.reply, "hold", secret="whsec_" + "B" * 32)
        self.assertEqual((answer.status_code, self.post(self.reply).action), (401, ""))
        self.assertFalse(Heard.objects.exists())

    def test_one_without_a_signature_is_refused(self):
        for headers in ({}, {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "nonsense"}):
            self.assertEqual(
                self.client.post(CALLBACK, "{}", content_type="application/json", headers=headers).status_code, 401
            )

    def test_a_doubled_one_is_carried_out_once(self):
        for _ in range(2):
            answer = self.tell(self.reply, "remove", id_="msg_1", message="Please read the rules.")
            self.assertEqual(answer.status_code, 204)
        self.assertEqual(len(self.letters(self.bob)), 1)

    def test_ids_are_forgotten_in_time(self):
        self.tell(self.reply, "hold", id_="msg_1")
        Heard.objects.update(at=timezone.now() - timedelta(days=31))
        self.tell(self.reply, "hold", id_="msg_2")
        self.assertEqual([heard.pk for heard in Heard.objects.all()], ["msg_2"])

    def test_news_of_a_kind_we_do_not_know_is_no_error(self):
        self.assertEqual(self.tell(self.reply, "hold", type_="post.sung").status_code, 204)
        self.assertEqual(self.post(self.reply).action, "")


class HidingTest(CallbackCase):
    def test_a_held_post_is_seen_by_its_author_and_moderators_alone(self):
        self.tell(self.reply, "hold")
        for user, sees in ((None, False), (self.ann, False), (self.bob, True), (self.mo, True)):
            page = self.page(user)
            self.assertEqual((WORDS in page, WAITS in page), (sees, True), user)

    def test_what_is_published_is_shown_as_before(self):
        before = self.page()
        for hidden in ("hold", "remove"):
            self.tell(self.reply, hidden)
            self.assertNotIn(WORDS, self.page())
            for action in ("allow", "flag", "escalate"):
                self.tell(self.reply, action)
                self.assertIn(WORDS, self.page())
        self.assertEqual(self.page().count("heed_note"), before.count("heed_note"))
        self.reply.refresh_from_db()
        self.assertFalse(self.reply.is_removed)

    def test_a_profile_shows_it_no_more_than_the_topic(self):
        self.tell(self.reply, "hold")
        address = self.bob.st.get_absolute_url()
        self.assertNotIn(WORDS, self.page(self.ann, address))
        self.assertIn(WORDS, self.page(self.bob, address))

    def test_it_can_not_be_quoted(self):
        address = f"/comment/{self.topic.pk}/publish/{self.reply.pk}/quote/"
        self.assertIn(WORDS, self.page(self.ann, address))
        self.tell(self.reply, "hold")
        self.assertNotIn(WORDS, self.page(self.ann, address))
        self.assertIn(WORDS, self.page(self.mo, address))

    def test_the_voters_of_its_polls_are_not_shown(self):
        poll = CommentPoll.objects.create(comment=self.reply, name="pumps")
        choice = CommentPollChoice.objects.create(poll=poll, number=1, description="Ann at Elm Street")
        address = f"/comment/poll/voters/{choice.pk}/"
        for action, shown in (("allow", True), ("hold", False), ("remove", False), ("redact", False)):
            self.tell(self.reply, action, body="@ann Lucky you!")
            for user, sees in ((self.ann, shown), (self.bob, True), (self.mo, True)):
                self.assertEqual("Elm Street" in self.page(user, address), sees, (action, user))

    def test_what_its_author_has_mended_is_for_them_and_moderators_alone_judged_or_not(self):
        address = f"/comment/history/{self.reply.pk}/"
        for action in ("", "hold"):
            if action:
                self.tell(self.reply, action)
            self.client.force_login(self.bob)
            self.client.post(f"/comment/{self.reply.pk}/update/", {"comment": f"Good for you{action}."})
            self.sync()
            self.tell(self.reply, "allow")
            self.assertIn("Good for you", self.page(self.ann))
            for user, sees in ((None, False), (self.ann, False), (self.bob, True), (self.mo, True)):
                self.assertEqual(WORDS in self.page(user, address), sees, user)

    def test_the_title_of_a_hidden_opening_post_goes_with_it_and_comes_back_as_it_was(self):
        slug = self.topic.slug
        for action in ("hold", "remove", "hold"):
            self.tell(self.opening, action)
            self.assertNotIn("pump", self.page().replace(self.topic.user.username, ""))
            self.assertNotIn("pump", self.topic.get_absolute_url())
            # Heed knows the author's own title all the while.
            self.assertEqual([each["title"] for each in self.sync()], ["My new pump"])
            self.assertEqual(self.post(self.opening).revision, 1)
        self.tell(self.opening, "allow")
        self.topic.refresh_from_db()
        self.assertEqual((self.topic.title, self.topic.slug), ("My new pump", slug))

    def test_no_browser_keeps_the_way_to_an_address_that_changes(self):
        self.tell(self.opening, "hold")
        answer = self.client.get(f"/topic/{self.topic.pk}/my-new-pump/")
        self.assertEqual((answer.status_code, answer.url), (301, f"/topic/{self.topic.pk}/topic/"))
        self.assertIn("no-store", answer.headers["cache-control"])

    def test_a_title_that_its_author_writes_meanwhile_is_theirs(self):
        self.tell(self.opening, "hold")
        Topic.objects.filter(pk=self.topic.pk).update(title="A pump, at last")
        self.assertEqual([(each["title"], each["revision"]) for each in self.sync()], [("A pump, at last", 2)])
        self.tell(self.opening, "allow")
        self.topic.refresh_from_db()
        self.assertEqual((self.topic.title, self.topic.slug), ("A pump, at last", "my-new-pump"))

    def test_a_title_stays_hidden_whatever_its_author_writes_over_it(self):
        shown = {"hold": "[waits for a moderator]", "remove": "[removed]", "redact": "My [brand removed]"}
        for action, ours in shown.items():
            self.tell(self.opening, action, body="It came today.", title=ours)
            for theirs in ("My new pump", "A pump, at last", "My new pump"):
                self.client.force_login(self.ann)
                self.client.post(f"/topic/update/{self.topic.pk}/", {"title": theirs})
                self.assertEqual(self.sync()[0]["title"], theirs)
                self.topic.refresh_from_db()
                self.assertEqual((self.topic.title, self.topic.slug), (ours, "topic"))
                # Our own title is no news of the author's.
                revision = self.post(self.opening).revision
                self.assertEqual([each["revision"] for each in self.sync()], [revision])
                self.assertEqual(self.sync(), [])
        self.tell(self.opening, "allow")
        self.topic.refresh_from_db()
        self.assertEqual((self.topic.title, self.topic.slug), ("My new pump", "my-new-pump"))

    def test_a_deleted_post_is_left_alone(self):
        Comment.objects.filter(pk=self.reply.pk).update(is_removed=True)
        self.assertEqual(self.tell(self.reply, "hold", id_="msg_1").status_code, 503)
        self.assertEqual(self.post(self.reply).action, "")
        Comment.objects.filter(pk=self.reply.pk).update(is_removed=False)
        self.assertEqual(self.tell(self.reply, "hold", id_="msg_1").status_code, 204)
        self.assertEqual(self.post(self.reply).action, "hold")


class RedactingTest(CallbackCase):
    def test_the_text_without_the_words_stands_in_its_place(self):
        self.tell(self.reply, "redact", body="@ann [name removed] you!")
        for user in (None, self.ann, self.bob):
            page = self.page(user)
            self.assertIn("[name removed]", page)
            self.assertNotIn(WORDS, page)
        self.assertNotIn(WORDS, self.page(self.ann, f"/comment/{self.topic.pk}/publish/{self.reply.pk}/quote/"))

    def test_taken_back_the_authors_own_text_stands_there_again(self):
        self.tell(self.reply, "redact", body="@ann [name removed] you!")
        self.tell(self.reply, "allow", body="@ann Lucky you!")
        self.assertIn(WORDS, self.page())

    def test_what_it_holds_is_shown_as_markdown_and_never_as_html(self):
        self.tell(self.reply, "redact", body="**Strong** <script>alert(1)</script>")
        page = self.page()
        self.assertIn("<strong>Strong</strong>", page)
        self.assertNotIn("<script>alert(1)", page)

    def test_a_title_is_redacted_and_comes_back(self):
        self.tell(self.opening, "redact", body="It came today.", title="My [brand removed]")
        self.assertIn("My [brand removed]", self.page())
        self.tell(self.opening, "allow", body="It came today.", title="My new pump")
        self.assertIn("My new pump", self.page())


class OrderTest(CallbackCase):
    def test_a_verdict_on_an_older_revision_is_ignored(self):
        Comment.objects.filter(pk=self.reply.pk).update(comment="Good for you.")
        self.sync()
        self.tell(self.reply, "hold", revision=1)
        self.assertEqual(self.post(self.reply).action, "")

    def test_a_verdict_that_crosses_an_edit_waits_for_the_words_that_it_is_of(self):
        reply = Comment.objects.filter(pk=self.reply.pk)
        for words, status, action in (("Not sent yet.", 503, ""), (self.reply.comment, 204, "hold")):
            reply.update(comment=words)
            self.assertEqual(self.tell(self.reply, "hold", id_="msg_1", revision=1).status_code, status)
            self.assertEqual(self.post(self.reply).action, action)

    def test_a_verdict_that_crosses_an_edit_is_done_with_once_the_newer_words_are_sent(self):
        Comment.objects.filter(pk=self.reply.pk).update(comment="Not sent yet.")
        self.assertEqual(self.tell(self.reply, "hold", id_="msg_1", revision=1).status_code, 503)
        self.sync()
        self.assertEqual(self.tell(self.reply, "hold", id_="msg_1", revision=1).status_code, 204)
        self.assertEqual(self.post(self.reply).action, "")

    def test_a_verdict_older_than_the_one_that_stands_is_ignored(self):
        self.tell(self.reply, "allow")
        self.tell(self.reply, "hold", at=timezone.now() - timedelta(minutes=1))
        self.assertEqual(self.post(self.reply).action, "allow")

    def test_an_edit_stays_hidden_until_it_is_judged(self):
        self.tell(self.reply, "hold")
        Comment.objects.filter(pk=self.reply.pk).update(comment="Mended.", comment_html="<p>Mended.</p>")
        self.sync()
        self.assertNotIn("Mended.", self.page())
        self.tell(self.reply, "allow")
        self.assertIn("Mended.", self.page())


class LetterTest(CallbackCase):
    def test_a_message_reaches_the_author_and_nobody_else(self):
        self.tell(self.reply, "remove", type_="post.decision", message="Please leave out the dose.")
        [letter] = self.letters(self.bob)
        self.assertIn("Please leave out the dose.", letter)
        self.assertIn(self.reply.get_absolute_url(), letter)
        self.assertEqual(self.letters(self.ann), [])
        self.assertEqual(TopicNotification.objects.filter(user=self.bob, is_read=False).count(), 1)
        self.assertIn("Please leave out the dose.", self.page(self.bob, Topic.objects.latest("pk").get_absolute_url()))

    def test_letters_are_no_posts_for_heed(self):
        self.tell(self.reply, "remove", message="Please leave out the dose.")
        self.assertEqual(self.sync(), [])

    @override_settings(HEED_PRIVATE_TOPICS=True, HEED_SENDER="mo")
    def test_nor_are_they_where_private_topics_are_read_or_the_answers_to_them(self):
        self.tell(self.reply, "remove", message="Please leave out the dose.")
        self.write(self.bob, "But why?", Topic.objects.latest("pk"))
        self.assertEqual(self.sync(), [])
        self.write(self.mo, "What moderators write elsewhere is read.")
        self.assertEqual(len(self.sync()), 1)

    def test_who_may_be_in_danger_gets_the_lines_once_and_their_post_stays(self):
        self.tell(self.reply, "escalate", crisis_resources=LINES)
        self.tell(self.reply, "escalate", crisis_resources=LINES)
        [letter] = self.letters(self.bob)
        self.assertIn("116 123", letter)
        self.assertIn(WORDS, self.page(self.ann))

    def test_they_get_them_at_once_where_they_have_changed_their_words(self):
        Comment.objects.filter(pk=self.reply.pk).update(comment="Never mind me.")
        for _ in range(2):
            self.assertEqual(self.tell(self.reply, "escalate", id_="msg_1", crisis_resources=LINES).status_code, 503)
        self.assertEqual(len(self.letters(self.bob)), 1)
        self.assertEqual(self.post(self.reply).action, "")

    def test_care_reaches_the_author_of_a_post_that_is_deleted(self):
        Comment.objects.filter(pk=self.reply.pk).update(is_removed=True)
        self.tell(self.reply, "", type_="post.care", message="We think of you.", crisis_resources=LINES)
        [letter] = self.letters(self.bob)
        self.assertIn("We think of you.", letter)
        self.assertIn("116 123", letter)

    def test_nobody_can_answer_an_account_that_nobody_reads(self):
        self.tell(self.reply, "remove", message="Please leave out the dose.")
        self.assertTrue(Topic.objects.latest("pk").is_closed)
        self.assertFalse(Topic.objects.latest("pk").user.has_usable_password())
