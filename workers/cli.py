"""The `heed` command. Each subcommand imports what it needs, so that `heed --help` is quick."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TextIO

import click

from service.errors import HeedError


def plain_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the operator can mend ends the command with one sentence and status 1, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except HeedError as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            raise click.ClickException(_explain(error)) from None

    return run


def _explain(error: Exception) -> str:
    """The sentence for an exception of the libraries below; anything unforeseen goes on as it is."""
    # ModelError is compared by name: importing its module would load torch into every command.
    if type(error).__name__ == "ModelError":
        return str(error)
    if type(error).__module__.startswith("redis"):
        return f"Redis does not answer ({type(error).__name__}). Check HEED_REDIS_URL and that it runs."
    if type(error).__name__ in {"OperationalError", "DatabaseError", "InterfaceError", "ProgrammingError"}:
        return f"The database can't be used ({type(error).__name__}). Check HEED_DATABASE_URL and run `heed migrate`."
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk is full. Make room and start again; nothing that was accepted is lost."
    raise error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heed", message="heed %(version)s")
def main() -> None:
    """Heed moderates health forums on the forum's own machine.

    Settings come from HEED_… environment variables; docs/settings.md lists them.
    """


@main.command()
@click.option("--demo", is_flag=True, help="Send a demo thread through the signed webhook and show its verdicts.")
@plain_errors
def up(demo: bool) -> None:
    """Start everything on this machine: queue, web, workers, sweeper. Ctrl-C stops it."""
    from workers.up import run

    sys.exit(run(demo=demo))


@main.command()
@plain_errors
def web() -> None:
    """Serve the API and the console with gunicorn."""
    from workers.web import serve

    serve()


@main.command()
@click.argument("queue", type=click.Choice(["classify", "deliver"]))
@click.option("--burst", is_flag=True, help="Stop once the queue is empty.")
@plain_errors
def worker(queue: str, burst: bool) -> None:
    """Read posts (classify) or send callbacks (deliver), without end."""
    from workers.worker import work

    sys.exit(work(queue, burst=burst))


@main.command()
@click.option("--once", is_flag=True, help="One round, then stop.")
@plain_errors
def sweep(once: bool) -> None:
    """Wake workers for whatever waits too long; Redis may have been wiped, the database knows."""
    from workers import sweep as sweeper

    sweeper.once() if once else sweeper.run_forever()


@main.command()
@click.option(
    "--input",
    "source",
    type=click.File("r", encoding="utf-8-sig", errors="surrogateescape"),
    default="-",
    help="The file with the posts; standard input where left out.",
)
@click.option(
    "--output",
    "target",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="The file to write; standard output where left out.",
)
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML over the default.")
@plain_errors
def classify(source: TextIO, target: TextIO, policy: Path | None) -> None:
    """Read posts from a JSONL file, write findings as JSONL; needs no server.

    One line in: {"id", "text", "title"?, "parent"?, "format"?}. A bad line gives {"line", "error"} in its place and
    exit status 1 at the end; the others are done.
    """
    from service.policy import load
    from workers.model import load_classifier
    from workers.offline import classify_stream

    rules = load(policy.read_text(encoding="utf-8") if policy else "")
    bad = classify_stream(load_classifier(), source, target, rules)
    sys.exit(1 if bad else 0)


@main.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Posts received since this day (UTC).")
@click.option("--forum", "slug", default="", help="Of this forum only; all of them where left out.")
@plain_errors
def recheck(since: datetime, slug: str) -> None:
    """Have past posts read again by today's models, after everything else; what a person decided stays.

    Heed has to be running: its workers read. A forum is told only where its verdict changes. Stopped, it goes on where
    it was when called again.
    """
    from service.store import store
    from workers import stopping
    from workers.recheck import recheck as again

    stopping.on_signals()
    count = again(store(), since.replace(tzinfo=UTC), slug)
    click.echo(f"{count} posts handed over. Their new verdicts come as the workers get to them.")


@main.command()
@click.argument("slug")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 3650), help="How far back to look.")
@plain_errors
def reconcile(slug: str, days: int) -> None:
    """Ask a forum's Discourse for posts, edits and deletions that its webhooks missed, and take them in.

    Heed does so by itself every HEED_DISCOURSE_MINUTES for the last day, and for as long as it could not.
    """
    from service.store import store
    from workers.missed import look_back

    found = look_back(store(), slug, days)
    click.echo(", ".join(f"{name}: {found[name]}" for name in ("read", "deleted", "recovered", "refused")))


@main.command("export-training")
@click.option(
    "--output",
    "target",
    type=click.File("w", encoding="utf-8", atomic=True, lazy=False),
    required=True,
    help="The file to write; `-` is standard output.",
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was decided since this day (UTC).")
@plain_errors
def export_training(target: TextIO, since: datetime | None) -> None:
    """Write people's decisions as training data (JSONL), of the forums that consent; written down in the audit log.

    Personal data that was found is replaced by what it was. Look the file over before you give it to anybody.
    """
    from service import audit as log
    from service.review.examples.export import lines
    from service.store import store

    with store().write() as session:
        log.write(session, "exported_training", since=f"{since:%Y-%m-%d}" if since else None)
    count = 0
    for count, line in enumerate(lines(store().read, since=since and since.replace(tzinfo=UTC)), 1):  # noqa: B007
        target.write(line)
    click.echo(f"{count} posts. Forums that nobody switched it on for are left out (`heed forum training`).", err=True)


@main.command("export-statements")
@click.option(
    "--output",
    "target",
    type=click.File("w", encoding="utf-8", atomic=True, lazy=False),
    required=True,
    help="The file to write; `-` is standard output.",
)
@click.option("--forum", "slug", required=True, help="The forum's slug.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="What was decided since this day (UTC)."
)
@plain_errors
def export_statements(target: TextIO, slug: str, since: datetime) -> None:
    """Write why something was taken from authors (JSONL), as the DSA Transparency Database takes it in.

    One line for each decision that stands. No word of a post is in it; nothing of people in distress is.
    """
    import json

    from service.forums import find_forum
    from service.statements import statements
    from service.store import store

    count = 0
    with store().read() as session:
        found = statements(session, find_forum(session, slug), since.replace(tzinfo=UTC))
        for count, each in enumerate(found, 1):  # noqa: B007
            target.write(json.dumps(each, ensure_ascii=False) + "\n")
    click.echo(f"{count} statements.", err=True)


@main.command()
@click.option("--forum", "slug", default="", help="The forum's slug; needed for an author and a post.")
@click.option("--author", default="", help="Everything by whom the forum calls so.")
@click.option("--post", default="", help="One post, by Heed's id or the forum's own.")
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(1),
    help="Whatever came more than so many days ago and waits for nobody.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@plain_errors
def erase(slug: str, author: str, post: str, days: int | None, yes: bool) -> None:
    """Erase every word of an author, of a post, or of what is old; prints the receipt. It can't be undone.

    An author and a post stay erased, whatever comes late of them. What is old may be sent again.
    """
    from workers import erase as work

    if sum(map(bool, (author, post, days))) != 1 or ((author or post) and not slug):
        raise click.UsageError("Give --forum with --author or --post, or give --older-than.")
    if not yes:
        click.confirm("This can't be undone. Erase it?", abort=True, err=True)
    click.echo(work.old(slug, days) if days else work.of_author(slug, author) if author else work.of_post(slug, post))


@main.command()
@plain_errors
def migrate() -> None:
    """Bring the database to this version's tables."""
    from service.settings import settings
    from service.store.migrate import upgrade

    if not settings().database_url:
        settings().data_dir.mkdir(parents=True, exist_ok=True)
    upgrade(settings().database)
    click.echo("The database is up to date.")


