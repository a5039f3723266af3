"""The functions' dependencies, from their pinned wheels, for the processor they will run on."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Final

from tools.deploy.errors import DeployError

# Chalice names the functions' runtime after the interpreter that packages: so do the wheels.
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_ABIS: Final = (f"cp{PYTHON.replace('.', '')}", "abi3", "none")
# Lambda's image for Python 3.12 is Amazon Linux 2023, whose glibc is 2.34.
_MANYLINUX: Final = ("manylinux_2_28", "manylinux2014", "manylinux_2_17")


class Architecture(StrEnum):
    """A processor of Lambda's, as Chalice and Lambda name it."""

    ARM64 = "arm64"
    X86_64 = "x86_64"

    @property
    def machine(self) -> str:
        """The processor, as the names of wheels have it."""
        return "aarch64" if self is Architecture.ARM64 else "x86_64"


def install(requirements: Path, architecture: Architecture, target: Path) -> None:
    """Unpack into the directory `target` all that `requirements` pins.

    Only wheels are taken, and only those whose digest is named: nothing of what is installed runs
    on this machine, and no compiler of this machine's has a part in the package.

    Raises:
        DeployError: pip refused; with what it said. A wheel with another digest is refused.
    """
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    command += ["--no-compile", "--no-warn-conflicts"]
    command += ["--implementation", "cp", "--python-version", PYTHON]
    for abi in _ABIS:
        command += ["--abi", abi]
    for platform in (*(f"{each}_{architecture.machine}" for each in _MANYLINUX), "any"):
        command += ["--platform", platform]
    command += ["--requirement", str(requirements), "--target", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"pip could not fetch the dependencies:\n{done.stdout}{done.stderr}")
