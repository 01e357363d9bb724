"""The `heed` command: says what it does, does it, and ends with one sentence where it can't."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, inspect, select

from service.keys import KINDS, hash_key
from service.people.accounts import check_password
from service.people.roles import access_of
from service.store import store as this_store
from service.store.models import Forum, Membership, Moderator, RetiredKey
from workers.cli import main

ROOT = Path(__file__).parents[2]


def heed(*arguments: str, stdin: str = ""):
    return CliRunner().invoke(main, list(arguments), input=stdin, catch_exceptions=False)


def commands(group: click.Group, *before: str):
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_every_command_has_help(words):
    shown = heed(*words, "--help")
    assert shown.exit_code == 0 and shown.output.startswith("Usage:")
    # A sentence beneath the usage line.
    assert len(shown.output.splitlines()[2].strip()) > 10


def test_the_commands_the_issue_names_are_there():
    wanted = {"up", "web", "worker", "sweep", "classify", "migrate", "user", "forum"}
    assert wanted <= set(main.commands)
    assert [*commands(main)].count(("user", "add")) == [*commands(main)].count(("forum", "add")) == 1


def test_help_loads_no_torch():
    code = "import sys, workers.cli; print([m for m in ('torch', 'transformers', 'sqlalchemy', 'flask') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_migrate_makes_the_tables_and_may_be_run_again(settings_env, tmp_path):
    settings_env(HEED_DATA_DIR=tmp_path / "new" / "data")
    for _ in range(2):
        done = heed("migrate")
        assert (done.exit_code, done.output) == (0, "The database is up to date.\n")
    names = inspect(create_engine(f"sqlite:///{tmp_path}/new/data/heed.db")).get_table_names()
    assert {"forum", "post", "verdict"} <= set(names)


def test_a_moderator_is_added_with_a_password_that_works(store):
    added = heed("user", "add", "Robin", "--password-stdin", stdin="correct horse battery\n")
    assert added.exit_code == 0, added.output
    with store.read() as session:
        moderator = check_password(session, "robin", "correct horse battery")
        assert access_of(session, moderator.id).roles == {None: "moderator"}


def test_the_password_is_asked_for_twice(store):
    added = heed("user", "add", "kim", "--admin", stdin="correct horse battery\ncorrect horse battery\n")
    assert added.exit_code == 0 and "correct horse" not in added.output
    with store.read() as session:
        assert session.scalar(select(Membership.role)) == "admin"


@pytest.mark.parametrize("password", ["short", "", "x" * 1000])
def test_a_password_that_will_not_do_is_one_sentence(store, password):
    added = heed("user", "add", "robin", "--password-stdin", stdin=password + "\n")
    assert added.exit_code == 1 and added.output.startswith("Error: Use a password")
    with store.read() as session:
        assert session.scalar(select(Moderator.id)) is None


def test_a_forum_is_added_and_its_secrets_are_shown_once(store):
    added = heed("forum", "add", "harbour", "--callback", "https://forum.example.org/heed", "--region", "ie")
    assert added.exit_code == 0, added.output
    with store.read() as session:
        forum = session.scalar(select(Forum))
    shown = dict(line.strip().split(": ", 1) for line in added.output.splitlines() if ": " in line)
    assert hash_key(shown["API key"]) == forum.api_key_hash
    assert (forum.name, forum.region, forum.callback_url) == ("harbour", "IE", "https://forum.example.org/heed")
    assert {forum.webhook_secret, forum.callback_secret, forum.discourse_secret} <= set(shown.values())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Not A Slug"], "lower-case letters"),
        (["harbour"], "already"),
        (["quay", "--callback", "http://127.0.0.1/"], "HEED_ALLOW_PRIVATE_CALLBACKS"),
        (["quay", "--callback", "forum.example.org"], "https://"),
    ],
)
def test_a_forum_that_can_not_be_added_is_one_sentence(forum, arguments, sentence):
    added = heed("forum", "add", *arguments)
    assert added.exit_code == 1 and added.output.startswith("Error: ") and sentence in added.output
    assert added.output.count("\n") == 1
    with this_store().read() as session:
        assert session.scalars(select(Forum.slug)).all() == ["harbour"]


def test_a_database_without_tables_says_what_to_do(settings_env, tmp_path):
    settings_env(HEED_DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    added = heed("forum", "add", "harbour")
    assert added.exit_code == 1 and "heed migrate" in added.output


def test_a_wrong_setting_names_its_variable_and_not_its_value(settings_env):
    settings_env(HEED_WEB_WORKERS="sorrow")
    shown = heed("migrate")
    assert shown.exit_code == 1 and "HEED_WEB_WORKERS" in shown.output and "sorrow" not in shown.output


def test_production_refuses_the_default_secret(settings_env):
    settings_env(HEED_ENVIRONMENT="production", HEED_REDIS_URL="redis://queue", HEED_PUBLIC_URL="https://heed.example")
    shown = heed("web")
    assert shown.exit_code == 1 and "HEED_SECRET_KEY" in shown.output


class TestClassify:
    """With the shipped model, as a process: what a pipe sees."""

    GOOD = json.dumps({"id": "1", "text": "You can drop the insulin altogether, you do not need it."})

    def run(self, *arguments: str, stdin: str | bytes = ""):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        command = [sys.executable, "-m", "workers.cli", "classify", *arguments]
        return subprocess.run(command, cwd=ROOT, input=data, capture_output=True)

    def test_from_file_to_file_with_bad_lines(self, tmp_path):
        source, target = tmp_path / "posts.jsonl", tmp_path / "findings.jsonl"
        source.write_text(f"{self.GOOD}\nnot json\n{self.GOOD}\n", encoding="utf-8")
        done = self.run("--input", str(source), "--output", str(target))
        assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
        answers = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
        assert [answer.get("id", answer.get("line")) for answer in answers] == ["1", 2, "1"]
        assert {"area", "label", "score", "flagged", "severity"} <= set(answers[0]["labels"][0])

    def test_as_a_filter_and_silent(self):
        done = self.run("--input", "-", "--output", "-", stdin=b"\xef\xbb\xbf" + self.GOOD.encode() + b"\n")
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["id"] == "1"

    def test_bytes_that_are_not_utf_8_are_a_bad_line(self):
        done = self.run(stdin=b'{"id": "1", "text": "caf\xe9"}\n' + self.GOOD.encode())
        assert done.returncode == 1
        bad, good = (json.loads(line) for line in done.stdout.splitlines())
        assert (bad["line"], good["id"]) == (1, "1") and "UTF-8" in bad["error"]

    def test_weights_that_are_missing_are_one_sentence(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HEED_MODEL", str(tmp_path))
        done = self.run(stdin=self.GOOD)
        assert done.returncode == 1 and done.stdout == b""
        assert done.stderr.startswith(b"Error: ") and b"Traceback" not in done.stderr

    def test_a_policy_that_can_not_be_used_is_one_sentence(self, tmp_path):
        policy = tmp_path / "policy.toml"
        policy.write_text("[label_actions]\ncrisis = 'remove'\n")
        done = self.run("--policy", str(policy), stdin=self.GOOD)
        assert done.returncode == 1 and b"never punished" in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.parametrize("key", KINDS)
def test_a_key_is_made_anew_and_shown_once(store, key):
    heed("forum", "add", "harbour")
    done = heed("forum", "rotate", "harbour", key, "--keep-days", "3")
    new = done.stdout.strip()
    assert done.exit_code == 0 and "holds for 3 days more" in done.stderr and new not in done.stderr
    with store.read() as session:
        forum = session.scalar(select(Forum))
        assert getattr(forum, KINDS[key].column) == KINDS[key].keep(new)
        assert session.scalars(select(RetiredKey.kind)).all() == [key]
    assert "holds no more" in heed("forum", "rotate", "harbour", key, "--keep-days", "0").stderr
    with store.read() as session:
        assert session.scalars(select(RetiredKey.kind)).all() == []


def test_a_key_of_no_forum_or_for_ever_is_refused_in_one_sentence(store):
    assert "There is no forum" in heed("forum", "rotate", "nowhere", "webhook").output
    heed("forum", "add", "harbour")
    refused = heed("forum", "rotate", "harbour", "webhook", "--keep-days", "365")
    assert refused.exit_code == 1 and "0 to 90 days" in refused.output


def test_corals_secret_is_kept_changed_and_taken_away(forum):
    for secret, said in (("a-secret-that-coral-shows", "answered by it"), ("", "Nobody's")):
        done = heed("forum", "coral", "harbour", "--secret-stdin", stdin=f"{secret}\n")
        assert done.exit_code == 0 and said in done.output and (not secret or secret not in done.output)
        with this_store().read() as session:
            assert session.scalar(select(Forum.coral_secret)) == secret
    done = heed("forum", "coral", "harbour", "--secret-stdin", stdin="short\n")
    assert done.exit_code == 1 and "Copy it from Coral's page" in done.output
