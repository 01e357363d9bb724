"""The units start what there is, and systemd understands them."""

import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml
from commands import ROOT, resolves

FOLDER = ROOT / "deploy" / "systemd"
HEED = "/opt/heed/.venv/bin/heed"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))
PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")


def unit(name: str) -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(FOLDER / name)
    return parser


def test_every_part_of_compose_is_there():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = sorted(
        service["command"] for service in compose.values() if "build" in service and "profiles" not in service
    )
    started = [shlex.split(unit(name)["Service"]["ExecStart"]) for name in SERVICES]
    assert all(words[0] == HEED for words in started)
    assert sorted(words[1:] for words in started) == ours
    assert all(resolves(words[1:]) for words in started)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_little_and_knows_its_settings(name):
    service = unit(name)["Service"]
    assert service["User"] == "heed" and service["EnvironmentFile"] == "/etc/heed/heed.env"
    assert service["ProtectSystem"] == "strict" and service["NoNewPrivileges"] == "true"
    assert service["CapabilityBoundingSet"] == "" and service["StateDirectory"] == "heed"
    if name != "heed-migrate.service":
        assert service["Restart"] == "always" and unit(name)["Unit"]["Requires"] == "heed-migrate.service"


def test_posts_stay_on_the_machine():
    reads = unit("heed-classify@.service")["Service"]
    assert reads["IPAddressDeny"] == "any" and reads["IPAddressAllow"] == "localhost"


def test_the_guide_names_every_unit_and_where_it_looks():
    target = unit("heed.target")["Unit"]["Wants"].split()
    assert {re.sub(r"@\d", "@", name) for name in target} == set(SERVICES) - {"heed-migrate.service"}
    assert all(name in PAGE for name in ("deploy/systemd", "/etc/heed/heed.env", HEED.removesuffix("/.venv/bin/heed")))


def test_systemd_understands_them(tmp_path: Path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze to check them with")
    for path in FOLDER.iterdir():
        # It looks whether the program is there.
        (tmp_path / path.name).write_text(path.read_text().replace(HEED, shutil.which("true")))
    shutil.copy(tmp_path / "heed-classify@.service", tmp_path / "heed-classify@1.service")
    units = sorted(path.name for path in tmp_path.iterdir() if "@." not in path.name)
    done = subprocess.run(["systemd-analyze", "verify", *units], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
