"""The emulator's own share: a payout's calls to AWS and Monoova, without the app.

One BatchGetItem, one KMS Decrypt, one PutItem, one call to Monoova, one UpdateItem, in the tables
and against the simulator of the same stack, one after the other, on as many threads as requests
waited at once under the load. The row that is written is a copy of one that the app wrote.
"""

import base64
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

from bench.bare import BareClients, Call, execute
from simulator.outcomes import Outcome
from simulator.testing import payid_payout
from simulator.triggers import TRIGGERS
from tests.load.figures import Spread
from tools.devstack.stack import Stack

# Complete inside the call: no webhook follows that would disturb the measurement.
_CENTS: Final = next(t.amount_cents for t in TRIGGERS if t.outcome is Outcome.COMPLETED_INSTANTLY)
_MOST: Final = 2_000
TOTAL: Final = "all five"

Times = dict[str, list[float]]


class BarePayout:
    """The five calls, with clients of its own: for one thread."""

    def __init__(self, stack: Stack, customer_id: str, like: str) -> None:
        """`like`: the payout whose row is copied."""
        http = requests.Session()
        http.trust_env = False
        self._clients = BareClients(
            stack.client("dynamodb"),
            stack.client("kms"),
            http,
            stack.simulator_url,
            stack.monoova.api_key,
        )
        self._outputs = stack.outputs
        self._table = stack.outputs["TransactionsTableName"]
        self._customer_id = customer_id
        found = self._clients.dynamodb.get_item(TableName=self._table, Key=_key(like))["Item"]
        # Without these two the reconciler never sees it.
        self._row = {name: found[name] for name in found if name not in ("due_at", "due_shard")}
        self._context = {"customer_id": customer_id}
        sealed: bytes = self._clients.kms.encrypt(
            KeyId=stack.outputs["CustomerDataKeyArn"],
            Plaintext=bytes(32),
            EncryptionContext=self._context,
        )["CiphertextBlob"]
        self._sealed = base64.b64encode(sealed).decode()

    def run(self) -> dict[str, float]:
        """Milliseconds of each call, and of all of them."""
        reference = str(uuid.uuid4())
        calls = {
            "BatchGetItem": self._read(reference),
            "Decrypt": self._decrypt(),
            "PutItem": self._put(reference),
            "Monoova execute": execute(payid_payout(reference, _CENTS / 100)),
            "UpdateItem": self._update(reference),
        }
        makes = {name: self._clients.prepared(call) for name, call in calls.items()}
        took: dict[str, float] = {}
        for name, make in makes.items():
            began = time.perf_counter()
            make()
            took[name] = (time.perf_counter() - began) * 1000
        return took | {TOTAL: sum(took.values())}

    def _read(self, reference: str) -> Call:
        wanted = {
            self._outputs["CustomersTableName"]: {"customer_id": {"S": self._customer_id}},
            self._outputs["ControlsTableName"]: {"control_id": {"S": "gate"}},
            self._table: _key(reference),
        }
        keys = {table: {"Keys": [key], "ConsistentRead": True} for table, key in wanted.items()}
        return Call("dynamodb", "BatchGetItem", {"RequestItems": keys})

    def _decrypt(self) -> Call:
        request = {"CiphertextBlob": self._sealed, "EncryptionContext": self._context}
        return Call("kms", "Decrypt", request)

    def _put(self, reference: str) -> Call:
        request = {
            "TableName": self._table,
            "Item": self._row | _key(reference),
            "ConditionExpression": "attribute_not_exists(transaction_id)",
        }
        return Call("dynamodb", "PutItem", request)

    def _update(self, reference: str) -> Call:
        request = {
            "TableName": self._table,
            "Key": _key(reference),
            "UpdateExpression": "SET submission = :new",
            "ConditionExpression": "attribute_exists(transaction_id)",
            "ExpressionAttributeValues": {":new": {"S": "Accepted"}},
        }
        return Call("dynamodb", "UpdateItem", request)


def measure(
    stack: Stack, customer_id: str, like: str, *, threads: int, seconds: float
) -> dict[str, Spread]:
    """Bare payouts on so many threads for so long; the spread of each call, and of all five."""
    benches = [BarePayout(stack, customer_id, like) for _ in range(threads)]
    ends = time.monotonic() + seconds

    def work(bench: BarePayout) -> list[dict[str, float]]:
        done: list[dict[str, float]] = []
        while time.monotonic() < ends and len(done) < _MOST:
            done.append(bench.run())
        return done

    with ThreadPoolExecutor(threads) as pool:
        runs = [each for done in pool.map(work, benches) for each in done]
    names = runs[0] if runs else {}
    return {name: Spread.of(each[name] for each in runs) for name in names}


def _key(transaction_id: str) -> dict[str, Any]:
    return {"transaction_id": {"S": transaction_id}}
