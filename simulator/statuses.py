"""What became of a payout: by reference and by date."""

from datetime import date

from simulator.behaviour import StatusDate
from simulator.clock import day_text
from simulator.messages import DONE, IN_PROGRESS, Json, Reply
from simulator.payments import Payment, Payments, TransactionStatus
from simulator.world import World

UNKNOWN_REFERENCE = "UniqueIdNotFound"


class Statuses:
    """The two status calls. They know neither amounts nor reasons, and no `Returned`."""

    def __init__(self, world: World, payments: Payments) -> None:
        self._world = world
        self._payments = payments

    def by_reference(self, reference: str) -> Reply:
        """`GET /financial/v2/status/{uniqueReference}`"""
        payment = self._visible(reference)
        if payment is None:
            return self._world.replies.refuse(
                UNKNOWN_REFERENCE,
                "The unique reference was not found",
                self._world.behaviour.unknown_reference_http,
            )
        item = {**self._item(payment), **_DIRECT_DEBIT_ONLY}
        if self._world.behaviour.bare_status_replies:
            return self._world.replies.bare(item)
        description = str(item.pop("statusDescription"))
        return self._world.replies.ok(description, **item)

    def by_date(self, start: str, end: str) -> Reply:
        """`GET /financial/v2/status/{startDate}/{endDate}`, both `yyyy-MM-dd`, local."""
        try:
            first, last = date.fromisoformat(start), date.fromisoformat(end)
        except ValueError:
            return self._world.replies.refuse(
                "SimulatedDateIsInvalid", "startDate and endDate must be yyyy-MM-dd"
            )
        now = self._world.now()
        items = [
            {**self._item(payment), "waitingOnClearedFundsDate": None, "bulkDirectDebits": []}
            for payment in self._payments.all()
            if payment.reference
            and payment.visible_at <= now
            and self._is_between(payment, first, last)
        ]
        return self._world.replies.ok(statuses=items)

    def _visible(self, reference: str) -> Payment | None:
        now = self._world.now()
        rows = [row for row in self._payments.under(reference) if row.visible_at <= now]
        return rows[-1] if rows else None

    def _is_between(self, payment: Payment, first: date, last: date) -> bool:
        behaviour = self._world.behaviour
        at = payment.executed_at
        if behaviour.status_date is StatusDate.COMPLETED:
            if payment.completed_at is None:
                return False
            at = payment.completed_at
        day = at.astimezone(behaviour.zone).date()
        return first <= day and (day <= last if behaviour.end_date_inclusive else day < last)

    def _item(self, payment: Payment) -> Json:
        ended = payment.completed_at
        day = day_text(ended, self._world.behaviour.zone) if ended else None
        dishonoured = payment.status is TransactionStatus.DISHONOURED
        return {
            "completedDate": None if dishonoured else day,
            "uniqueReference": payment.reference,
            "statusDescription": self._words(payment, day),
            "transactionStatus": payment.status.value,
            "dishonouredDate": day if dishonoured else None,
            "creditCardPaymentStatus": None,
        }

    @staticmethod
    def _words(payment: Payment, day: str | None) -> str:
        return {
            TransactionStatus.PENDING: IN_PROGRESS,
            TransactionStatus.COMPLETE: DONE,
            TransactionStatus.REJECTED: "Transaction rejected by banking institution.",
            TransactionStatus.DISHONOURED: f"Transaction was Dishonoured on the {day}",
        }[payment.status]


_DIRECT_DEBIT_ONLY: Json = {
    "expectedClearanceDateForFunds": None,
    "fundsClearedDate": None,
    "bulkDirectDebits": [],
}
