"""What happens to a payout after it is booked: the bank's decision, returns, webhooks."""

from datetime import datetime
from decimal import Decimal

from simulator import events
from simulator.book import MovementKind
from simulator.outbox import MAX_TRIES, Outbox
from simulator.outcomes import Fate, News
from simulator.payments import Payment, TransactionStatus
from simulator.world import World

_STATUS = {
    Fate.REJECTED: TransactionStatus.REJECTED,
    Fate.DISHONOURED: TransactionStatus.DISHONOURED,
}
_TO_LOSE = {News.LOST: MAX_TRIES, News.FIRST_TRY_LOST: 1}
_CENT = Decimal("0.01")
_REJECTION_ID_OFFSET = 5_000_000
_RETURN_ID_OFFSET = 7_000_000


class Settlement:
    """Carries out a payment's fate and announces it in the way its news says."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox

    def begin(self, payment: Payment, at: datetime) -> None:
        """Take over a payment that was booked at `at`."""
        plan = payment.plan
        if not payment.transaction.disbursements:
            self._end(payment, TransactionStatus.COMPLETE, at)
        elif plan.fate is Fate.INSTANT:
            self._end(payment, TransactionStatus.COMPLETE, at)
            if self._world.behaviour.webhook_for_instant:
                self._announce(payment, at)
        elif plan.fate is not Fate.PENDING_FOREVER:
            if plan.news is News.BEFORE_ANSWER:
                self._settle(payment, at)
            else:
                wait = self._world.rng.uniform(*self._world.behaviour.webhook_after_seconds)
                self._world.schedule.add(
                    at + self._world.scaled(wait), lambda due: self._settle(payment, due)
                )

    def _settle(self, payment: Payment, at: datetime) -> None:
        fate = payment.plan.fate
        self._end(payment, _STATUS.get(fate, TransactionStatus.COMPLETE), at)
        if fate in _STATUS:
            self._give_back(payment, at)
        if fate is Fate.RETURNED:
            pause = self._world.scaled(self._world.behaviour.return_after_seconds)
            self._world.schedule.add(at + pause, lambda due: self._return(payment, due))
        if fate is not Fate.DISHONOURED:
            self._announce(payment, at)

    def _end(self, payment: Payment, status: TransactionStatus, at: datetime) -> None:
        payment.status = status
        payment.completed_at = at

    def _give_back(self, payment: Payment, at: datetime) -> None:
        payment.rejection_id = payment.transaction_id + _REJECTION_ID_OFFSET
        self._credit(MovementKind.REJECTION_CREDIT, payment, payment.amount, at)
        if self._world.behaviour.refund_fee_on_rejection and payment.fee:
            self._credit(MovementKind.FEE_REFUND, payment, payment.fee, at)

    def _return(self, payment: Payment, at: datetime) -> None:
        """The payee's bank sends the money back. The status API goes on saying `Complete`."""
        pause = self._world.scaled(self._world.behaviour.webhook_retry_seconds)
        for number, amount in enumerate(self._returned(payment.amount)):
            self._return_one(payment, amount, number, at + number * pause)
        if payment.plan.news is News.RETURN_FIRST:
            self._send_status(payment, events.PAID, at)

    def _returned(self, amount: Decimal) -> tuple[Decimal, ...]:
        """In what amounts it comes back, one return each."""
        half = max((amount / 2).quantize(_CENT), _CENT)
        if self._world.behaviour.partial_return:
            return (half,)
        return (half, amount - half) if self._world.behaviour.return_in_halves else (amount,)

    def _return_one(self, payment: Payment, amount: Decimal, number: int, at: datetime) -> None:
        behaviour = self._world.behaviour
        payment.return_id = payment.transaction_id + _RETURN_ID_OFFSET + number
        self._credit_return(payment, amount, payment.return_id, at)
        body = events.payment_return(payment, amount, behaviour, at=at)
        self._outbox.post(events.PAYMENT_RETURN, body, at, _TO_LOSE.get(payment.plan.news, 0))

    def _credit_return(
        self, payment: Payment, amount: Decimal, return_id: int, at: datetime
    ) -> None:
        behaviour = self._world.behaviour
        if behaviour.return_without_credit:
            return

        def book(due: datetime) -> None:
            kind = MovementKind.RETURN_CREDIT
            self._world.book.add(kind, payment.reference, return_id, amount, due)

        if behaviour.return_credit_after_seconds:
            pause = self._world.scaled(behaviour.return_credit_after_seconds)
            self._world.schedule.add(at + pause, book)
        else:
            book(at)

    def _announce(self, payment: Payment, at: datetime) -> None:
        news = payment.plan.news
        if news is News.RETURN_FIRST and payment.plan.fate is Fate.RETURNED:
            return
        rejected = payment.status is TransactionStatus.REJECTED
        said = events.REJECTED if rejected else events.PAID
        self._send_status(payment, said, at)
        if news is News.TWICE:
            self._send_status(payment, said, at)
        if news is News.CONTRADICTED:
            other = events.PAID if rejected else events.REJECTED
            pause = self._world.scaled(self._world.behaviour.webhook_retry_seconds)
            self._send_status(payment, other, at + pause)

    def _send_status(self, payment: Payment, said: str, at: datetime) -> None:
        news = payment.plan.news
        wrong_amount = payment.amount + 1 if news is News.WRONG_AMOUNT else None
        wrong_id = payment.transaction_id + 1 if news is News.WRONG_TRANSACTION_ID else None
        body = events.payment_status(
            payment,
            said,
            self._world.behaviour,
            at=at,
            amount=wrong_amount,
            transaction_id=wrong_id,
        )
        if news is News.BEFORE_ANSWER:
            self._outbox.post_now(events.PAYMENT_STATUS, body)
        else:
            self._outbox.post(events.PAYMENT_STATUS, body, at, _TO_LOSE.get(news, 0))

    def _credit(self, kind: MovementKind, payment: Payment, amount: Decimal, at: datetime) -> None:
        self._world.book.add(kind, payment.reference, payment.transaction_id, amount, at)
