"""`validate` and `execute`: from a request to a booking, and from there to the end of its plan."""

from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from simulator.behaviour import Duplicate, InsufficientFunds, PendingAnswer
from simulator.book import MovementKind
from simulator.faults import spoil
from simulator.messages import DONE, IN_PROGRESS, Json, Reply, Request, from_json
from simulator.outcomes import Fate, Fault, Manner, Moment, Plan
from simulator.payments import Payment, Payments
from simulator.settlement import Settlement
from simulator.triggers import OVER_LIMIT, plan_for
from simulator.validation import (
    Refusal,
    Transaction,
    check,
    source_fields,
    unknown_fields,
)
from simulator.world import World

# Net fees as in the examples of the OpenAPI v5.29; GST is a tenth on top.
_FEES = {"NppCreditBankAccount": Decimal("0.09"), "NppCreditPayId": Decimal("0.10")}
_GST = Decimal("0.1")


@dataclass(frozen=True)
class Received:
    """One body that execute or validate received. `parsed` is None where it was not JSON.

    `source_fields`: which spellings of the source account it used. `unknown_fields`: names that
    Monoova's schema does not have.
    """

    at: datetime
    endpoint: str
    raw: bytes
    parsed: object
    source_fields: tuple[str, ...]
    unknown_fields: tuple[str, ...]


