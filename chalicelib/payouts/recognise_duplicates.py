"""Recognises a payout that pays once more what was paid a moment ago, before it is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.control.rules.duplicates import DuplicateRules
from chalicelib.core.actor import is_service
from chalicelib.core.clock import Clock
from chalicelib.core.errors import ConflictError, ErrorCode
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.recent_payments import (
    PossibleDuplicateError,
    RecentPayments,
    Remembrance,
)

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints

# Each is lost to a payout that came meanwhile.
_MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the caller, `by`, says of a payout that looks like another.

    `accepted` is the earlier payout that it is meant beside. A retry is never refused: it has
    claimed the payout in whose place it is made.
    """

    by: str
    accepted: str | None = None
    is_retry: bool = False

    @property
    def is_service(self) -> bool:
        return is_service(self.by)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Remembers each payout for a while, and refuses one that looks like it.

    `fingerprints` are loaded only when they are called: not every deployment remembers.
    """

    rules: DuplicateRules
    fingerprints: "Callable[[], AccountFingerprints]"
    recent: RecentPayments
    payouts: Payouts
    clock: Clock

    def are_remembered(self, meaning: Meaning) -> bool:
        """Whether what this caller pays is compared, and remembered, at all."""
        return bool(self.rules.window(is_service=meaning.is_service))

    def stored(
        self,
        payout: Payout,
        account: str,
        meaning: Meaning,
        store: Callable[[Remembrance], Payout | None],
    ) -> Payout | None:
        """What `store` answers, which stores the payout together with how it is remembered.

        Raises:
            ConflictError: the same was paid a moment ago, and the caller did not say that it is
                meant; nothing was stored.
        """
        accepted = meaning.accepted
        for _ in range(_MOST_TRIES):
            try:
                return store(self._remembrance(payout, account, meaning, accepted))
            except PossibleDuplicateError as error:
                if not self._ended_unsent(error.earlier):
                    raise _possible_duplicate(error.earlier) from None
                accepted = error.earlier
        raise ConflictError("Others pay the same at this moment: try again.")

    def check(self, account: str, ask: tuple[int, str | None], meaning: Meaning) -> None:
        """Raises as `stored` does if a payout of this amount, with this lodgement reference, would
        now be refused; stores nothing.
        """
        if not self.are_remembered(meaning):
            return
        payment = self.fingerprints().of_payment(account, *ask)
        earlier = self.recent.latest(payment, self.clock.now())
        if earlier not in (None, meaning.accepted) and not self._ended_unsent(str(earlier)):
            raise _possible_duplicate(str(earlier))

    def _remembrance(
        self, payout: Payout, account: str, meaning: Meaning, accepted: str | None
    ) -> Remembrance:
        at: datetime = payout.created_at
        return Remembrance(
            table=self.recent.table,
            payment=self.fingerprints().of_payment(
                account, payout.amount_cents, payout.lodgement_reference
            ),
            transaction_id=payout.transaction_id,
            at=at,
            until=at + self.rules.window(is_service=meaning.is_service),
            accepted=accepted,
            is_unbound=meaning.is_retry,
        )

    def _ended_unsent(self, transaction_id: str) -> bool:
        """Whether no money moved, or can, for the payout and what was made in its place."""
        named: str | None = transaction_id
        while named:
            payout = self.payouts.get(named)
            if payout is None or not payout.ended_unsent:
                return False
            named = payout.succeeded_by
        return True


def _possible_duplicate(earlier: str) -> ConflictError:
    return ConflictError(
        f"Payout {earlier} paid the same amount to the same account under the same reference a"
        " moment ago. If this one is meant as well, ask again with its id as accept_duplicate_of.",
        ErrorCode.POSSIBLE_DUPLICATE,
        transaction_id=earlier,
    )
