"""What Monoova refuses, and under which names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

import pytest
import simplejson

from chalicelib.monoova.payloads import Order
from chalicelib.monoova.rules.destination import BankAccount, PayId, PayIdType
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Refused,
    SendOutcome,
    Standing,
    outcome_of_send,
)
from simulator.outcomes import Fault, Manner, Moment, Plan
from tests.contract.targets import Simulated, Target

Document = dict[str, Any]


@dataclass(frozen=True)
class Spoiled:
    """A body that Monoova refuses, and the end of the name that it has for it.

    `endpoint` is `validate` where `execute` might move something after all.
    """

    name: str
    spoil: Callable[[Document], object]
    endpoint: str = "execute"


def _pay_id(document: Document) -> None:
    document["disbursements"][0]["toNppCreditPayIdDetails"]["payId"] = "unknown"


def _bsb(document: Document) -> None:
    (row,) = document["disbursements"]
    row["disbursementMethod"] = "NppCreditBankAccount"
    details = row.pop("toNppCreditPayIdDetails")
    names = {key: value for key, value in details.items() if not key.startswith("payId")}
    row["toNppCreditBankAccountDetails"] = {
        "bsbNumber": "80-2950",
        "accountNumber": "22090100",
        **names,
    }


def _method(document: Document) -> None:
    document["disbursements"][0]["disbursementMethod"] = "NppCreditUnknown"


def _no_amount(document: Document) -> None:
    del document["disbursements"][0]["amount"]


def _amount(document: Document, amount: str) -> None:
    document["totalAmount"] = document["disbursements"][0]["amount"] = Decimal(amount)


def _maccount(document: Document) -> None:
    document["mAccount"]["token"] = "0000000000000000"


_PAY_ID_NAME: Final = "DisbursementNppCreditPayIdDetailsAreInvalid"
_BANK_NAME: Final = "DisbursementNppCreditBankAccountDetailsAreInvalid"

SPOILED: Final = (
    pytest.param(
        Spoiled(_PAY_ID_NAME, _pay_id), marks=pytest.mark.assumption("REFUSAL-NAME-PAY-ID")
    ),
    pytest.param(Spoiled(_BANK_NAME, _bsb), marks=pytest.mark.assumption("REFUSAL-NAME-BANK")),
    pytest.param(
        Spoiled("InvalidDisbursementMethod", _method),
        marks=pytest.mark.assumption("REFUSAL-NAME-METHOD"),
    ),
    pytest.param(
        Spoiled("RequestBodyIsNotTheExpectedType", _no_amount),
        marks=pytest.mark.assumption("REFUSAL-NAME-BODY"),
    ),
    pytest.param(
        Spoiled("InvalidTotalAmount", lambda document: _amount(document, "0.101")),
        marks=pytest.mark.assumption("REFUSAL-NAME-TOTAL"),
    ),
    pytest.param(
        Spoiled(
            "TotalAmountIsMoreThanMaxTransactionLimit",
            lambda document: _amount(document, "100000001.00"),
            "validate",
        ),
        marks=pytest.mark.assumption("REFUSAL-NAME-LIMIT"),
    ),
    pytest.param(
        Spoiled("InvalidMAccount", _maccount),
        marks=pytest.mark.assumption("REFUSAL-NAME-MACCOUNT"),
    ),
)


def sent(target: Target, document: Document, endpoint: str = "execute") -> SendOutcome:
    call = {"execute": target.client.execute, "validate": target.client.validate}[endpoint]
    answer = call(simplejson.dumps(document, use_decimal=True).encode())
    return outcome_of_send(answer, document["uniqueReference"], in_doubt_before=False)


def without_prefix(name: str) -> str:
    return name.casefold().removeprefix("financialvalidate")


@pytest.mark.parametrize("spoiled", SPOILED, ids=lambda spoiled: spoiled.name)
def test_a_refusal_has_the_name_by_which_we_know_it(monoova: Target, spoiled: Spoiled) -> None:
    document = monoova.document(monoova.order())
    spoiled.spoil(document)
    outcome = sent(monoova, document, spoiled.endpoint)
    assert isinstance(outcome, Refused), monoova.wire.last.received
    assert without_prefix(outcome.reason) == spoiled.name.casefold()
    assert outcome.is_known


@pytest.mark.assumption("REFUSAL-IS-400", "REFUSAL-HAS-NO-TRANSACTION")
@pytest.mark.parametrize("spoil", [_pay_id, _bsb, _method, _maccount])
def test_a_refusal_is_http_400_without_a_transaction_and_moves_nothing(
    monoova: Target, spoil: Callable[[Document], object]
) -> None:
    document = monoova.document(monoova.order())
    spoil(document)
    assert isinstance(sent(monoova, document), Refused)
    assert monoova.wire.last.http_status == 400
    assert monoova.wire.last.json["transactionId"] == 0
    assert isinstance(monoova.wire.last.json["statusDescription"], str)
    assert monoova.standing(document["uniqueReference"]) is Standing.UNKNOWN_REFERENCE


@pytest.mark.assumption("REFUSAL-HAS-NO-TRANSACTION")
@pytest.mark.parametrize(
    "to",
    [
        PayId("refused@example.com", PayIdType.EMAIL, "Jo Citizen"),
        BankAccount("802-985", "900000005", "Jo Citizen"),
    ],
)
def test_a_payee_that_monoova_refuses_is_not_paid(
    simulated: Simulated, to: PayId | BankAccount
) -> None:
    order = simulated.order(to=to)
    outcome = simulated.execute(order)
    assert isinstance(outcome, Refused)
    assert outcome.is_known
    assert simulated.times_paid(order.unique_reference) == 0


@pytest.mark.assumption("REFUSAL-PREFIX")
@pytest.mark.parametrize("prefix", ["", "FinancialValidate"])
@pytest.mark.parametrize("name", [_PAY_ID_NAME, _BANK_NAME, "InvalidTotalAmount"])
def test_a_name_is_known_with_and_without_its_prefix(
    simulated: Simulated, prefix: str, name: str
) -> None:
    simulated.monoova.script(Plan(fault=Fault(Manner.REFUSAL_400, Moment.BEFORE, 1, prefix + name)))
    outcome = simulated.execute(simulated.order())
    assert isinstance(outcome, Refused)
    assert outcome.reason == prefix + name
    assert outcome.is_known


@pytest.mark.assumption("REFUSAL-FUNDS")
def test_more_than_is_available_is_refused_at_once_and_moves_nothing(monoova: Target) -> None:
    account, _ = monoova.client.account(monoova.access.source.maccount_token)
    assert account is not None
    assert account.available_to_debit is not None
    too_much = account.available_to_debit.quantize(Decimal("0.01"), ROUND_DOWN) + 1
    order = monoova.order(str(too_much))
    assert isinstance(monoova.execute(order), Refused), monoova.wire.last.received
    assert monoova.standing(order.unique_reference) is Standing.UNKNOWN_REFERENCE


@pytest.mark.assumption("REFUSAL-FUNDS")
def test_the_last_cent_decides_on_funds(simulated: Simulated) -> None:
    simulated.monoova.behave(separate_fee_account=True, npp_payout_limit="1000000.00")
    all_there_is = simulated.order("1000000.00")
    assert isinstance(simulated.execute(all_there_is), Accepted)
    one_cent = simulated.order("0.01")
    assert isinstance(simulated.execute(one_cent), Refused)
    assert simulated.times_paid(one_cent.unique_reference) == 0


def _unheard_of(simulated: Simulated, moment: Moment) -> tuple[Order, SendOutcome]:
    simulated.monoova.script(
        Plan(fault=Fault(Manner.REFUSAL_400, moment, 1, "SimulatedUnheardOfRefusal"))
    )
    order = replace(simulated.order(), description="Unheard of")
    return order, simulated.execute(order)


@pytest.mark.assumption("REFUSAL-UNHEARD-OF")
def test_an_unknown_refusal_is_confirmed_only_by_the_status_api(simulated: Simulated) -> None:
    refused, first = _unheard_of(simulated, Moment.BEFORE)
    booked, second = _unheard_of(simulated, Moment.AFTER)
    assert first == second
    assert isinstance(first, Refused)
    assert not first.is_known
    assert simulated.standing(refused.unique_reference) is Standing.UNKNOWN_REFERENCE
    assert simulated.standing(booked.unique_reference) is Standing.PENDING
