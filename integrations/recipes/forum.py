"""A small forum with Heed, in Python: python forum.py. Your own has its database in place of POSTS, its mailer in place of tell()."""

import json
import os
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

HEED, FORUM = os.environ["HEED_URL"], os.environ["HEED_FORUM"]
OURS, HEEDS = Webhook(os.environ["HEED_WEBHOOK_SECRET"]), Webhook(os.environ["HEED_CALLBACK_SECRET"])
POSTS: dict[str, dict] = {}
HEARD: set[str] = set()


def save(id: str, text: str, author: str) -> None:
    """A new post is shown at once; an edited one stays hidden if it was, until Heed has read the new words."""
    before = POSTS.get(id, {"revision": 0, "shown": True})
    POSTS[id] = {"text": text, "shows": text, "author": author, "shown": before["shown"], "revision": before["revision"] + 1, "sent": False}  # fmt: skip


def send_what_waits() -> None:
    """Posts that Heed has not got yet; while it is down they wait here."""
    for id, post in [each for each in POSTS.items() if not each[1]["sent"]]:
        body = json.dumps({"id": id, "revision": post["revision"], "body": post["text"], "author": post["author"]})
        now, message = datetime.now(UTC), f"msg_{id}_{post['revision']}"
        signed = {"webhook-id": message, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": OURS.sign(message, now, body)}  # fmt: skip
        try:
            answer = httpx.post(f"{HEED}/v1/posts", content=body, headers=signed | {"x-heed-forum": FORUM}, timeout=10)
        except httpx.HTTPError:
            return
        if answer.status_code == 429 or answer.status_code >= 500:
            return
        post["sent"] = True
        if not answer.is_success:
            print(f"Heed refused post {id}: {answer.text}", flush=True)


def carry_out(event: dict) -> None:
    data, post = event["data"], POSTS.get(event["data"]["external_id"])
    if post is None or data["revision"] != post["revision"]:
        return  # gone, or of older words: the newer ones get a verdict of their own
    if event["type"] != "post.care":
        post["shown"] = data["action"] not in ("hold", "remove")
        post["shows"] = data.get("body", post["shows"])
    for words in [data["message"], *(f"{each['name']}: {each['contact']}" for each in data["crisis_resources"])]:
        if words:
            tell(post["author"], words)


def tell(author: str, words: str) -> None:
    print(f"To {author}: {words}", flush=True)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        post = POSTS.get(self.path.removeprefix("/posts/"))
        self.answer(404 if post is None else 200, (post["shows"] if post["shown"] else "") if post else "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/heed":
            save(self.path.removeprefix("/posts/"), **json.loads(body))
            return self.answer(201)
        try:
            event, id = HEEDS.verify(body, dict(self.headers)), self.headers["webhook-id"]
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        if id not in HEARD:
            carry_out(event)
        HEARD.add(id)
        self.answer(204)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def send_for_ever() -> None:
    while True:
        send_what_waits()
        time.sleep(1)


threading.Thread(target=send_for_ever, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Pages).serve_forever()
