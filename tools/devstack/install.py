"""Makes a virtual environment with what a file of requirements pins, and says how far it is.

    python3 tools/devstack/install.py .venv requirements-dev.txt .venv/.stamp [--with-payoutctl]

The file named last is there, and new, when all is installed.

Only the standard library: it runs before anything is installed, under the machine's own Python.
"""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Final, NoReturn

_OLDEST: Final = (3, 11)
_NEWEST: Final = (3, 13)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAID_EVERY_SECONDS: Final = 5.0
# Measured on two cores that others used, too; said as a guess.
_PACKAGES_PER_SECOND: Final = 2
_PINNED: Final = re.compile(r"[A-Za-z0-9]")
_AFTER_NAME: Final = re.compile(r"[^\w.-]")
_AFTER_PIN: Final = re.compile(r"[\s;#\\]")


class InstallError(Exception):
    """It cannot be installed. The message says why, or is empty where a program has said it."""


class Progress:
    """What pip is doing, as far as its output and its directory tell."""

    def __init__(self, environment: Path, packages: int) -> None:
        self._environment = environment
        self._packages = packages
        self._fetched = 0
        self._doing = "making the environment"

    def read(self, output: IO[str]) -> None:
        """Follow pip's output to its end."""
        for line in output:
            words = line.split()
            if words[:1] == ["Collecting"]:
                self._fetched += 1
                self._doing = f"fetching {_AFTER_NAME.split(words[1], 1)[0]}"
            elif line.startswith("Installing collected packages"):
                self._doing = "unpacking"

    def __str__(self) -> str:
        if self._doing == "unpacking":
            return f"unpacking: {self._in_place()} of {self._packages} are in place"
        if self._fetched:
            return f"{self._doing}, {min(self._fetched, self._packages)} of {self._packages}"
        return self._doing

    def _in_place(self) -> int:
        found = self._environment.glob("lib/python*/site-packages/*.dist-info")
        return min(self._packages, sum(not each.name.startswith("pip-") for each in found))


def install(environment: Path, requirements: Path, *, has_command: bool) -> None:
    """Make `environment` if it is not there, and bring it to what `requirements` pins.

    `has_command`: the command `payoutctl` of this tree is installed into it, too.

    Raises:
        InstallError: this Python does not fit, or a program that was started has failed.
    """
    version = sys.version_info[:2]
    if not _OLDEST <= version <= _NEWEST:
        raise InstallError(f"Python 3.11 to 3.13 is needed; this is {version[0]}.{version[1]}.")
    packages = len(set(pinned(requirements)))
    progress = Progress(environment, packages)
    started = time.monotonic()
    _say(
        f"Installing {packages} packages into {environment}, "
        f"about {packages / _PACKAGES_PER_SECOND:.0f} s the first time …"
    )
    python = environment / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(environment)], progress)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    # Every file by its digest. What has no wheel is built by what was installed by digest before.
    # The file has what each of them needs, too: older versions of pip stumble over a package that
    # is needed with an extra and pinned without.
    by_digest = ["--require-hashes", "--no-deps", "--no-build-isolation"]
    _run([*pip, "--progress-bar", "off", *by_digest, "-r", str(requirements)], progress)
    if has_command:
        # As it is in this tree. Its build backend is among what was pinned.
        _run([*pip, "--no-deps", "--no-build-isolation", "--quiet", "--editable", "."], progress)
    _say(f"Installed into {environment}, after {time.monotonic() - started:.0f} s.")


def pinned(requirements: Path) -> Iterator[str]:
    """What is pinned, as name==version; in the files that are included, too."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from pinned(requirements.parent / line.split()[1])
        elif _PINNED.match(line):
            yield _AFTER_PIN.split(line, maxsplit=1)[0]


def _run(command: list[str], progress: Progress) -> None:
    """Run a program to its good end, with a line every few seconds.

    Ended by a signal or an interrupt, it leaves the program no time to go on.
    """
    started = time.monotonic()
    process = None
    try:
        with _signals_later():  # else one could come when the program runs and has no name yet
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        reader = threading.Thread(target=progress.read, args=(process.stdout,), daemon=True)
        reader.start()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(_SAID_EVERY_SECONDS)
                break
            _say(f"  {time.monotonic() - started:4.0f} s  {progress}")
    finally:
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait()
    if code != 0:
        raise InstallError


def _say(words: str) -> None:
    print(words, flush=True)


def _leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler's form
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _signals_later() -> Iterator[None]:
    """A signal that comes meanwhile is heard at the end."""
    came: list[int] = []
    for number in _SIGNALS:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number in _SIGNALS:
            signal.signal(number, _leave)
    for each in came:
        _leave(each, None)


def main(arguments: list[str]) -> int:
    """0 when all is installed."""
    # A script's background job inherits an interrupt that is ignored.
    for number in _SIGNALS:
        signal.signal(number, _leave)
    environment, requirements, stamp, *options = arguments
    try:
        install(Path(environment), Path(requirements), has_command=options == ["--with-payoutctl"])
        Path(stamp).touch()
    except InstallError as error:
        print(str(error) or f"Not installed into {environment}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
