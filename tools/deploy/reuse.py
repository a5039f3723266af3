"""Gives `chalice deploy` our package, where it would build one of its own.

Chalice keeps what it has built in `.chalice/deployments/`, under a name that follows from the app,
the requirements, the interpreter and the processor, and takes it from there while these are the
same. So ours, laid there, is what it deploys, until the app is changed; then it builds one that
does the same and starts more slowly.

Its name follows from every file under chalicelib, and when Chalice imports the app, Python writes
bytecode there and the app the console's script. So both have to be there before the name is asked
for.
"""

import compileall
import shutil
import sys
from pathlib import Path
from typing import Any

from chalice.deploy.packager import LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from tools import console_script
from tools.deploy.package import Package, architecture_of


def lay_ready(project: Path, package: Package, *, stage: str) -> Path:
    """Where Chalice will look for the package of this stage; it is there now."""
    console_script.add(project, project)
    compileall.compile_dir(project / "chalicelib", quiet=1)
    place = place_of(project, stage)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(package.code, place)
    return place


def place_of(project: Path, stage: str) -> Path:
    """The name that Chalice gives to the package of the project as it is now."""
    chosen = architecture_of(project, stage).value
    # It builds nothing here: it is asked for a name.
    builder: Any = None
    packager = LambdaDeploymentPackager(OSUtils(), builder, UI(), architecture=chosen)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(packager.deployment_package_filename(str(project), python))
