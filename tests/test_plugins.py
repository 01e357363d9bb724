"""Plugins and recipes in other languages are at least what their own language takes for a program."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PLACES = [ROOT / "integrations", ROOT / "clients"]
CHECKS = {".js": ["node", "--check"], ".mjs": ["node", "--check"], ".php": ["php", "-l"]}


def files(*endings: str) -> list[Path]:
    found = [path for place in PLACES for path in sorted(place.rglob("*")) if path.suffix in endings]
    return [path for path in found if not {"node_modules", "build"} & set(path.parts)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files(*CHECKS), ids=name)
def test_its_own_language_takes_it(path):
    command = CHECKS[path.suffix]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here; install it to check {path.name}")
    done = subprocess.run([*command, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", files(".json"), ids=name)
def test_json_is_json(path):
    assert json.loads(path.read_text(encoding="utf-8"))


SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The example that Standard Webhooks' own libraries are tested by, signed."""
EXAMPLE = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "1614265330",
    '{"test": 2432232314}',
]
SIGNERS = {
    "flarum": ["php", "-r", "require 'integrations/flarum/src/Signature.php'; echo Heed\\Flarum\\Signature::of(...array_slice($argv, 1));"],
    "phpbb": ["php", "-r", "require 'integrations/phpbb/heed/forum/signature.php'; echo heed\\forum\\signature::of(...array_slice($argv, 1));"],
    "javascript": ["node", "-e", "import('./clients/javascript/callbacks.js').then(({ sign }) => process.stdout.write(sign(...process.argv.slice(1))))"],
}  # fmt: skip


@pytest.mark.parametrize("signer", SIGNERS)
def test_it_signs_as_standard_webhooks_does(signer):
    command = SIGNERS[signer]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here; install it to try this one")
    done = subprocess.run([*command, "--", *EXAMPLE], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == SIGNED, done.stderr


def test_every_hook_of_nodebb_has_its_method():
    folder = ROOT / "integrations" / "nodebb"
    hooks = json.loads((folder / "plugin.json").read_text(encoding="utf-8"))["hooks"]
    exported = re.findall(r"^exports\.(\w+) =", (folder / "library.js").read_text(encoding="utf-8"), re.MULTILINE)
    assert {hook["method"] for hook in hooks} == set(exported)


def test_every_service_of_phpbb_has_its_class_and_arguments():
    folder = ROOT / "integrations" / "phpbb" / "heed" / "forum"
    services = yaml.safe_load((folder / "config" / "services.yml").read_text(encoding="utf-8"))["services"]
    for service in services.values():
        source = folder / (service["class"].removeprefix("heed\\forum\\").replace("\\", "/") + ".php")
        arguments = re.search(r"function __construct\(([^)]*)\)", source.read_text(encoding="utf-8"))[1]
        assert len(arguments.split(",")) == len(service["arguments"]), source
    route = yaml.safe_load((folder / "config" / "routing.yml").read_text(encoding="utf-8"))["heed_forum_callback"]
    service, method = route["defaults"]["_controller"].split(":")
    callback = (folder / "controller" / "callback.php").read_text(encoding="utf-8")
    assert service in services and f"function {method}(" in callback


def test_every_class_that_flarum_is_told_of_is_there():
    folder = ROOT / "integrations" / "flarum"
    told = re.search(r"use Heed\\Flarum\\{([^}]*)}", (folder / "extend.php").read_text(encoding="utf-8"))[1]
    for each in told.split(", "):
        assert re.search(
            rf"^class {each}\b", (folder / "src" / f"{each}.php").read_text(encoding="utf-8"), re.MULTILINE
        )
