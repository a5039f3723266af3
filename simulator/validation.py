"""The checks that `validate` and `execute` share. Like Monoova's, they report the first error only.

Status names that start with `Simulated` stand where Monoova's own name is not published.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from simulator.payids import account_fault, payid_fault
from simulator.triggers import BANK_DETAILS_INVALID, PAYID_DETAILS_INVALID

NOT_A_TRANSACTION = "RequestBodyIsNotTheExpectedType"
INVALID_TOTAL = "FinancialValidateInvalidTotalAmount"
INVALID_MACCOUNT = "FinancialValidateInvalidMAccount"
INVALID_METHOD = "InvalidDisbursementMethod"
TOTAL_MISMATCH = "SimulatedTotalAmountIsNotTheSumOfDisbursements"
INVALID_AMOUNT = "SimulatedDisbursementAmountIsInvalid"
INVALID_FIELD = "SimulatedFieldIsTooLong"
INVALID_SOURCE = "SimulatedPaymentSourceIsInvalid"

_DETAILS_KEY = {
    "NppCreditPayId": "toNppCreditPayIdDetails",
    "NppCreditBankAccount": "toNppCreditBankAccountDetails",
}
_DETAILS_INVALID = {
    "NppCreditPayId": PAYID_DETAILS_INVALID,
    "NppCreditBankAccount": BANK_DETAILS_INVALID,
}
# Monoova renamed both keys without a new version; the older number key has its own misspelling.
SOURCE_KEYS = ("sourceBSB", "sourceAccountBsb", "sourceAcountNumber", "sourceAccountNumber")
_KNOWN = {
    "transaction": {
        "uniqueReference",
        "printUniqueReferenceOnStatement",
        "totalAmount",
        "paymentSource",
        "mAccount",
        "description",
        "disbursements",
    },
    "disbursement": {
        "disbursementMethod",
        "amount",
        "lodgementReference",
        "description",
        *_DETAILS_KEY.values(),
        *SOURCE_KEYS,
    },
    "details": {
        "payId",
        "payIdType",
        "bsbNumber",
        "accountNumber",
        "accountName",
        "endToEndId",
        "remitterName",
    },
}


class Refusal(Exception):  # noqa: N818  # it is what Monoova answers, not a fault of this program
    """The request is refused with this `status` and `statusDescription`."""

    def __init__(self, status: str, description: str) -> None:
        super().__init__(status, description)
        self.status = status
        self.description = description


@dataclass(frozen=True)
class Disbursement:
    """One payee of a transaction; the fields that do not apply to its method are None."""

    method: str
    amount: Decimal
    account_name: str
    bsb: str | None
    account_number: str | None
    payid: str | None
    payid_type: str | None
    end_to_end_id: str | None
    remitter_name: str | None
    lodgement_reference: str | None

    @property
    def payee(self) -> str:
        """The PayID (e-mail in lower case) or the account number: what the triggers look at."""
        return (self.payid or self.account_number or "").lower()


@dataclass(frozen=True)
class Transaction:
    """A request that passed every check. No disbursements: a transfer to the sign-in mAccount."""

    reference: str
    total: Decimal
    disbursements: tuple[Disbursement, ...]

    @property
    def payees(self) -> tuple[str, ...]:
        return tuple(disbursement.payee for disbursement in self.disbursements)


def check(body: object, m_account: str) -> Transaction:
    """The transaction that `body` asks for, or Refusal."""
    if not isinstance(body, dict):
        raise Refusal(NOT_A_TRANSACTION, "The request body is not the expected type")
    reference = _text(body, "uniqueReference", 200) or ""
    _text(body, "description", 500)
    _check_source(body, m_account)
    rows = body.get("disbursements")
    if rows is None:
        rows = []
    if not isinstance(rows, list):
        raise Refusal(NOT_A_TRANSACTION, "disbursements must be an array")
    stated = _amount(body, "totalAmount", INVALID_TOTAL)
    disbursements = tuple(_disbursement(index, row) for index, row in enumerate(rows))
    total = sum((row.amount for row in disbursements), Decimal(0)) if disbursements else stated
    if total is None:
        raise Refusal(INVALID_TOTAL, "Invalid totalAmount - it is required without disbursements")
    if stated is not None and stated != total:
        raise Refusal(
            TOTAL_MISMATCH,
            f'totalAmount "${stated:.2f}" is not the sum of disbursements "${total:.2f}"',
        )
    return Transaction(reference, total, disbursements)


def field_names(body: object) -> Iterator[tuple[str, str]]:
    """Each (level, name) in `body`; levels are `transaction`, `disbursement` and `details`."""
    if not isinstance(body, dict):
        return
    yield from (("transaction", str(name)) for name in body)
    rows = body.get("disbursements")
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        yield from (("disbursement", str(name)) for name in row)
        for key in _DETAILS_KEY.values():
            details = row.get(key)
            if isinstance(details, dict):
                yield from (("details", str(name)) for name in details)


def unknown_fields(body: object) -> tuple[str, ...]:
    """The names that Monoova's schema does not have; it ignores them, so nothing else tells."""
    return tuple(sorted({name for level, name in field_names(body) if name not in _KNOWN[level]}))


