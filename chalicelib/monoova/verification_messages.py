"""The bodies of Monoova's `/verify/...`, and what is read of its answers.

Field names are case-sensitive. Source: Monoova Payments OpenAPI v5.29, `verify`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import simplejson

from chalicelib.core.money import decimal_from
from chalicelib.monoova.rules.destination import Destination, PayId

INITIATE: Final = "/verify/v2/aba/initiate"
VALIDATE: Final = "/verify/v1/aba/validate"
MOST_NAME_CHARACTERS: Final = 32
_CENT: Final = 1
_TOKEN: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
# A name has 140 at most where Monoova writes one; more than that is none.
_MOST_OWNER_CHARACTERS: Final = 280


def initiate_body(destination: Destination, destination_id: str, remitter_name: str) -> bytes:
    """Asks Monoova to pay its cent to the destination."""
    shared = {
        "accountName": destination.account_name,
        "verificationIdentifier": destination_id,
        "remitter": remitter_name,
    }
    return _json(_payee(destination) | shared)


def _payee(destination: Destination) -> dict[str, Any]:
    if isinstance(destination, PayId):
        return {
            "creditMethod": "NppCreditPayId",
            "payIdType": destination.pay_id_type.value,
            "payId": destination.pay_id,
        }
    return {
        "creditMethod": "NppCreditBankAccount",
        "bsb": destination.bsb,
        "bankAccountNumber": destination.account_number,
    }


def validate_body(token: str, code: str) -> bytes:
    """Asks Monoova whether a code is the one that it sent with its cent."""
    return _json({"token": token, "amount": decimal_from(_CENT), "code": code})


def token_in(document: Mapping[str, Any]) -> str | None:
    """What Monoova knows the verification by."""
    token = document.get("token")
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def owner_name_in(document: Mapping[str, Any]) -> str | None:
    """Whom a PayID is registered to; None for a bank account."""
    name = document.get("ownerName")
    return name[:_MOST_OWNER_CHARACTERS] if isinstance(name, str) else None


def _json(body: Mapping[str, Any]) -> bytes:
    text: str = simplejson.dumps(body, use_decimal=True)
    return text.encode()
