"""The bodies of the webhooks that a payout causes."""

from datetime import datetime
from decimal import Decimal

from simulator.behaviour import Behaviour, Blank, Layout, WebhookForm
from simulator.clock import local_text
from simulator.messages import Json, to_json
from simulator.payments import Payment

PAYMENT_STATUS = "NppPaymentStatus"
PAYMENT_RETURN = "NppReturn"
PAID = "Payment Successful"
REJECTED = "Rejected"

# Ids that the requirements' form of a webhook prints as text.
_TEXT_IDS = ("transactionId",)


def payment_status(
    payment: Payment,
    status: str,
    behaviour: Behaviour,
    *,
    at: datetime,
    amount: Decimal | None = None,
    transaction_id: int | None = None,
) -> bytes:
    """`NppPaymentStatus` at `at`; `amount` and `transaction_id` only where they are to be wrong."""
    rejected = status == REJECTED
    return _in_form(
        PAYMENT_STATUS,
        {
            "TransactionDate": local_text(payment.executed_at, behaviour.zone),
            "UniqueReference": payment.reference,
            "TransactionId": transaction_id or payment.transaction_id,
            "Status": status,
            "Amount": payment.amount if amount is None else amount,
            **_payee(payment, behaviour.webhook_blank),
            "RejectionDateTime": local_text(at, behaviour.zone) if rejected else None,
            "RejectionReasonDescription": payment.plan.reason if rejected else None,
            "RejectionTransactionId": payment.rejection_id if rejected else None,
        },
        behaviour,
    )


def payment_return(
    payment: Payment, amount: Decimal, behaviour: Behaviour, *, at: datetime
) -> bytes:
    """`NppReturn`: the money came back after success. It has no `Status`."""
    return _in_form(
        PAYMENT_RETURN,
        {
            "ReturnDate": local_text(at, behaviour.zone),
            "Amount": amount,
            **_payee(payment, behaviour.webhook_blank),
            "ReturnReason": payment.plan.reason,
            "TransactionDate": local_text(payment.executed_at, behaviour.zone),
            "TransactionId": payment.transaction_id,
            "UniqueReference": payment.reference,
            "ReturnTransactionId": payment.return_id,
        },
        behaviour,
    )


def _payee(payment: Payment, blank: Blank) -> Json:
    """The payee's fields; those of the other method are null, absent or empty.

    Monoova's events know references, not disbursements: of several, the first is shown.
    """
    payee = payment.transaction.disbursements[0]
    unused = {"AccountNumber", "Bsb"} if payee.payid else {"PayId", "PayIdType"}
    shown: Json = {
        "Bsb": payee.bsb,
        "AccountNumber": payee.account_number,
        "AccountName": payee.account_name,
        "PayId": payee.payid,
        "PayIdType": payee.payid_type,
        "EndToEndId": payee.end_to_end_id,
        "RemitterName": payee.remitter_name,
        "LodgementRef": payee.lodgement_reference,
    }
    if blank is Blank.ABSENT:
        return {key: value for key, value in shown.items() if key not in unused}
    if blank is Blank.EMPTY:
        return {key: "" if key in unused else value for key, value in shown.items()}
    return shown


def _in_form(event_name: str, official: Json, behaviour: Behaviour) -> bytes:
    if behaviour.webhook_form is WebhookForm.OFFICIAL:
        body = dict(official)
    else:
        body = {"eventName": event_name}
        body |= {key[0].lower() + key[1:]: value for key, value in official.items()}
        body |= {key: str(body[key]) for key in _TEXT_IDS}
    if behaviour.extra_fields:
        body["SimulatedExtraField"] = {"toIgnore": [1, None]}
    match behaviour.webhook_layout:
        case Layout.COMPACT:
            return to_json(body, separators=(",", ":"))
        case Layout.INDENTED:
            return to_json(body, indent=2)
        case Layout.SPACED:
            return to_json(body)
