"""What is taken into the package: the files whose digests are named, and no others."""

from pathlib import Path

import pytest

from tests.tools.forged_wheels import REQUIRED, offline, wheel
from tools.deploy import wheels
from tools.deploy.errors import DeployError
from tools.deploy.wheels import Architecture


def installed(folder: Path, requirement: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module that came into the package."""
    for name, value in offline(folder).items():
        monkeypatch.setenv(name, value)
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{requirement}\n")
    target = folder / "package"
    wheels.install(requirements, Architecture.ARM64, target)
    return (target / "payee.py").read_text()


def test_a_wheel_with_the_digest_that_is_named_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = wheel(tmp_path, "GOOD = True\n")
    requirement = f"{REQUIRED} --hash=sha256:{digest}"
    assert installed(tmp_path, requirement, monkeypatch) == "GOOD = True\n"


def test_a_substituted_wheel_of_the_same_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = wheel(tmp_path / "published", "GOOD = True\n")
    wheel(tmp_path, "GOOD = False\n")
    with pytest.raises(DeployError, match="DO NOT MATCH THE HASHES"):
        installed(tmp_path, f"{REQUIRED} --hash=sha256:{digest}", monkeypatch)
    assert not (tmp_path / "package").exists()


def test_a_requirement_without_a_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path, "GOOD = False\n")
    with pytest.raises(DeployError, match="Hashes are required"):
        installed(tmp_path, REQUIRED, monkeypatch)
