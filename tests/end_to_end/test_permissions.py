"""Each function has the permissions that its work needs, and no others."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from simulator.outcomes import Outcome
from tests.end_to_end.deployed import BANK_ACCOUNT, Deployed, Json, amount_for
from tools.devstack.aws import REGION

NEVER_SETTLED = amount_for(Outcome.PENDING_FOREVER)


def test_erasing_a_customer_leaves_nothing_of_them_but_the_payouts(deployed: Deployed) -> None:
    customer_id = deployed.customer()
    asked = deployed.paid(customer_id=customer_id)
    deployed.settled(asked["transaction_id"], "Completed")
    assert deployed.call("DELETE", f"/customers/{customer_id}").status_code == 204
    assert deployed.call("GET", f"/customers/{customer_id}").status_code == 404
    row = deployed.dynamodb.get_item(
        TableName=deployed.stack.outputs["CustomersTableName"],
        Key={"customer_id": {"S": customer_id}},
    )
    assert "Item" not in row
    assert deployed.payout(asked["transaction_id"])["status"] == "Completed"


def test_a_customer_with_an_open_payout_is_not_erased(deployed: Deployed) -> None:
    customer_id = deployed.paid(NEVER_SETTLED)["customer_id"]
    assert deployed.call("DELETE", f"/customers/{customer_id}").status_code == 409
    assert deployed.done("GET", f"/customers/{customer_id}")["destinations"]


@pytest.fixture(scope="module")
def ids(deployed: Deployed) -> dict[str, str]:
    """What stands for the names in a path or a body."""
    asked = deployed.paid(NEVER_SETTLED)
    spare = deployed.done("POST", f"/customers/{asked['customer_id']}/destinations", BANK_ACCOUNT)
    failed = deployed.paid(amount_for(Outcome.REJECTED))
    deployed.settled(failed["transaction_id"], "Failed")
    return {
        "customer": asked["customer_id"],
        "spare": spare["destination_id"],
        "payout": asked["transaction_id"],
        "failed": failed["transaction_id"],
    }


ONE_DOLLAR = {"customer_id": "<customer>", "amount": 1, "payout_method": "PayId"}


def filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"<{name}>", value)
    return text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/customers", None),
        ("GET", "/customers/<customer>", None),
        ("PATCH", "/customers/<customer>", {"name": "Jo Citizen-Smith"}),
        ("DELETE", "/customers/<customer>/destinations/<spare>", None),
        ("GET", "/customers/<customer>/payouts", None),
        ("GET", "/payouts", None),
        ("GET", "/payouts?needs_review=true", None),
        ("GET", "/payouts?status=Pending", None),
        ("GET", "/payouts/<payout>", None),
        ("POST", "/payouts/validate", ONE_DOLLAR),
        ("POST", "/payouts/<payout>/refresh", None),
        ("POST", "/payouts/<failed>/retry", None),
        ("GET", "/account", None),
        ("POST", "/reconciliations", None),
    ],
)
def test_the_api_may_do_what_each_of_its_routes_needs(
    deployed: Deployed, ids: dict[str, str], method: str, path: str, body: Json | None
) -> None:
    sent = json.loads(filled(json.dumps(body), ids))
    answer = deployed.call(method, filled(path, ids), sent)
    assert answer.ok, answer.text


def test_the_api_may_cancel_a_payout_that_waits_to_be_sent(deployed: Deployed) -> None:
    with deployed.paused():  # else the schedule or the queue sends it first
        path = f"/payouts/{deployed.paid()['transaction_id']}"
        assert deployed.done("POST", f"{path}/cancel")["status"] == "Cancelled"


@pytest.fixture(scope="module")
def as_function(deployed: Deployed) -> Callable[[str, str], Any]:
    """Makes clients with the permissions of a function's role."""
    sts, session = deployed.stack.client("sts"), cast("Any", boto3.Session(region_name=REGION))

    def client(function: str, service: str) -> Any:
        name = deployed.stack.function(function)
        role = deployed.lambda_.get_function_configuration(FunctionName=name)["Role"]
        keys = sts.assume_role(RoleArn=role, RoleSessionName="a-test")["Credentials"]
        return session.client(
            service,
            endpoint_url=deployed.stack.emulator.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    return client


FUNCTIONS = [
    "APIHandler",
    "Reconcile",
    "ReconcileDaily",
    "SendQueuedPayouts",
    "TakeUpWebhookEvents",
]
UNKNOWN_ID = {"transaction_id": {"S": "unknown"}}


@pytest.mark.parametrize(
    ("functions", "service", "operation", "parameters"),
    [
        (FUNCTIONS, "dynamodb", "scan", {"TableName": "<CustomersTableName>"}),
        (
            FUNCTIONS,
            "dynamodb",
            "delete_item",
            {"TableName": "<TransactionsTableName>", "Key": UNKNOWN_ID},
        ),
        (FUNCTIONS, "sqs", "purge_queue", {"QueueUrl": "<WebhookQueueUrl>"}),
        (
            FUNCTIONS[1:],
            "dynamodb",
            "delete_item",
            {"TableName": "<CustomersTableName>", "Key": {"customer_id": {"S": "unknown"}}},
        ),
        (
            ["ReconcileDaily", "TakeUpWebhookEvents"],
            "dynamodb",
            "put_item",
            {"TableName": "<TransactionsTableName>", "Item": UNKNOWN_ID},
        ),
        (
            ["ReconcileDaily", "TakeUpWebhookEvents"],
            "dynamodb",
            "get_item",
            {"TableName": "<CustomersTableName>", "Key": {"customer_id": {"S": "unknown"}}},
        ),
    ],
)
def test_a_function_may_not_do_what_it_has_no_need_to(
    deployed: Deployed,
    as_function: Callable[[str, str], Any],
    functions: list[str],
    service: str,
    operation: str,
    parameters: Json,
) -> None:
    sent = json.loads(filled(json.dumps(parameters), deployed.stack.outputs))
    for function in functions:
        call = getattr(as_function(function, service), operation)
        with pytest.raises(ClientError, match="AccessDenied"):
            call(**sent)
