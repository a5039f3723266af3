"""Watches for a low balance of the mAccount: a payout without funds is refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.errors import TryAgainError
from chalicelib.core.money import decimal_from
from chalicelib.core.observability import Metric

if TYPE_CHECKING:
    from chalicelib.monoova.show_account import AccountService

# The schedule comes every minute. In two runs of one minute both ask, which does no harm.
_EVERY_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class BalanceWatch:
    """Counts a low balance, on the schedule, where `LOW_BALANCE_AUD` is set."""

    account: "AccountService"
    least_cents: int

    def look(self, now: datetime) -> None:
        """Once in a quarter of an hour asks for the balance, and counts it if it is low.

        May raise `StorageUnavailableError`.
        """
        if now.minute % _EVERY_MINUTES:
            return
        try:
            available = self.account.asked_balance().available_to_debit
        except TryAgainError:
            # The circuit, or Monoova's failure, has an alarm of its own.
            return
        if available is not None and available < decimal_from(self.least_cents):
            observability.count(Metric.LOW_BALANCE)
