"""Authentication: by a user's token, by an IAM signature, by Monoova's secret and key."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simulator.outcomes import Outcome
from tests.end_to_end.deployed import (
    REQUEST_SECONDS,
    Deployed,
    Json,
    amount_for,
    json_of,
    session,
    until,
)
from tools.devstack.aws import PAYER, READER, REGION, service_of

NEVER_SETTLED = amount_for(Outcome.PENDING_FOREVER)


@dataclass(frozen=True)
class Service:
    """An internal service with keys of its own, which signs as AWS's libraries do."""

    gateway_url: str
    arn: str
    credentials: Credentials

    def call(
        self, method: str, path: str, body: object = None, *, added: str = ""
    ) -> requests.Response:
        """A signed request; `added` comes behind its body after it was signed."""
        url, text = f"{self.gateway_url}{path}", json.dumps(body) if body else ""
        request = AWSRequest(method, url, {"Content-Type": "application/json"}, text)
        SigV4Auth(self.credentials, "execute-api", REGION).add_auth(request)
        headers = dict(request.headers.items())
        with session() as http:
            return http.request(
                method, url, data=text + added, headers=headers, timeout=REQUEST_SECONDS
            )


def new_service(deployed: Deployed, name: str, *allowed: str) -> Service:
    """A service that may invoke what is `allowed`: methods and paths, as a policy names them."""
    stack = deployed.stack
    api = f"arn:aws:execute-api:{REGION}:*:{stack.outputs['RestAPIId']}/api"
    made = service_of(stack.emulator, name, [f"{api}/{each}" for each in allowed])
    return Service(stack.gateway_url, made.arn, made.keys)


@pytest.fixture(scope="module")
def payer(deployed: Deployed) -> Service:
    return new_service(deployed, PAYER, "POST/internal/payouts", "GET/internal/*")


@pytest.fixture(scope="module")
def reader(deployed: Deployed) -> Service:
    return new_service(deployed, READER, "*/internal/*")


@pytest.fixture
def order(deployed: Deployed) -> Json:
    """Requests a payout to a customer who has none yet."""
    return deployed.order(deployed.customer(), NEVER_SETTLED)


def payouts_of(deployed: Deployed, order: Json) -> list[Json]:
    found: list[Json] = deployed.done("GET", f"/customers/{order['customer_id']}/payouts")["items"]
    return found


def altered(token: str) -> str:
    """A token's own claims under a signature that is not theirs."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def forged(token: str) -> str:
    """Another user's claims under a good signature."""
    head, claims, signature = token.split(".")
    shown = json.loads(base64.urlsafe_b64decode(claims + "=="))
    text = json.dumps(shown | {"sub": "another-user"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize("kind", ["none", "garbage", "altered signature", "forged claims"])
def test_without_a_valid_token_nothing_is_paid_or_shown(
    deployed: Deployed, order: Json, kind: str
) -> None:
    good = deployed.stack.token("operators")
    tokens = {
        "none": None,
        "garbage": "garbage",
        "altered signature": altered(good),
        "forged claims": forged(good),
    }
    assert deployed.call("POST", "/payouts", order, token=tokens[kind]).status_code == 401
    assert deployed.call("GET", "/payouts", token=tokens[kind]).status_code == 401
    assert payouts_of(deployed, order) == []


def test_an_administrator_stands_in_the_history_by_the_pools_id_for_them(
    deployed: Deployed, order: Json
) -> None:
    token = deployed.stack.token("operators")
    answer = deployed.call("POST", "/payouts", order, token=token)
    assert answer.status_code == 202
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert json_of(answer)["created_by"] == claims["sub"]
    assert {entry["by"] for entry in json_of(answer)["history"]} == {claims["sub"]}


def test_a_service_pays_by_its_signature_and_stands_in_the_history_by_its_arn(
    deployed: Deployed, payer: Service, order: Json
) -> None:
    answer = payer.call("POST", "/internal/payouts", order)
    assert answer.status_code == 202, answer.text
    asked = json_of(answer)
    assert {entry["by"] for entry in asked["history"]} == {payer.arn}
    seen = payer.call("GET", f"/internal/payouts/{asked['transaction_id']}")
    assert json_of(seen)["created_by"] == payer.arn
    assert deployed.bookings(asked["transaction_id"]) == 1


def test_an_unsigned_request_to_an_internal_route_is_refused(
    deployed: Deployed, order: Json
) -> None:
    assert deployed.call("POST", "/internal/payouts", order, token=None).status_code == 403
    assert payouts_of(deployed, order) == []


def test_a_users_token_is_refused_on_internal_routes(deployed: Deployed, order: Json) -> None:
    assert deployed.call("POST", "/internal/payouts", order).status_code == 403
    assert payouts_of(deployed, order) == []


def test_a_service_that_is_not_listed_to_pay_is_refused(
    deployed: Deployed, reader: Service, order: Json
) -> None:
    """Seen: any IAM principal with execute-api:Invoke might pay."""
    assert reader.call("GET", "/internal/payouts").status_code == 200
    assert reader.call("POST", "/internal/payouts", order).status_code == 403
    assert payouts_of(deployed, order) == []


def test_a_service_in_no_list_may_do_nothing(deployed: Deployed, order: Json) -> None:
    unlisted = new_service(deployed, "unlisted", "*/internal/*")
    assert unlisted.call("GET", "/internal/payouts").status_code == 403
    assert unlisted.call("POST", "/internal/payouts", order).status_code == 403
    assert payouts_of(deployed, order) == []


def test_a_request_that_was_altered_after_it_was_signed_is_refused(
    deployed: Deployed, payer: Service, order: Json
) -> None:
    assert payer.call("POST", "/internal/payouts", order, added=" ").status_code == 403
    assert payouts_of(deployed, order) == []


@pytest.fixture
def monoovas_switches(deployed: Deployed) -> Iterator[None]:
    yield
    deployed.behave(webhook_signature="present")


@pytest.mark.usefixtures("monoovas_switches")
@pytest.mark.parametrize(("signature", "kept"), [("wrong", set()), ("absent", {"Hinted"})])
def test_a_webhook_without_monoovas_signature_settles_nothing(
    deployed: Deployed, signature: str, kept: set[str]
) -> None:
    """Without one it is a hint: Monoova is asked. With a wrong one it is not even that."""
    deployed.behave(webhook_signature=signature)

    def refused() -> bool:
        return [each["lastCode"] for each in deployed.webhooks(transaction_id)] == [401]

    with deployed.no_schedule():  # the reconciler might ask Monoova before the webhook comes
        transaction_id = deployed.paid()["transaction_id"]
        until(refused, what="the webhook is refused")
    # Nothing is lost: the reconciler asks Monoova.
    shown = deployed.settled(transaction_id, "Completed", by_asking=deployed.reconcile)
    assert shown["history"][-1]["by"] == "reconciler"
    news = [entry for entry in shown["history"] if entry["by"] == "monoova"]
    assert {entry["event"] for entry in news} == kept
    assert {entry["status"] for entry in news} <= {"Pending"}


def test_a_webhook_without_monoovas_secret_is_refused(deployed: Deployed) -> None:
    answer = deployed.call("POST", "/webhooks/monoova", {"eventName": "x"}, token="not the secret")
    assert answer.status_code == 401


def test_health_is_open(deployed: Deployed) -> None:
    assert json_of(deployed.call("GET", "/health", token=None)) == {"status": "ok"}
