"""Proves a deployment: every entry point and every function, the alarms, and a second deployment.

The templates are those of production, deployed by the code that deploys them there. Each function
runs under its own role, which the emulated AWS enforces.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.core.clock import SystemClock
from chalicelib.monoova.gate_store import Controls
from chalicelib.monoova.gatekeeper import Gatekeeper
from simulator.testing import payid_payout
from tools.deploy.package import Package
from tools.deploy.stacks import Plan
from tools.devstack import demo
from tools.devstack.aws import PAYER, REGION, service_of
from tools.devstack.errors import DevstackError
from tools.devstack.stack import Stack

Say = Callable[[str], None]

_FUNCTIONS: Final = (
    "",
    "-send_queued_payouts",
    "-take_up_webhook_events",
    "-reconcile",
    "-reconcile_daily",
)
_AMOUNT: Final = Decimal(
    "12.50"
)  # no trigger of the simulator's: accepted, then paid and announced by a webhook
# The demonstration, and what comes after it.
LONGEST_SECONDS: Final = 280
_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.25
_REQUEST_SECONDS: Final = 35.0


def prove(stack: Stack, say: Say) -> tuple[str, ...]:
    """Runs every check, each announced by a line; answers with the problems."""
    say("Another system pays from the same mAccount: its webhook fits no payout of ours.")
    foreign = _foreign_payment(stack)
    shown = demo.show(stack, say)
    problems = [
        *shown.problems,
        *_a_service_pays(stack, shown.customer_id, say),
        *_the_queue_sends(stack, shown.customer_id, say),
        *_every_function_ran(stack, foreign, say),
        *_everything_is_watched(stack, say),
        *_nothing_is_left_to_deploy(stack, say),
    ]
    return tuple(problems)


def _a_service_pays(stack: Stack, customer_id: str, say: Say) -> list[str]:
    """An internal service, by its signature, on the one route that its policy names."""
    route = f"{stack.outputs['RestAPIId']}/api/POST/internal/payouts"
    allowed = [f"arn:aws:execute-api:{REGION}:*:{route}"]
    credentials = service_of(stack.emulator, PAYER, allowed).keys
    order = {"customer_id": customer_id, "amount": str(_AMOUNT)}
    asked = _signed(stack, credentials, "POST", "/internal/payouts", order)
    if asked.status_code != 202:
        return [f"a service could not pay: {asked.status_code} {asked.text}"]
    say(f"\nA service pays A${_AMOUNT} by its signature, on the one route it may use.")
    looked = _signed(stack, credentials, "GET", "/internal/payouts", None)
    problems = [] if looked.status_code == 403 else ["a service did more than its policy says"]
    return problems + _ends_completed(stack, asked.json()["transaction_id"], say)


def _the_queue_sends(stack: Stack, customer_id: str, say: Say) -> list[str]:
    """Requested during a pause, and sent after it by the function that reads the queue."""
    with _paused(stack):
        asked = _as_operator(stack, "POST", "/payouts", _order(customer_id))
        if asked["status"] != "Queued":
            return [f"during a pause a payout was {asked['status']}"]
    say(f"\nA payout of A${_AMOUNT} requested during a pause waits in the queue until it is over.")
    problems = _ends_completed(stack, asked["transaction_id"], say)
    shown = _as_operator(stack, "GET", f"/payouts/{asked['transaction_id']}")
    senders = {entry["by"] for entry in shown["history"] if entry["event"] == "Claimed"}
    return problems + ([] if senders == {"queue"} else [f"it was sent by {senders}"])


def _every_function_ran(stack: Stack, foreign: str, say: Say) -> list[str]:
    """Each has written its line; the one for webhook events about the other system's payment."""
    problems = []
    stack.run_scheduled("ReconcileDaily")  # which the clock does once a day
    for suffix in _FUNCTIONS:
        name = f"monoova-payouts-local{suffix}"
        if not _until(lambda name=name: _lines_of(stack, name)):  # type: ignore[misc]
            problems.append(f"{name} never ran")
    say(f"\nAll {len(_FUNCTIONS)} functions ran, each under its own role.")
    shown = stack.client("dynamodb").get_item(
        TableName=stack.outputs["TransactionsTableName"],
        Key={"transaction_id": {"S": foreign}},
    )
    return problems + (["another system's payment became a payout"] if "Item" in shown else [])


