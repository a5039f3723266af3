"""The app as it is deployed: configured from a stack's outputs, packaged by Chalice itself."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devstack.errors import DevstackError
from devstack.processes import bare_environment

_APP: Final = ("app.py", "chalicelib")
_PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z_]+)\}")

# `app.py` reads them when it is imported, for its decorators only: Chalice writes them into the
# template. In the deployed function they are absent.
_READ_WHILE_PACKAGING: Final = {
    "COGNITO_USER_POOL_ARN": "UserPoolArn",
    "PAYOUT_QUEUE_ARN": "PayoutQueueArn",
    "WEBHOOK_QUEUE_ARN": "WebhookQueueArn",
}


@dataclass(frozen=True, slots=True)
class Package:
    """What Chalice wrote: a SAM template, and the code that each of its functions runs."""

    template: str
    code: Path

    @property
    def key(self) -> str:
        """A name for the code that is another one when the code is."""
        return f"{hashlib.sha256(self.code.read_bytes()).hexdigest()}.zip"

    def template_with_code_at(self, uri: str) -> str:
        """The template for CloudFormation, which takes the code from a bucket."""
        return self.template.replace("./deployment.zip", uri)


def render(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `${Name}` replaced by its value, written as the inside of a JSON string.

    Raises:
        DevstackError: names without a value, all of them.
    """
    missing = sorted({name for name in _PLACEHOLDER.findall(text) if name not in values})
    if missing:
        raise DevstackError(f"No value for {', '.join(missing)}.")
    return _PLACEHOLDER.sub(lambda match: json.dumps(values[match[1]])[1:-1], text)


def stage_app(
    project: Path,
    destination: Path,
    values: Mapping[str, str],
    *,
    stage: str,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Copy the app to `destination` with its configuration and policies filled in for `stage`.

    `environment` goes before what the configuration gives the functions of that stage.
    """
    shutil.rmtree(destination, ignore_errors=True)
    (destination / ".chalice").mkdir(parents=True)
    for name in _APP:
        source = project / name
        if source.is_dir():
            shutil.copytree(
                source, destination / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, destination / name)
    for source in sorted((project / ".chalice").glob("*.json")):
        rendered = render(source.read_text(encoding="utf-8"), values)
        (destination / ".chalice" / source.name).write_text(rendered, encoding="utf-8")
    config_file = destination / ".chalice" / "config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    if stage not in config["stages"]:
        raise DevstackError(f".chalice/config.json has no stage {stage!r}.")
    config["stages"][stage].setdefault("environment_variables", {}).update(environment or {})
    config_file.write_text(json.dumps(config, indent=2), encoding="utf-8")


def build(
    project: Path, staged: Path, outputs: Mapping[str, str], *, stage: str, cache: Path
) -> Package:
    """Run `chalice package` on a staged app.

    The dependencies are built by Chalice from `requirements.txt` the first time and kept in
    `cache`; until the requirements change, later packages take them from there, so that a second
    start needs neither the network nor the time.

    Raises:
        DevstackError: Chalice refused; with what it said.
    """
    requirements = project / "requirements.txt"
    kept = cache / dependencies_key(requirements)
    if kept.is_dir():
        (staged / "vendor").symlink_to(kept, target_is_directory=True)
    else:
        shutil.copy(requirements, staged / "requirements.txt")
    _chalice_package(staged, project / "infra" / "app.yaml", outputs, stage)
    package = Package(
        template=(staged / "out" / "sam.yaml").read_text(encoding="utf-8"),
        code=staged / "out" / "deployment.zip",
    )
    if not kept.is_dir():
        _keep_dependencies(package.code, kept)
    return package


def _chalice_package(staged: Path, merge: Path, outputs: Mapping[str, str], stage: str) -> None:
    environment = bare_environment() | {
        "AWS_DEFAULT_REGION": outputs["UserPoolArn"].split(":")[3],
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: outputs[output] for name, output in _READ_WHILE_PACKAGING.items()},
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
    }
    chalice = Path(sys.executable).with_name("chalice")
    command = [str(chalice), "package", "--stage", stage]
    command += ["--template-format", "yaml", "--merge-template", str(merge), "out"]
    done = subprocess.run(
        command, cwd=staged, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DevstackError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def dependencies_key(requirements: Path) -> str:
    """The name under which the dependencies of this file are kept: another one when it changes."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    return f"{python}-{digest}"


def _keep_dependencies(code: Path, kept: Path) -> None:
    """What is in the package and not the app's own, unpacked into `kept`, whole or not at all."""
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with zipfile.ZipFile(code) as archive:
        own = (*_APP, ".chalice")
        names = [name for name in archive.namelist() if name.split("/")[0] not in own]
        archive.extractall(unfinished, names)
    try:
        unfinished.rename(kept)
    except OSError:  # another start was faster
        shutil.rmtree(unfinished)
