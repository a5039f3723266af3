"""Trees of files as the archive that Lambda takes: the same trees give the same bytes."""

import zipfile
from pathlib import Path
from typing import Final

# The oldest that the format knows. Whatever the clock said would make another archive each time.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE: Final = 0o100644 << 16
_UNIX: Final = 3
_LEVEL: Final = 6


def pack(archive: Path, *trees: Path) -> None:
    """Every file of the trees, sorted by name, readable by all, dated 1980.

    Raises:
        ValueError: two trees have a file of the same name.
    """
    files: dict[str, Path] = {}
    for tree in trees:
        for path in tree.rglob("*"):
            name = path.relative_to(tree).as_posix()
            if path.is_file() and files.setdefault(name, path) is not path:
                raise ValueError(f"{name} is there twice.")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = _FILE
            entry.create_system = _UNIX
            packed.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
