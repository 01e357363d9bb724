"""A real Spirit, set up in a folder as integrations/spirit/README.md says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from processes import free_port, until
from running import ROOT, START_SECONDS

APP = ROOT / "integrations" / "spirit"
README = (APP / "README.md").read_text(encoding="utf-8")
VENV = Path(os.environ.get("SPIRIT_VENV", Path(sys.prefix) / "spirit"))
"""Spirit's own virtual environment, made by `make setup-test`; SPIRIT_VENV names another."""
OF_THE_TEST = """
ST_SITE_URL = os.environ["ST_SITE_URL"]
ST_RATELIMIT_ENABLE = False
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.path.join(BASE_DIR, "mail")
LOGGING["loggers"][""]["level"] = "WARNING"
if "POSTGRES" in os.environ:
    from urllib.parse import parse_qs, urlsplit

    url = urlsplit(os.environ["POSTGRES"])
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "spirit",
        "USER": url.username,
        "HOST": parse_qs(url.query).get("host", [url.hostname])[0],
        "PORT": url.port or "",
    }
"""


def readme_code() -> list[str]:
    """The Python that the README tells to write into Spirit's settings, and into its addresses."""
    return [re.sub(r"^   ", "", block, flags=re.M) for block in re.findall(r"```python\n(.*?)```", README, re.S)]


def install_app(folder: Path) -> Path:
    """The app as `pip install` lays it down: a file that is not in the package is missing here too."""
    source, target = folder / "source", folder / "installed"
    # Building leaves files beside the source.
    shutil.copytree(APP, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    command = "-m pip install --quiet --no-deps --no-build-isolation --no-index --target".split()
    subprocess.run([sys.executable, *command, target, source], check=True, capture_output=True)
    return target


class Spirit:
    """A forum in `folder`; `environment` has the secrets of its Heed."""

    def __init__(self, folder: Path, app: Path, **environment: str) -> None:
        assert (VENV / "bin" / "python").exists(), "There is no Spirit here: `make setup-test` installs it."
        self.folder, self.port = folder, free_port()
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "DJANGO_"))}
        self.environment = outside | {
            "PATH": f"{VENV / 'bin'}{os.pathsep}{outside['PATH']}",
            "PYTHONPATH": str(app),
            "DJANGO_SETTINGS_MODULE": "harbour.settings.dev",
            "ST_SITE_URL": f"{self.url}/",
            **environment,
        }
        self.processes: list[subprocess.Popen] = []
        self._make_project()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [VENV / "bin" / "python", "manage.py", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def shell(self, code: str) -> str:
        return self.manage("shell", "--verbosity", "0", "--command", code).stdout.strip()

    def start(self) -> None:
        """The web server, once it answers."""
        self.run("runserver", "--noreload", f"127.0.0.1:{self.port}")
        until(self._answers, START_SECONDS, "Spirit's first page")

    def run(self, *arguments: str) -> subprocess.Popen:
        """A command of Spirit's that goes on running."""
        with (self.folder / f"{arguments[0]}.log").open("a") as log:
            command = [VENV / "bin" / "python", "manage.py", *arguments]
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def letters(self) -> list[str]:
        """The e-mails that went out."""
        return [path.read_text(encoding="utf-8") for path in sorted((self.folder / "mail").glob("*.log"))]

    def _make_project(self) -> None:
        self.folder.mkdir()
        subprocess.run(
            ["spirit", "startproject", "harbour", "--path", self.folder],
            cwd=self.folder,
            env=self.environment | {"PYTHONPATH": "", "DJANGO_SETTINGS_MODULE": ""},
            check=True,
            capture_output=True,
        )
        settings, addresses = readme_code()
        self._append("settings/dev.py", settings.replace("my-forum", "harbour") + OF_THE_TEST)
        self._append("urls.py", addresses)

    def _append(self, file: str, code: str) -> None:
        with (self.folder / "harbour" / file).open("a", encoding="utf-8") as open_file:
            open_file.write(f"\n{code}")

    def _answers(self) -> bool:
        assert self.processes[-1].poll() is None, (self.folder / "runserver.log").read_text()
        try:
            return httpx.get(self.url, timeout=30, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False
