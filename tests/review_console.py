"""A moderator's browser, without the browser."""

import re
from html import unescape

from people import PASSWORD, add_person


def text(page: str) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


class Console:
    """Follows a page's form as a browser would: with its token, to its address."""

    def __init__(self, client):
        self.client = client

    def get(self, path: str, **more):
        return self.client.get(path, **more)

    def page(self, path: str) -> str:
        """The text of a page that is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def token(self) -> str:
        return re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/console/nowhere").text)[1]

    def post(self, path: str, **fields):
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def log_in(self, name: str = "robin", password: str = PASSWORD, **fields):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/console/login").text)[1]
        form = {"csrf_token": token, "name": name, "password": password, **fields}
        return self.client.post("/console/login", data=form)

    def version(self, item: str) -> str:
        return re.search(r'name="version" value="(\d+)"', self.form(item))[1]

    def form(self, item: str) -> str:
        """The decision bar of an item's page."""
        return self.page(f"/console/items/{item}").partition('<form class="bar"')[2]

    def decide(self, item: str, action: str, **fields):
        form = {"action": action, "version": self.version(item), **fields}
        return self.post(f"/console/items/{item}/decide", **form)


def logged_in(app, store, name: str, role: str = "moderator", forum_id: str | None = None) -> Console:
    """Somebody new with a role on a forum, or on all of them, in a browser of their own."""
    with store.write() as session:
        add_person(session, name, role, forum_id=forum_id)
    console = Console(app.test_client())
    assert console.log_in(name).status_code == 303
    return console
