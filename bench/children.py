"""The two measured processes, from outside."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bench.setting import ROOT

_SIDE: Final = Path(__file__).with_name("side.py")
_GRACE_SECONDS: Final = 5.0


class SideError(Exception):
    """A measured process ended, or did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Done:
    """The CPU microseconds of each request to the process, and its answer."""

    cpu_us: tuple[float, ...]
    answers: tuple[Any, ...]


class Side:
    """One measured process, made by `app_side` or `bare_side`."""

    def __init__(self, asks: IO[str], replies: IO[str], pid: int) -> None:
        self.pid = pid
        self._asks = asks
        self._replies = replies

    def do(self, asks: Sequence[object]) -> Done:
        """Has the process do `asks`, one after the other.

        Raises:
            SideError
        """
        try:
            self._asks.write(json.dumps(asks) + "\n")
            self._asks.flush()
        except BrokenPipeError as error:
            raise SideError("A measured process ended.") from error
        line = self._replies.readline()
        if not line:
            raise SideError("A measured process ended.")
        reply = json.loads(line)
        return Done(tuple(ns / 1_000 for ns in reply["cpu_ns"]), tuple(reply["answers"]))

    def answered(self, events: Sequence[object], status: int) -> tuple[Done, list[Any]]:
        """Has the app handle events that it must answer with `status`; returns the bodies as well.

        Raises:
            SideError: it answered otherwise.
        """
        done = self.do(events)
        for answer in done.answers:
            if answer["statusCode"] != status:
                raise SideError(f"The app answered {answer['statusCode']}: {answer['body']}")
        return done, [json.loads(answer["body"]) for answer in done.answers]


def app_side(
    package: Path,
    environment: Mapping[str, str],
    *,
    is_sampled: bool = False,
    under: Sequence[str] = (),
) -> AbstractContextManager[Side]:
    """The app that lies in `package`; `under` is the command of a program that runs it."""
    return _running("sampled" if is_sampled else "app", package, environment, under)


def bare_side(
    environment: Mapping[str, str], *, under: Sequence[str] = ()
) -> AbstractContextManager[Side]:
    """The bare calls."""
    return _running("bare", ROOT, environment, under)


@contextmanager
def _running(
    kind: str, directory: Path, environment: Mapping[str, str], under: Sequence[str]
) -> Iterator[Side]:
    command = [*under, sys.executable, "-P", str(_SIDE), kind, str(directory)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(environment),
        cwd=directory,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Side(process.stdin, process.stdout, process.pid)
        finally:
            process.stdin.close()  # which ends it
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
