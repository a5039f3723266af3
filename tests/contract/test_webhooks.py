"""The webhooks: headers, signature, bodies, tries. The sandbox's cannot be received here."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import pytest

from chalicelib.monoova.event_names import PAYMENT_STATUS, RETURN
from chalicelib.monoova.rules.outcome import Accepted, Standing
from chalicelib.payouts.rules.news import Notice, NoticeKind
from chalicelib.webhooks.events import event_of
from chalicelib.webhooks.signature import SignatureVerifier
from simulator.outcomes import Outcome
from tests.contract.targets import WEBHOOK_TOKEN, Simulated
from tests.world import World

_PAYEE: Final = ("Bsb", "AccountNumber", "AccountName", "PayId", "PayIdType")


@dataclass(frozen=True)
class SimulatedClock:
    """The app's view of the simulator's time."""

    simulated: Simulated

    def now(self) -> datetime:
        return self.simulated.now()

    def sleep(self, seconds: float) -> None:
        self.simulated.wait(seconds)


def verifier(simulated: Simulated) -> SignatureVerifier:
    """The app's, with the key that it fetches from this Monoova."""
    return SignatureVerifier(simulated.client.public_key, SimulatedClock(simulated))


def notice_in(body: bytes) -> Notice:
    """As the app reads it, the event's name taken from the body alone."""
    notice = event_of(body, None).notice
    assert notice is not None
    return notice


@pytest.mark.assumption("WEBHOOK-SIGNATURE")
def test_the_signature_verifies_over_the_bytes_as_they_came_and_no_others(
    simulated: Simulated,
) -> None:
    webhook = simulated.webhook(simulated.order())
    signature = webhook.headers["Verification-Signature"]
    checking = verifier(simulated)
    assert checking.verify(webhook.body, signature)
    rewritten = json.dumps(json.loads(webhook.body), separators=(",", ":")).encode()
    assert rewritten != webhook.body
    assert not checking.verify(rewritten, signature)


@pytest.mark.assumption("WEBHOOK-KEY-CHANGES")
def test_the_first_signature_with_a_new_key_verifies_too(simulated: Simulated) -> None:
    checking = verifier(simulated)
    for _ in range(2):
        webhook = simulated.webhook(simulated.order())
        assert checking.verify(webhook.body, webhook.headers["Verification-Signature"])
        simulated.monoova.rotate_signing_key()


@pytest.mark.assumption("WEBHOOK-SIGNATURE", "WEBHOOK-AUTHORIZATION")
def test_the_app_takes_a_signed_webhook_and_completes_the_payout(
    new_world: Callable[..., World],
) -> None:
    world = new_world(MONOOVA_WEBHOOK_SIGNATURE="required")
    transaction_id = world.paid()
    world.later(130)
    ((_, headers, body, status),) = world.deliveries
    assert status == 200
    assert world.state(transaction_id) == ("Completed", None)
    unsigned = {name: headers[name] for name in headers if name != "Verification-Signature"}
    assert world.deliver("https://app.example/webhooks/monoova", unsigned, body) == 401


@pytest.mark.assumption("WEBHOOK-AUTHORIZATION", "WEBHOOK-ID")
def test_a_webhook_carries_the_token_of_its_subscription_and_a_number(
    simulated: Simulated,
) -> None:
    headers = simulated.webhook(simulated.order()).headers
    assert headers["Authorization"] == WEBHOOK_TOKEN
    assert headers["Webhookid"].isdecimal()


@pytest.mark.assumption("WEBHOOK-FORM")
def test_a_status_event_is_flat_pascal_case_and_has_the_number_of_execute(
    simulated: Simulated,
) -> None:
    order = simulated.order("2.35")
    webhook = simulated.webhook(order)
    accepted = simulated.execute(order)
    first = simulated.wire.exchanges[0].json["transactionId"]
    body = webhook.json
    assert not isinstance(accepted, Accepted)  # it was a duplicate: the number is the first one's
    assert webhook.url.endswith(f"/{PAYMENT_STATUS}")
    assert all(name[0].isupper() for name in body)
    assert not any(isinstance(value, dict | list) for value in body.values())
    assert body["Status"] == "Payment Successful"
    assert isinstance(body["TransactionId"], int)
    assert notice_in(webhook.body) == Notice(
        NoticeKind.PAID, order.unique_reference, order.amount_cents, str(first)
    )


