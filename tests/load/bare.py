"""The emulator's own share: what one payout asks of AWS and Monoova, with nothing of the app.

One BatchGetItem, one KMS Decrypt, one PutItem, one call to Monoova, one UpdateItem, in the tables
and against the simulator of the same stack, one after the other, on as many threads as requests
waited at once under the load. The row that is written is a copy of one that the app wrote.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import requests

from devstack.stack import Stack
from simulator.outcomes import Outcome
from simulator.testing import payid_payout
from simulator.triggers import TRIGGERS
from tests.load.figures import Spread

_EXECUTE: Final = "/financial/v2/transaction/execute"
# Complete inside the call: Monoova has no news afterwards that would disturb the measurement.
_CENTS: Final = next(t.amount_cents for t in TRIGGERS if t.outcome is Outcome.COMPLETED_INSTANTLY)
_MOST: Final = 2_000
TOTAL: Final = "all five"

Times = dict[str, list[float]]


class BarePayout:
    """The five calls, with clients of its own: for one thread."""

    def __init__(self, stack: Stack, customer_id: str, like: str) -> None:
        """`like`: the payout whose row is copied."""
        self._stack = stack
        self._dynamodb = stack.client("dynamodb")
        self._kms = stack.client("kms")
        self._http = requests.Session()
        self._http.trust_env = False
        self._table = stack.outputs["TransactionsTableName"]
        self._customer = {"customer_id": {"S": customer_id}}
        found = self._dynamodb.get_item(TableName=self._table, Key=_key(like))["Item"]
        # Without these two the reconciler never sees it.
        self._row = {name: found[name] for name in found if name not in ("due_at", "due_shard")}
        key = stack.outputs["CustomerDataKeyArn"]
        self._sealed: bytes = self._kms.encrypt(
            KeyId=key, Plaintext=bytes(32), EncryptionContext={"customer_id": customer_id}
        )["CiphertextBlob"]

    def run(self) -> dict[str, float]:
        """Milliseconds of each call, and of all of them."""
        reference = str(uuid.uuid4())
        calls: Mapping[str, Callable[[], object]] = {
            "BatchGetItem": lambda: self._read(reference),
            "Decrypt": self._decrypt,
            "PutItem": lambda: self._put(reference),
            "Monoova execute": lambda: self._execute(reference),
            "UpdateItem": lambda: self._update(reference),
        }
        took: dict[str, float] = {}
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            took[name] = (time.perf_counter() - began) * 1000
        return took | {TOTAL: sum(took.values())}

    def _read(self, reference: str) -> object:
        outputs = self._stack.outputs
        wanted = {
            outputs["CustomersTableName"]: self._customer,
            outputs["ControlsTableName"]: {"control_id": {"S": "gate"}},
            self._table: _key(reference),
        }
        return self._dynamodb.batch_get_item(
            RequestItems={
                table: {"Keys": [key], "ConsistentRead": True} for table, key in wanted.items()
            }
        )

    def _decrypt(self) -> object:
        context = {"customer_id": self._customer["customer_id"]["S"]}
        return self._kms.decrypt(CiphertextBlob=self._sealed, EncryptionContext=context)

    def _put(self, reference: str) -> object:
        return self._dynamodb.put_item(
            TableName=self._table,
            Item=self._row | _key(reference),
            ConditionExpression="attribute_not_exists(transaction_id)",
        )

    def _execute(self, reference: str) -> object:
        answer = self._http.post(
            f"{self._stack.simulator_url}{_EXECUTE}",
            json=payid_payout(reference, _CENTS / 100),
            auth=(self._stack.monoova.api_key, ""),
            timeout=30,
        )
        answer.raise_for_status()
        return answer

    def _update(self, reference: str) -> object:
        return self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(reference),
            UpdateExpression="SET submission = :new",
            ConditionExpression="attribute_exists(transaction_id)",
            ExpressionAttributeValues={":new": {"S": "Accepted"}},
        )


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
