"""One payout three ways: our record, Monoova's statement, the movements of the mAccount.

The statement says what Monoova carried out; only the movements show money that came back. All are
joined by the reference: a local time without offset comes twice in autumn and joins nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chalicelib.core.money import decimal_from
from chalicelib.payouts.rules.payout import State
from chalicelib.reports.rules.day_statistics import DayPayout


class Kind(StrEnum):
    """What comes of a comparison. Those in `DIFFERENCES` need a person."""

    MATCHED = "Matched"
    RETURNED = "Returned"
    NOT_FINAL_HERE = "NotFinalHere"
    MISSING_THERE = "MissingThere"
    MISSING_HERE = "MissingHere"
    AMOUNT_DIFFERS = "AmountDiffers"
    BOOKED_TWICE = "BookedTwice"
    PAID_THERE = "PaidThere"
    GIVEN_BACK = "GivenBack"


DIFFERENCES: Final = frozenset(
    {
        Kind.MISSING_THERE,
        Kind.MISSING_HERE,
        Kind.AMOUNT_DIFFERS,
        Kind.BOOKED_TWICE,
        Kind.PAID_THERE,
        Kind.GIVEN_BACK,
    }
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of the statement, in dollars with four decimals."""

    reference: str
    transaction_id: str
    amount: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the mAccount, in dollars with four decimals: money out, or money in."""

    reference: str
    transaction_id: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Booking:
    """All that Monoova has under one reference."""

    stated: tuple[StatementLine, ...] = ()
    movements: tuple[Movement, ...] = ()

    @property
    def fee(self) -> Decimal:
        return sum((line.fee for line in self.stated), Decimal(0))

    @property
    def credited(self) -> Decimal:
        """Money that came back; a fee that came back alone is none."""
        back = sum((line.credit for line in self.movements), Decimal(0))
        return Decimal(0) if back == self.fee else back

    @property
    def amount(self) -> Decimal | None:
        """What it was booked as, for the person who has to look at it."""
        stated = [line.amount for line in self.stated]
        debits = [line.debit for line in self.movements if line.debit]
        return max(stated or debits, default=None)

    def payments_of(self, amount: Decimal) -> set[str]:
        """Monoova's ids under which just this amount left, alone or together with its fee."""
        fitting = {amount, amount + self.fee}
        found = {line.transaction_id for line in self.movements if line.debit in fitting}
        for transaction_id in {line.transaction_id for line in self.movements}:
            if sum(self._debits_of(transaction_id)) in fitting:
                found.add(transaction_id)
        return found

    def _debits_of(self, transaction_id: str) -> Iterator[Decimal]:
        for line in self.movements:
            if line.transaction_id == transaction_id:
                yield line.debit


NOTHING: Final = Booking()


def kind_of(payout: DayPayout, booked: Booking, *, may_be_missing: bool = True) -> Kind:
    """What the comparison of a payout with what Monoova has under its reference comes to.

    `may_be_missing` is false where only a part of Monoova's days was compared: then nothing is
    missing.
    """
    amount = decimal_from(payout.amount_cents)
    payments = booked.payments_of(amount)
    if len(payments) > 1 or len({line.transaction_id for line in booked.stated}) > 1:
        return Kind.BOOKED_TWICE
    has_debit = any(line.debit for line in booked.movements)
    if any(line.amount != amount for line in booked.stated) or (has_debit and not payments):
        return Kind.AMOUNT_DIFFERS
    match payout.state:
        case State.COMPLETED if booked.credited:
            return Kind.GIVEN_BACK
        case State.COMPLETED | State.RETURNED if may_be_missing and not (
            booked.stated and payments
        ):
            return Kind.MISSING_THERE
        case State.COMPLETED | State.RETURNED:
            return Kind.MATCHED if payout.state is State.COMPLETED else Kind.RETURNED
        # The statement alone proves nothing here: what was rejected later may stand in it.
        case State.FAILED | State.CANCELLED:
            return Kind.PAID_THERE if payments and booked.credited < amount else Kind.MATCHED
        # Never sent, as far as we know.
        case State.QUEUED | State.AWAITING_APPROVAL if payments and booked.credited < amount:
            return Kind.PAID_THERE
        case _:
            return Kind.NOT_FINAL_HERE
