"""The webhook secret where it is deployed: in Secrets Manager, beside the API key."""

import json
from collections.abc import Callable

import pytest

from simulator.monoova import API_KEY
from tests.payouts.test_request_payout import AwsCalls, throttled, unreachable
from tests.webhooks.test_webhooks import body, everything, lines, send
from tests.world import WEBHOOK_SECRET, World

FRESH_SECONDS = 5 * 60
READ = "Secrets Manager.GetSecretValue"


@pytest.fixture
def kept(world: World) -> World:
    """As deployed: the setting says where the secret is, and Secrets Manager what it is."""
    world.environment["MONOOVA_WEBHOOK_SECRET"] = world.environment["MONOOVA_API_SECRET_ARN"]
    world.store_secret(API_KEY, webhookSecret=WEBHOOK_SECRET)
    world.restart()
    return world


def test_only_a_webhook_with_the_secret_is_accepted(kept: World) -> None:
    paid = kept.paid()
    payload = body(kept, paid)
    before = everything(kept)
    arn = kept.environment["MONOOVA_API_SECRET_ARN"]
    for guess in ("another-secret", arn, f"Bearer {arn}", API_KEY, "Bearer ", "", None):
        answer = send(kept, payload, authorization=guess)
        assert (answer.status, answer.code) == (401, "Unauthenticated"), guess
    assert everything(kept) == before
    assert send(kept, payload, authorization=f"Bearer {WEBHOOK_SECRET}").status == 200
    assert kept.payout(paid)["status"] == "Completed"


def test_monoovas_own_webhooks_settle_payouts(kept: World) -> None:
    paid = kept.paid()
    kept.later(180)
    assert [status for _, _, _, status in kept.deliveries] == [200]
    assert kept.payout(paid)["status"] == "Completed"


def test_a_new_secret_is_taken_after_five_minutes_and_the_old_one_no_more(kept: World) -> None:
    customer = kept.customer()
    first, second = (str(kept.pay(customer).json["transaction_id"]) for _ in range(2))
    assert send(kept, body(kept, first)).status == 200
    kept.store_secret(API_KEY, webhookSecret="a-new-secret-of-24-letters")
    kept.clock.advance(FRESH_SECONDS + 1)
    payload = body(kept, second)
    assert send(kept, payload).status == 401
    assert send(kept, payload, authorization="a-new-secret-of-24-letters").status == 200
    assert kept.payout(second)["status"] == "Completed"


def test_while_it_is_rotated_both_are_taken_and_none_is_refused_on_the_way(kept: World) -> None:
    """Both are stored, then Monoova is given the new one, then the old one is removed."""
    customer = kept.customer()

    def accepted(secret: str) -> bool:
        paid = str(kept.pay(customer).json["transaction_id"])
        answer = send(kept, body(kept, paid), authorization=secret)
        return (answer.status, kept.payout(paid)["status"]) == (200, "Completed")

    assert accepted(WEBHOOK_SECRET)
    kept.store_secret(API_KEY, webhookSecret=f"a-new-secret-of-24-letters, {WEBHOOK_SECRET}")
    assert accepted(WEBHOOK_SECRET)
    kept.clock.advance(FRESH_SECONDS + 1)
    assert accepted(WEBHOOK_SECRET)
    assert accepted("a-new-secret-of-24-letters")
    kept.store_secret(API_KEY, webhookSecret="a-new-secret-of-24-letters")
    kept.clock.advance(FRESH_SECONDS + 1)
    assert accepted("a-new-secret-of-24-letters")
    assert not accepted(WEBHOOK_SECRET)


@pytest.mark.parametrize("stored", [{}, {"webhookSecret": ""}, {"webhookSecret": " , "}])
def test_without_a_secret_no_webhook_is_accepted_and_monoova_has_to_retry(
    kept: World, stored: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    payload = body(kept, kept.paid())
    kept.store_secret(API_KEY, **stored)
    kept.restart()
    before = everything(kept)
    capsys.readouterr()
    for guess in ("", "Bearer ", WEBHOOK_SECRET, None):
        answer = send(kept, payload, authorization=guess)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30"), guess
    assert everything(kept) == before
    assert {line["error"] for line in lines(capsys)} == {"SecretUnavailableError"}
    kept.store_secret(API_KEY, webhookSecret=WEBHOOK_SECRET)
    kept.clock.advance(FRESH_SECONDS + 1)
    assert send(kept, payload).status == 200


@pytest.mark.parametrize("away", [unreachable, throttled])
def test_while_secrets_manager_is_down_monoova_has_to_retry(
    kept: World, away: Callable[[str], object]
) -> None:
    paid = kept.paid()
    payload = body(kept, paid)
    before = everything(kept)
    aws_calls = AwsCalls(kept)  # a new instance: nothing is cached
    aws_calls.at(READ, away)
    for secret in (WEBHOOK_SECRET, "a guess"):
        answer = send(kept, payload, authorization=secret)
        assert (answer.status, answer.code) == (503, "StorageUnavailable")
    assert set(aws_calls.names) == {READ}
    assert everything(kept) == before
    aws_calls.acts.clear()
    assert send(kept, payload).status == 200
    assert kept.payout(paid)["status"] == "Completed"


def test_a_secret_read_before_secrets_manager_went_down_stays_valid(kept: World) -> None:
    customer = kept.customer()
    first, second = (str(kept.pay(customer).json["transaction_id"]) for _ in range(2))
    aws_calls = AwsCalls(kept)
    assert send(kept, body(kept, first)).status == 200
    aws_calls.at(READ, unreachable)
    kept.clock.advance(FRESH_SECONDS + 1)
    payload = body(kept, second)
    assert send(kept, payload, authorization="a guess").status == 401
    assert send(kept, payload).status == 200
    assert aws_calls.names.count(READ) == 2, "asked again, but not for every webhook"


def test_the_secret_costs_one_read_in_five_minutes_and_is_in_no_line(
    kept: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = kept.customer()
    paid = [str(kept.pay(customer).json["transaction_id"]) for _ in range(3)]
    payload = [body(kept, one) for one in paid]
    aws_calls = AwsCalls(kept)
    capsys.readouterr()
    for each in payload:
        assert send(kept, each).status == 200
        assert send(kept, each, authorization="a guess").status == 401
    assert aws_calls.names.count(READ) == 1
    written = json.dumps(lines(capsys))
    assert WEBHOOK_SECRET not in written
    assert "a guess" not in written
