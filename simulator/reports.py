"""What the day's books say: the statement, and every movement of the mAccount."""

from datetime import date, datetime
from decimal import Decimal

from simulator.book import Movement, MovementKind
from simulator.clock import day_text, local_text
from simulator.messages import Json, Reply, Request, from_json
from simulator.outcomes import Books
from simulator.payments import Payment, Payments, TransactionStatus
from simulator.world import World

_UNSUCCESSFUL = (TransactionStatus.REJECTED, TransactionStatus.DISHONOURED)
_DOLLAR = Decimal(1)
_GST = Decimal("0.1")


class Reports:
    """Read from payments and book; wrong where a payment's plan wants them to be."""

    def __init__(self, world: World, payments: Payments, m_account: str) -> None:
        self._world = world
        self._payments = payments
        self._m_account = m_account

    def statement(self, day: str) -> Reply:
        """`GET /reports/v1/statement/{date}`: all successful transactions of a local date."""
        try:
            date.fromisoformat(day)
        except ValueError:
            return self._bad_date()
        zone = self._world.behaviour.zone
        shown = [
            self._stated(payment)
            for payment in self._payments.all()
            if day_text(payment.executed_at, zone) == day and self._is_stated(payment)
        ]
        return self._world.replies.ok(transactions=shown)

    def transactions(self, request: Request) -> Reply:
        """`POST /mAccount/v1/transactions`, `frequency` Custom: times count only with `useTime`."""
        try:
            body = from_json(request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict) or body.get("accountNumber") != self._m_account:
            return self._world.replies.refuse(
                "SimulatedInvalidMAccount", "There is no such mAccount of yours"
            )
        try:
            first, last = (
                datetime.fromisoformat(str(body.get(name))) for name in ("startDate", "endDate")
            )
        except ValueError:
            return self._bad_date()
        if body.get("frequency") != "Custom" or (last - first).days > 92:
            return self._bad_date()
        if body.get("useTime") is not True:
            first, last = first.replace(hour=0, minute=0), last.replace(hour=23, minute=59)
        return self._account(first.isoformat(), last.isoformat())

    def _account(self, first: str, last: str) -> Reply:
        zone, book = self._world.behaviour.zone, self._world.book
        opening, found = book.opening_balance, list[Movement]()
        for movement in book.movements:
            at = local_text(movement.at, zone)
            if at < first:
                opening = movement.balance
            elif at <= last and self._books(movement.reference) is not Books.ABSENT:
                found.append(movement)
        amounts = [self._amount(movement) for movement in found]
        debits = -sum((amount for amount in amounts if amount < 0), Decimal(0))
        credits_ = sum((amount for amount in amounts if amount > 0), Decimal(0))
        return self._world.replies.ok(
            openingBalance=opening,
            closingBalance=opening + credits_ - debits,
            totalDebits=debits,
            totalCredits=credits_,
            items=[self._moved(row, movement) for row, movement in enumerate(found)],
        )

    def _stated(self, payment: Payment) -> Json:
        more = _DOLLAR if payment.plan.books is Books.ONE_DOLLAR_MORE else Decimal(0)
        net = payment.fee / (1 + _GST)
        return {
            "uniqueReferenced": payment.reference,
            "transactionId": payment.transaction_id,
            "dateTime": local_text(payment.executed_at, self._world.behaviour.zone),
            "status": "OK",
            "totalAmount": payment.amount + more,
            "feeAmountExcludingGst": net,
            "feeAmountGstComponent": payment.fee - net,
            "feeAmountIncludingGst": payment.fee,
        }

    def _is_stated(self, payment: Payment) -> bool:
        is_successful = payment.status not in _UNSUCCESSFUL
        shows = is_successful or self._world.behaviour.statement_shows_rejected
        return shows and payment.plan.books is not Books.ABSENT

    def _moved(self, row: int, movement: Movement) -> Json:
        amount = self._amount(movement)
        return {
            "rowOrder": row,
            "dateTime": local_text(movement.at, self._world.behaviour.zone),
            "debit": -amount if amount < 0 else 0,
            "credit": amount if amount > 0 else 0,
            "runningBalance": movement.balance,
            "transactionId": movement.transaction_id,
            "mPaymentsId": movement.number,
            "uniqueReference": self._reference(movement),
            "transactionType": f"Simulated {movement.kind.value}",
            "subTransactionType": "",
            "transactionDescription": "",
            "description": "",
            "sourceMAccountCardNumber": self._m_account,
            "destinationMAccountCardNumber": "",
            "mWalletAccountNumber": "",
            "isWaitingForFundsToClear": False,
        }

    def _reference(self, movement: Movement) -> str:
        is_return = movement.kind is MovementKind.RETURN_CREDIT
        is_hidden = is_return and not self._world.behaviour.return_credit_has_reference
        return "" if is_hidden else movement.reference

    def _amount(self, movement: Movement) -> Decimal:
        payment = next(iter(self._payments.under(movement.reference)), None)
        is_payment = payment is not None and -movement.amount == payment.amount
        is_wrong = self._books(movement.reference) is Books.ONE_DOLLAR_MORE
        return movement.amount - _DOLLAR if is_wrong and is_payment else movement.amount

    def _books(self, reference: str) -> Books:
        payment = next(iter(self._payments.under(reference)), None)
        return payment.plan.books if payment else Books.TRUE

    def _bad_date(self) -> Reply:
        return self._world.replies.refuse("SimulatedDateIsInvalid", "The dates are not valid")