def _everything_is_watched(stack: Stack, say: Say) -> list[str]:
    stack.deployment().watch(stack.outputs)
    alarms = stack.client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]
    say(f"infra/watch.yaml: {len(alarms)} alarms stand (metric math and budgets only on AWS).")
    return [] if alarms else ["there is no alarm"]


def _nothing_is_left_to_deploy(stack: Stack, say: Say) -> list[str]:
    """A second deployment changes nothing: a stack that is up to date is left as it is."""
    planned: list[str] = []

    def note(plan: Plan) -> bool:
        planned.append(plan.stack)
        return True

    deployment = stack.deployment(ask=note)
    deployment.infrastructure(lambda _name: "")
    deployment.app(_the_same(stack), stack.outputs)
    deployment.watch(stack.outputs)
    say("Deployed once more: CloudFormation has nothing to do.")
    return [f"deploying {name} again would change it" for name in planned]


def _the_same(stack: Stack) -> Package:
    if stack.package is None:
        raise DevstackError("The stack is not running.")
    return stack.package


def _ends_completed(stack: Stack, transaction_id: str, say: Say) -> list[str]:
    path = f"/payouts/{transaction_id}"

    def ended() -> bool:
        return bool(_as_operator(stack, "GET", path)["status"] == "Completed")

    if not _until(ended):
        return [f"{transaction_id} is {_as_operator(stack, 'GET', path)['status']}"]
    with _http() as http:
        book = http.get(
            f"{stack.simulator_url}/simulator/book",
            params={"reference": transaction_id},
            timeout=_REQUEST_SECONDS,
        ).json()
    debits = [each for each in book["movements"] if each["kind"] == "debit"]
    say(f"   Completed; booked {len(debits)} time.")
    return [] if len(debits) == 1 else [f"{transaction_id} was booked {len(debits)} times"]


@contextmanager
def _paused(stack: Stack) -> Iterator[None]:
    controls = Controls(stack.client("dynamodb"), stack.outputs["ControlsTableName"])
    gatekeeper = Gatekeeper(controls, SystemClock(), lambda: None)
    gatekeeper.pause("make prove-deploy", "to test the queue")
    try:
        yield
    finally:
        gatekeeper.resume()


def _foreign_payment(stack: Stack) -> str:
    reference = str(uuid.uuid4())
    with _http() as http:
        answer = http.post(
            f"{stack.simulator_url}/financial/v2/transaction/execute",
            json=payid_payout(reference, float(_AMOUNT)),
            auth=(stack.monoova.api_key, ""),
            timeout=_REQUEST_SECONDS,
        )
    answer.raise_for_status()
    return reference


def _signed(
    stack: Stack, credentials: Credentials, method: str, path: str, body: object
) -> requests.Response:
    url, text = f"{stack.gateway_url}{path}", json.dumps(body) if body else ""
    request = AWSRequest(method, url, {"Content-Type": "application/json"}, text)
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    with _http() as http:
        return http.request(
            method, url, data=text, headers=dict(request.headers), timeout=_REQUEST_SECONDS
        )


def _as_operator(stack: Stack, method: str, path: str, body: object = None) -> dict[str, Any]:
    with _http() as http:
        answer = http.request(
            method,
            f"{stack.api_url}{path}",
            json=body,
            headers={"Authorization": stack.token("operators")},
            timeout=_REQUEST_SECONDS,
        )
    if not answer.ok:
        raise DevstackError(f"{method} {path} answered {answer.status_code}: {answer.text}")
    shown: dict[str, Any] = answer.json()
    return shown


def _order(customer_id: str) -> dict[str, str]:
    return {"customer_id": customer_id, "amount": str(_AMOUNT)}


def _lines_of(stack: Stack, function: str) -> bool:
    found = stack.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{function}", filterPattern='"duration_ms"', limit=1
    )
    return bool(found["events"])


def _until(look: Callable[[], bool]) -> bool:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not look():
        if time.monotonic() > ends:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _http() -> requests.Session:
    http = requests.Session()
    http.trust_env = False  # no proxy between us and loopback
    return http
