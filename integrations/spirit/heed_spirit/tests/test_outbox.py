"""Whatever happens to a post in Spirit's own views waits in the outbox, whoever did it and by whatever way."""

from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from spirit.category.models import Category
from spirit.comment.models import Comment
from spirit.topic.models import Topic

from heed_spirit.models import Post
from heed_spirit.sync import waiting
from heed_spirit.tests.forum import ForumCase


class OutboxTest(ForumCase):
    def setUp(self) -> None:
        super().setUp()
        self.sync()
        self.assertEqual(self.queued(), [])

    def queued(self) -> list[int]:
        return [post.pk for post in waiting()]

    def by_moderator(self, address: str, **form: object) -> None:
        self.client.force_login(self.person("mo", is_moderator=True))
        self.assertEqual(self.client.post(address, form).status_code, 302)

    def test_a_new_post_waits(self):
        comment = self.write(self.bob, "One more.")
        self.assertEqual(self.queued(), [comment.pk])

    def test_an_edit_in_the_browser_waits(self):
        self.client.force_login(self.bob)
        self.client.post(f"/comment/{self.reply.pk}/update/", {"comment": "Other words."})
        self.assertEqual(self.queued(), [self.reply.pk])

    def test_a_deletion_by_a_moderator_waits_and_its_return_too(self):
        self.by_moderator(f"/comment/{self.reply.pk}/delete/")
        self.assertEqual([each["type"] for each in self.sync()], ["post.deleted"])
        self.client.post(f"/comment/{self.reply.pk}/undelete/")
        self.assertEqual(
            [each.get("type", each.get("body")) for each in self.sync()], ["@ann Lucky you!", "post.recovered"]
        )

    def test_a_topic_that_goes_takes_all_its_posts_along(self):
        self.by_moderator(f"/topic/moderate/delete/{self.topic.pk}/")
        self.assertEqual(self.queued(), [self.opening.pk, self.reply.pk])
        self.assertEqual({each["type"] for each in self.sync()}, {"post.deleted"})

    def test_a_category_that_goes_takes_those_of_its_subcategories_along(self):
        below = Category.objects.create(title="Pumps", parent=self.category)
        topic = Topic.objects.create(user=self.ann, category=below, title="Below")
        deep = self.write(self.ann, "Deep.", topic)
        self.sync()
        Category.objects.filter(pk=self.category.pk).update(is_removed=True)
        self.assertEqual(self.queued(), [self.opening.pk, self.reply.pk, deep.pk])

    def test_a_new_title_is_news_of_the_opening_post_alone(self):
        self.client.force_login(self.ann)
        self.client.post(f"/topic/update/{self.topic.pk}/", {"title": "Another title"})
        self.assertEqual(self.queued(), [self.opening.pk])

    def test_moved_posts_wait(self):
        other = Topic.objects.create(user=self.ann, category=self.category, title="Elsewhere")
        self.write(self.ann, "First there.", other)
        self.sync()
        self.by_moderator(f"/comment/{self.topic.pk}/move/", topic=other.pk, comments=[self.reply.pk])
        self.assertEqual([each["thread"] for each in self.sync()], [str(other.pk)])

    def test_likes_views_and_moderators_notices_are_no_news(self):
        self.reply.increase_likes_count()
        self.topic.increase_view_count()
        Comment.create_moderation_action(user=self.ann, topic=self.topic, action=Comment.CLOSED)
        self.assertEqual(self.queued(), [])

    def test_a_post_that_is_rolled_back_leaves_no_news(self):
        try:
            with transaction.atomic():
                self.write(self.bob, "Never mind.")
                raise InterruptedError
        except InterruptedError:
            pass
        self.assertEqual(self.queued(), [])

    def test_posting_asks_nothing_of_heed(self):
        asked = len(self.heed.requests)
        self.heed.status = 503
        self.write(self.bob, "Is anybody there?")
        self.assertEqual(len(self.heed.requests), asked)


class MigrationTest(TransactionTestCase):
    def test_the_triggers_outlast_a_migration_that_makes_a_table_anew(self):
        call_command("migrate", "spirit_comment", "0004", verbosity=0)
        call_command("migrate", "spirit_comment", verbosity=0)
        self.assertTrue(Post.objects.filter(pk=self.a_comment(), changes=1).exists())

    def test_they_go_with_the_app(self):
        call_command("migrate", "heed_spirit", "zero", verbosity=0)
        try:
            self.assertNotIn(Post._meta.db_table, connection.introspection.table_names())
            id_ = self.a_comment()
        finally:
            call_command("migrate", "heed_spirit", verbosity=0)
        self.assertFalse(Post.objects.filter(pk=id_).exists())
        Comment.objects.filter(pk=id_).update(comment="Other words.")
        self.assertTrue(Post.objects.filter(pk=id_, changes=1).exists())

    def a_comment(self) -> int:
        forum = ForumCase()
        forum.setUp()
        return forum.reply.pk