@main.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@plain_errors
def backup(target: Path) -> None:
    """Save the embedded database in the file TARGET, while Heed runs or not. Posts and secrets lie in it: encrypt it.

    The keys of HEED_ENCRYPTION_KEYS are not in it: without them, what they encrypt can't be read again.
    """
    from service.settings import settings
    from workers.backup import backup as save

    size = save(settings().database, target)
    click.echo(f"Saved in {target} ({size / 1e6:.1f} MB) and checked. It holds posts and secrets: keep it encrypted.")
    if settings().encryption_keys.get_secret_value():
        click.echo(
            "The keys of HEED_ENCRYPTION_KEYS are not in it. Keep them elsewhere: without them it can't be read."
        )


@main.command()
@click.argument("source", type=click.Path(dir_okay=False, path_type=Path))
@plain_errors
def restore(source: Path) -> None:
    """Put a database that `heed backup` saved in the place of the embedded one; Heed has to be stopped."""
    from service.settings import settings
    from workers.backup import restore as put_back
    from workers.encryption import check_keys

    chosen = settings()
    kept = put_back(chosen.database, chosen.data_dir, source)
    click.echo(f"Restored from {source}." + (f" What stood there before is {kept}." if kept else ""))
    # It needs the keys of its time.
    check_keys()


@main.group()
def encryption() -> None:
    """Personal data encrypted in the database, by the keys of HEED_ENCRYPTION_KEYS."""


@encryption.command("new-key")
@plain_errors
def new_key() -> None:
    """Print a new key. Put it first in HEED_ENCRYPTION_KEYS, and keep a copy where the back-ups are not."""
    from service.keyring import new_key as make

    click.echo(make())


