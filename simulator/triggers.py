"""The table of triggers: what a tester types to get an outcome.

Exact amounts from A$7.01 up choose an outcome; so do a few payees. Every other amount and payee
is ordinary: accepted as pending, then paid and announced by webhook.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from simulator.enquiries import BRANCHES
from simulator.outcomes import Books, Fate, Fault, Manner, Moment, News, Outcome, Plan
from simulator.verification import OWNERS


@dataclass(frozen=True)
class Trigger:
    """One row: the exact amount in cents, its outcome, and what that means in words."""

    amount_cents: int
    outcome: Outcome
    plan: Plan
    words: str


@dataclass(frozen=True)
class PayeeTrigger:
    """A PayID or account number (with any BSB) that always has one outcome."""

    payee: str
    plan: Plan
    words: str


def _fault(manner: Manner, moment: Moment, times: int | None = 1, refusal: str = "") -> Plan:
    return Plan(fault=Fault(manner, moment, times, refusal))


def _refusal(status: str, moment: Moment = Moment.BEFORE) -> Plan:
    return _fault(Manner.REFUSAL_400, moment, None, status)


PAYID_DETAILS_INVALID = "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid"
BANK_DETAILS_INVALID = "FinancialValidateDisbursementNppCreditBankAccountDetailsAreInvalid"
OVER_LIMIT = "FinancialValidateTotalAmountIsMoreThanMaxTransactionLimit"
INSUFFICIENT_FUNDS = "SimulatedInsufficientFunds"
UNKNOWN_REFUSAL = "SimulatedUnheardOfRefusal"

_BEFORE, _AFTER, _LATE = Moment.BEFORE, Moment.AFTER, Moment.LATE
_REJECTED, _PAID = Fate.REJECTED, Fate.PENDING_THEN_PAID

TRIGGERS: tuple[Trigger, ...] = (
    Trigger(
        701,
        Outcome.COMPLETED_INSTANTLY,
        Plan(fate=Fate.INSTANT),
        "complete inside the call; no webhook",
    ),
    Trigger(
        702, Outcome.COMPLETED, Plan(), "pending, then `Payment Successful` (as any other amount)"
    ),
    Trigger(
        703,
        Outcome.REJECTED,
        Plan(fate=_REJECTED),
        "pending, then `Rejected`: ACCOUNT CLOSED, money given back",
    ),
    Trigger(
        704, Outcome.PENDING_FOREVER, Plan(fate=Fate.PENDING_FOREVER), "pending for ever, no word"
    ),
    Trigger(
        705, Outcome.WEBHOOK_LOST, Plan(news=News.LOST), "paid, both tries of its webhook lost"
    ),
    Trigger(
        706,
        Outcome.FIRST_WEBHOOK_LOST,
        Plan(news=News.FIRST_TRY_LOST),
        "paid, webhook arrives on its second try",
    ),
    Trigger(707, Outcome.RETURNED, Plan(fate=Fate.RETURNED), "paid, later `NppReturn`"),
    Trigger(
        708,
        Outcome.DISHONOURED,
        Plan(fate=Fate.DISHONOURED),
        "status API turns `Dishonoured`, money given back, no webhook",
    ),
    Trigger(
        709,
        Outcome.REJECTED_WEBHOOK_LOST,
        Plan(fate=_REJECTED, news=News.LOST),
        "rejected, both tries of its webhook lost",
    ),
    Trigger(
        710,
        Outcome.REFUSED_PAYID_DETAILS,
        _refusal(PAYID_DETAILS_INVALID),
        "HTTP 400: PayID details invalid",
    ),
    Trigger(
        711,
        Outcome.REFUSED_BANK_DETAILS,
        _refusal(BANK_DETAILS_INVALID),
        "HTTP 400: bank details invalid",
    ),
    Trigger(
        712, Outcome.REFUSED_OVER_LIMIT, _refusal(OVER_LIMIT), "HTTP 400: over the account's limit"
    ),
    Trigger(
        713,
        Outcome.REFUSED_INSUFFICIENT_FUNDS,
        _refusal(INSUFFICIENT_FUNDS),
        "HTTP 400: not enough money",
    ),
    Trigger(
        714,
        Outcome.REFUSED_UNKNOWN_STATUS,
        _refusal(UNKNOWN_REFUSAL),
        "HTTP 400 with a status in no table",
    ),
    Trigger(
        715,
        Outcome.UNKNOWN_STATUS_YET_BOOKED,
        _refusal(UNKNOWN_REFUSAL, _AFTER),
        "the same, and yet the money is booked",
    ),
    Trigger(
        716,
        Outcome.ERROR_STATUS_200,
        _fault(Manner.ERROR_STATUS_200, _BEFORE, None),
        "HTTP 200 with an error status, nothing booked",
    ),
    Trigger(
        717,
        Outcome.ERROR_STATUS_200_YET_BOOKED,
        _fault(Manner.ERROR_STATUS_200, _AFTER),
        "HTTP 200 with an error status, booked (1st attempt)",
    ),
    Trigger(
        720,
        Outcome.ERROR_BEFORE_BOOKING,
        _fault(Manner.ERROR_500, _BEFORE),
        "HTTP 500 before booking (1st attempt)",
    ),
    Trigger(
        721,
        Outcome.ERROR_BEFORE_BOOKING_ALWAYS,
        _fault(Manner.ERROR_500, _BEFORE, None),
        "HTTP 500 before booking (always)",
    ),
    Trigger(
        722,
        Outcome.ERROR_AFTER_BOOKING,
        _fault(Manner.ERROR_500, _AFTER),
        "HTTP 500 after booking (1st attempt)",
    ),
    Trigger(
        723,
        Outcome.ERROR_AFTER_BOOKING_ALWAYS,
        _fault(Manner.ERROR_500, _AFTER, None),
        "HTTP 500 after booking (always)",
    ),
    Trigger(
        724,
        Outcome.TIMEOUT_BEFORE_BOOKING,
        _fault(Manner.TIMEOUT, _BEFORE),
        "no answer, nothing booked (1st attempt)",
    ),
    Trigger(
        725,
        Outcome.TIMEOUT_BEFORE_BOOKING_ALWAYS,
        _fault(Manner.TIMEOUT, _BEFORE, None),
        "no answer, nothing booked (always)",
    ),
    Trigger(
        726,
        Outcome.TIMEOUT_AFTER_BOOKING,
        _fault(Manner.TIMEOUT, _AFTER),
        "no answer, booked (1st attempt)",
    ),
    Trigger(
        727,
        Outcome.TIMEOUT_AFTER_BOOKING_ALWAYS,
        _fault(Manner.TIMEOUT, _AFTER, None),
        "no answer, booked (no attempt is ever answered)",
    ),
    Trigger(
        728,
        Outcome.LATE_ARRIVAL,
        _fault(Manner.TIMEOUT, _LATE),
        "no answer, booked 20 s later (1st attempt)",
    ),
    Trigger(
        729,
        Outcome.RESET_BEFORE_BOOKING,
        _fault(Manner.RESET, _BEFORE),
        "connection reset, nothing booked (1st attempt)",
    ),
    Trigger(
        730,
        Outcome.RESET_AFTER_BOOKING,
        _fault(Manner.RESET, _AFTER),
        "connection reset, booked (1st attempt)",
    ),
    Trigger(
        731,
        Outcome.HTML_502_BEFORE_BOOKING,
        _fault(Manner.HTML_502, _BEFORE),
        "HTML 502, nothing booked (1st attempt)",
    ),
    Trigger(
        732,
        Outcome.HTML_502_AFTER_BOOKING,
        _fault(Manner.HTML_502, _AFTER),
        "HTML 502, booked (1st attempt)",
    ),
    Trigger(
        733,
        Outcome.EMPTY_BODY,
        _fault(Manner.EMPTY_BODY, _AFTER),
        "HTTP 200 with an empty body, booked (1st attempt)",
    ),
    Trigger(
        734,
        Outcome.CUT_OFF_JSON,
        _fault(Manner.CUT_OFF_JSON, _AFTER),
        "HTTP 200 with half the JSON, booked (1st attempt)",
    ),
    Trigger(
        735,
        Outcome.CUT_OFF_BODY,
        _fault(Manner.CUT_OFF_BODY, _AFTER),
        "connection lost amid the body, booked (1st attempt)",
    ),
    Trigger(
        736,
        Outcome.UNAVAILABLE_BEFORE_BOOKING,
        _fault(Manner.UNAVAILABLE_503, _BEFORE),
        "HTTP 503, nothing booked (1st attempt)",
    ),
    Trigger(740, Outcome.WEBHOOK_TWICE, Plan(news=News.TWICE), "paid, the webhook comes twice"),
    Trigger(
        741,
        Outcome.WEBHOOK_BEFORE_ANSWER,
        Plan(news=News.BEFORE_ANSWER),
        "paid, the webhook comes before execute answers",
    ),
    Trigger(
        742,
        Outcome.REJECTED_WEBHOOK_BEFORE_ANSWER,
        Plan(fate=_REJECTED, news=News.BEFORE_ANSWER),
        "rejected, the webhook comes before execute answers",
    ),
    Trigger(
        743,
        Outcome.WEBHOOK_WRONG_AMOUNT,
        Plan(news=News.WRONG_AMOUNT),
        "paid, the webhook names one dollar more",
    ),
    Trigger(
        744,
        Outcome.WEBHOOK_WRONG_TRANSACTION_ID,
        Plan(news=News.WRONG_TRANSACTION_ID),
        "paid, the webhook names another TransactionId",
    ),
    Trigger(
        745,
        Outcome.WEBHOOK_CONTRADICTED,
        Plan(news=News.CONTRADICTED),
        "paid and announced, then announced as `Rejected`",
    ),
    Trigger(
        746,
        Outcome.RETURN_WEBHOOK_FIRST,
        Plan(fate=Fate.RETURNED, news=News.RETURN_FIRST),
        "paid and returned, `NppReturn` comes first",
    ),
    Trigger(
        747,
        Outcome.TIMEOUT_THEN_REJECTED,
        Plan(fault=Fault(Manner.TIMEOUT, _AFTER), fate=_REJECTED),
        "no answer, booked, later `Rejected` (1st attempt)",
    ),
    Trigger(
        750,
        Outcome.ABSENT_FROM_REPORTS,
        Plan(books=Books.ABSENT),
        "paid; in no statement and no movement of the mAccount",
    ),
    Trigger(
        751,
        Outcome.WRONG_IN_REPORTS,
        Plan(books=Books.ONE_DOLLAR_MORE),
        "paid; statement and mAccount name one dollar more",
    ),
    Trigger(
        752,
        Outcome.RETURN_WEBHOOK_LOST,
        Plan(fate=Fate.RETURNED, news=News.LOST),
        "paid, later returned; all of its webhooks lost",
    ),
)

PAYEES: tuple[PayeeTrigger, ...] = (
    PayeeTrigger("900000001", Plan(fate=_REJECTED), "rejected: ACCOUNT CLOSED"),
    PayeeTrigger(
        "900000002",
        Plan(fate=_REJECTED, reason="INVALID ACCOUNT NUMBER"),
        "rejected: INVALID ACCOUNT NUMBER",
    ),
    PayeeTrigger("900000003", Plan(fate=Fate.PENDING_FOREVER), "pending for ever"),
    PayeeTrigger("900000004", Plan(fate=Fate.RETURNED), "paid, later returned"),
    PayeeTrigger("900000005", _refusal(BANK_DETAILS_INVALID), "HTTP 400: bank details invalid"),
    PayeeTrigger("closed@example.com", Plan(fate=_REJECTED), "rejected: ACCOUNT CLOSED"),
    PayeeTrigger(
        "unregistered@example.com",
        Plan(fate=_REJECTED, reason="PAYID NOT REGISTERED"),
        "rejected: PAYID NOT REGISTERED",
    ),
    PayeeTrigger("pending@example.com", Plan(fate=Fate.PENDING_FOREVER), "pending for ever"),
    PayeeTrigger("returned@example.com", Plan(fate=Fate.RETURNED), "paid, later returned"),
    PayeeTrigger(
        "refused@example.com", _refusal(PAYID_DETAILS_INVALID), "HTTP 400: PayID details invalid"
    ),
    PayeeTrigger("+61-400000001", Plan(fate=_REJECTED), "rejected: ACCOUNT CLOSED"),
    PayeeTrigger(
        "+61-400000002",
        Plan(fate=_REJECTED, reason="PAYID NOT REGISTERED"),
        "rejected: PAYID NOT REGISTERED",
    ),
)

PLANS: dict[Outcome, Plan] = {trigger.outcome: trigger.plan for trigger in TRIGGERS}
_BY_CENTS = {trigger.amount_cents: trigger.plan for trigger in TRIGGERS}
_BY_PAYEE = {trigger.payee: trigger.plan for trigger in PAYEES}


def plan_for(total: Decimal, payees: tuple[str, ...]) -> Plan:
    """The plan that the table holds for this amount, else for one of the payees, else ordinary."""
    by_amount = _BY_CENTS.get(int(total * 100))
    if by_amount is not None:
        return by_amount
    return next((_BY_PAYEE[payee] for payee in payees if payee in _BY_PAYEE), Plan())


def table_lines() -> Iterator[str]:
    """The table as text, as the server prints it when it starts."""
    yield "amount  what happens"
    for trigger in TRIGGERS:
        yield f"{trigger.amount_cents / 100:6.2f}  {trigger.words}"
    yield ""
    yield f"{'payee':<26}what happens"
    for payee in PAYEES:
        yield f"{payee.payee:<26}{payee.words}"
    yield ""
    yield "any other amount and payee: pending, then paid and announced by webhook"
    yield ""
    yield f"{'BSB':<26}what bsbValidate says"
    for bsb, words in BRANCHES.items():
        yield f"{bsb:<26}{words}"
    yield ""
    yield f"{'PayID':<26}whose it is, as a verification says"
    for payee_id, owner in OWNERS.items():
        yield f"{payee_id:<26}{owner or 'no owner: HTTP 400'}"
