"""Chalice deploys our package instead of building one, as long as it is of this very app."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chalice.deploy.packager import LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from tests.tools.deploy.conftest import ROOT
from tools.deploy import reuse
from tools.deploy.package import Package
from tools.devstack.processes import bare_environment

IMPORTED = "import app, chalicelib.payouts.request_payout, chalicelib.monoova.client"


class RecordingUI(UI):
    """Chalice's user interface; keeps what Chalice writes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = ""

    def write(self, msg: str) -> None:
        self.written += msg


class NothingIsBuiltError(Exception):
    """Chalice was about to fetch the dependencies: it has not found our package."""


class Builder:
    """A fake builder of dependencies: fails the test when Chalice calls it."""

    def build_site_packages(self, *_: object) -> None:
        raise NothingIsBuiltError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone in which nothing was ever run."""
    for name in ("chalicelib", ".chalice", "console"):
        ignored = shutil.ignore_patterns(
            "__pycache__", "deployments", "amazon_roots.pem", "console.js"
        )
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def packaged_by_chalice(project: Path, architecture: str, ui: UI) -> Path:
    builder: Any = Builder()
    packager = LambdaDeploymentPackager(OSUtils(), builder, ui, architecture=architecture)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(packager.create_deployment_package(str(project), python))


@pytest.mark.parametrize(("stage", "architecture"), [("prod", "arm64"), ("local", "x86_64")])
def test_chalice_takes_our_package_as_it_is(
    project: Path, prod: Package, stage: str, architecture: str
) -> None:
    place = reuse.lay_ready(project, prod, stage=stage)
    ui = RecordingUI()
    assert packaged_by_chalice(project, architecture, ui) == place
    assert "Reusing existing deployment package." in ui.written
    assert place.read_bytes() == prod.code.read_bytes()


def test_it_takes_it_after_importing_the_app_which_writes_bytecode(
    project: Path, prod: Package
) -> None:
    """Chalice imports the app first. The name is of all files, and these would be new ones."""
    place = reuse.lay_ready(project, prod, stage="prod")
    subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", IMPORTED],
        cwd=project,
        env=bare_environment() | {"AWS_DEFAULT_REGION": "ap-southeast-2"},
        check=True,
    )
    assert (project / "chalicelib" / "__pycache__").is_dir()
    assert packaged_by_chalice(project, "arm64", RecordingUI()) == place


@pytest.mark.parametrize("changed", ["app.py", "chalicelib/settings.py", "requirements.txt"])
def test_after_a_change_it_builds_its_own(project: Path, prod: Package, changed: str) -> None:
    reuse.lay_ready(project, prod, stage="prod")
    with (project / changed).open("a") as file:
        file.write("\n# changed\n")
    with pytest.raises(NothingIsBuiltError):
        packaged_by_chalice(project, "arm64", RecordingUI())


def test_a_package_for_another_processor_is_not_taken(project: Path, prod: Package) -> None:
    reuse.lay_ready(project, prod, stage="prod")
    with pytest.raises(NothingIsBuiltError):
        packaged_by_chalice(project, "x86_64", RecordingUI())
