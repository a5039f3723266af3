"""Writes the files of requirements: every version, each with the digests of all its files.

    python -m tools.lock [--check] [words for uv, such as --upgrade or --upgrade-package boto3]

Each `.in` file names what is wanted and why; the `.txt` beside it is what is installed, and nothing
else is: pip refuses a file that has another digest. What stands in a `.txt` stays unless it is told
to be upgraded. A version's digests are those of all its files, so one list does for a developer's
machine and for both of Lambda's processors.

`--check` writes nothing: exit code 1 where a `.txt` does not pin what its `.in` asks for.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
# What is asked for, and the pins that it shares with another file.
LOCKED: Final = {
    "requirements.in": None,
    "requirements-run.in": "requirements.txt",
    "requirements-dev.in": "requirements-run.txt",
    "tools/devstack/requirements.in": None,
    "infra/checkov-requirements.in": None,
    "tests/load/requirements.in": None,
}
_OLDEST_PYTHON: Final = "3.11"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)")
_ASKED: Final = re.compile(r"^([A-Za-z0-9._-]+)")
_DIGEST: Final = re.compile(r"^ +--hash=sha256:[0-9a-f]{64}( \\)?$")


def written_from(asked: str) -> str:
    """The file that is installed, of the one that says what is wanted."""
    return f"{asked.removesuffix('.in')}.txt"


def faults(text: str) -> Iterator[str]:
    """What keeps a file of requirements from being installed by digests alone."""
    lines = text.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line or line.startswith(("#", " ")):
            if line.startswith(" ") and not _DIGEST.match(line):
                yield f"no digest: {line.strip()}"
        elif not _PINNED.match(line):
            yield f"not pinned: {line}"
        elif not _DIGEST.match(following):
            yield f"without a digest: {line}"


def missing(asked: Path) -> Iterator[str]:
    """What an `.in` file asks for and its `.txt` does not pin."""
    text = (asked.parent / written_from(asked.name)).read_text(encoding="utf-8")
    there = {_folded(found[1]) for line in text.splitlines() if (found := _PINNED.match(line))}
    for name in _names(asked):
        if _folded(name) not in there:
            yield name


def _names(asked: Path) -> Iterator[str]:
    for line in asked.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from _names(asked.parent / line.split()[1])
        elif found := _ASKED.match(line):
            yield found[1]


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _compile(asked: str, shared: str | None, words: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet"]
    command += ["--universal", "--python-version", _OLDEST_PYTHON, "--generate-hashes"]
    # pip installs all this and is not installed by it: it comes with Python.
    command += ["--no-annotate", "--no-emit-package", "pip"]
    command += ["--custom-compile-command", "make lock", *words]
    if shared:
        command += ["--constraint", shared]
    command += ["--output-file", written_from(asked), asked]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own words


def main(words: list[str]) -> int:
    """0 when every file is written, or is as it should be."""
    if words == ["--check"]:
        said = [
            f"{written_from(asked)}: {fault}"
            for asked in LOCKED
            for fault in (
                *faults((ROOT / written_from(asked)).read_text(encoding="utf-8")),
                *(f"asked for and not pinned: {name}" for name in missing(ROOT / asked)),
            )
        ]
        print("\n".join(said) or "Every requirement is pinned, with digests.")
        return 1 if said else 0
    for asked, shared in LOCKED.items():
        _compile(asked, shared, words)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
