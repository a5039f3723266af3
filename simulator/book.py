"""The book: every movement of money, and so the judge of what was really paid."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

_FOUR_PLACES = Decimal("0.0001")


class MovementKind(StrEnum):
    """Why money moved. A payout is booked once as `DEBIT`."""

    DEBIT = "debit"
    FEE = "fee"
    REJECTION_CREDIT = "rejection_credit"
    FEE_REFUND = "fee_refund"
    RETURN_CREDIT = "return_credit"
    TRANSFER = "transfer"
    """An execute without disbursements: from the child mAccount to the sign-in mAccount."""
    LOAD = "load"
    """Money from outside; its reference is Monoova's own id of it."""
    VERIFICATION = "verification"
    """The cent that proves an account; its reference is the verification's token."""


@dataclass(frozen=True)
class Movement:
    """One line of the book. `amount` is signed: below zero, money left the account."""

    number: int
    at: datetime
    kind: MovementKind
    reference: str
    transaction_id: int
    amount: Decimal
    balance: Decimal


class Book:
    """An mAccount's ledger, in dollars with four places (fees have parts of a cent)."""

    def __init__(self, opening_balance: Decimal, now: Callable[[], datetime]) -> None:
        self._opening = opening_balance.quantize(_FOUR_PLACES)
        self._now = now
        self._movements: list[Movement] = []
        self._by_reference: dict[str, list[Movement]] = {}

    @property
    def balance(self) -> Decimal:
        """What stands in the account now."""
        return self._movements[-1].balance if self._movements else self._opening

    @property
    def opening_balance(self) -> Decimal:
        """What stood in the account before the first movement."""
        return self._opening

    @property
    def movements(self) -> list[Movement]:
        """Every movement, oldest first."""
        return list(self._movements)

    def of(self, reference: str) -> list[Movement]:
        """Every movement under `reference`, fees and credits included."""
        return list(self._by_reference.get(reference, ()))

    def bookings(self, reference: str) -> list[Movement]:
        """The times the money of `reference` was sent: more than one is a double payment."""
        sent = {MovementKind.DEBIT, MovementKind.TRANSFER}
        return [movement for movement in self.of(reference) if movement.kind in sent]

    def paid_out(self, reference: str) -> Decimal:
        """What the payee of `reference` holds: sent, less rejected and returned; without fees."""
        fees = {MovementKind.FEE, MovementKind.FEE_REFUND}
        moved = (m.amount for m in self.of(reference) if m.kind not in fees)
        return -sum(moved, Decimal(0))

    def double_bookings(self) -> dict[str, int]:
        """Each reference that was sent more than once, with the number of times."""
        sent = Counter(
            m.reference for m in self.movements if m.kind is MovementKind.DEBIT and m.reference
        )
        return {reference: times for reference, times in sent.items() if times > 1}

    def add(
        self,
        kind: MovementKind,
        reference: str,
        transaction_id: int,
        amount: Decimal,
        at: datetime | None = None,
    ) -> Movement:
        """Write one signed movement, at `at` or now."""
        movement = Movement(
            number=len(self._movements) + 1,
            at=at or self._now(),
            kind=kind,
            reference=reference,
            transaction_id=transaction_id,
            amount=amount.quantize(_FOUR_PLACES),
            balance=(self.balance + amount).quantize(_FOUR_PLACES),
        )
        self._movements.append(movement)
        self._by_reference.setdefault(reference, []).append(movement)
        return movement
