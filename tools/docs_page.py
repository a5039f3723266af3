"""Brings the files of Swagger UI that `GET /docs` serves, from the one archive that is pinned here.

    python -m tools.docs_page [--check]

npm packs the archive; nothing of it is run, and what it is must be what the hash says. With
`--check` nothing is written: exit code 1 if a file in the repository is not the archive's, or if
the archive could not be fetched.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "chalicelib" / "static" / "docs"
PACKAGE: Final = "swagger-ui-dist@5.35.0"
# As the registry names it; a new version brings its own.
SHA512: Final = (
    "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
)
_FILES: Final = (
    "LICENSE",
    "NOTICE",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
)
# Leads to a file that is not shipped; a browser's tools would ask for it.
_MAP: Final = (b"\n//# sourceMappingURL=", b"\n/*# sourceMappingURL=")


def files_in(archive: bytes) -> dict[str, bytes]:
    """What the page needs of the archive.

    Raises:
        ValueError: it is not the archive that is pinned.
    """
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        raise ValueError(f"This is not the archive of {PACKAGE} that is pinned.")
    with tempfile.TemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as packed:
            return {name: _member(packed, f"package/{name}") for name in _FILES}


def _member(packed: tarfile.TarFile, name: str) -> bytes:
    member = packed.extractfile(name)
    if member is None:
        raise ValueError(f"{PACKAGE} has no file {name}.")
    content = member.read()
    for mark in _MAP:
        content = content.partition(mark)[0]
    return content.rstrip() + b"\n"


def _fetched() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--ignore-scripts", "--silent", PACKAGE]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
        (archive,) = Path(folder).glob("*.tgz")
        return archive.read_bytes()


def main(arguments: list[str]) -> int:
    found = files_in(_fetched())
    if arguments == ["--check"]:
        differing = [name for name in found if (FOLDER / name).read_bytes() != found[name]]
        print(f"Not as in {PACKAGE}: {differing}" if differing else f"As in {PACKAGE}.")
        return 1 if differing else 0
    for name, content in found.items():
        (FOLDER / name).write_bytes(content)
    print(f"{FOLDER} has the files of {PACKAGE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
