"""Monoova's signature over a webhook: RSA, PKCS#1 v1.5, SHA-256, over the raw body.

The public key changes yearly. It is fetched once, and once more when a signature does not match,
but not more often than once a minute: a forger must not make us call Monoova at will. The former
key is honoured for a day: what was signed before the change may come after it. A key that was
fetched more than a day ago is fetched again before it is trusted: Monoova may have withdrawn it.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from chalicelib.core.clock import Clock

_FETCHED_EVERY: Final = timedelta(minutes=1)
_FORMER_FOR: Final = timedelta(days=1)
_TRUSTED_FOR: Final = timedelta(days=1)
# Smaller ones can be factored (NIST SP 800-57).
_FEWEST_BITS: Final = 2048


class KeyUnavailableError(Exception):
    """Monoova's public key could not be had: the signature can be neither trusted nor refused."""


class SignatureVerifier:
    """Verifies with a cached key."""

    def __init__(self, fetch_key: Callable[[], bytes | None], clock: Clock) -> None:
        self._fetch_key = fetch_key
        self._clock = clock
        self._key: bytes | None = None
        self._fetched_at: datetime | None = None
        self._taken_at: datetime | None = None
        self._former: bytes | None = None
        self._replaced_at: datetime | None = None

    def verify(self, body: bytes, signature: str) -> bool:
        """Whether `signature` (base64) is Monoova's over `body`.

        Raises:
            KeyUnavailableError
        """
        try:
            raw = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        known = self._trusted_key()
        if known is not None and _matches(known, body, raw):
            return True
        if self._matches_former(body, raw):
            return True
        fresh = self._fresh_key()
        return fresh is not None and fresh != known and _matches(fresh, body, raw)

    def _matches_former(self, body: bytes, signature: bytes) -> bool:
        if self._former is None or self._replaced_at is None:
            return False
        is_honoured = self._clock.now() - self._replaced_at < _FORMER_FOR
        return is_honoured and _matches(self._former, body, signature)

    def _fresh_key(self) -> bytes | None:
        now = self._clock.now()
        held = self._fetched_at if self._key is not None else None
        is_recent = held is not None and now - held < _FETCHED_EVERY
        if not is_recent:
            self._fetched_at = now
            self._take(self._fetch_key(), now)
        trusted = self._trusted_key()
        if trusted is None:
            raise KeyUnavailableError("Monoova's public key cannot be fetched.")
        return trusted

    def _trusted_key(self) -> bytes | None:
        """The key, where it was fetched within a day."""
        if self._taken_at is None or self._clock.now() - self._taken_at >= _TRUSTED_FOR:
            return None
        return self._key

    def _take(self, fetched: bytes | None, now: datetime) -> None:
        if not fetched:
            return
        if self._key is not None and fetched != self._key:
            self._former, self._replaced_at = self._key, now
        self._key, self._taken_at = fetched, now


def _matches(key: bytes, body: bytes, signature: bytes) -> bool:
    # Imported here: 22 ms, and only webhooks need it.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public_key = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < _FEWEST_BITS:
        return False
    try:
        public_key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
