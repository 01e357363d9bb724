"""The account that authors hear from is nobody's, or whose the forum's settings say."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import TestCase, override_settings

from heed_spirit.authors import make_sender, sender

USERS = get_user_model().objects


class SenderTest(TestCase):
    def test_migrating_makes_it_and_nobody_can_log_in_to_it(self):
        made = USERS.get(username="heed")
        self.assertFalse(made.is_active or made.has_usable_password())
        self.assertEqual(sender(), made)

    def test_nobody_can_register_its_name(self):
        twice = {"email": "eve@example.org", "email2": "eve@example.org"}
        answer = self.client.post("/user/register/", {"username": "Heed", "password": "password", **twice})
        self.assertContains(answer, "The username is taken.")

    def test_a_members_account_is_not_taken_whether_they_have_answered_the_forums_mail_or_not(self):
        for is_active in (True, False):
            USERS.filter(username="heed").delete()
            USERS.create_user("heed", "eve@example.org", "password", is_active=is_active)
            with self.assertRaisesMessage(ImproperlyConfigured, "Set HEED_SENDER"):
                make_sender("default")
            with self.assertRaisesMessage(SystemCheckError, "heed_spirit.E001"):
                call_command("check", databases=["default"])

    @override_settings(HEED_SENDER="heed")
    def test_the_forums_people_may_name_an_account_that_is_used(self):
        USERS.filter(username="heed").delete()
        named = USERS.create_user("heed", "mods@example.org", "password")
        make_sender("default")
        call_command("check", databases=["default"])
        self.assertEqual(sender(), named)

    @override_settings(HEED_SENDER="Moderators")
    def test_another_name_is_made_once(self):
        self.assertEqual(sender(), sender())
        self.assertFalse(sender().is_active)
