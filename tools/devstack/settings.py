"""What may be chosen from outside: the ports, and whose Monoova."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tools.devstack.errors import DevstackError
from tools.devstack.processes import free_port, require_free

_LIVE_HOST: Final = "api.mpay.com.au"  # one hyphen apart from the sandbox


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports: of the API, the simulated Monoova, the sign-in page, the emulated AWS."""

    api: int = 8000
    monoova: int = 8001
    sign_in: int = 8002
    aws: int = 4566

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> "Ports":
        """
        Raises:
            DevstackError: not a port, or the same one twice.
        """
        usual = Ports()
        ports = Ports(
            api=_port(environment, "API_PORT", usual.api),
            monoova=_port(environment, "MONOOVA_PORT", usual.monoova),
            sign_in=_port(environment, "SIGN_IN_PORT", usual.sign_in),
            aws=_port(environment, "AWS_PORT", usual.aws),
        )
        if len({ports.api, ports.monoova, ports.sign_in, ports.aws}) < 4:
            raise DevstackError("API_PORT, MONOOVA_PORT, SIGN_IN_PORT and AWS_PORT must differ.")
        return ports

    @staticmethod
    def any_free() -> "Ports":
        """Four free ports: for tests, which may run beside `make run`."""
        return Ports(free_port(), free_port(), free_port(), free_port())

    def require_free(self) -> None:
        """
        Raises:
            DevstackError: one of them is taken.
        """
        require_free(self.api, "API_PORT")
        require_free(self.monoova, "MONOOVA_PORT")
        require_free(self.sign_in, "SIGN_IN_PORT")
        require_free(self.aws, "AWS_PORT")


@dataclass(frozen=True, slots=True)
class Account:
    """The business's account at Monoova. The values that are usual here are invented."""

    maccount: str = "6279059700000000"
    source_bsb: str = "802-985"
    source_account: str = "123456789"
    remitter_name: str = "Example Pty Ltd"


@dataclass(frozen=True, slots=True)
class Monoova:
    """Which Monoova the stack talks to; `base_url` None is a simulated one, started with it."""

    base_url: str | None = None
    api_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    account: Account = Account()

    @property
    def is_simulated(self) -> bool:
        """Whether no money, not even a sandbox's, can move."""
        return self.base_url is None

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> "Monoova":
        """The simulated one unless both MONOOVA_BASE_URL and MONOOVA_API_KEY are set.

        Raises:
            DevstackError: one without the other, or the live one.
        """
        base_url = environment.get("MONOOVA_BASE_URL", "").strip()
        api_key = environment.get("MONOOVA_API_KEY", "").strip()
        if bool(base_url) != bool(api_key):
            raise DevstackError("Set both MONOOVA_BASE_URL and MONOOVA_API_KEY, or neither.")
        usual = Account()
        account = Account(
            environment.get("MONOOVA_MACCOUNT_TOKEN", usual.maccount),
            environment.get("MONOOVA_SOURCE_BSB", usual.source_bsb),
            environment.get("MONOOVA_SOURCE_ACCOUNT", usual.source_account),
            environment.get("REMITTER_NAME", usual.remitter_name),
        )
        if not base_url:
            return Monoova(account=account)
        if _LIVE_HOST in base_url:
            raise DevstackError(
                f"{_LIVE_HOST} moves real money. The sandbox is https://api.m-pay.com.au."
            )
        return Monoova(
            base_url=base_url,
            api_key=api_key,
            webhook_secret=environment.get("MONOOVA_WEBHOOK_SECRET", "") or secrets.token_hex(16),
            account=account,
        )


def _port(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name, "").strip() or str(usual)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DevstackError(f"{name} is {text!r}: expected a port from 1 to 65535.")
    return int(text)
