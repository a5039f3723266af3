"""Code that modules generate is compiled into the package, all of it, and does what it did."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bench.cold import ENVIRONMENT
from tests.tools.deploy.conftest import ROOT
from tools.deploy import generated_code
from tools.deploy.errors import DeployError

# What a cold POST /payouts and the functions behind queue and clock load.
_LOADED: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import app
from chalicelib import late
from chalicelib.core.coldstart import generated_code
from chalicelib.container import wired
parts = wired.get()
late.payout_schemas, parts.payout_requests, parts.dispatcher, parts.webhooks
parts.reconciler, parts.daily_reports
parts.vault._sdk, parts.vault._provider
import dataclasses
print("exec" in vars(dataclasses), len(generated_code.unknown()))
from chalicelib.control.rules.limits import Limits
from aws_encryption_sdk.structures import MasterKeyInfo
print(Limits(), Limits() == Limits(), hash(Limits()) == hash(Limits()))
print(MasterKeyInfo("p", b"k"), MasterKeyInfo("p", b"k") == MasterKeyInfo("p", b"k"))
"""


@pytest.fixture
def app_alone(tmp_path: Path) -> Path:
    """The app as it lies in a package, before anything is added."""
    shutil.copy(ROOT / "app.py", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "chalicelib", tmp_path / "chalicelib", ignore=ignored)
    return tmp_path


def loaded(tree: Path) -> list[str]:
    command = [sys.executable, "-I", "-B", "-c", _LOADED, str(tree)]
    environment = dict(ENVIRONMENT)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_nothing_is_left_to_compile_and_classes_are_as_without_it(app_alone: Path) -> None:
    without = loaded(app_alone)
    generated_code.add(app_alone)
    assert (app_alone / generated_code.FILE).stat().st_size > 100_000
    served, *classes = loaded(app_alone)
    assert served == "True 0"
    assert without == ["False 0", *classes]


def test_what_it_is_made_from_decides_about_its_bytes(app_alone: Path) -> None:
    generated_code.add(app_alone)
    once = (app_alone / generated_code.FILE).read_bytes()
    generated_code.add(app_alone)
    assert (app_alone / generated_code.FILE).read_bytes() == once


def test_an_app_that_cannot_be_loaded_is_refused(app_alone: Path) -> None:
    (app_alone / "app.py").write_text("raise RuntimeError('not today')")
    with pytest.raises(DeployError, match="not today"):
        generated_code.add(app_alone)
