"""The dependencies as they lie in the package: made once, kept while nothing changes them."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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
    with _alone(kept.with_name(f"{kept.name}.lock")):
        if not kept.is_dir():
            unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            wheels.install(requirements, architecture, unfinished)
            slim.slim(unfinished)
            slim.compile_all(unfinished)
            unfinished.rename(kept)  # whole or not at all
    return kept


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time makes them, the others wait for what it makes."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def key(requirements: Path, architecture: Architecture) -> str:
    """The name under which they are kept."""
    digest = hashlib.sha256()
    for path in (requirements, *_MADE_BY):
        digest.update(path.read_bytes())
    return f"python{PYTHON}-{architecture}-{digest.hexdigest()[:16]}"