@pytest.mark.assumption("WEBHOOK-REJECTED")
def test_a_rejection_event_has_a_reason(simulated: Simulated) -> None:
    simulated.monoova.script(Outcome.REJECTED)
    order = simulated.order()
    webhook = simulated.webhook(order)
    assert webhook.json["Status"] == "Rejected"
    notice = notice_in(webhook.body)
    assert (notice.kind, notice.reason) == (NoticeKind.REJECTED, "ACCOUNT CLOSED")
    assert simulated.monoova.book.paid_out(order.unique_reference) == 0


@pytest.mark.assumption("WEBHOOK-RETURN", "WEBHOOK-RETURN-IS-WHOLE")
def test_a_return_event_has_the_first_number_and_the_whole_amount(
    simulated: Simulated,
) -> None:
    simulated.monoova.script(Outcome.RETURNED)
    order = simulated.order("3.20")
    webhook = simulated.webhook(order)
    first = simulated.wire.exchanges[0].json["transactionId"]
    assert webhook.url.endswith(f"/{RETURN}")
    assert "Status" not in webhook.json
    assert webhook.json["ReturnTransactionId"] != first
    notice = notice_in(webhook.body)
    assert notice == Notice(
        NoticeKind.RETURNED,
        order.unique_reference,
        order.amount_cents,
        str(first),
        "ACCOUNT CLOSED",
        return_id=str(webhook.json["ReturnTransactionId"]),
    )


@pytest.mark.assumption("WEBHOOK-RETURN-IS-WHOLE")
def test_a_partial_return_is_recognised(simulated: Simulated) -> None:
    simulated.monoova.behave(partial_return=True)
    simulated.monoova.script(Outcome.RETURNED)
    order = simulated.order("3.20")
    assert notice_in(simulated.webhook(order).body).amount_cents == 160


@pytest.mark.assumption("WEBHOOK-OTHER-FORM")
@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.REJECTED, Outcome.RETURNED])
def test_both_forms_are_read_as_the_same_event(simulated: Simulated, outcome: Outcome) -> None:
    notices = []
    for form in ("official", "seed"):
        simulated.monoova.reset()
        simulated.monoova.behave(webhook_form=form)
        simulated.monoova.script(outcome)
        webhook = simulated.webhook(replace(simulated.order(), unique_reference="po-1"))
        assert ("eventName" in webhook.json) == (form == "seed")
        notices.append(notice_in(webhook.body))
    assert notices[0] == notices[1]


@pytest.mark.assumption("WEBHOOK-BLANKS")
@pytest.mark.parametrize("blank", ["null", "absent", "empty"])
def test_missing_payee_fields_change_no_reading(simulated: Simulated, blank: str) -> None:
    simulated.monoova.behave(webhook_blank=blank)
    for to in (simulated.access.pay_id, simulated.access.bank_account):
        order = simulated.order(to=to)
        webhook = simulated.webhook(order)
        assert not all(webhook.json.get(name) for name in _PAYEE)
        notice = notice_in(webhook.body)
        assert (notice.kind, notice.reference) == (NoticeKind.PAID, order.unique_reference)


@pytest.mark.assumption("WEBHOOK-TWO-TRIES")
@pytest.mark.parametrize(
    ("codes", "tries"), [([200], 1), ([204], 2), ([500, 200], 2), ([500] * 9, 2)]
)
def test_a_delivery_not_answered_with_200_is_retried_once(
    simulated: Simulated, codes: list[int], tries: int
) -> None:
    simulated.inbox.codes = list(codes)
    simulated.webhook(simulated.order())
    assert len(simulated.inbox.deliveries) == tries


@pytest.mark.assumption("WEBHOOK-TWO-TRIES")
def test_the_retry_comes_after_half_a_minute(simulated: Simulated) -> None:
    simulated.inbox.codes = [500]
    arrivals = []
    simulated.inbox.meanwhile = lambda _: arrivals.append(simulated.now())
    simulated.webhook(simulated.order())
    first, second = arrivals
    assert (second - first).total_seconds() == 30


@pytest.mark.assumption("WEBHOOK-NOT-OWED")
def test_a_payout_completed_inside_the_call_is_reported_by_the_status_api_alone(
    simulated: Simulated,
) -> None:
    simulated.monoova.script(Outcome.COMPLETED_INSTANTLY)
    order = simulated.order()
    assert isinstance(simulated.execute(order), Accepted)
    simulated.wait(600)
    assert simulated.inbox.deliveries == []
    assert simulated.standing(order.unique_reference) is Standing.COMPLETE
