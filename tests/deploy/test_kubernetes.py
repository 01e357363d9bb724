"""The manifests hold by Kubernetes' own schemas, and start what there is."""

import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from commands import ROOT, resolves

from service.settings import Settings

FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")
LAYERS = sorted(FOLDER.rglob("kustomization.yaml"))
DOCUMENTS = [document for path in FILES for document in yaml.safe_load_all(path.read_text())]
KUBERNETES = ("1.29", kubernetes_validate.latest_version())
KNOWN = {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "Job"}
FROM_SECRET = {"HEED_SECRET_KEY", "HEED_DATABASE_URL", "HEED_REDIS_URL"}
PODS = {document["metadata"]["name"]: document for document in DOCUMENTS if document["kind"] in ("Deployment", "Job")}


def by_kind(kind: str) -> dict[str, dict]:
    return {document["metadata"]["name"]: document for document in DOCUMENTS if document["kind"] == kind}


def pod(name: str) -> dict:
    return PODS[name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_a_manifest_holds_by_the_schemas(document, version):
    if document["kind"] == "ScaledObject":
        assert document["apiVersion"] == "keda.sh/v1alpha1"
        return
    assert document["kind"] in KNOWN
    kubernetes_validate.validate(document, version, strict=True)


def test_every_part_of_compose_is_there():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    usual = {name: service for name, service in compose.items() if "build" in service and "profiles" not in service}
    ours = {f"heed-{name}": service["command"] for name, service in usual.items()}
    assert {name: pod(name)["containers"][0]["args"] for name in PODS} == ours
    assert all(resolves(command) for command in ours.values())


@pytest.mark.parametrize("name", PODS)
def test_a_pod_can_do_little(name):
    spec, (container,) = pod(name), pod(name)["containers"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/data"}  # noqa: S108
    assert "memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"]


@pytest.mark.parametrize("name", PODS)
def test_secrets_are_named_and_never_written(name):
    (container,) = pod(name)["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "heed"}}, {"secretRef": {"name": "heed"}}]
    assert "env" not in container
    assert not [document for document in DOCUMENTS if document["kind"] == "Secret"]


def test_the_settings_are_settings_and_are_accepted(settings_env):
    lines = dict(line.split("=", 1) for line in (FOLDER / "settings" / "heed.env").read_text().splitlines())
    assert set(lines) <= {f"HEED_{name.upper()}" for name in Settings.model_fields} - FROM_SECRET
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--from-literal=(\w+)=", page)) == FROM_SECRET
    secrets = {
        "HEED_SECRET_KEY": "a1" * 32,
        "HEED_DATABASE_URL": "postgresql+psycopg://h:h@db/heed",
        "HEED_REDIS_URL": "redis://q/0",
    }
    settings_env(**lines, **secrets)
    assert Settings().environment == "production"


def test_probes_ask_what_exists():
    health = (ROOT / "service" / "health.py").read_text(encoding="utf-8")
    (web,) = pod("heed-web")["containers"]
    asked = {web[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert asked == {"/healthz", "/readyz"} and all(f'get("{path}")' in health for path in asked)
    for name in ("classify", "deliver"):
        (worker,) = pod(f"heed-{name}")["containers"]
        for probe in ("startupProbe", "readinessProbe"):
            assert worker[probe]["exec"]["command"] == ["python", "-m", "workers.healthy", name]
        assert "livenessProbe" not in worker, "a Redis that is away would restart them all"


def test_what_selects_finds():
    labels = {name: PODS[name]["spec"]["template"]["metadata"]["labels"] for name in PODS}
    selectors = [each["spec"]["selector"] for each in by_kind("Service").values()]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in by_kind("PodDisruptionBudget").values()]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in by_kind("Deployment").values()]
    assert all(any(wanted.items() <= found.items() for found in labels.values()) for wanted in selectors)
    assert set(by_kind("PodDisruptionBudget")) == {"heed-web", "heed-classify", "heed-deliver"}


def test_posts_stay_inside():
    policy = by_kind("NetworkPolicy")["heed-classify"]["spec"]
    assert policy["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "classify"}
    (way,) = policy["egress"]
    assert {port["port"] for port in way["ports"]} == {53, 5432, 6379, 26379, 4318}
    assert "ingress" not in policy and policy["policyTypes"] == ["Ingress", "Egress"]


def test_workers_grow_with_the_age_of_what_waits():
    (scaled,) = by_kind("ScaledObject").values()
    spec, (trigger,) = scaled["spec"], scaled["spec"]["triggers"]
    assert spec["scaleTargetRef"]["name"] in by_kind("Deployment") and spec["minReplicaCount"] >= 1
    # Else each `kubectl apply` would undo what the autoscaler chose.
    assert "replicas" not in by_kind("Deployment")["heed-classify"]["spec"]
    (service,) = by_kind("Service").values()
    asked, port = trigger["metadata"], service["spec"]["ports"][0]["port"]
    assert asked["url"] == f"http://{service['metadata']['name']}.heed.svc:{port}/metrics"
    assert asked["format"] == "prometheus" and float(asked["targetValue"]) > 0
    assert f'"{asked["valueLocation"]}"' in (ROOT / "service" / "metrics.py").read_text(encoding="utf-8")


def test_every_file_is_taken_in_and_every_name_is_there():
    taken = set()
    for layer in LAYERS:
        said = yaml.safe_load(layer.read_text())
        for name in [*said.get("resources", []), *said.get("components", [])]:
            found = (layer.parent / name).resolve()
            assert found.exists(), f"{layer}: {name}"
            taken |= {found} if found.is_file() else set()
        assert said.get("namespace", "heed") == "heed"
    assert taken == {path.resolve() for path in FILES}


def built(layer: str) -> list[dict]:
    if not shutil.which("kubectl"):
        pytest.skip("there is no kubectl to build it with")
    done = subprocess.run(["kubectl", "kustomize", FOLDER / layer], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("layer", ["base", "gpu", "keda", "migrate"])
def test_kustomize_builds_it(layer):
    for document in built(layer):
        assert document["metadata"]["namespace"] == "heed"
        if document["kind"] in ("Deployment", "Job"):
            (container,) = document["spec"]["template"]["spec"]["containers"]
            assert container["image"] == "registry.example.org/heed:0.1.0"
            assert re.fullmatch(r"heed-\w{10}", container["envFrom"][0]["configMapRef"]["name"])
            assert container["envFrom"][1] == {"secretRef": {"name": "heed"}}
        if document["kind"] != "ScaledObject":
            kubernetes_validate.validate(document, KUBERNETES[-1], strict=True)


def test_on_a_gpu_the_same_pods_run_and_one_of_them_has_it():
    usual, gpu = ({(d["kind"], d["metadata"]["name"]): d for d in built(layer)} for layer in ("base", "gpu"))
    pods = [name for kind, name in gpu if kind == "Deployment"]
    specs = {name: gpu["Deployment", name]["spec"]["template"]["spec"] for name in pods}
    limits = {name: spec["containers"][0]["resources"]["limits"] for name, spec in specs.items()}
    assert [name for name in pods if "nvidia.com/gpu" in limits[name]] == ["heed-classify"]
    assert limits["heed-classify"] == {"memory": "8Gi", "nvidia.com/gpu": 1}
    # Else a cluster with one GPU would wait for a second one at each upgrade.
    assert gpu["Deployment", "heed-classify"]["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0
    (settings,) = (document["data"] for (kind, _), document in gpu.items() if kind == "ConfigMap")
    (before,) = (document["data"] for (kind, _), document in usual.items() if kind == "ConfigMap")
    assert settings == {**before, "HEED_BACKEND": "cuda", "HEED_BATCH_TOKENS": "16384", "HEED_BATCH_POSTS": "256"}
