"""A forum of one of the recipes, as a process of its own beside a running Heed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from processes import free_port, until
from running import ROOT, Forum, Heed

RECIPES = ROOT / "integrations" / "recipes"
NO_PROXY = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
COMMANDS = {
    "python": [[sys.executable, "forum.py"]],
    "node": [["node", "forum.mjs"]],
    "php": [["php", "-S", "127.0.0.1:{port}", "forum.php"], ["sh", "-c", "while :; do php forum.php; sleep 1; done"]],
}


class Door:
    """Heed's address as the recipe knows it: shut until it is opened."""

    def __init__(self, heed: Heed) -> None:
        self.port, self.heed = free_port(), heed
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        heed = self.heed

        class Through(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                answer = httpx.post(heed.url + self.path, content=body, headers=headers, trust_env=False, timeout=30)
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Through)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def shut(self) -> None:
        if hasattr(self, "server"):
            self.server.shutdown()
            self.server.server_close()


class Recipe:
    """A forum of one of the recipes."""

    def __init__(self, program: str, heed: Heed, folder: Path) -> None:
        self.port, self.door = free_port(), Door(heed)
        slug = f"recipe-{program}-{self.port}"
        self.url = f"http://127.0.0.1:{self.port}"
        added = heed.command("forum", "add", slug, "--callback", f"{self.url}/heed")
        self.forum = Forum(heed, slug, added)
        own = {
            "PORT": str(self.port),
            "FORUM_FILE": str(folder / "forum.json"),
            "HEED_URL": self.door.url,
            "HEED_FORUM": slug,
            "HEED_WEBHOOK_SECRET": self.forum.webhook_secret,
            "HEED_CALLBACK_SECRET": self.forum.callback_secret,
        }
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.processes = [
                subprocess.Popen(
                    [word.format(port=self.port) if "{port}" in word else word for word in command],
                    cwd=RECIPES, env=os.environ | NO_PROXY | own, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                )
                for command in COMMANDS[program]
            ]  # fmt: skip
        until(self._answers, 60, "the forum's start")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/posts/none", trust_env=False).status_code == 404
        except httpx.HTTPError:
            return False

    def write(self, text: str, id_: str = "1") -> int:
        post = {"text": text, "author": "jo"}
        return httpx.post(f"{self.url}/posts/{id_}", json=post, trust_env=False).status_code

    def shows(self, id_: str = "1") -> str:
        return httpx.get(f"{self.url}/posts/{id_}", trust_env=False).text

    def hears(self, body: bytes, headers: dict[str, str]) -> int:
        return httpx.post(f"{self.url}/heed", content=body, headers=headers, trust_env=False).status_code

    def end(self) -> None:
        self.door.shut()
        for process in self.processes:
            os.killpg(process.pid, 9)
            process.wait()
