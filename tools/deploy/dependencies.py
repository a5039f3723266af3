"""The dependencies as they lie in the package: made once, kept while nothing changes them."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from tools.deploy import slim, wheels
from tools.deploy.wheels import PYTHON, Architecture

# What decides about their content beside the requirements.
_MADE_BY: Final = tuple(
    Path(__file__).with_name(f"{module}.py")
    for module in ("dependencies", "models", "slim", "stand_ins", "wheels")
)


def ready(requirements: Path, architecture: Architecture, cache: Path) -> Path:
    """A directory under `cache` with all that `requirements` pins, cut down and compiled.

    Raises:
        DeployError: pip refused, or a module does not compile.
    """
    kept = cache / key(requirements, architecture)
    if not kept.is_dir():
        unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        wheels.install(requirements, architecture, unfinished)
        slim.slim(unfinished)
        slim.compile_all(unfinished)
        try:
            unfinished.rename(kept)  # whole or not at all
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return kept


def key(requirements: Path, architecture: Architecture) -> str:
    """The name under which they are kept."""
    digest = hashlib.sha256()
    for path in (requirements, *_MADE_BY):
        digest.update(path.read_bytes())
    return f"python{PYTHON}-{architecture}-{digest.hexdigest()[:16]}"
