"""Wheels made here: a good one, and one of the same name and version with other content."""

import hashlib
import zipfile
from pathlib import Path

REQUIRED = "payee==1.0"
_METADATA = "Metadata-Version: 2.1\nName: payee\nVersion: 1.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(folder: Path, content: str) -> str:
    """Make `payee-1.0-py3-none-any.whl` with this module; its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "payee-1.0-py3-none-any.whl"
    files = {
        "payee.py": content,
        "payee-1.0.dist-info/METADATA": _METADATA,
        "payee-1.0.dist-info/WHEEL": _WHEEL,
    }
    record = [*(f"{name},," for name in files), "payee-1.0.dist-info/RECORD,,"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, "payee-1.0.dist-info/RECORD": "\n".join(record)}.items():
            archive.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def offline(folder: Path) -> dict[str, str]:
    """The environment in which pip finds the wheels of this folder and nothing else."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
