"""Seals: HMACs over what was decided, by which a row that the app did not write is known.

Whatever is sealed names its purpose: a seal of one kind of record is none of another.
"""

import hmac
import json
from datetime import datetime
from typing import Final

from chalicelib.control.stored_key import Key, StoredKey

KEY_ID: Final = "seal-key"

Fact = str | int | None


class Seals:
    """Makes and checks them in memory. Each method may raise what `StoredKey` does, until the key
    was decrypted once.
    """

    def __init__(self, stored_key: StoredKey) -> None:
        self._stored_key = stored_key

    def made(self, purpose: str, *facts: Fact) -> str:
        """The seal over `facts`: the version of the key, and the HMAC."""
        return _seal(self._stored_key.get(), purpose, facts)

    def fits(self, seal: str, purpose: str, *facts: Fact) -> bool:
        """Whether `seal` was made over the same; no seal fits where there is no key."""
        key = self._stored_key.find()
        return key is not None and hmac.compare_digest(
            seal.encode(errors="replace"), _seal(key, purpose, facts).encode()
        )

    def began_at(self) -> datetime | None:
        """Since when there are seals; None where there is no key yet."""
        key = self._stored_key.find()
        return key.made_at if key else None


def _seal(key: Key, purpose: str, facts: tuple[Fact, ...]) -> str:
    # As JSON, no fact can be taken for a part of another.
    return key.digest_of(json.dumps([purpose, *facts], separators=(",", ":")))