@encryption.command("rotate")
@plain_errors
def rotate_encryption() -> None:
    """Write everything anew by the newest key, or readable where that is `off`, while Heed runs.

    Stopped, it goes on where it was when called again.
    """
    from service.store import store
    from workers import stopping
    from workers.encryption import rotate as write_anew

    stopping.on_signals()
    done = write_anew(store(), lambda count: click.echo(f"\r{count} rows", nl=False, err=True))
    click.echo("", err=True)
    click.echo(
        "".join(f"{name}: {count} rows\n" for name, count in done.items()) + f"{done.total()} rows written anew."
    )
    if stopping.requested():
        raise click.ClickException("Stopped before the end. Call it again; it goes on.")
    if not store().overwrite_log():
        click.echo("SQLite's log still holds what stood there before: somebody reads. Call it again in a minute.")


@encryption.command("status")
@plain_errors
def encryption_status() -> None:
    """Print how many values stand readable in the database, and how many by which key."""
    from service.store import store
    from service.store.encrypted import keys
    from workers.encryption import count

    newest = keys().newest
    click.echo(f"What is written now is {f'encrypted by the key {newest}' if newest else 'readable'}.")
    columns = count(store())
    total = sum(columns.values(), start=Counter())
    for kind, number in sorted(total.items()):
        where = ", ".join(column for column, kinds in columns.items() if kind in kinds)
        known = kind == "readable" or kind in keys().keys
        click.echo(f"  {kind}{'' if known else f', which HEED_ENCRYPTION_KEYS lacks ({where})'}: {number} values")


@main.group()
def user() -> None:
    """Moderators of the console."""


