"""What Heed is told, and what becomes of it where Heed can't be told."""

import json
from datetime import timedelta
from io import StringIO
from unittest import mock

import httpx
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.models import F
from django.test import override_settings
from django.utils import timezone
from spirit.category.models import Category
from spirit.comment.models import Comment
from spirit.core.conf import settings
from spirit.topic.models import Topic
from standardwebhooks.webhooks import Webhook

from heed_spirit import conf, triggers
from heed_spirit.client import NotNow
from heed_spirit.models import Post
from heed_spirit.sync import reconcile
from heed_spirit.tests.forum import ForumCase


class SyncTest(ForumCase):
    def test_an_opening_post_has_the_title_and_a_reply_says_what_it_answers(self):
        opening, reply = self.sync()
        self.assertEqual(
            (opening["title"], opening["body"], opening["board"]), ("My new pump", "It came today.", "diabetes")
        )
        self.assertEqual(
            (reply["title"], reply["thread"], reply["reply_to"]), ("", str(self.topic.pk), str(self.opening.pk))
        )
        self.assertEqual((opening["format"], opening["author"], opening["revision"]), ("markdown", str(self.ann.pk), 1))
        self.assertTrue(reply["url"].startswith(settings.ST_SITE_URL))

    def test_a_quote_names_the_newest_post_of_whom_it_quotes(self):
        self.write(self.ann, "And it works.")
        quote = self.write(self.bob, "> @ann said:\n> And it works.\n\nWonderful.")
        self.assertEqual(self.sync()[-1]["reply_to"], str(quote.pk - 1))

    def test_every_request_is_signed(self):
        self.sync()
        hook = Webhook(conf.get("HEED_WEBHOOK_SECRET"))
        ids = {request.headers["webhook-id"] for request in self.heed.requests}
        self.assertEqual(len(ids), 2)
        for request in self.heed.requests:
            hook.verify(request.content, request.headers)
            self.assertEqual(request.headers["x-heed-forum"], conf.get("HEED_FORUM"))

    def test_an_edit_is_a_higher_revision_and_no_edit_is_none(self):
        self.sync()
        self.reply.save()
        self.assertEqual(self.sync(), [])
        Comment.objects.filter(pk=self.reply.pk).update(comment="Other words.")
        self.assertEqual([(each["revision"], each["body"]) for each in self.sync()], [(2, "Other words.")])

    def test_a_private_topic_stays_private(self):
        private = Category.objects.get(pk=settings.ST_TOPIC_PRIVATE_CATEGORY_PK)
        secret = self.write(self.ann, "Between us.", Topic.objects.create(user=self.ann, category=private, title="Us"))
        self.assertNotIn("Between us.", [each["body"] for each in self.sync()])
        with override_settings(HEED_PRIVATE_TOPICS=True):
            Comment.objects.filter(pk=secret.pk).update(comment="Still between us.")
            self.assertEqual([each["body"] for each in self.sync()], ["Still between us."])

    def test_a_post_that_becomes_private_leaves_heed(self):
        self.sync()
        Topic.objects.filter(pk=self.topic.pk).update(category_id=settings.ST_TOPIC_PRIVATE_CATEGORY_PK)
        self.assertEqual([each["type"] for each in self.sync()], ["post.deleted"] * 2)

    def test_who_deletes_their_account_is_forgotten_by_heed(self):
        self.sync()
        self.bob.delete()
        self.assertEqual(
            [(each["type"], each["data"]["id"]) for each in self.sync()], [("post.erased", str(self.reply.pk))]
        )
        self.assertEqual(Post.objects.count(), 1)

    def test_what_was_deleted_before_heed_knew_is_never_told(self):
        Comment.objects.filter(pk=self.reply.pk).update(is_removed=True)
        self.assertEqual([each["id"] for each in self.sync()], [str(self.opening.pk)])

    def test_while_heed_is_down_everything_waits_and_then_is_told_once(self):
        for self.heed.status in (503, 429, 500, 401, 404):
            with self.assertRaises(NotNow):
                self.sync()
        self.heed.status = 202
        self.assertEqual(len(self.sync()), 2)
        self.assertEqual(self.sync(), [])

    def test_what_heed_refuses_does_not_hold_up_the_rest(self):
        self.heed.status = 422
        self.sync()
        self.assertEqual(self.post(self.reply).problem, "No.")
        self.heed.status = 202
        self.write(self.ann, "More.")
        self.assertEqual([each["body"] for each in self.sync()], ["More."])

    def test_what_heed_stumbles_over_does_not_hold_up_the_rest_and_is_tried_again(self):
        taken = self.heed.answer

        def stumble(request: httpx.Request) -> httpx.Response:
            fails = json.loads(request.content)["id"] == str(self.opening.pk)
            return httpx.Response(500, text="Oh.") if fails else taken(request)

        with mock.patch.object(self.heed, "answer", stumble), self.assertRaisesMessage(NotNow, "Heed answers 500: Oh."):
            self.sync()
        self.assertEqual([each["id"] for each in self.heed.sent], [str(self.reply.pk)])
        self.assertEqual([each["id"] for each in self.sync()], [str(self.opening.pk)])

    def test_a_heed_that_is_down_is_asked_once(self):
        for self.heed.status in (429, 502, 503, 504):
            before = len(self.heed.requests)
            with self.assertRaises(NotNow):
                self.sync()
            self.assertEqual(len(self.heed.requests), before + 1)

    def test_words_that_change_before_the_answer_came_get_another_number(self):
        with (
            mock.patch.object(self.heed, "answer", side_effect=ConnectionResetError),
            self.assertRaises(ConnectionResetError),
        ):
            self.sync()
        Comment.objects.filter(pk=self.opening.pk).update(comment="It came yesterday.")
        self.assertEqual(self.sync()[0]["revision"], 2)

    def test_a_number_that_heed_has_for_other_words_is_raised(self):
        self.heed.status = 409
        self.sync()
        self.heed.status = 202
        self.assertEqual([each["revision"] for each in self.sync()], [2, 2])

    def test_after_a_backup_is_restored_the_numbers_go_on_where_heed_stands(self):
        self.heed.known[str(self.reply.pk)] = {"revision": 7, "status": "done", "erasure": None}
        self.sync()
        self.assertEqual([each["revision"] for each in self.sync()], [8])
        self.assertEqual(self.sync(), [])


