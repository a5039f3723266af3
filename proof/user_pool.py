"""A user pool for runs in one process: signs ID tokens as Cognito does, and publishes its key."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from chalicelib.web.identity_tokens import issuer_of
from simulator.testing import shared_signing_key

POOL_ID: Final = "ap-southeast-2_TestPool"
CLIENT_ID: Final = "testclient"
KEY_ID: Final = "key-1"
# The clocks of these runs go where they like: no token ends by itself.
_FAR_AWAY: Final = 4102444800


def key_set(_address: str = "") -> bytes:
    """The pool's JSON Web Key Set."""
    numbers = shared_signing_key().public_key().public_numbers()
    key = {
        "alg": "RS256",
        "e": _base64url(numbers.e.to_bytes(3, "big")),
        "kid": KEY_ID,
        "kty": "RSA",
        "n": _base64url(numbers.n.to_bytes(256, "big")),
        "use": "sig",
    }
    return json.dumps({"keys": [key]}).encode()


@cache
def token_of(sub: str, groups: tuple[str, ...] = (), email: str = "") -> str:
    """A token of a user in these groups; for one user always the same."""
    more = {"cognito:groups": list(groups)} if groups else {}
    return signed(claims_of(sub) | more | ({"email": email} if email else {}))


def claims_of(sub: str) -> dict[str, Any]:
    """The claims of a user in no group."""
    return {
        "sub": sub,
        "iss": issuer_of(POOL_ID),
        "aud": CLIENT_ID,
        "token_use": "id",
        "cognito:username": sub,
        "auth_time": 1772413200,
        "iat": 1772413200,
        "exp": _FAR_AWAY,
    }


def signed(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
    """A token with these claims; `header` is laid over the usual one."""
    head = {"alg": "RS256", "kid": KEY_ID} | dict(header or {})
    content = ".".join(_base64url(json.dumps(each).encode()) for each in (head, dict(claims)))
    signature = shared_signing_key().sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{content}.{_base64url(signature)}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
