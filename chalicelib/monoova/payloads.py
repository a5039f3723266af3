"""The body of `execute` and `validate`: exactly one disbursement, one reference.

Field names are case-sensitive. Source: Monoova Payments OpenAPI v5.29, `financial.transaction`.
"""

from dataclasses import dataclass
from typing import Any, Final

import simplejson

from chalicelib.core.money import decimal_from
from chalicelib.monoova.rules.destination import Destination, PayId

_BOTH: Final = ("sourceBSB", "sourceAccountBsb")


@dataclass(frozen=True, slots=True)
class Source:
    """The account that pays, and what the payee's statement says of it.

    `bsb_field` is Monoova's name for the BSB of the source account, which it has renamed once
    without a new version of its API; `both` stands for the old name and the new one.
    """

    maccount_token: str
    bsb: str
    account_number: str
    remitter_name: str
    bsb_field: str = "sourceBSB"

    @property
    def bsb_fields(self) -> tuple[str, ...]:
        return _BOTH if self.bsb_field == "both" else (self.bsb_field,)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid, and to whom. Its `repr` shows a masked destination."""

    unique_reference: str
    amount_cents: int
    destination: Destination
    description: str | None
    lodgement_reference: str | None


# The payee's end-to-end id may have 35 characters; a UUID has 36 with its hyphens.
def _end_to_end_id(unique_reference: str) -> str:
    return unique_reference.replace("-", "")[:35]


def body_of(order: Order, source: Source) -> bytes:
    """The JSON body; amounts are numbers with two decimals."""
    amount = decimal_from(order.amount_cents)
    lodgement_reference = order.lodgement_reference or order.unique_reference
    body = {
        "uniqueReference": order.unique_reference,
        "totalAmount": amount,
        "paymentSource": "mAccount",
        "mAccount": {"token": source.maccount_token},
        "description": order.description or lodgement_reference,
        "disbursements": [
            {
                **_payee(order, source),
                **dict.fromkeys(source.bsb_fields, source.bsb),
                "sourceAccountNumber": source.account_number,
                "lodgementReference": lodgement_reference,
                "amount": amount,
            }
        ],
    }
    text: str = simplejson.dumps(body, use_decimal=True)
    return text.encode()


def _payee(order: Order, source: Source) -> dict[str, Any]:
    to = order.destination
    shared = {
        "accountName": to.account_name,
        "endToEndId": _end_to_end_id(order.unique_reference),
        "remitterName": source.remitter_name,
    }
    if isinstance(to, PayId):
        return {
            "disbursementMethod": "NppCreditPayId",
            "toNppCreditPayIdDetails": {
                "payId": to.pay_id,
                "payIdType": to.pay_id_type.value,
                **shared,
            },
        }
    return {
        "disbursementMethod": "NppCreditBankAccount",
        "toNppCreditBankAccountDetails": {
            "bsbNumber": to.bsb,
            "accountNumber": to.account_number,
            **shared,
        },
    }