class CommandTest(ForumCase):
    def run_with(self, *arguments: str) -> str:
        out = StringIO()
        with mock.patch("heed_spirit.management.commands.heed_sync.Heed", self.heed.client):
            call_command("heed_sync", *arguments, stdout=out, stderr=out)
        return out.getvalue()

    def test_once_sends_what_waits(self):
        self.assertIn("2 told", self.run_with("--once"))

    def test_once_fails_where_heed_is_down(self):
        self.heed.status = 503
        with self.assertRaisesMessage(CommandError, "Heed answers 503"):
            self.run_with("--once")

    def test_the_loop_waits_longer_each_time_and_as_long_as_heed_says(self):
        self.heed.status, pauses = 503, []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            self.heed.headers = {"retry-after": "90"} if len(pauses) == 2 else {}
            self.heed.status = 202 if len(pauses) == 4 else self.heed.status
            if len(pauses) == 5:
                raise KeyboardInterrupt

        with (
            mock.patch("time.sleep", sleep),
            mock.patch("heed_spirit.management.commands.heed_sync.close_old_connections"),
        ):
            with self.assertRaises(KeyboardInterrupt):
                self.run_with()
        self.assertEqual(pauses, [4, 8, 90, 60, 2])
        self.assertEqual(len(self.heed.known), 2)

    def test_the_loop_outlasts_a_database_that_is_away(self):
        command = "heed_spirit.management.commands.heed_sync"
        with (
            mock.patch(f"{command}.send_all", side_effect=[OperationalError("locked"), 0]),
            mock.patch(f"{command}.close_old_connections"),
            mock.patch("time.sleep", side_effect=[None, KeyboardInterrupt]) as sleep,
            self.assertRaises(KeyboardInterrupt),
        ):
            self.run_with()
        self.assertEqual([call.args[0] for call in sleep.mock_calls], [4, 2])

    def test_the_loop_puts_triggers_back_that_a_failed_migration_has_left_away(self):
        triggers.remove("default")
        self.assertIn("Run `migrate`", self.run_with("--once"))
        watch, there = triggers.Watch("default"), []
        for now in (5, 64, 65, 200):
            with mock.patch("time.monotonic", return_value=now):
                there.append((watch.put_back(), triggers.are_there("default")))
        self.assertEqual(there, [(False, False), (False, False), (True, True), (False, True)])
        with (
            mock.patch("time.sleep", side_effect=KeyboardInterrupt),
            mock.patch("heed_spirit.management.commands.heed_sync.close_old_connections"),
            mock.patch.object(triggers.Watch, "put_back", return_value=True),
            mock.patch("heed_spirit.tests.test_sync.StringIO") as out,
            self.assertRaises(KeyboardInterrupt),
        ):
            self.run_with()
        self.assertIn("They are back", str(out.mock_calls))

    @override_settings(HEED_API_KEY="")
    def test_reconciling_needs_a_key(self):
        with self.assertRaisesMessage(CommandError, "HEED_API_KEY"):
            self.run_with("--reconcile")


