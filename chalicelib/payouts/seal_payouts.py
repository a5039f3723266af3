"""Seals payouts as they are asked for and released, and checks the seal before anything is sent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.payouts.rules.integrity import impossibility
from chalicelib.payouts.rules.payout import Change, Fields, Payout
from chalicelib.payouts.rules.seal import (
    PURPOSE,
    SealFault,
    SealKind,
    kind_for,
    kind_in_the_end,
    parts_of_seal,
    sealed_facts,
    text_of_seal,
)

if TYPE_CHECKING:
    from chalicelib.control.seals import Seals


@dataclass(frozen=True, slots=True)
class PayoutSeals:
    """The seals of payouts. The first use in an instance's life decrypts the key: it may raise
    `StorageUnavailableError` and what `Vault.open` and `Vault.seal` do.
    """

    seals: "Callable[[], Seals]"

    def sealed(self, payout: Payout) -> Payout:
        """A new payout, or one that is taken up, with the seal that its state asks for."""
        return replace(payout, seal=self._seal_of(payout, kind_for(payout.state)))

    def released(self, payout: Payout, change: Change) -> Change:
        """The change that lets `payout` go, with the seal that it then has."""
        after = replace(payout, **change.fields)
        seal = self._seal_of(after, SealKind.RELEASED)
        return replace(change, fields=change.fields | Fields(seal=seal))

    def fault(self, payout: Payout, kind: SealKind) -> SealFault | None:
        """Why the payout is not believed to be of this kind; None for one that is."""
        if payout.seal is None:
            return SealFault.MISSING
        says, seal = parts_of_seal(payout.seal)
        if says == SealKind.ASKED and kind is SealKind.RELEASED:
            return SealFault.NOT_RELEASED
        if says != kind or not self.seals().fits(seal, PURPOSE, *sealed_facts(payout, kind)):
            return SealFault.WRONG
        return None

    def began_at(self) -> datetime:
        """Since when there are seals: since now, where there was no key."""
        seals = self.seals()
        seals.made(PURPOSE)
        began_at = seals.began_at()
        assert began_at is not None  # each key of seals was made at a time
        return began_at

    def flaw(self, payout: Payout) -> str | None:
        """What about a payout, whatever became of it, is not as it was decided; None for nothing.

        Nothing is said of what was stored before there were seals.
        """
        if payout.seal is None:
            began_at = self.seals().began_at()
            is_older = began_at is None or payout.created_at < began_at
            return None if is_older else SealFault.MISSING
        return self.fault(payout, kind_in_the_end(payout)) or impossibility(payout)

    def _seal_of(self, payout: Payout, kind: SealKind) -> str:
        return text_of_seal(kind, self.seals().made(PURPOSE, *sealed_facts(payout, kind)))
