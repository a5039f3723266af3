"""Payouts that were booked, and where each one stands."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from simulator.messages import Reply
from simulator.outcomes import Plan
from simulator.validation import Transaction


class TransactionStatus(StrEnum):
    """The words of the status API that an NPP payout can have."""

    PENDING = "Pending"
    COMPLETE = "Complete"
    REJECTED = "Rejected"
    DISHONOURED = "Dishonoured"


@dataclass
class Payment:
    """One booking. Monoova says when `visible_at` has come that it knows the reference."""

    transaction_id: int
    transaction: Transaction
    plan: Plan
    fee: Decimal
    executed_at: datetime
    visible_at: datetime
    answer: Reply
    status: TransactionStatus = TransactionStatus.PENDING
    completed_at: datetime | None = None
    rejection_id: int | None = None
    return_id: int | None = None

    @property
    def reference(self) -> str:
        """The caller's `uniqueReference`; empty if it gave none."""
        return self.transaction.reference

    @property
    def amount(self) -> Decimal:
        """What the payees get, without fees."""
        return self.transaction.total


class Payments:
    """Every booking, in order, and by reference."""

    def __init__(self) -> None:
        self._all: list[Payment] = []
        self._by_reference: dict[str, list[Payment]] = {}
        self._consumed: set[str] = set()

    def add(self, payment: Payment) -> None:
        """Keep a payment that has just been booked."""
        self._all.append(payment)
        if payment.reference:
            self._by_reference.setdefault(payment.reference, []).append(payment)

    def under(self, reference: str) -> list[Payment]:
        """The bookings under `reference`: one, unless the simulator is set to book duplicates."""
        return list(self._by_reference.get(reference, ()))

    def all(self) -> list[Payment]:
        """Every booking, oldest first."""
        return list(self._all)

    def consume(self, reference: str) -> None:
        """Remember a reference as used although nothing was booked under it."""
        self._consumed.add(reference)

    def is_taken(self, reference: str) -> bool:
        """Whether another execute under `reference` is a duplicate."""
        return bool(reference) and (reference in self._by_reference or reference in self._consumed)