class Payouts:
    """Receives transactions. Every method is called under the simulator's lock."""

    def __init__(
        self, world: World, payments: Payments, settlement: Settlement, m_account: str
    ) -> None:
        self._world = world
        self._payments = payments
        self._settlement = settlement
        self._m_account = m_account
        self._script: deque[Plan] = deque()
        self._script_by_reference: dict[str, deque[Plan]] = {}
        self._attempts: Counter[str] = Counter()
        self._last_id = 1_000_000
        self.received: list[Received] = []

    def script(self, plans: list[Plan], reference: str | None) -> None:
        """The next well-formed executes (under `reference`, if given) follow `plans` in turn."""
        if reference is None:
            self._script.extend(plans)
        else:
            self._script_by_reference.setdefault(reference, deque()).extend(plans)

    def forget_script(self) -> None:
        """From now on the trigger table decides."""
        self._script.clear()
        self._script_by_reference.clear()

    def validate(self, request: Request) -> Reply:
        """`POST /financial/v2/transaction/validate`: moves nothing, uses up no reference."""
        try:
            transaction = self._read("validate", request)
        except Refusal as refusal:
            return self._refuse(refusal.status, refusal.description)
        fault = self._table_plan(transaction).fault
        if fault and fault.manner is Manner.REFUSAL_400 and fault.moment is Moment.BEFORE:
            return spoil(None, fault, self._world)
        over_limit = self._over_limit(transaction)
        return over_limit or self._world.replies.ok(**self._answer_fields(transaction, 0))

    def execute(self, request: Request) -> Reply:
        """`POST /financial/v2/transaction/execute`"""
        try:
            transaction = self._read("execute", request)
        except Refusal as refusal:
            return self._refuse(refusal.status, refusal.description)
        plan, fault = self._next_plan(transaction)
        if fault is None:
            return self._admit(transaction, plan, self._world.now())
        if fault.moment is Moment.AFTER:
            return spoil(self._admit(transaction, plan, self._world.now()), fault, self._world)
        if fault.moment is Moment.LATE:
            due = self._world.now() + timedelta(seconds=self._world.behaviour.late_arrival_seconds)
            self._world.schedule.add(due, lambda at: self._arrive_late(transaction, plan, at))
        elif fault.manner is Manner.REFUSAL_400:
            self._consume(transaction.reference)
        return spoil(None, fault, self._world)

    def _read(self, endpoint: str, request: Request) -> Transaction:
        """Note the body, then check it."""
        try:
            body = from_json(request.body)
        except ValueError:
            body = None
        self.received.append(
            Received(
                self._world.now(),
                endpoint,
                request.body,
                body,
                source_fields(body),
                unknown_fields(body),
            )
        )
        try:
            return check(body, self._m_account)
        except Refusal:
            if endpoint == "execute" and isinstance(body, dict):
                self._consume(body.get("uniqueReference"))
            raise

    def _consume(self, reference: object) -> None:
        if self._world.behaviour.refusals_consume_reference and isinstance(reference, str):
            self._payments.consume(reference)

    def _next_plan(self, transaction: Transaction) -> tuple[Plan, Fault | None]:
        """The plan for this attempt, and its fault if this attempt is one of those it hits."""
        reference = transaction.reference
        self._attempts[reference] += 1
        for script in (self._script_by_reference.get(reference), self._script):
            if script:
                plan = script.popleft()
                return plan, plan.fault
        plan = self._table_plan(transaction)
        fault = plan.fault
        if fault and fault.times is not None and self._attempts[reference] > fault.times:
            fault = None
        return plan, fault

    def _table_plan(self, transaction: Transaction) -> Plan:
        if not self._world.behaviour.triggers:
            return Plan()
        return plan_for(transaction.total, transaction.payees)

    def _arrive_late(self, transaction: Transaction, plan: Plan, at: datetime) -> None:
        """The request whose caller has gone; its answer is discarded."""
        self._admit(transaction, plan, at)

    def _admit(self, transaction: Transaction, plan: Plan, at: datetime) -> Reply:
        """Book at `at`, unless the reference is taken or the money does not suffice."""
        behaviour = self._world.behaviour
        if (
            self._payments.is_taken(transaction.reference)
            and behaviour.duplicate is not Duplicate.BOOKED_AGAIN
        ):
            return self._answer_duplicate(transaction)
        over_limit = self._over_limit(transaction)
        if over_limit is not None:
            self._consume(transaction.reference)
            return over_limit
        if transaction.total + self._debited_fee(transaction) > self._world.book.balance:
            if behaviour.insufficient_funds is InsufficientFunds.REFUSED:
                self._consume(transaction.reference)
                return self._refuse(
                    behaviour.insufficient_funds_status, "There is not enough money in the account"
                )
            plan = replace(plan, fate=Fate.REJECTED, reason="INSUFFICIENT FUNDS")
        return self._book(transaction, plan, at)

    def _over_limit(self, transaction: Transaction) -> Reply | None:
        limit = self._world.behaviour.npp_payout_limit
        if transaction.total <= limit:
            return None
        return self._refuse(
            OVER_LIMIT,
            f'"${transaction.total:,.2f}" exceeds the allowed maximum transaction limit '
            f'"${limit:,.2f}"',
        )

    def _answer_duplicate(self, transaction: Transaction) -> Reply:
        behaviour = self._world.behaviour
        booked = self._payments.under(transaction.reference)
        if behaviour.duplicate is Duplicate.ERROR:
            return self._refuse("SimulatedServerError", "Something went wrong", 500)
        if behaviour.duplicate is Duplicate.REPLAYED and booked:
            return booked[0].answer
        return self._refuse(
            behaviour.duplicate_status, "The unique reference was used before (simulated text)"
        )

    def _book(self, transaction: Transaction, plan: Plan, at: datetime) -> Reply:
        self._last_id += 1
        answer = self._accept(transaction, plan, self._last_id)
        payment = Payment(
            transaction_id=self._last_id,
            transaction=transaction,
            plan=plan,
            fee=self._debited_fee(transaction),
            executed_at=at,
            visible_at=at + self._world.scaled(self._world.behaviour.visibility_seconds),
            answer=answer,
        )
        kind = MovementKind.DEBIT if transaction.disbursements else MovementKind.TRANSFER
        book, reference = self._world.book, transaction.reference
        book.add(kind, reference, payment.transaction_id, -transaction.total, at)
        if payment.fee:
            book.add(MovementKind.FEE, reference, payment.transaction_id, -payment.fee, at)
        self._payments.add(payment)
        self._settlement.begin(payment, at)
        return answer

    def _accept(self, transaction: Transaction, plan: Plan, transaction_id: int) -> Reply:
        status, words = "Ok", DONE
        if plan.fate is not Fate.INSTANT and transaction.disbursements:
            words = IN_PROGRESS
            if self._world.behaviour.pending_answer is PendingAnswer.STATUS_PENDING:
                status = "Pending"
        fields = self._answer_fields(transaction, transaction_id)
        return self._world.replies.ok(words, status, **fields)

    def _answer_fields(self, transaction: Transaction, transaction_id: int) -> Json:
        fees = [_FEES[row.method] for row in transaction.disbursements]
        return {
            "transactionId": transaction_id,
            **_fee_fields(sum(fees, Decimal(0))),
            "callerUniqueReference": transaction.reference or None,
            "feeBreakdown": {
                "debitFee": None,
                "disbursementFees": [
                    {"disbursementArrayIndex": index, "disbursementFee": _fee_fields(fee)}
                    for index, fee in enumerate(fees)
                ],
                "bulkDirectDebitFees": [],
            },
            "bpayReceipts": None,
        }

    def _debited_fee(self, transaction: Transaction) -> Decimal:
        """What leaves this account beside the amount; nothing if fees leave another account."""
        if self._world.behaviour.separate_fee_account:
            return Decimal(0)
        fees = (_FEES[row.method] for row in transaction.disbursements)
        return sum(fees, Decimal(0)) * (1 + _GST)

    def _refuse(self, status: str, description: str, http: int = 400) -> Reply:
        return self._world.replies.refuse(status, description, http, transactionId=0)


def _fee_fields(net: Decimal) -> Json:
    return {
        "feeAmountExcludingGst": net,
        "feeAmountGstComponent": net * _GST,
        "feeAmountIncludingGst": net * (1 + _GST),
    }
