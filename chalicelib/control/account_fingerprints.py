"""Keyed fingerprints of accounts: one account has one, under whichever customers it stands.

An account number is short: a plain hash of it can be tried out. So the fingerprint is an HMAC under
a key of its own, which stands encrypted in the controls table and is decrypted once in the life of
a function instance.
"""

from collections.abc import Sequence
from typing import Final

from chalicelib.control.stored_key import StoredKey
from chalicelib.monoova.rules.destination import Destination, PayId

KEY_ID: Final = "account-fingerprint-key"


class AccountFingerprints:
    """Makes the fingerprints. The first call of an instance may raise `StorageUnavailableError` and
    what `Vault.open` and `Vault.seal` do.
    """

    def __init__(self, stored_key: StoredKey) -> None:
        self._stored_key = stored_key

    def of(self, destination: Destination) -> str:
        """The fingerprint of the account that a destination names."""
        return self._made("account", *_parts_of(destination))

    def of_payment(self, account: str, amount_cents: int, reference: str | None) -> str:
        """One name for all payments of this amount to an account under a lodgement reference.

        How the reference is spaced, and its case, make no other payment of it.
        """
        words = " ".join((reference or "").split()).casefold()
        return self._made("payment", account, str(amount_cents), words)

    def of_list(self, reader: str, places: Sequence[tuple[str, str, str]]) -> str:
        """The digest of a list of destinations (customer, destination, account) that was shown to
        `reader`: another's, or one of another list, differs. Their order does not matter.
        """
        return self._made("list", reader, *(part for place in sorted(places) for part in place))

    def of_file(self, parts: Sequence[str]) -> str:
        """The digest of a part of a file, or of what was decided on it."""
        return self._made("file", *parts)

    def _made(self, *parts: str) -> str:
        return self._stored_key.get().digest_of("\n".join(parts))


def _parts_of(destination: Destination) -> tuple[str, ...]:
    if isinstance(destination, PayId):
        return destination.type, destination.pay_id_type, destination.pay_id
    # Banks fill account numbers up with zeros: with and without them, it is one account.
    number = destination.account_number.lstrip("0").casefold()
    return destination.type, destination.bsb, number
