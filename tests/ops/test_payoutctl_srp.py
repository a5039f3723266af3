"""Signing in without sending the password, held against the other side of the protocol."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

import pytest

from ops.payoutctl.srp import G, N, Proof, SrpError, derived, number, padded, private_number

POOL: Final = "ap-southeast-2_Example"
PASSWORD: Final = "a good long password"
AT: Final = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)


class Verifier:
    """What the user pool does: it knows a verifier, not the password."""

    def __init__(self, password: str) -> None:
        self.salt = secrets.randbits(128)
        self._verifier = pow(G, private_number("Example", "user-1", password, self.salt), N)
        self._secret = secrets.randbelow(N)
        k = number(padded(N), padded(G))
        self.public = (k * self._verifier + pow(G, self._secret, N)) % N

    def challenge(self) -> dict[str, str]:
        return {
            "USER_ID_FOR_SRP": "user-1",
            "USERNAME": "user-1",
            "SALT": f"{self.salt:x}",
            "SRP_B": f"{self.public:x}",
            "SECRET_BLOCK": base64.b64encode(b"secret block").decode(),
        }

    def signature(self, their_public: str, at: str) -> str:
        theirs = int(their_public, 16)
        scramble = number(padded(theirs), padded(self.public))
        shared = pow(theirs * pow(self._verifier, scramble, N), self._secret, N)
        signed = b"Example" + b"user-1" + b"secret block" + at.encode()
        key = derived(shared, scramble)
        return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_both_sides_come_to_the_same_signature() -> None:
    pool, proof = Verifier(PASSWORD), Proof(POOL, PASSWORD)
    answer = proof.answer(pool.challenge(), AT)
    assert answer["TIMESTAMP"] == "Mon Mar 2 01:02:03 UTC 2026"
    signature = pool.signature(proof.public, answer["TIMESTAMP"])
    assert answer["PASSWORD_CLAIM_SIGNATURE"] == signature


def test_another_password_comes_to_another_signature() -> None:
    pool, proof = Verifier(PASSWORD), Proof(POOL, "another password")
    answer = proof.answer(pool.challenge(), AT)
    signature = pool.signature(proof.public, answer["TIMESTAMP"])
    assert answer["PASSWORD_CLAIM_SIGNATURE"] != signature


def test_a_number_that_would_give_the_secret_away_is_not_answered() -> None:
    challenge = Verifier(PASSWORD).challenge() | {"SRP_B": f"{2 * N:x}"}
    with pytest.raises(SrpError):
        Proof(POOL, PASSWORD).answer(challenge, AT)
