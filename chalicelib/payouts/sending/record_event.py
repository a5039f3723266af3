"""Writes what was learned about a payout, however many others write at the same time."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.errors import ErrorCode, NotFoundError
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.payout import Change, Payout
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts

# Each loss means that another writer won, and a payout has few; more is something broken.
_MOST_TRIES: Final = 10


Commit = Callable[[Payout, Change, datetime], Payout]


class Recorder:
    """Decides, writes on condition, and decides anew where another writer was faster."""

    def __init__(self, payouts: Payouts, clock: Clock) -> None:
        self._payouts = payouts
        self._clock = clock

    def record(
        self, payout: Payout, decide: Callable[[Payout], Change], commit: Commit | None = None
    ) -> Payout:
        """The payout after `decide`'s change to it as it then stood.

        `commit` writes a change in another way than by itself, and may raise what it likes.

        Raises:
            StorageUnavailableError
            ForbiddenTransitionError: as `decide` does.
        """
        for _ in range(_MOST_TRIES):
            change = decide(payout)
            if change.is_empty:
                return payout
            now = self._clock.now()
            try:
                after = (commit or self._payouts.commit)(payout, change, now)
            except PayoutChangedError as error:
                if error.current is None:
                    raise StorageUnavailableError("a payout is gone", may_be_done=False) from None
                payout = error.current
            else:
                count_change(change, payout, now)
                return after
        raise StorageUnavailableError("a payout changes all the time", may_be_done=False)


def found_payout(payouts: Payouts, transaction_id: str) -> Payout:
    """The payout as it now stands.

    Raises:
        NotFoundError
    """
    payout = payouts.get(transaction_id)
    if payout is None:
        raise NotFoundError("There is no such payout.", ErrorCode.PAYOUT_NOT_FOUND)
    return payout
