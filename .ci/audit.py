"""Looks up every pinned dependency in PyPI's list of known vulnerabilities.

    .venv/bin/python .ci/audit.py [--unknown=refused|told] requirements.txt ...

Exit code 1 where one is vulnerable, and where the list could not be read: what is not known is not
good news. (pip-audit alone says "no known vulnerabilities" of what it could not look up.)

A registry inside a company's network often has each project's page and not the page of each
version, which pip-audit asks for. The project's page tells of its newest version only. So what is
pinned to an older one is known by neither: it is named, and with `--unknown=refused` that is a
failure, too; with `told` it is not, as long as the project's page itself was read.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

_PROJECT: Final = "https://pypi.org/pypi/{name}/json"
_SECONDS: Final = 15.0
# Known, looked at, and no danger here; each with the reason. Said at each run.
_ACCEPTED: Final = dict.fromkeys(
    ("PYSEC-2026-1325", "GHSA-wj6h-64fc-37mp"),
    "ecdsa's timing tells a key that signs; checkov, which brings it, signs nothing",
)
_UNKNOWN: Final = {"--unknown=refused": True, "--unknown=told": False}


@dataclass(frozen=True, slots=True)
class Pin:
    """A dependency, and what is known against it: words, or None where its list was not read."""

    name: str
    version: str
    known: tuple[str, ...] | None


class SourceError(Exception):
    """No list of vulnerabilities could be read. The message says what was tried."""


def audited(file: str, run: Callable[[list[str]], tuple[str, str]]) -> list[Pin]:
    """What pip-audit knows of every pin of a file; its skipped ones have `known` None.

    Raises:
        SourceError: it said nothing that can be read.
    """
    command = [str(Path(sys.executable).with_name("pip-audit")), "--format", "json"]
    # Everything is pinned, the transitive ones too: there is nothing for pip to resolve.
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "15"]
    command += ["--requirement", file]
    said, complained = run(command)
    try:
        dependencies = json.loads(said)["dependencies"]
    except (ValueError, KeyError):
        last = (complained.strip() or said.strip() or "it said nothing").splitlines()[-1]
        raise SourceError(f"{file}: pip-audit could not read its list: {last}") from None
    versions = _pinned(file)
    return [_pin(each, versions) for each in dependencies]


def _pin(found: dict[str, Any], versions: dict[str, str]) -> Pin:
    if "skip_reason" in found:
        # It names no version then.
        return Pin(found["name"], versions.get(_folded(found["name"]), ""), None)
    return Pin(
        found["name"],
        found["version"],
        tuple(_words(each["id"], each["fix_versions"]) for each in found.get("vulns", [])),
    )


def by_project(pin: Pin, page: Callable[[str], dict[str, Any]]) -> Pin | None:
    """What its project's page says of it; None where it tells of another version only.

    Raises:
        SourceError: the page was not read, or has no list.
    """
    try:
        read = page(_PROJECT.format(name=pin.name))
        newest, listed = read["info"]["version"], read["vulnerabilities"]
    except (OSError, URLError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{pin.name}: {type(error).__name__}") from None
    if newest != pin.version:
        return None
    return Pin(
        pin.name,
        pin.version,
        tuple(
            _words(each["id"], each.get("fixed_in", []))
            for each in listed
            if not each.get("withdrawn")
        ),
    )


def _words(identifier: str, fixed: Iterable[str]) -> str:
    return f"{identifier}, fixed in {', '.join(fixed) or 'no release yet'}"


def _pinned(file: str) -> dict[str, str]:
    """The versions that a file pins, by folded name."""
    return {
        _folded(name): rest.split()[0].rstrip("\\;")
        for line in Path(file).read_text(encoding="utf-8").splitlines()
        if line[:1].isalnum()
        for name, _, rest in [line.partition("==")]
    }


def _folded(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def judge(
    requirements: list[str],
    *,
    refused: bool,
    run: Callable[[list[str]], tuple[str, str]],
    page: Callable[[str], dict[str, Any]],
) -> tuple[int, list[str]]:
    """The exit code, and what to say."""
    try:
        with ThreadPoolExecutor() as pool:
            files = pool.map(lambda file: audited(file, run), requirements)
            found = {pin for pins in files for pin in pins}
    except SourceError as error:
        return 1, [f"NOT AUDITED. {error}"]
    known = [pin for pin in found if pin.known is not None]
    unread, unknown = [], []
    for pin, answer in _asked([pin for pin in found if pin.known is None], page):
        if isinstance(answer, SourceError):
            unread.append(pin)
        elif answer is None:
            unknown.append(pin)
        else:
            known.append(answer)
    return _verdict(known, unread, unknown, refused=refused)


def _asked(
    pins: Iterable[Pin], page: Callable[[str], dict[str, Any]]
) -> list[tuple[Pin, Pin | SourceError | None]]:
    def asked(pin: Pin) -> tuple[Pin, Pin | SourceError | None]:
        try:
            return pin, by_project(pin, page)
        except SourceError as error:
            return pin, error

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(asked, pins))


def _verdict(
    known: list[Pin], unread: list[Pin], unknown: list[Pin], *, refused: bool
) -> tuple[int, list[str]]:
    vulnerable = [pin for pin in known if _open(pin)]
    said = [f"VULNERABLE: {pin.name} {pin.version}: {'; '.join(_open(pin))}" for pin in vulnerable]
    said += [
        f"Accepted: {pin.name} {pin.version}: {words}: {_ACCEPTED[words.split(',')[0]]}"
        for pin in known
        for words in pin.known or ()
        if words not in _open(pin)
    ]
    if unread:
        said.append(f"NOT AUDITED, no list could be read: {_listed(unread)}")
    if unknown:
        said.append(f"Not known, the registry tells of newer versions only: {_listed(unknown)}")
    said.append(
        f"{len(known)} audited, {len(vulnerable)} vulnerable, {len(unread) + len(unknown)} unknown."
    )
    return int(bool(vulnerable or unread or not known or (refused and unknown))), said


def _open(pin: Pin) -> tuple[str, ...]:
    """What is known against it and not accepted."""
    return tuple(words for words in pin.known or () if words.split(",")[0] not in _ACCEPTED)


def _listed(pins: Iterable[Pin]) -> str:
    return ", ".join(sorted(f"{pin.name} {pin.version}".strip() for pin in pins))


def _run(command: list[str]) -> tuple[str, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout, done.stderr


def _page(address: str) -> dict[str, Any]:
    with urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - https, by _PROJECT
        read: dict[str, Any] = json.load(answer)
        return read


def main(arguments: list[str]) -> int:
    """Audit these files."""
    options = [each for each in arguments if each.startswith("-")]
    files = [each for each in arguments if not each.startswith("-")]
    refused = all(_UNKNOWN[each] for each in options)
    code, said = judge(files, refused=refused, run=_run, page=_page)
    for words in said:
        print(f"audit: {words}")  # noqa: T201 - its whole purpose is to tell
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
