from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class HeedSpiritConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "heed_spirit"
    verbose_name = "Heed"

    def ready(self) -> None:
        # Spirit's tags first, then ours in the place of one of them.
        from spirit.core.templatetags import spirit_tags  # noqa: F401

        from heed_spirit import authors, conf, tags, triggers  # noqa: F401

        conf.check()
        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        post_migrate.connect(authors.make_sender, sender=self)
