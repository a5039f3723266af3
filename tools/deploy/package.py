"""The functions' package: Chalice's template, and the archive of code that all functions run.

The archive holds the app, Chalice's runtime as Chalice itself packs it, and the dependencies from
their wheels, cut down and compiled. Lambda takes the same one by whichever way it is deployed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools import console_script
from tools.deploy import (
    archive,
    bill_of_materials,
    configure,
    dependencies,
    generated_code,
    slim,
    template,
)
from tools.deploy.errors import DeployError
from tools.deploy.wheels import Architecture

# Lambda refuses 50 MB; a cold start loads what there is.
MOST_BYTES: Final = 15_000_000
_APP: Final = ("app.py", "chalicelib")
_CONFIGURATION: Final = ".chalice"


@dataclass(frozen=True, slots=True)
class Package:
    """What a stage is made of: a SAM template that is neutral of the stage, and the code."""

    template: Mapping[str, Any]
    code: Path

    @property
    def digest(self) -> str:
        """SHA-256 of the code: the same input gives the same one."""
        return hashlib.sha256(self.code.read_bytes()).hexdigest()

    @property
    def bytes_packed(self) -> int:
        """The size that is uploaded."""
        return self.code.stat().st_size

    @property
    def bytes_unpacked(self) -> int:
        """The size that a function loads from."""
        with zipfile.ZipFile(self.code) as packed:
            return sum(entry.file_size for entry in packed.infolist())


def build(project: Path, destination: Path, *, stage: str, cache: Path) -> Package:
    """Build the package of `stage` of `.chalice/config.json` into the directory `destination`.

    Raises:
        DeployError: Chalice or pip refused, or the package is larger than it may be.
    """
    shutil.rmtree(destination, ignore_errors=True)
    staged, app, code = (destination / name for name in ("staged", "app", "functions.zip"))
    written = chalice_package(project, staged, stage=stage)
    with zipfile.ZipFile(staged / "out" / "deployment.zip") as packed:
        packed.extractall(app)  # app.py, chalicelib, and Chalice's runtime
    console_script.add(app, project)
    slim.add_amazon_roots(app)
    generated_code.add(app)
    slim.compile_all(app)
    requirements, architecture = project / "requirements.txt", architecture_of(project, stage)
    archive.pack(code, app, dependencies.ready(requirements, architecture, cache))
    shutil.rmtree(staged)
    package = Package(written, code)
    if package.bytes_packed > MOST_BYTES:
        raise DeployError(f"The package has {package.bytes_packed:,} bytes of {MOST_BYTES:,}.")
    bill = bill_of_materials.written(requirements, package.digest)
    (destination / bill_of_materials.NAME).write_text(bill, encoding="utf-8")
    return package


def chalice_package(project: Path, staged: Path, *, stage: str) -> dict[str, Any]:
    """Run `chalice package` in `staged`, on a copy of the app; the template that it writes.

    Without the requirements: the dependencies are built by ourselves. Chalice's archive of the app
    and its own runtime is `out/deployment.zip` then.

    Raises:
        DeployError: Chalice refused; with what it said.
    """
    _stage(project, staged)
    _run_chalice(staged, project / "infra" / "app.yaml", stage)
    return template.neutral((staged / "out" / "sam.yaml").read_text(encoding="utf-8"))


def _stage(project: Path, staged: Path) -> None:
    staged.mkdir(parents=True)
    for name in (*_APP, _CONFIGURATION):
        source = project / name
        if source.is_dir():
            shutil.copytree(source, staged / name, ignore=_ignored)
        else:
            shutil.copy(source, staged / name)
    file = staged / _CONFIGURATION / "config.json"
    config = configure.neutral(json.loads(file.read_text(encoding="utf-8")))
    file.write_text(json.dumps(config), encoding="utf-8")


def _ignored(directory: str, names: list[str]) -> set[str]:
    made = {"__pycache__", "amazon_roots.pem", "console.js"}
    if Path(directory).name == _CONFIGURATION:
        # What Chalice and `payoutctl configure` keep there of stages on AWS.
        made |= {name for name in names if (Path(directory) / name).is_dir()}
    return made & set(names)


def architecture_of(project: Path, stage: str) -> Architecture:
    """The processor that the functions of a stage run on.

    Raises:
        DeployError: there is no such stage.
    """
    config = json.loads((project / _CONFIGURATION / "config.json").read_text(encoding="utf-8"))
    if stage not in config["stages"]:
        raise DeployError(f".chalice/config.json has no stage {stage!r}.")
    chosen = config["stages"][stage].get("lambda_architecture", config["lambda_architecture"])
    return Architecture(chosen)


def _run_chalice(staged: Path, merge: Path, stage: str) -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AWS_DEFAULT_REGION": "ap-southeast-2",  # it asks for one, and writes it nowhere
        "PYTHONDONTWRITEBYTECODE": "1",
        **configure.READ_BY_DECORATORS,
    }
    chalice = Path(sys.executable).with_name("chalice")
    command = [str(chalice), "package", "--stage", stage]
    command += ["--template-format", "yaml", "--merge-template", str(merge), "out"]
    done = subprocess.run(
        command, cwd=staged, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DeployError(f"chalice package failed:\n{done.stdout}{done.stderr}")
