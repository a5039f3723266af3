"""Basic authentication and its lock-out: the fifth failure in a row locks the account."""

import base64
import binascii
import hmac
from datetime import datetime, timedelta

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(hours=1)

FAILED = "MerchantFailedToLogin"
LOCKED = "MerchantLockedOut"


class Login:
    """The one sign-in account of this Monoova. The API key is the user, the password is empty."""

    def __init__(self, api_key: str) -> None:
        self._key = api_key
        self.failures = 0
        self.locked_until: datetime | None = None

    def rotate(self, api_key: str) -> None:
        """Only `api_key` opens from now on."""
        self._key = api_key

    def unlock(self) -> None:
        """Unlocks the account, as Monoova's support does."""
        self.failures = 0
        self.locked_until = None

    def refusal(self, authorization: str | None, now: datetime) -> tuple[str, str] | None:
        """Status and description of a refusal, or None if the caller is authenticated.

        While the account is locked even the right key is refused. A call without credentials is
        refused but not counted: it names no account.
        """
        if self.locked_until is not None and now >= self.locked_until:
            self.unlock()
        if self.locked_until is not None:
            return LOCKED, self._locked_text(self.locked_until)
        if authorization is None:
            return FAILED, "No credentials were given"
        if self._opens(authorization):
            self.failures = 0
            return None
        self.failures += 1
        if self.failures < FAILURES_ALLOWED:
            return FAILED, "The API key is not valid"
        self.locked_until = now + LOCKED_FOR
        return LOCKED, self._locked_text(self.locked_until)

    def _opens(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self._key}:".encode())

    @staticmethod
    def _locked_text(until: datetime) -> str:
        return f"The account is locked until {until:%Y-%m-%d %H:%M:%S} UTC"
