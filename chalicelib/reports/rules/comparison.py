"""One payout three ways: our record, Monoova's statement, the movements of the mAccount.

The statement says what Monoova carried out; only the movements show money that came back. All are
joined by the reference: a local time without offset comes twice in autumn and joins nothing.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chalicelib.core.money import decimal_from
from chalicelib.payouts.rules.news import Credit
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
    RETURNED_WITHOUT_CREDIT = "ReturnedWithoutCredit"
    UNREADABLE_HERE = "UnreadableHere"
    NOT_AS_DECIDED = "NotAsDecided"


DIFFERENCES: Final = frozenset(
    {
        Kind.MISSING_THERE,
        Kind.MISSING_HERE,
        Kind.AMOUNT_DIFFERS,
        Kind.BOOKED_TWICE,
        Kind.PAID_THERE,
        Kind.GIVEN_BACK,
        Kind.RETURNED_WITHOUT_CREDIT,
        Kind.UNREADABLE_HERE,
        Kind.NOT_AS_DECIDED,
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
    """A line of the mAccount, in dollars with four decimals: money out, or money in.

    `line` is Monoova's id of the line, of one by which money came in.
    """

    reference: str
    transaction_id: str
    debit: Decimal
    credit: Decimal
    line: str = ""

    @property
    def credit_cents(self) -> int | None:
        """Whole cents that came in; None where it is none, or has parts of a cent, as fees have."""
        cents = self.credit.scaleb(2)
        return int(cents) if cents > 0 and cents == cents.to_integral_value() else None


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
    def credits(self) -> tuple[Credit, ...]:
        """The credits of a payment that came back, one for each line; a fee's is none."""
        found = ((line, line.credit_cents) for line in self.movements if line.credit != self.fee)
        return tuple(Credit(cents, line.line) for line, cents in found if cents is not None)

    @property
    def credited_cents(self) -> int:
        return sum(credit.cents for credit in self.credits)

    @property
    def amount(self) -> Decimal | None:
        """What it was booked as, for the person who has to look at it."""
        stated = [line.amount for line in self.stated]
        debits = [line.debit for line in self.movements if line.debit]
        return max(stated or debits, default=None)

    def payments_of(self, amount: Decimal) -> int:
        """How many times just this amount left, alone or together with its fee."""
        fitting = {amount, amount + self.fee}
        return sum(
            1 if sum(debits) in fitting else sum(debit in fitting for debit in debits)
            for debits in self._debits()
        )

    def most_payments_of(self, amount: Decimal) -> int:
        """How many times this amount may have left, whatever fees are booked together with it."""
        return sum(int(sum(debits) // amount) for debits in self._debits())

    def _debits(self) -> list[list[Decimal]]:
        """The debits under each of Monoova's ids."""
        found: dict[str, list[Decimal]] = {}
        for line in self.movements:
            found.setdefault(line.transaction_id, []).append(line.debit)
        return list(found.values())


NOTHING: Final = Booking()


def kind_of(payout: DayPayout, booked: Booking, *, may_be_missing: bool = True) -> Kind:
    """What the comparison of a payout with what Monoova has under its reference comes to.

    `may_be_missing` is false where only a part of Monoova's days was compared: then nothing is
    missing.
    """
    amount = decimal_from(payout.amount_cents)
    payments = booked.payments_of(amount)
    if payments > 1 or len({line.transaction_id for line in booked.stated}) > 1:
        return Kind.BOOKED_TWICE
    has_debit = any(line.debit for line in booked.movements)
    if any(line.amount != amount for line in booked.stated) or (has_debit and not payments):
        return Kind.AMOUNT_DIFFERS
    match payout.state:
        case State.COMPLETED | State.RETURNED:
            is_there = bool(booked.stated and payments) or not may_be_missing
            return _kind_of_paid(payout, booked, is_there=is_there)
        # The statement alone proves nothing here: what was rejected later may stand in it.
        case State.FAILED | State.CANCELLED:
            return Kind.PAID_THERE if payments and booked.credited < amount else Kind.MATCHED
        # Never sent, as far as we know.
        case State.QUEUED | State.AWAITING_APPROVAL if payments and booked.credited < amount:
            return Kind.PAID_THERE
        case _:
            return Kind.NOT_FINAL_HERE


def _kind_of_paid(payout: DayPayout, booked: Booking, *, is_there: bool) -> Kind:
    is_completed = payout.state is State.COMPLETED
    if is_completed and booked.credited_cents > payout.return_seen_cents:
        return Kind.GIVEN_BACK
    if not is_there:
        return Kind.MISSING_THERE
    if is_completed:
        return Kind.MATCHED
    return Kind.RETURNED if _is_back(payout, booked) else Kind.RETURNED_WITHOUT_CREDIT


def _is_back(payout: DayPayout, booked: Booking) -> bool:
    """Whether the mAccount shows all of it, on the days compared here or on an earlier look."""
    return max(payout.return_seen_cents, booked.credited_cents) >= payout.amount_cents
