"""The manifests: what must hold for one server on one storage directory, without privileges."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.app.conftest import RunCommand
from tests.deploy.test_docker import environment, values

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"


def manifest(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def pod() -> dict[str, Any]:
    template: dict[str, Any] = manifest("deployment")["spec"]["template"]["spec"]
    return template


def container() -> dict[str, Any]:
    (only,) = pod()["containers"]
    found: dict[str, Any] = only
    return found


def configuration() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(manifest("configmap")["data"]["pyproxy.yaml"])
    return loaded


def test_there_is_never_a_second_server_on_the_storage() -> None:
    spec = manifest("deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_it_runs_without_privileges_on_a_file_system_that_it_cannot_write() -> None:
    security = pod()["securityContext"]
    assert security["runAsNonRoot"] is True
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == values("USER")[0]
    assert security["fsGroup"] == security["runAsGroup"]
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["automountServiceAccountToken"] is False


def test_what_it_writes_is_mounted() -> None:
    mounts = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    assert set(mounts.values()) == set(volumes)
    storage = volumes[mounts[configuration()["storage"]["directory"]]]
    assert storage["persistentVolumeClaim"]["claimName"] == manifest("persistentvolumeclaim")["metadata"]["name"]
    assert volumes[mounts["/etc/pyproxy"]]["configMap"]["name"] == manifest("configmap")["metadata"]["name"]
    assert "emptyDir" in volumes[mounts["/tmp"]]


def test_the_image_and_the_file_agree() -> None:
    """The image's environment is stronger than the file, so they must say the same."""
    server, image = configuration()["server"], environment()
    assert (server["host"], str(server["port"])) == (image["PYPROXY_SERVER__HOST"], image["PYPROXY_SERVER__PORT"])
    assert configuration()["storage"]["directory"] == image["PYPROXY_STORAGE__DIRECTORY"]


async def test_the_configuration_is_valid(run_command: RunCommand, tmp_path: Path) -> None:
    path = tmp_path / "pyproxy.yaml"
    path.write_text(manifest("configmap")["data"]["pyproxy.yaml"], encoding="utf-8")
    command = run_command("--config", str(path), "config", "check")
    assert await command.ended() == 0, command.output


def test_the_cache_is_smaller_than_its_volume() -> None:
    def gigabytes(size: str) -> float:
        number, unit = re.fullmatch(r"(\d+)(GB|Gi)", size).groups()  # type: ignore[union-attr]
        return float(number) * (1.0 if unit == "GB" else 1.073741824)

    claimed = manifest("persistentvolumeclaim")["spec"]["resources"]["requests"]["storage"]
    assert gigabytes(configuration()["storage"]["max_size"]) < 0.9 * gigabytes(claimed)


def test_probes_ask_what_they_are_for() -> None:
    """One that asks /readyz for life would restart a server whose disk is full."""
    probes = {
        name: container()[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe", "startupProbe")
    }
    assert probes == {"livenessProbe": "/healthz", "readinessProbe": "/readyz", "startupProbe": "/healthz"}
    assert pod()["terminationGracePeriodSeconds"] > 10


def test_every_part_finds_the_server() -> None:
    labels = manifest("deployment")["spec"]["template"]["metadata"]["labels"]
    assert manifest("deployment")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    service = manifest("service")
    assert service["spec"]["selector"].items() <= labels.items()
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] in [each["name"] for each in container()["ports"]]
    assert [each["containerPort"] for each in container()["ports"]] == [configuration()["server"]["port"]]
    (rule,) = manifest("ingress")["spec"]["rules"]
    behind = rule["http"]["paths"][0]["backend"]["service"]
    assert (behind["name"], behind["port"]["name"]) == (service["metadata"]["name"], port["name"])
    monitor = manifest("servicemonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == port["name"]


def test_the_ingress_passes_bytes_on_as_they_come() -> None:
    annotations = manifest("ingress")["metadata"]["annotations"]
    prefix = "nginx.ingress.kubernetes.io/"
    settings = {name.removeprefix(prefix): value for name, value in annotations.items() if name.startswith(prefix)}
    assert settings["proxy-buffering"] == settings["proxy-request-buffering"] == "off"
    assert settings["proxy-max-temp-file-size"] == settings["proxy-body-size"] == "0"
    assert all(isinstance(value, str) for value in annotations.values())


async def test_the_secrets_example_is_refused_as_it_is(run_command: RunCommand) -> None:
    """A key that everybody knows would encrypt nothing."""
    secret = manifest("secret.example")
    wanted = container()["envFrom"][0]["secretRef"]
    assert (wanted["name"], wanted["optional"]) == (secret["metadata"]["name"], True)
    command = run_command(PYPROXY_SECRET_KEY=secret["stringData"]["PYPROXY_SECRET_KEY"])
    assert await command.ended() == 2
    assert "PYPROXY_SECRET_KEY: is too short" in command.output
    (named,) = set(re.findall(r"\$\{([A-Z_]+)\}", manifest("configmap")["data"]["pyproxy.yaml"]))
    assert set(secret["stringData"]) == {named, "PYPROXY_SECRET_KEY"}


def test_the_kustomization_takes_what_needs_no_change() -> None:
    resources = manifest("kustomization")["resources"]
    assert sorted(resources) == sorted(
        f"{name}.yaml" for name in ("configmap", "persistentvolumeclaim", "deployment", "service")
    )
    assert all((MANIFESTS / name).is_file() for name in resources)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_builds_the_kustomization() -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(MANIFESTS)], capture_output=True, text=True, check=False, timeout=60
    )
    assert built.returncode == 0, built.stderr
    kinds = sorted(each["kind"] for each in yaml.safe_load_all(built.stdout))
    assert kinds == ["ConfigMap", "Deployment", "PersistentVolumeClaim", "Service"]
