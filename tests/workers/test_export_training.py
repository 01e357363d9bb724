"""`heed export-training` and the consent it asks for."""

import json
import re

from click.testing import CliRunner
from review_posts import SAMPLES, add_post
from sqlalchemy import select

from service.decisions import Decision, record_decision
from service.store.models import AuditEntry, Forum, QueueItem
from workers.cli import main


def heed(*arguments: str):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def test_consent_is_given_and_taken_back_on_the_machine(store, forum):
    assert heed("forum", "training", "harbour", "on").output == "Training data of harbour: on.\n"
    with store.read() as session:
        assert session.scalar(select(Forum.training_consent)) is True
    heed("forum", "training", "harbour", "off")
    with store.read() as session:
        assert session.scalar(select(Forum.training_consent)) is False
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        assert [each.what for each in entries] == ["gave_training_consent", "took_back_training_consent"]
    missing = heed("forum", "training", "nowhere", "on")
    assert missing.exit_code == 1 and "heed forum add nowhere" in missing.output


def test_the_file_holds_what_was_decided_since_the_day(store, forum, moderator, tmp_path):
    with store.write() as session:
        item = add_post(session, session.merge(forum.forum, load=False), SAMPLES[2], "1")
        record_decision(session, item, session.get_one(QueueItem, item).version, moderator, Decision("hold"))
    path = tmp_path / "decided.jsonl"
    done = heed("export-training", "--output", str(path))
    assert done.exit_code == 0 and done.output.startswith("0 posts.") and path.read_text() == ""
    heed("forum", "training", "harbour", "on")
    done = heed("export-training", "--output", str(path), "--since", "2026-01-01")
    assert done.output.startswith("1 posts.")
    assert json.loads(path.read_text())["medical"] == ["stop_treatment", "dosing"]
    heed("export-training", "--output", str(path), "--since", "2199-01-01")
    assert path.read_text() == ""
    with store.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.what == "exported_training")).all()
        assert [each.detail["since"] for each in entries] == [None, "2026-01-01", "2199-01-01"]


def test_a_day_that_is_none_is_refused(store):
    done = heed("export-training", "--output", "-", "--since", "March")
    assert done.exit_code == 2 and re.search("does not match the format", done.output)
