"""Logging in, the envelope, and the calls that only read: ping, balance, public key."""

import base64
import uuid
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chalicelib.core.secrets import Secret
from chalicelib.monoova.client import MonoovaClient
from chalicelib.monoova.rules.outcome import (
    Answer,
    NotAuthenticated,
    Silence,
    is_answered,
    is_evidence,
    is_lock_out,
    is_login_problem,
    outcome_of_send,
)
from tests.contract.targets import Simulated, Target

HOUR_SECONDS = 3600


def asked_for_balance(target: Target, client: MonoovaClient) -> Answer:
    _, answer = client.account(target.access.source.maccount_token)
    assert not isinstance(answer, Silence)
    return answer


def wrong_key() -> Secret:
    """A key of no account: it cannot count against one that exists."""
    return Secret(f"no-key-{uuid.uuid4()}")


@pytest.mark.assumption("LOGIN-BASIC")
def test_the_key_as_user_with_an_empty_password_opens(monoova: Target) -> None:
    answer = asked_for_balance(monoova, monoova.client)
    assert is_evidence(answer)
    scheme, _, encoded = monoova.wire.last.sent_headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    # Compared outside of the assertion, which would print the key.
    is_ours = base64.b64decode(encoded) == f"{monoova.access.api_key.reveal()}:".encode()
    assert is_ours


@pytest.mark.assumption("LOGIN-REFUSED", "LOGIN-ONE-STRIKE")
def test_a_wrong_key_is_distinguished_from_every_other_failure_and_tried_once(
    monoova: Target,
) -> None:
    before = len(monoova.wire.exchanges)
    answer = asked_for_balance(monoova, monoova.client_with(wrong_key()))
    assert len(monoova.wire.exchanges) == before + 1
    assert is_login_problem(answer)
    assert not is_lock_out(answer)
    assert is_evidence(asked_for_balance(monoova, monoova.client))


@pytest.mark.assumption("LOGIN-REFUSED")
def test_a_payout_under_a_wrong_key_has_moved_nothing(monoova: Target) -> None:
    order = monoova.order()
    answer = monoova.client_with(wrong_key()).execute(monoova.body(order))
    outcome = outcome_of_send(answer, order.unique_reference, in_doubt_before=False)
    assert outcome == NotAuthenticated(is_locked=False)
    assert monoova.standing(order.unique_reference) == "UnknownReference"


@pytest.mark.assumption("LOGIN-ONE-STRIKE")
def test_each_call_with_a_wrong_key_is_one_refused_login_in_monoovas_count(
    simulated: Simulated,
) -> None:
    client = simulated.client_with(wrong_key())
    for count in (1, 2, 3):
        asked_for_balance(simulated, client)
        assert simulated.monoova.login.failures == count


@pytest.mark.assumption("LOGIN-PUBLIC")
def test_ping_and_the_public_key_need_no_login(monoova: Target) -> None:
    other_key = monoova.client_with(wrong_key())
    answer = other_key.ping()
    assert isinstance(answer, Answer)
    assert is_evidence(answer)
    assert other_key.public_key()
    for exchange in monoova.wire.exchanges[-2:]:
        assert "Authorization" not in exchange.sent_headers


@pytest.mark.assumption("LOCK-FIFTH", "LOCK-NAME")
def test_the_fifth_refused_login_in_a_row_locks_the_account_for_an_hour(
    simulated: Simulated,
) -> None:
    client = simulated.client_with(wrong_key())
    locked = [is_lock_out(asked_for_balance(simulated, client)) for _ in range(5)]
    assert locked == [False, False, False, False, True]
    assert is_lock_out(asked_for_balance(simulated, simulated.client))
    assert simulated.execute(simulated.order()) == NotAuthenticated(is_locked=True)
    simulated.wait(HOUR_SECONDS - 1)
    assert is_lock_out(asked_for_balance(simulated, simulated.client))
    simulated.wait(1)
    assert is_evidence(asked_for_balance(simulated, simulated.client))


@pytest.mark.assumption("LOCK-IN-A-ROW")
def test_a_login_that_succeeds_sets_the_count_back(simulated: Simulated) -> None:
    client = simulated.client_with(wrong_key())
    for _ in range(3):
        for _ in range(4):
            assert not is_lock_out(asked_for_balance(simulated, client))
        assert is_evidence(asked_for_balance(simulated, simulated.client))


@pytest.mark.assumption("ENVELOPE-FORM")
def test_every_answer_comes_in_the_envelope(monoova: Target) -> None:
    order, today = monoova.order(), monoova.now().date()
    asked = [
        monoova.client.ping(),
        monoova.client.validate(monoova.body(order)),
        monoova.client.execute(monoova.body(order)),
        monoova.client.reports(today, today)[1],
        asked_for_balance(monoova, monoova.client),
    ]
    for answer, exchange in zip(asked, monoova.wire.exchanges[-len(asked) :], strict=True):
        assert is_answered(answer)
        assert exchange.http_status == 200
        assert isinstance(exchange.json["durationMs"], int)
        assert exchange.json["status"] in ("Ok", "Pending")
        assert isinstance(exchange.json["statusDescription"], str)


@pytest.mark.assumption("ENVELOPE-MORE")
def test_unknown_fields_change_no_reading(simulated: Simulated) -> None:
    def readings() -> list[Any]:
        order, today = simulated.order(), simulated.now().date()
        outcome = simulated.execute(order)
        said = [
            type(outcome),
            simulated.standing(order.unique_reference),
            simulated.client.reports(today, today)[0][order.unique_reference],
            simulated.client.account(simulated.access.source.maccount_token)[0] is not None,
        ]
        assert ("simulatedExtraField" in simulated.wire.last.json) is has_more
        return said

    has_more = False
    plain = readings()
    simulated.monoova.behave(extra_fields=True)
    has_more = True
    assert readings() == plain


@pytest.mark.assumption("PING-NAMES-HOST")
def test_ping_says_which_of_monoovas_hosts_it_is(monoova: Target) -> None:
    monoova.assert_is_sandbox()


@pytest.mark.assumption("ACCOUNT-FORM")
def test_the_account_is_given_in_numbers(monoova: Target) -> None:
    account, _ = monoova.client.account(monoova.access.source.maccount_token)
    assert account is not None
    assert isinstance(account.available_to_debit, Decimal)
    assert isinstance(account.actual_balance, Decimal)
    assert isinstance(account.npp_balance, Decimal)
    assert isinstance(account.npp_payout_limit, Decimal)


@pytest.mark.assumption("ACCOUNT-PARTS-OF-CENTS")
def test_a_balance_is_read_with_its_parts_of_a_cent(simulated: Simulated) -> None:
    before = simulated.balance()
    simulated.execute(simulated.order("1.00", simulated.access.bank_account))
    assert before - simulated.balance() == Decimal("1.099")
    assert simulated.balance() == simulated.monoova.book.balance


@pytest.mark.assumption("KEY-FORM")
def test_the_public_key_is_an_rsa_key_of_a_proper_length(monoova: Target) -> None:
    der = monoova.client.public_key()
    assert der is not None
    key = load_der_public_key(der)
    assert isinstance(key, RSAPublicKey)
    assert key.key_size >= 2048
    assert bytes.fromhex(monoova.wire.last.received.decode("ascii")) == der
