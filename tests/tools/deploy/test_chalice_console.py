"""Chalice's own commands serve and pack the console without a step before them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.deploy.conftest import ROOT
from tools import console_script
from tools.devstack.processes import bare_environment


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone as far as Chalice's commands need it."""
    ignored = shutil.ignore_patterns("__pycache__", "deployments", "console.js", "amazon_roots.pem")
    for name in ("chalicelib", ".chalice", "console"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "tools").mkdir()
    for name in ("app.py", "openapi.json", "tools/__init__.py", "tools/console_script.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def load_by_chalice(clone: Path) -> subprocess.CompletedProcess[str]:
    """The quickest of the commands that import the app."""
    own = {"HOME": str(clone), "AWS_DEFAULT_REGION": "ap-southeast-2"}
    return subprocess.run(  # noqa: S603 - our own program
        [str(Path(sys.executable).with_name("chalice")), "generate-models"],
        cwd=clone,
        env=bare_environment() | own | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_is_made_where_chalice_loads_the_app(clone: Path) -> None:
    done = load_by_chalice(clone)
    assert (done.returncode, done.stderr) == (0, "")
    made = console_script.script(ROOT / console_script.SOURCES)
    assert (clone / console_script.SCRIPT).read_text() == made


def test_a_module_that_cannot_be_joined_is_named(clone: Path) -> None:
    (clone / "console" / "words.js").write_text("export default 1;\n")
    done = load_by_chalice(clone)
    assert done.returncode == 1
    assert "words.js: export default 1;" in done.stderr


def test_a_copy_of_the_app_without_the_modules_is_left_as_it_is(clone: Path) -> None:
    shutil.rmtree(clone / "console")
    assert load_by_chalice(clone).returncode == 0
    assert not (clone / console_script.SCRIPT).exists()