def source_fields(body: object) -> tuple[str, ...]:
    """Which of the four spellings of the source account the body used."""
    used = {name for _, name in field_names(body)}
    return tuple(key for key in SOURCE_KEYS if key in used)


def _check_source(body: dict[str, object], m_account: str) -> None:
    # The official NPP examples omit the source; the funds then leave the sign-in account.
    source = body.get("paymentSource", "mAccount")
    if source != "mAccount":
        raise Refusal(INVALID_SOURCE, f"the simulator pays from mAccount only, not {source!r}")
    if "paymentSource" not in body and "mAccount" not in body:
        return
    holder = body.get("mAccount")
    token = holder.get("token") if isinstance(holder, dict) else None
    if str(token) != m_account:
        # The doubled word and the unfilled placeholder are Monoova's.
        raise Refusal(
            INVALID_MACCOUNT, 'MAccount.token does does not represent a valid MAccount "{0}"'
        )


def _disbursement(index: int, row: object) -> Disbursement:
    if not isinstance(row, dict):
        raise Refusal(NOT_A_TRANSACTION, f"disbursements[{index}] is not an object")
    method = row.get("disbursementMethod")
    if not isinstance(method, str) or method not in _DETAILS_KEY:
        raise Refusal(INVALID_METHOD, f"disbursements[{index}] has the method {method!r}")
    key = _DETAILS_KEY[method]
    details = row.get(key)
    fault = _details_fault(method, details)
    if fault is not None or not isinstance(details, dict):
        raise Refusal(
            _DETAILS_INVALID[method],
            f'disbursements[{index}].{key} The details are invalid. Reason: "{fault}"',
        )
    amount = _amount(row, "amount", INVALID_AMOUNT)
    if amount is None:
        raise Refusal(NOT_A_TRANSACTION, f"disbursements[{index}].amount is required")
    _text(row, "description", 500)
    return Disbursement(
        method=method,
        amount=amount,
        account_name=details["accountName"],
        bsb=details.get("bsbNumber"),
        account_number=details.get("accountNumber"),
        payid=details.get("payId"),
        payid_type=details.get("payIdType"),
        end_to_end_id=details.get("endToEndId"),
        remitter_name=details.get("remitterName"),
        lodgement_reference=_text(row, "lodgementReference", 280),
    )


def _details_fault(method: str, details: object) -> str | None:
    if not isinstance(details, dict):
        return f"{_DETAILS_KEY[method]} is required"
    if method == "NppCreditPayId":
        fault = payid_fault(details.get("payIdType"), details.get("payId"))
    else:
        fault = account_fault(details.get("bsbNumber"), details.get("accountNumber"))
    return fault or _names_fault(details)


def _names_fault(details: dict[str, object]) -> str | None:
    name = details.get("accountName")
    if not isinstance(name, str) or len(name) < 2:
        return "accountName must have at least 2 characters"
    for key, longest in (("endToEndId", 35), ("remitterName", 140)):
        value = details.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            return f"{key} must be text of at most {longest} characters"
    return None


def _text(holder: dict[str, object], key: str, longest: int) -> str | None:
    value = holder.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal(NOT_A_TRANSACTION, f"{key} must be text")
    if len(value) > longest:
        raise Refusal(INVALID_FIELD, f"{key} must be at most {longest} characters")
    return value


def _amount(holder: dict[str, object], key: str, status: str) -> Decimal | None:
    """A positive amount with at most two decimals; a JSON string is as good as a number."""
    value = holder.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Refusal(NOT_A_TRANSACTION, f"{key} must be a number")
    try:
        amount = Decimal(value)
        cents = amount.quantize(Decimal("0.01"))
    except InvalidOperation as reason:
        raise Refusal(NOT_A_TRANSACTION, f"{key} must be a number") from reason
    if not amount.is_finite():
        raise Refusal(NOT_A_TRANSACTION, f"{key} must be a number")
    if amount != cents:
        raise Refusal(status, f'Invalid {key} - "${amount:.4f}"')
    if amount <= 0:
        raise Refusal(status, f'Invalid {key}. Value must be >= $0.00 - "${amount:.2f}"')
    return cents
