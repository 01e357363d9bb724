"""The rules and the dashboard ask for what Heed exports, the rules speak when they should, and the docs name every metric."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from commands import ROOT
from prometheus_client import CollectorRegistry

from service import traffic
from service.metrics import HeedCollector

FOLDER = ROOT / "deploy" / "observability"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((FOLDER / "grafana" / "dashboards" / "heed.json").read_text())
ASKED = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OF_HISTOGRAM = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture
def exported(store, valkey) -> set[str]:
    """The names of all metrics that a web server exports."""
    registry = CollectorRegistry()
    registry.register(HeedCollector(store))
    traffic.collect_into(registry)
    return {family.name for family in registry.collect()}


def named(text: str) -> set[str]:
    return {OF_HISTOGRAM.sub("", name) for name in re.findall(r"\bheed_[a-z_]+", text)}


def test_only_what_is_exported_is_asked_for(exported):
    for asked in [*ASKED, *(rule["expr"] for rule in RULES), (FOLDER / "alerts_test.yml").read_text()]:
        assert named(asked) <= exported, asked


def test_every_metric_is_documented_and_drawn(exported):
    page = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
    assert named(page) == exported
    assert set().union(*map(named, ASKED)) == exported


def test_every_alert_is_tested_documented_and_says_what_to_do():
    page = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
    tests = (FOLDER / "alerts_test.yml").read_text()
    for rule in RULES:
        assert f'alertname="{rule["alert"]}"' in tests and f"`{rule['alert']}`" in page
        assert set(rule["annotations"]) == {"summary", "do"} and rule["labels"]["severity"] in {"page", "look"}


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        pytest.skip("there is no promtool; on Debian: apt-get install prometheus")
    return found


def test_the_rules_speak_when_they_should(promtool):
    done = subprocess.run([promtool, "test", "rules", "alerts_test.yml"], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = [promtool, "check", "config", "--lint=all", "prometheus.yml"]
    done = subprocess.run(checked, cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_can_read_what_the_dashboard_asks(promtool, tmp_path):
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(ASKED)]
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_found_by_grafana():
    provider = yaml.safe_load((FOLDER / "grafana" / "provisioning" / "dashboards" / "heed.yml").read_text())
    source = yaml.safe_load((FOLDER / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/observability/grafana/dashboards"] == provider["providers"][0]["options"]["path"]
    assert mounts["./deploy/observability/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["datasources"][0]["url"] == "http://prometheus:9090" and source["datasources"][0]["isDefault"]
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids)) and all(panel["title"] for panel in BOARD["panels"])


def test_prometheus_finds_its_files_and_heed():
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == ["web:8099"] and "inside" in SERVICES["prometheus"]["networks"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["prometheus"]["volumes"])
    wanted = {f"/etc/prometheus/{name}" for name in ("prometheus.yml", *config["rule_files"])}
    assert wanted <= set(mounts.values())
    assert all((ROOT / source).is_file() for source, at in mounts.items() if at in wanted)
    assert f"--config.file={Path('/etc/prometheus/prometheus.yml')}" in SERVICES["prometheus"]["command"]
