"""What makes a package start fast: nothing in it that is never called, and nothing left to compile.

Lambda's `/var/task` cannot be written to, so a package without bytecode compiles every module it
imports at every cold start: half of the time of one.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import certifi

from tools.deploy import models
from tools.deploy.errors import DeployError
from tools.deploy.stand_ins import STAND_INS

# The authorities of Amazon's own endpoints, https://www.amazontrust.com/repository/. Reading the
# 118 of the usual bundle costs 30 ms of CPU for each client; Monoova is checked against them all.
_AMAZON: Final = ("Amazon Root CA", "Starfield Services Root Certificate Authority - G2")
ROOTS: Final = "chalicelib/core/coldstart/amazon_roots.pem"

# Not imported by anything: programs, metadata of installers, stubs, tests, types.
_DROPPED: Final = ("*.dist-info", "*-stubs", "bin", "tests")
_DROPPED_FILES: Final = ("*.pyi", "py.typed", "*.c", "*.h", "*.pxd", "*.rst")
# Of the wheels, what our own way through them never reaches.
_UNREACHED: Final = (
    "pycparser",  # parses C for cffi's compiler; at run time cffi does not
    "boto3/data",  # the resource API's descriptions: we use clients
    "boto3/s3",  # file transfers
    "boto3/resources",
    "boto3/docs",
)


def slim(tree: Path) -> None:
    """Take out of the dependencies unpacked in `tree` what is never called."""
    for pattern in _DROPPED:
        for path in sorted(tree.rglob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
    for pattern in _DROPPED_FILES:
        for path in sorted(tree.rglob(pattern)):
            path.unlink()
    for name in _UNREACHED:
        shutil.rmtree(tree / name)
    shutil.rmtree(tree / "s3transfer")
    for name, text in STAND_INS.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    models.trim(tree / "botocore" / "data")


def add_amazon_roots(tree: Path) -> None:
    """Amazon's authorities alone, out of the pinned bundle of all; see `coldstart.amazon_roots`."""
    chosen: list[str] = []
    for block in Path(certifi.where()).read_text(encoding="ascii").split("\n\n"):
        label = next((line for line in block.splitlines() if line.startswith("# Label:")), "")
        if any(f'"{name}' in label for name in _AMAZON):
            chosen.append(block[block.index("-----BEGIN") :].strip())
    if len(chosen) < len(_AMAZON):
        raise DeployError("certifi's bundle has not all of Amazon's authorities any more.")
    (tree / ROOTS).write_text("\n".join(chosen) + "\n", encoding="ascii")


def compile_all(tree: Path) -> None:
    """Bytecode beside every module, which is believed without a look at its source's date.

    The archive forces all dates to 1980, so bytecode that is checked by date would be stale. It is
    made in a process that has nothing else loaded: what a string's bytecode looks like depends on
    who else holds it.

    Raises:
        DeployError: a module does not compile.
    """
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-f", "-s", str(tree)]
    command += ["--invalidation-mode", "unchecked-hash", str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"A module of the package does not compile:\n{done.stdout}{done.stderr}")
