"""The deployed product from outside: over HTTP, its queues, and Monoova's book."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

import requests

from chalicelib.core.clock import SystemClock
from chalicelib.monoova.gate_store import Controls
from chalicelib.monoova.gatekeeper import Gatekeeper
from simulator.outcomes import Outcome
from simulator.testing import payid_payout
from simulator.triggers import TRIGGERS
from tools.devstack.aws import REGION
from tools.devstack.processes import bare_environment
from tools.devstack.stack import ROOT, Stack

Json = dict[str, Any]
T = TypeVar("T")

PAY_ID: Final = {
    "type": "PayId",
    "pay_id": "jo.citizen@example.com",
    "pay_id_type": "Email",
    "account_name": "Jo Citizen",
}
BANK_ACCOUNT: Final = {
    "type": "BankAccount",
    "bsb": "062-000",
    "account_number": "12345678",
    "account_name": "Jo Citizen",
}
# Any amount that is in no table of the simulator's: taken, then paid and announced.
ORDINARY: Final = "125.50"

REQUEST_SECONDS: Final = 40.0
PATIENCE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1


def amount_for(outcome: Outcome) -> str:
    """The amount that makes the simulated Monoova do this."""
    cents = next(each.amount_cents for each in TRIGGERS if each.outcome is outcome)
    return str(Decimal(cents) / 100)


def until(look: Callable[[], T | None], *, what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """The result of `look` as soon as it is truthy.

    Raises:
        AssertionError: nothing by the end of `seconds`.
    """
    ends = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < ends, f"not within {seconds:.0f} s: {what}"
        time.sleep(_LOOK_SECONDS)
    return seen


def at_once(*acts: Callable[[], T]) -> list[T]:
    """The results of concurrent calls, all started at the same instant, each on its own thread.

    Raises:
        AssertionError: one of them did not come to its end; its own error is printed.
    """
    start = threading.Barrier(len(acts))
    answers: list[T] = []

    def run(act: Callable[[], T]) -> None:
        start.wait()
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(acts)
    return answers


@dataclass(frozen=True)
class UnknownPayment:
    """A payment by Monoova that has no payout in this product."""

    reference: str
    amount_cents: int


class Deployed:
    """Acts and reads from outside only, as AWS's root where it has to be."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.lambda_ = stack.client("lambda")
        self.sqs = stack.client("sqs")
        self.dynamodb = stack.client("dynamodb")
        self._logs = stack.client("logs")
        self._token = stack.token("operators")
        self._lock = threading.Lock()
        self.reconciliations = 0

    # --- the API

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        address: str = "",
    ) -> requests.Response:
        """One request, of an operator unless another token, or None, is given."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = token or self._token
        with session() as http:
            return http.request(
                method,
                f"{address or self.stack.api_url}{path}",
                json=body,
                headers=sent,
                timeout=REQUEST_SECONDS,
            )

    def done(self, method: str, path: str, body: object = None) -> Json:
        """The JSON of a good answer."""
        return json_of(self.call(method, path, body))

    def customer(self, destination: Mapping[str, str] = PAY_ID, name: str = "Jo Citizen") -> str:
        """A registered customer with one destination."""
        body = {"name": name, "destination": dict(destination)}
        return str(self.done("POST", "/customers", body)["customer_id"])

    def order(self, customer_id: str, amount: str) -> Json:
        return {"customer_id": customer_id, "amount": amount}

    def paid(self, amount: str = ORDINARY, customer_id: str | None = None) -> Json:
        """A payout that was just requested."""
        order = self.order(customer_id or self.customer(), amount)
        answer = self.call("POST", "/payouts", order)
        assert answer.status_code == 202, answer.text
        return json_of(answer)

    def payout(self, transaction_id: str) -> Json:
        return self.done("GET", f"/payouts/{transaction_id}")

    def settled(
        self,
        transaction_id: str,
        status: str,
        *,
        by_asking: Callable[[], object] = lambda: None,
        seconds: float = PATIENCE_SECONDS,
    ) -> Json:
        """The payout once it has this status, `by_asking` being done before each look."""

        def look() -> Json | None:
            by_asking()
            shown = self.payout(transaction_id)
            return shown if shown["status"] == status else None

        return until(look, what=f"{transaction_id} is {status}", seconds=seconds)

    # --- Monoova

    def simulator(self, method: str, path: str, body: object = None) -> Json:
        with session() as http:
            return json_of(
                http.request(
                    method,
                    f"{self.stack.simulator_url}{path}",
                    json=body,
                    auth=(self.stack.monoova.api_key, ""),
                    timeout=REQUEST_SECONDS,
                )
            )

    def movements(self, transaction_id: str) -> list[tuple[str, Decimal]]:
        """What Monoova's book holds under a reference, without its fees."""
        found = self.simulator("GET", f"/simulator/book?reference={transaction_id}")["movements"]
        return [
            (str(each["kind"]), Decimal(each["amount"]))
            for each in found
            if each["kind"] not in ("fee", "fee_refund")
        ]

    def bookings(self, transaction_id: str) -> int:
        """The number of payments booked."""
        return [kind for kind, _ in self.movements(transaction_id)].count("debit")

    def webhooks(self, transaction_id: str) -> list[Json]:
        """Every webhook about a reference, with its tries."""
        found: list[Json] = self.simulator("GET", "/simulator/webhooks")["webhooks"]
        return [each for each in found if transaction_id in each["body"]]

    def script(self, *outcomes: Outcome) -> None:
        """Forces the outcome of the next calls of execute, one each."""
        self.simulator("POST", "/simulator/script", {"outcomes": list(outcomes)})

    def behave(self, **switches: object) -> None:
        self.simulator("POST", "/simulator/behaviour", switches)

    def unknown_payment(self) -> UnknownPayment:
        """A payment that another system makes from the same mAccount, announced by a webhook."""
        reference = str(uuid.uuid4())
        body = payid_payout(reference, 43.21)
        self.simulator("POST", "/financial/v2/transaction/execute", body)
        return UnknownPayment(reference, 4321)

    # --- what an operator, and AWS itself, can do

    def operate(self, *words: str) -> str:
        """Runs payoutctl as an operator does; what it printed."""
        credentials = self.stack.emulator.credentials
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "payoutctl", *words],
            env=bare_environment()
            | {
                "AWS_ENDPOINT_URL": self.stack.emulator.url,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": credentials.access_key_id,
                "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
                "DYNAMODB_TABLE_CONTROLS": self.stack.outputs["ControlsTableName"],
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def reconcile(self) -> None:
        """Lets the scheduled function run now, and counts it."""
        with self._lock:
            self.reconciliations += 1
        self.stack.reconcile()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """While the block runs, nothing is sent to Monoova."""
        controls = Controls(self.dynamodb, self.stack.outputs["ControlsTableName"])
        gatekeeper = Gatekeeper(controls, SystemClock(), lambda: None)
        gatekeeper.pause("a test", "a test")
        try:
            yield
        finally:
            gatekeeper.resume()

    def set_visibility(self, queue: str, seconds: int) -> None:
        """How soon a message that failed comes again."""
        self.sqs.set_queue_attributes(
            QueueUrl=self.stack.outputs[f"{queue}Url"],
            Attributes={"VisibilityTimeout": str(seconds)},
        )

    @contextlib.contextmanager
    def unread(self, queue: str) -> Iterator[None]:
        """While the block runs, the messages of a queue wait for its function."""
        self._set_mapping(queue, is_read=False)
        try:
            yield
        finally:
            self.read(queue)

    def read(self, queue: str) -> None:
        """Lets the function read its queue again."""
        self._set_mapping(queue, is_read=True)

    def _set_mapping(self, queue: str, *, is_read: bool) -> None:
        arn = self.stack.outputs[f"{queue}Arn"]
        found = self.lambda_.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        (mapping,) = found
        self.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=is_read)

    @contextlib.contextmanager
    def no_schedule(self) -> Iterator[None]:
        """While the block runs, the schedule is off."""
        events = self.stack.client("events")
        names = [rule["Name"] for rule in events.list_rules()["Rules"]]
        for name in names:
            events.disable_rule(Name=name)
        try:
            yield
        finally:
            for name in names:
                events.enable_rule(Name=name)

    @contextlib.contextmanager
    def at_most(self, copies: int, function: str) -> Iterator[None]:
        """While the block runs, a function has no more copies at work; a further call gets 429."""
        name = self.stack.function(function)
        self.lambda_.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=copies
        )
        try:
            yield
        finally:
            self.lambda_.delete_function_concurrency(FunctionName=name)

    def make_due(self, transaction_id: str) -> None:
        """Makes the payout due now for the reconciler."""
        self.dynamodb.update_item(
            TableName=self.stack.outputs["TransactionsTableName"],
            Key={"transaction_id": {"S": transaction_id}},
            UpdateExpression="SET due_at = :past",
            ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00.000000Z"}},
        )

    def let_unknown_last(self, transaction_id: str) -> None:
        """Lets Monoova's first "unknown reference" be long ago, where there was one."""
        with contextlib.suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self.dynamodb.update_item(
                TableName=self.stack.outputs["TransactionsTableName"],
                Key={"transaction_id": {"S": transaction_id}},
                UpdateExpression="SET due_at = :past, unknown_since = :past",
                ConditionExpression="attribute_exists(unknown_since)",
                ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00.000000Z"}},
            )

    def put(self, queue: str, *bodies: str) -> None:
        """Puts messages on a queue, together."""
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=self.stack.outputs[f"{queue}Url"], Entries=entries)

    def lying_in(self, queue: str) -> list[str]:
        """The bodies of the messages that can be seen in a queue; they stay visible."""
        found = self.sqs.receive_message(
            QueueUrl=self.stack.outputs[f"{queue}Url"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [str(message["Body"]) for message in found.get("Messages", [])]

    def lines(self, function: str) -> list[Json]:
        """The lines that a function wrote about its invocations; `function` as in the template."""
        its_own = f"/aws/lambda/{self.stack.function(function)}"
        return [
            json.loads(message)
            for group, message in self.logged()
            if group == its_own and message.startswith("{")
        ]

    def logged(self) -> Iterator[tuple[str, str]]:
        """Everything that any function logged, with the group it stands in."""
        groups = self._logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
        for group in groups:
            pages = self._logs.get_paginator("filter_log_events")
            for page in pages.paginate(logGroupName=group["logGroupName"]):
                for event in page["events"]:
                    yield group["logGroupName"], event["message"].strip()


def json_of(answer: requests.Response) -> Json:
    """The JSON of a good answer, its numbers exact."""
    assert answer.ok, f"{answer.status_code} {answer.text}"
    found: Json = json.loads(answer.text, parse_float=Decimal)
    return found


def session() -> requests.Session:
    """HTTP to loopback."""
    http = requests.Session()
    http.trust_env = False  # no proxy between us and loopback
    return http
