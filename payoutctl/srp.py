"""Proving a password without sending it: SRP-6a, as Cognito's USER_SRP_AUTH has it.

Numbers are those of RFC 5054 (3072 bits) and hashes SHA-256. Cognito's own addition is the key
that is derived from the shared secret ("Caldera Derived Key") and what is signed with it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 2
_SECRET_BITS: Final = 1024  # four times what RFC 5054 asks for, as Cognito's own libraries have it
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


class SrpError(Exception):
    """The other side's numbers are none that an honest one would send."""


class Proof:
    """One sign-in: send `public`, then answer the challenge."""

    def __init__(self, pool_id: str, password: str) -> None:
        self._pool = pool_id.partition("_")[2]
        self._password = password
        self._secret = secrets.randbits(_SECRET_BITS)
        self._public = pow(G, self._secret, N)

    @property
    def public(self) -> str:
        """`SRP_A`."""
        return f"{self._public:x}"

    def answer(self, challenge: Mapping[str, str], now: datetime) -> dict[str, str]:
        """`ChallengeResponses` to a PASSWORD_VERIFIER challenge; `now` in UTC.

        Raises:
            SrpError
        """
        user = challenge["USER_ID_FOR_SRP"]
        key = self._key(user, int(challenge["SRP_B"], 16), int(challenge["SALT"], 16))
        block = base64.b64decode(challenge["SECRET_BLOCK"])
        at = _time(now)
        signed = self._pool.encode() + user.encode() + block + at.encode()
        signature = hmac.new(key, signed, hashlib.sha256).digest()
        return {
            "USERNAME": challenge.get("USERNAME", user),
            "TIMESTAMP": at,
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
        }

    def _key(self, user: str, theirs: int, salt: int) -> bytes:
        scramble = number(padded(self._public), padded(theirs))
        if theirs % N == 0 or scramble == 0:
            raise SrpError("The server's number is not one of SRP.")
        x = private_number(self._pool, user, self._password, salt)
        shared = pow(theirs - _K * pow(G, x, N), self._secret + scramble * x, N)
        return derived(shared, scramble)


def padded(value: int) -> bytes:
    """Big-endian, with a zero before a first bit that is set: as Java's BigInteger writes it."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def number(*parts: bytes) -> int:
    """The hash of the parts, as a number."""
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


def private_number(pool: str, user: str, password: str, salt: int) -> int:
    """x, from which the verifier that Cognito keeps is made."""
    inner = hashlib.sha256(f"{pool}{user}:{password}".encode()).digest()
    return number(padded(salt), inner)


def derived(shared: int, scramble: int) -> bytes:
    """The key to sign with: HKDF, of which Cognito takes the first 16 bytes."""
    extracted = hmac.new(padded(scramble), padded(shared), hashlib.sha256).digest()
    return hmac.new(extracted, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]


def _time(at: datetime) -> str:
    """`Wed Nov 25 01:02:03 UTC 2026`, in English whatever the machine speaks."""
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day} {at:%H:%M:%S} UTC {at.year}"


_K: Final = number(padded(N), padded(G))
