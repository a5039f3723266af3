"""The package of the stage `prod`, built once for all tests of this folder."""

import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tools.deploy import package
from tools.deploy.package import Package

ROOT: Final = Path(__file__).resolve().parents[3]
# Where `make package` keeps the dependencies, too.
CACHE: Final = ROOT / "build" / "dependencies"


@pytest.fixture(autouse=True)
def _bytecode_beside_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python keeps it by default; `make test` has a folder for all of it."""
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """As `make package STAGE=prod` builds it. Takes two seconds once the dependencies are there."""
    return package.build(ROOT, tmp_path_factory.mktemp("prod") / "a", stage="prod", cache=CACHE)


@pytest.fixture(scope="session")
def unpacked(prod: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the package, as a function finds it in /var/task."""
    place = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(prod.code) as archive:
        archive.extractall(place)
    return place
