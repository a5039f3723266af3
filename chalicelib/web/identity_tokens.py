"""ID tokens of the user pool, verified by the app itself, whatever stands before it has let in.

What is checked is what Cognito asks its takers to check ("Verifying JSON Web Tokens" of its guide):
the signature (RS256, by one of the pool's keys), issuer, audience, use and expiry.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.core.clock import Clock
from chalicelib.core.errors import UnauthenticatedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_MOST_CHARACTERS: Final = 8192
_LEAST_KEY_BITS: Final = 2048
# A forger who invents key ids must not make us ask at will.
_ASKED_EVERY: Final = timedelta(minutes=1)
_KEPT_FOR: Final = timedelta(days=1)
# Of the two that Cognito makes: the other, `access`, says nothing of who it is.
_USE: Final = "id"

Claims = Mapping[str, Any]


class KeysUnavailableError(Exception):
    """The pool's keys could not be had: no token can be trusted or refused."""


class _InvalidTokenError(Exception):
    """The token is not the pool's, not for us, or over."""


class PoolKeys:
    """The public keys of the pool, by their ids; fetched once, and once more where one is new."""

    def __init__(self, fetch: Callable[[], bytes], clock: Clock) -> None:
        """`fetch` answers with the pool's JSON Web Key Set, or raises `KeysUnavailableError`."""
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._asked_at: datetime | None = None

    def of(self, key_id: str) -> "RSAPublicKey | None":
        """The key; None where the pool has none of this id.

        Raises:
            KeysUnavailableError: not a single key is known.
        """
        now = self._clock.now()
        held = now - self._asked_at if self._asked_at is not None else None
        is_due = held is None or held >= _KEPT_FOR
        if is_due or (key_id not in self._keys and held is not None and held >= _ASKED_EVERY):
            self._renew(now)
        return self._keys.get(key_id)

    def _renew(self, now: datetime) -> None:
        try:
            self._keys = _keys_in(self._fetch())
        except KeysUnavailableError:
            # Known keys are better than none; without any, the next request asks again.
            if not self._keys:
                raise
        self._asked_at = now


class TokenVerifier:
    """Verifies the ID tokens of one pool that were made for one app client."""

    def __init__(self, pool_id: str, client_id: str, keys: PoolKeys, clock: Clock) -> None:
        """An empty `pool_id` or `client_id` takes no token."""
        self._issuer = issuer_of(pool_id)
        self._is_on = bool(pool_id and client_id)
        self._client_id = client_id
        self._keys = keys
        self._clock = clock

    def claims_of(self, token: str) -> Claims:
        """The claims of a token that is good now.

        Raises:
            UnauthenticatedError: it is not; nothing is said of why.
            KeysUnavailableError
        """
        try:
            return self._verified(token)
        except _InvalidTokenError:
            raise UnauthenticatedError("Sign in again.") from None

    def seconds_since(self, at: float) -> float:
        """How long ago a time was, given in seconds since the epoch."""
        return self._clock.now().timestamp() - at

    def _verified(self, token: str) -> Claims:
        if not self._is_on or len(token) > _MOST_CHARACTERS:
            raise _InvalidTokenError
        head, _, rest = token.partition(".")
        middle, _, signature = rest.partition(".")
        header = _object_in(head)
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or "crit" in header or not isinstance(key_id, str):
            raise _InvalidTokenError
        key = self._keys.of(key_id)
        if key is None or not _is_signed(key, f"{head}.{middle}".encode(), _bytes_in(signature)):
            raise _InvalidTokenError
        claims = _object_in(middle)
        self._require_for_us(claims)
        return claims

    def _require_for_us(self, claims: Claims) -> None:
        expires = claims.get("exp")
        is_over = type(expires) is not int or self._clock.now().timestamp() >= expires
        said = (claims.get("iss"), claims.get("aud"), claims.get("token_use"))
        is_for_us = said == (self._issuer, self._client_id, _USE)
        if is_over or not is_for_us or not isinstance(claims.get("sub"), str):
            raise _InvalidTokenError


def issuer_of(pool_id: str) -> str:
    """A pool's name in its tokens, which is also where its keys are."""
    return f"https://cognito-idp.{pool_id.partition('_')[0]}.amazonaws.com/{pool_id}"


def groups_in(claims: Claims) -> tuple[str, ...]:
    """The names of the groups of a token's owner, each as the pool has it."""
    groups = claims.get("cognito:groups", [])
    if not isinstance(groups, list) or not all(isinstance(each, str) for each in groups):
        return ()
    return tuple(groups)


def signed_in_at(claims: Claims) -> float:
    """When a token's owner last signed in, in seconds since the epoch; 0 where it does not say."""
    at = claims.get("auth_time")
    return float(at) if type(at) is int else 0.0


def email_in(claims: Claims) -> str:
    """The e-mail of a token's owner in lower case, where the pool has verified it; else ""."""
    email = claims.get("email")
    is_known = isinstance(email, str) and claims.get("email_verified") is True
    return str(email).lower() if is_known else ""


def _keys_in(document: bytes) -> "Mapping[str, RSAPublicKey]":
    """The keys of a JSON Web Key Set (RFC 7517) that sign by RS256; others are passed over."""
    try:
        listed = json.loads(document)["keys"]
        found = {each["kid"]: _key_of(each) for each in listed if each.get("kty") == "RSA"}
    except (ValueError, KeyError, TypeError, AttributeError, _InvalidTokenError):
        raise KeysUnavailableError("the pool's keys cannot be read") from None
    return {key_id: key for key_id, key in found.items() if key.key_size >= _LEAST_KEY_BITS}


def _key_of(entry: Mapping[str, str]) -> "RSAPublicKey":
    # Imported here, and below: 22 ms, and only people's requests need it.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus, exponent = (int.from_bytes(_bytes_in(entry[name]), "big") for name in ("n", "e"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def _is_signed(key: "RSAPublicKey", content: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, content, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _bytes_in(text: str) -> bytes:
    """What a part of a token stands for (base64url without padding)."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise _InvalidTokenError from None


def _object_in(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes_in(part))
    except (ValueError, RecursionError):
        raise _InvalidTokenError from None
    if not isinstance(found, dict):
        raise _InvalidTokenError
    return found
