"""Gives a folder of bytecode what installing has compiled already.

    python3 tools/devstack/bytecode.py build/bytecode .venv

With PYTHONPYCACHEPREFIX Python looks for bytecode under that folder alone, and would compile each
installed module again, in each process of a first run. pip's is linked to where it is looked for.

Only the standard library: it runs under the machine's own Python.
"""

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path


def share(prefix: Path, environment: Path) -> int:
    """Link the bytecode of an environment and of its standard library; says of how many modules."""
    given = 0
    for found in _compiled(environment.absolute() / "lib"):
        given += _linked(found, prefix.absolute())
    standard = Path(sysconfig.get_path("stdlib"))
    for found in _compiled(standard):
        if "site-packages" not in found.relative_to(standard).parts:
            given += _linked(found, prefix.absolute())
    return given


def _compiled(folder: Path) -> Iterator[Path]:
    return folder.rglob("__pycache__/*.pyc")


def _linked(found: Path, prefix: Path) -> bool:
    # https://docs.python.org/3/library/sys.html#sys.pycache_prefix: the whole path, mirrored.
    folder = found.parent.parent
    place = prefix / folder.relative_to(folder.anchor) / found.name
    if place.exists():
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(found, place)
    except OSError:  # another file system
        shutil.copy2(found, place)
    return True


if __name__ == "__main__":
    share(Path(sys.argv[1]), Path(sys.argv[2]))