@user.command("add")
@click.argument("name")
@click.option(
    "--role",
    default="moderator",
    show_default=True,
    type=click.Choice(["viewer", "moderator", "lead", "admin"]),
    help="What they may do.",
)
@click.option("--admin", is_flag=True, help="Short for --role admin: may change policies and accounts.")
@click.option("--forum", "slug", default="", help="The forum they work on; every forum where left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@plain_errors
def add_user(name: str, role: str, admin: bool, slug: str, password_stdin: bool) -> None:
    """Add a person of the console; asks for the password."""
    from service.forums import find_forum
    from service.people.accounts import add_moderator
    from service.people.roles import set_role
    from service.store import store

    password = _password(password_stdin)
    with store().write() as session:
        forum_id = find_forum(session, slug).id if slug else None
        set_role(session, add_moderator(session, name, password), forum_id, "admin" if admin else role)
    click.echo(f"{name} may log in now.")


@user.command("reset")
@click.argument("name")
@plain_errors
def reset_user(name: str) -> None:
    """Print a link by which somebody who can't log in any more chooses a new password; it works once."""
    from service.people.accounts import find_moderator
    from service.people.invitations import invite_back
    from service.settings import settings
    from service.store import store

    with store().write() as session:
        token = invite_back(session, find_moderator(session, name), by=None)
    click.echo(f"{settings().public_url.rstrip('/')}/console/join/{token}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True)


@main.group()
def audit() -> None:
    """The log of who did what."""


@audit.command("verify")
@click.option("--expect", default="", help="A last hash noted earlier, which the chain has to go through still.")
@plain_errors
def verify_audit(expect: str) -> None:
    """Check that no entry was changed, left out or slipped in; exit status 1 where one was.

    Prints the last hash. Keep it elsewhere: a chain rewritten to its end holds, but no longer goes through it.
    """
    from service import audit as log
    from service.store import store

    with store().read() as session:
        chain = log.verify(session)
        lost = bool(expect) and not log.has_hash(session, expect)
    if chain.problem:
        raise click.ClickException(
            f"The audit log does not hold: {chain.problem}. {chain.entries} entries before hold."
        )
    if lost:
        raise click.ClickException("The audit log was rewritten: no entry has the hash that was expected.")
    click.echo(f"{chain.entries} entries hold. Last hash: {chain.last_hash}")


@main.group()
def forum() -> None:
    """Forums that send us posts."""


@forum.command("add")
@click.argument("slug")
@click.option("--name", default="", help="As moderators see it; the slug where left out.")
@click.option("--callback", "callback_url", default="", help="URL that verdicts are sent to; none: the forum asks.")
@click.option("--region", default="GB", show_default=True, help="Country (ISO 3166) of the crisis resources.")
@plain_errors
def add_forum(slug: str, name: str, callback_url: str, region: str) -> None:
    """Add a forum; prints its API key and secrets, once."""
    from service.callback.address import check_url
    from service.forums import add_forum as add
    from service.store import store

    if callback_url:
        check_url(callback_url)
    with store().write() as session:
        new = add(session, slug, name or slug, callback_url=callback_url, region=region)
    click.echo(f"Forum {slug} is ready. Keep these; the API key is not shown again.\n")
    shown = {
        "API key": new.api_key,
        "Webhook secret (signs what the forum sends)": new.forum.webhook_secret,
        "Callback secret (signs what Heed sends)": new.forum.callback_secret,
        "Discourse secret": new.forum.discourse_secret,
    }
    for label, value in shown.items():
        if value:
            click.echo(f"  {label}: {value}")


@forum.command("rotate")
@click.argument("slug")
@click.argument("key", type=click.Choice(["api-key", "webhook", "callback", "discourse"]))
@click.option("--keep-days", default=7.0, show_default=True, help="How long the old one holds too; 0: not any more.")
@plain_errors
def rotate(slug: str, key: str, keep_days: float) -> None:
    """Make a forum's API key or one of its secrets anew; prints it, once. The old one holds beside it for a while.

    After a theft: --keep-days 0. A forum checks callbacks by either secret meanwhile, since they are signed by both.
    """
    from datetime import timedelta

    from service.forums import find_forum
    from service.keys import rotate as make_anew
    from service.store import store

    with store().write() as session:
        new = make_anew(session, find_forum(session, slug), key, timedelta(days=keep_days))
    click.echo(new)
    until = f"holds for {keep_days:g} days more" if keep_days else "holds no more"
    click.echo(f"This is the new one of {slug}. The old one {until}, and one before that not at all.", err=True)


@forum.command("coral")
@click.argument("slug")
@click.option("--secret-stdin", is_flag=True, help="Read the secret from standard input instead of asking.")
@plain_errors
def coral(slug: str, secret_stdin: bool) -> None:
    """Give Heed the signing secret that Coral shows for its moderation phase; an empty one: no Coral any more.

    When Coral rotates it, Coral signs by both for a while: give Heed the new one within that time.
    """
    from service.forums import set_coral_secret
    from service.store import store

    secret = sys.stdin.readline() if secret_stdin else click.prompt("Secret", default="", hide_input=True)
    with store().write() as session:
        set_coral_secret(session, slug, secret.strip())
    click.echo(
        f"Comments of {slug} are answered by it." if secret.strip() else f"Nobody's comments are answered for {slug}."
    )


@forum.command("callbacks")
@click.argument("slug")
@plain_errors
def callbacks(slug: str) -> None:
    """Turn a forum's callbacks on again, after it answered 410; it is told what it missed."""
    from service.callback.again import turn_on
    from service.forums import find_forum
    from service.store import store
    from service.wakeup import wake_deliver

    with store().write() as session:
        count = turn_on(session, find_forum(session, slug))
    wake_deliver()
    click.echo(f"Callbacks of {slug} are on. Verdicts that it missed: {count}.")


@forum.command("discourse")
@click.argument("slug")
@click.argument("address", default="")
@click.option("--user", default="heed", show_default=True, help="A moderator's account on Discourse, for Heed alone.")
@click.option("--flags", is_flag=True, help="Flag what stays visible too: each flag is a message to its moderators.")
@click.option("--key-stdin", is_flag=True, help="Read the API key from standard input instead of asking.")
@click.option("--off", is_flag=True, help="Do nothing there any more, and forget the key.")
@plain_errors
def discourse(slug: str, address: str, user: str, flags: bool, key_stdin: bool, off: bool) -> None:
    """Have verdicts carried out on the Discourse at ADDRESS, by an account and its API key; tried before it is kept.

    ADDRESS is what Discourse calls itself, such as https://forum.example.org.
    """
    from service.forums import find_forum, leave_discourse
    from service.store import store
    from workers.missed import connect

    if bool(address) == off:
        raise click.UsageError("Give the address of your Discourse, or --off.")
    if off:
        with store().write() as session:
            leave_discourse(session, find_forum(session, slug))
        click.echo(f"Heed does nothing on the Discourse of {slug} any more.")
        return
    key = sys.stdin.readline().strip() if key_stdin else click.prompt("API key", hide_input=True)
    connect(store(), slug, address, user, key, flags=flags)
    click.echo(f"Heed acts on {address} as {user}. The key is not shown again.")


@forum.command("training")
@click.argument("slug")
@click.argument("consent", type=click.Choice(["on", "off"]))
@plain_errors
def training(slug: str, consent: str) -> None:
    """Allow or forbid that people's decisions on the forum are exported as training data; off at first."""
    from service.forums import find_forum
    from service.review.examples.consent import set_consent
    from service.store import store

    with store().write() as session:
        set_consent(session, find_forum(session, slug), consent == "on", by=None)
    click.echo(f"Training data of {slug}: {consent}.")


if __name__ == "__main__":
    main()
