"""The code that modules generate while they are loaded, compiled into the package.

`chalicelib.core.coldstart.generated_code` takes it from there.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.deploy.errors import DeployError

FILE: Final = "chalicelib/core/coldstart/generated_code.bin"
# All of the app and every dependency that a function loads, in a process of their own. The
# dependencies are those of this environment: the same versions, for this machine's processor.
_RECORD: Final = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
from chalicelib.core.coldstart import generated_code
generated_code.record()
generated_code.use_for_attrs()
import app, chalicelib
import aws_encryption_sdk, botocore.client, botocore.session, marshmallow, requests
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
code = generated_code.written(frozenset(generated_code.unknown()))
open(sys.argv[2], "wb").write(code)
"""


def add(tree: Path) -> None:
    """Write it into the app in `tree`.

    Raises:
        DeployError: the app cannot be loaded.
    """
    (tree / FILE).unlink(missing_ok=True)  # or nothing would be left to record
    command = [sys.executable, "-I", "-B", "-c", _RECORD, str(tree), str(tree / FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"The app cannot be loaded:\n{done.stdout}{done.stderr}")
