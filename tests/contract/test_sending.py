"""`validate` and `execute`: what is taken, how, and what an answer leaves open."""

from decimal import Decimal
from typing import Final

import pytest
import simplejson

from chalicelib.monoova.rules.destination import BankAccount
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Answer,
    Silence,
    Standing,
    Unclear,
    outcome_of_send,
)
from simulator.outcomes import Fault, Manner, Moment, Plan
from tests.contract.targets import Simulated, Target

# How long the client waits for an answer.
_PATIENCE_SECONDS: Final = 10


def validated(target: Target, document: object) -> Answer:
    answer = target.client.validate(simplejson.dumps(document).encode())
    assert not isinstance(answer, Silence)
    return answer


# --- validate


@pytest.mark.assumption("VALIDATE-MOVES-NOTHING")
def test_validating_moves_nothing_and_has_no_number(monoova: Target) -> None:
    order = monoova.order()
    answer = monoova.client.validate(monoova.body(order))
    assert isinstance(answer, Answer)
    assert answer.http_status == 200
    assert answer.envelope is not None
    assert answer.envelope.status == "Ok"
    assert monoova.wire.last.json["transactionId"] == 0
    assert monoova.standing(order.unique_reference) is Standing.UNKNOWN_REFERENCE


@pytest.mark.assumption("VALIDATE-MOVES-NOTHING")
def test_validating_leaves_no_line_in_monoovas_book(simulated: Simulated) -> None:
    order = simulated.order()
    simulated.client.validate(simulated.body(order))
    assert simulated.monoova.book.movements == []
    assert simulated.monoova.received[-1].endpoint == "validate"


@pytest.mark.assumption("VALIDATE-LEAVES-REFERENCE")
def test_a_validated_reference_can_still_be_paid_under(monoova: Target) -> None:
    order = monoova.order()
    monoova.client.validate(monoova.body(order))
    assert isinstance(monoova.execute(order), Accepted)


@pytest.mark.assumption("VALIDATE-REFUSES")
def test_validating_names_what_execute_would_refuse(monoova: Target) -> None:
    document = monoova.document(monoova.order())
    document["disbursements"][0]["disbursementMethod"] = "NppCreditUnknown"
    answer = validated(monoova, document)
    assert answer.http_status == 400
    assert answer.envelope is not None
    assert answer.envelope.status not in (None, "", "Ok", "Pending")


@pytest.mark.assumption("ACCOUNT-NUMBER-28")
@pytest.mark.parametrize(
    ("number", "is_taken"), [("Ab12" * 7, True), ("Ab12" * 7 + "x", False), ("Ab12-34", False)]
)
def test_an_account_number_has_28_letters_and_digits_at_most(
    simulated: Simulated, number: str, is_taken: bool
) -> None:
    to = BankAccount("802-985", number, "Jo Citizen")
    answer = validated(simulated, simulated.document(simulated.order(to=to)))
    assert answer.envelope is not None
    assert (answer.envelope.status == "Ok") is is_taken


# --- execute


@pytest.mark.assumption("EXECUTE-TAKES")
def test_a_payout_is_taken_under_a_number_and_our_reference(monoova: Target) -> None:
    order = monoova.order()
    outcome = monoova.execute(order)
    reply = monoova.wire.last.json
    assert monoova.wire.last.http_status == 200
    assert reply["status"] in ("Ok", "Pending")
    assert reply["callerUniqueReference"] == order.unique_reference
    assert isinstance(reply["transactionId"], int)
    assert outcome == Accepted(str(reply["transactionId"]))


@pytest.mark.assumption("EXECUTE-IN-TIME")
def test_an_answer_comes_before_the_app_gives_up(monoova: Target) -> None:
    order = monoova.order()
    began_at = monoova.now()
    assert isinstance(monoova.client.execute(monoova.body(order)), Answer)
    assert (monoova.now() - began_at).total_seconds() < _PATIENCE_SECONDS


