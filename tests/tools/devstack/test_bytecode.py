"""Bytecode that installing has made is found where the tests look for it."""

import os
import subprocess
import sys
from pathlib import Path

from tools.devstack import bytecode


def test_an_installed_module_is_not_compiled_a_second_time(tmp_path: Path) -> None:
    packages, prefix = tmp_path / "environment" / "lib" / "packages", tmp_path / "bytecode"
    packages.mkdir(parents=True)
    (packages / "one.py").write_text("")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages)}
    words = [sys.executable, "-c", "import one; print(one.__cached__)"]
    subprocess.run(words, env=environment, check=True)  # noqa: S603 - our own words
    (made,) = packages.rglob("*.pyc")

    assert bytecode.share(prefix, tmp_path / "environment") > 1  # and the standard library's
    assert bytecode.share(prefix, tmp_path / "environment") == 0

    environment |= {"PYTHONPYCACHEPREFIX": str(prefix), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own words
        words, env=environment, check=True, capture_output=True, text=True
    )
    assert Path(done.stdout.strip()).samefile(made)
