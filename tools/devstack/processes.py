"""Child processes: guarded, their output in a file, ended with everything they started."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.devstack.errors import DevstackError

LOOPBACK: Final = "127.0.0.1"

_PROCESS_GUARD: Final = Path(__file__).with_name("process_guard.py")
_POLL_SECONDS: Final = 0.05


class Child:
    """One running program. Its group is its own, so a Ctrl-C in the terminal does not reach it."""

    def __init__(
        self,
        name: str,
        python: Path,
        module: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        log: Path,
    ) -> None:
        """Start `module` (its name, then its arguments) under `python`; output goes to `log`.

        `environment` is the whole of what it sees: nothing of the terminal's (credentials,
        proxies, profiles) reaches a program that talks to the emulated AWS.
        """
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(python), str(_PROCESS_GUARD), *module],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], *, within_seconds: float) -> None:
        """Return when `ready` says so.

        Raises:
            DevstackError: the program ended or is not ready in time; with the end of its output.
        """
        deadline = time.monotonic() + within_seconds
        while not ready():
            if not self.is_running:
                raise DevstackError(f"{self.name} ended at once:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise DevstackError(
                    f"{self.name} was not ready after {within_seconds:.0f} s:\n{self.tail()}"
                )
            time.sleep(_POLL_SECONDS)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def tail(self, lines: int = 30) -> str:
        """The last lines of its output."""
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, grace_seconds: float = 5.0) -> None:
        """End it and everything it started; returns when all of it is gone."""
        self._signal_group(signal.SIGTERM)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
        # Whatever outlived its leader: a Lambda worker in the middle of a call.
        self._signal_group(signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # all of it has ended already
            os.killpg(self._process.pid, number)


def bare_environment() -> dict[str, str]:
    """What a program needs to run at all, without what a developer's shell may hold."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    return {name: os.environ[name] for name in kept if name in os.environ}


def is_listening(port: int) -> bool:
    """Whether something answers on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def require_free(port: int, variable: str) -> None:
    """
    Raises:
        DevstackError: another program has the port; says which variable chooses another.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port that only waits for its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise DevstackError(
                f"Port {port} is taken by another program ({error.strerror}). "
                f"Choose another: {variable}=<port> make run"
            ) from error


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