@pytest.mark.assumption("EXECUTE-IN-TIME")
def test_an_answer_that_comes_later_is_silence_and_the_money_has_moved(
    simulated: Simulated,
) -> None:
    simulated.monoova.behave(latency_seconds=_PATIENCE_SECONDS + 1)
    order = simulated.order()
    assert simulated.client.execute(simulated.body(order)) is Silence.TIMEOUT
    assert simulated.times_paid(order.unique_reference) == 1


@pytest.mark.assumption("EXECUTE-TAKES-BANK-ACCOUNTS")
def test_a_payout_to_a_bank_account_is_taken_too(monoova: Target) -> None:
    order = monoova.order(to=monoova.access.bank_account)
    assert isinstance(monoova.execute(order), Accepted)


@pytest.mark.assumption("EXECUTE-FIELDS")
def test_no_field_is_sent_that_monoova_does_not_have(simulated: Simulated) -> None:
    for to in (simulated.access.pay_id, simulated.access.bank_account):
        simulated.execute(simulated.order(to=to))
        assert simulated.monoova.received[-1].unknown_fields == ()


@pytest.mark.assumption("EXECUTE-AMOUNT")
def test_an_amount_with_two_decimals_is_taken_as_it_is_written(monoova: Target) -> None:
    order = monoova.order("0.30")
    assert isinstance(monoova.execute(order), Accepted)
    assert b'"totalAmount": 0.30' in monoova.wire.last.sent
    assert b'"amount": 0.30' in monoova.wire.last.sent


@pytest.mark.assumption("EXECUTE-AMOUNT")
def test_what_monoova_books_is_the_amount_to_the_cent(simulated: Simulated) -> None:
    order = simulated.order("1013.37")
    simulated.execute(order)
    (booking,) = simulated.monoova.book.bookings(order.unique_reference)
    assert booking.amount == Decimal("-1013.37")


@pytest.mark.assumption("EXECUTE-PENDING-FORM")
@pytest.mark.parametrize("form", ["ok_with_text", "status_pending"])
def test_however_monoova_says_pending_the_payout_counts_as_taken(
    simulated: Simulated, form: str
) -> None:
    simulated.monoova.behave(pending_answer=form)
    order = simulated.order()
    assert isinstance(simulated.execute(order), Accepted)
    assert simulated.standing(order.unique_reference) is Standing.PENDING


@pytest.mark.assumption("SOURCE-BSB-FIELD")
@pytest.mark.parametrize("name", ["sourceBSB", "sourceAccountBsb"])
def test_the_source_account_is_let_through_under_either_name(monoova: Target, name: str) -> None:
    document = monoova.document(monoova.order())
    (row,) = document["disbursements"]
    row[name] = row.pop("sourceBSB")
    answer = validated(monoova, document)
    assert answer.envelope is not None
    assert (answer.http_status, answer.envelope.status) == (200, "Ok")


# --- answers that prove nothing


@pytest.mark.assumption("SERVER-ERROR-PROVES-NOTHING")
@pytest.mark.parametrize(
    "manner",
    [
        Manner.ERROR_500,
        Manner.UNAVAILABLE_503,
        Manner.HTML_502,
        Manner.EMPTY_BODY,
        Manner.ERROR_STATUS_200,
        Manner.TIMEOUT,
        Manner.RESET,
    ],
)
def test_booked_or_not_the_answer_is_the_same_and_leaves_doubt(
    simulated: Simulated, manner: Manner
) -> None:
    orders = [simulated.order(), simulated.order()]
    answers = []
    for order, moment in zip(orders, (Moment.BEFORE, Moment.AFTER), strict=True):
        simulated.monoova.script(Plan(fault=Fault(manner, moment)))
        answer = simulated.client.execute(simulated.body(order))
        answers.append(answer)
        outcome = outcome_of_send(answer, order.unique_reference, in_doubt_before=False)
        assert isinstance(outcome, Unclear)
    assert answers[0] == answers[1]
    assert [simulated.times_paid(order.unique_reference) for order in orders] == [0, 1]