class ReconcileTest(ForumCase):
    def queued_again(self) -> list[dict]:
        reconcile(self.heed.client(), 7)
        return self.sync()

    def setUp(self) -> None:
        super().setUp()
        self.sync()

    def test_where_both_agree_nothing_is_sent(self):
        self.assertEqual(self.queued_again(), [])

    def test_what_heed_does_not_know_is_sent_again(self):
        del self.heed.known[str(self.reply.pk)]
        self.assertEqual([each["id"] for each in self.queued_again()], [str(self.reply.pk)])
        self.assertEqual(self.queued_again(), [])

    def test_what_was_here_before_the_app_is_sent(self):
        Post.objects.all().delete()
        self.heed.known.clear()
        self.assertEqual(len(self.queued_again()), 2)

    def test_after_the_outbox_was_lost_the_numbers_go_on(self):
        Post.objects.all().delete()
        self.assertEqual([each["revision"] for each in self.queued_again()], [2, 2])
        self.assertEqual(self.queued_again(), [])

    def test_older_ones_are_left_alone(self):
        Comment.objects.update(date=timezone.now() - timedelta(days=8))
        self.heed.known.clear()
        self.assertEqual(self.queued_again(), [])

    def test_an_edit_that_the_triggers_missed_is_sent(self):
        Comment.objects.filter(pk=self.reply.pk).update(comment="Other words.")
        Post.objects.update(told=F("changes"))
        self.assertEqual([(each["revision"], each["body"]) for each in self.queued_again()], [(2, "Other words.")])
        self.assertEqual(self.queued_again(), [])

    def test_what_heed_takes_for_deleted_is_recovered(self):
        self.heed.known[str(self.reply.pk)]["status"] = "deleted"
        self.assertEqual(self.queued_again()[-1]["type"], "post.recovered")
        self.assertEqual(self.queued_again(), [])

    def test_a_deletion_that_heed_missed_is_told(self):
        Comment.objects.filter(pk=self.reply.pk).update(is_removed=True)
        Post.objects.update(told=F("changes"))
        self.assertEqual([each["type"] for each in self.queued_again()], ["post.deleted"])

    def test_what_heed_has_erased_stays_so(self):
        self.heed.known[str(self.reply.pk)] |= {"status": "deleted", "erasure": {"id": "erasure_1"}}
        self.assertEqual(self.queued_again(), [])
