"""The demo: signed like a forum's, found again by the next run, readable in a terminal."""

import io
import threading

import pytest
from reading import Reader
from rich.console import Console
from sqlalchemy import func, select
from werkzeug.serving import make_server

from service.people import logins
from service.people.accounts import check_password
from service.store.models import Forum, Moderator, Post, Revision
from workers import stopping
from workers.classify import read_all
from workers.demo import show as module
from workers.demo.account import prepare
from workers.demo.client import Client, DemoFailed
from workers.demo.show import posts, show
from workers.demo.table import because, excerpt, table
from workers.terminal import Terminal


def verdict(action="allow", severity="none", reasons=(), not_checked=None) -> dict:
    said = [{"label": label, "severity": severity} for label in reasons]
    return {"action": action, "severity": severity, "reasons": said, "not_checked": not_checked}


@pytest.fixture
def terminal():
    terminal = Terminal(quiet=True)
    terminal.console = Console(file=io.StringIO(), width=80, highlight=False)
    return terminal


@pytest.fixture
def port(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def reads(store, chosen):
    """Reads whatever is pending, as a classify worker would, until the test ends."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.1):
            read_all(store, Reader(), chosen)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    done.set()
    thread.join()


def test_the_whole_demo(store, terminal, port, reads):
    show(terminal, "127.0.0.1", port, "http://127.0.0.1:8099")
    shown = terminal.console.file.getvalue()
    assert "25/25" in shown and "What Heed says of the thread" in shown
    assert "http://127.0.0.1:8099/console" in shown and "Ctrl-C stops everything" in shown
    with store.read() as session:
        assert session.scalar(select(func.count(Post.id))) == 25
        assert session.scalar(select(Forum.slug)) == "demo"
        password = shown.split("password")[1].split()[0]
        assert check_password(session, "demo", password).name == "demo"
    [key_line] = [line for line in shown.splitlines() if "Authorization" in line]
    key = key_line.split("Bearer ")[1].split("'")[0]
    found = Client("127.0.0.1", port, account_with(key)).look("demo-01")
    assert found["status"] == "done"


def account_with(key: str):
    from workers.demo.account import Account

    return Account("demo", key, "", "demo", "")


def test_a_second_run_finds_its_posts_again_and_makes_a_new_log_in(store, terminal, port, reads):
    show(terminal, "127.0.0.1", port, "http://127.0.0.1:8099")
    first = terminal.console.file.getvalue().split("password")[1].split()[0]
    with store.write() as session:
        login = logins.begin(session, session.scalar(select(Moderator)), "").id
    terminal.console.file = io.StringIO()
    show(terminal, "127.0.0.1", port, "http://127.0.0.1:8099")
    second = terminal.console.file.getvalue().split("password")[1].split()[0]
    with store.read() as session:
        assert session.scalar(select(func.count(Revision.id))) == 25
        assert session.scalar(select(func.count(Moderator.id))) == 1
        assert logins.find(session, login) is None
        assert check_password(session, "demo", first) is None
        assert check_password(session, "demo", second) is not None


def test_the_webhook_is_signed(store, port):
    with store.write() as session:
        account = prepare(session)
    Client("127.0.0.1", port, account).send(posts()[0])
    wrong = account.__class__(account.forum, account.api_key, "whsec_" + "A" * 44, "demo", "")
    with pytest.raises(DemoFailed, match="401"):
        Client("127.0.0.1", port, wrong).send(posts()[1])
    with store.read() as session:
        assert session.scalars(select(Post.external_id)).all() == ["demo-01"]


def test_a_post_that_an_older_demo_sent_is_left_as_it_is(store, port):
    with store.write() as session:
        client = Client("127.0.0.1", port, prepare(session))
    client.send(posts()[0])
    client.send({**posts()[0], "body": "another text"})
    assert client.look("demo-01")["status"] == "pending"


def test_heed_that_does_not_answer_is_one_sentence(store, terminal):
    show(terminal, "127.0.0.1", 1, "http://127.0.0.1:1")
    said = terminal.console.file.getvalue()
    assert "The demo ended early." in said and "Traceback" not in said


def test_verdicts_that_do_not_come_are_told(store, terminal, port, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    show(terminal, "127.0.0.1", port, "http://127.0.0.1:8099")
    assert "25 verdicts have not come yet" in terminal.console.file.getvalue()


def test_asked_to_stop_it_ends(store, terminal, port):
    stopping.request()
    show(terminal, "127.0.0.1", port, "http://127.0.0.1:8099")


def test_the_table_shows_the_most_urgent_first():
    rows = [
        ({"title": "", "body": "one"}, verdict()),
        ({"title": "", "body": "two"}, verdict("flag", "medium", ["false_cure"])),
        ({"title": "", "body": "three"}, verdict("escalate", "high", ["ideation"])),
        ({"title": "", "body": "four"}, verdict("escalate", "critical", ["crisis", "ideation", "crisis"])),
    ]
    console = Console(file=io.StringIO(), width=80)
    console.print(table(rows))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    found = [line[-1] for line in lines if line and line[-1] in {"one", "two", "three", "four"}]
    assert found == ["four", "three", "two", "one"]
    assert all(len(line) <= 80 for line in console.file.getvalue().splitlines())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (verdict(), ""),
        (verdict("hold", "high", ["stop_treatment"]), "stop treatment"),
        (verdict("hold", "high", ["stop_treatment", "dosing", "dosing"]), "stop treatment +1"),
        (verdict("flag", not_checked="language"), "not read: language"),
        (verdict("allow", "none", ["risk"]), ""),
    ],
)
def test_what_a_verdict_is_because_of(found, words):
    assert because(found) == words


def test_markup_in_a_post_is_shown_as_it_is():
    console = Console(file=io.StringIO(), width=80)
    console.print(table([({"title": "[red]x[/red]", "body": "a\n b"}, verdict())]))
    assert "[red]x[/red] a b" in console.file.getvalue()
    assert "\n" not in excerpt({"title": "a\nb", "body": "c" * 500})


def test_a_long_line_is_not_broken(terminal):
    terminal.say("curl " + "x" * 200)
    assert len(terminal.console.file.getvalue().splitlines()) == 1


def test_quiet_shows_trouble_only(terminal):
    terminal.line("web", "12:00:00 INFO all is well")
    terminal.line("web", "12:00:00 ERROR nothing is [bold]well[/bold]")
    terminal.line("queue", "12:00:00 notice")
    assert terminal.console.file.getvalue() == "web       12:00:00 ERROR nothing is [bold]well[/bold]\n"
