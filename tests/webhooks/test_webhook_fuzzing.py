"""The webhook endpoint fuzzed: only Monoova changes anything, and nothing breaks it.

WEBHOOK_CASES sets how many requests are made, WEBHOOK_SEED which ones.
"""

import json
import os
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from chalicelib.container import wired
from proof.result import Result
from tests.aws import REGION, TABLES
from tests.payouts.test_request_payout import AwsCalls
from tests.webhooks import webhook_mutations as mutations
from tests.webhooks.webhook_mutations import Case
from tests.world import WEBHOOK_SECRET, Caller, HttpAnswer, World

CASES: Final = int(os.environ.get("WEBHOOK_CASES", "800"))
SEED: Final = os.environ.get("WEBHOOK_SEED", "1")
# One world for so many: each case is compared with all that is stored.
_CASES_IN_A_WORLD: Final = 1_500
_PAYOUTS_AT_ONCE: Final = 20
_MOST_CPU_SECONDS: Final = 1.0
# The body itself, its copies as text and as values, and what the framework holds of it.
_MOST_MEMORY_BYTES: Final = 64 * 1024 * 1024
_ACCOUNT: Final = "123456789012"
_NAME: Final = "Xanthippe Quill"
_EMAIL: Final = "xanthippe.quill@payee.example"
_NEVER_CHANGES: Final = (
    "transaction_id",
    "uniqueReference",
    "customer_id",
    "destination_id",
    "amount_cents",
    "created_at",
    "fingerprint",
)


class WebhookCaller(Caller):
    """An anonymous caller. API Gateway passes a body on as text, or as base64."""

    def __init__(self, app: ModuleType) -> None:
        super().__init__(app, {})

    def send(self, case: Case) -> HttpAnswer:
        path = f"/webhooks/monoova{case.path}"
        if case.is_base64:
            return self("POST", path, headers=case.headers, raw=case.raw)
        return _AsText(self._app)("POST", path, headers=case.headers, raw=case.raw)


class _AsText(WebhookCaller):
    def _event(
        self,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str],
        raw: bytes | None,
    ) -> dict[str, Any]:
        event = super()._event(method, path, body, headers, raw)
        text = (raw or b"").decode(errors="replace")
        return event | {"body": text, "isBase64Encoded": False}


def stored() -> dict[str, dict[str, str]]:
    """Every item of every table, as bytes would have it."""
    backend = dynamodb_backends[_ACCOUNT][REGION]
    return {
        name: {
            key: json.dumps(item.to_json(), sort_keys=True, default=repr)
            for key, item in _items_of(backend.tables[name])
        }
        for name in TABLES.values()
    }


def _items_of(table: Any) -> Iterator[tuple[str, Any]]:
    """By key; where there is a range key, moto keeps the items of a hash key under that."""
    for key, found in table.items.items():
        if not table.has_range_key:
            yield key.value, found
            continue
        for within, item in found.items():
            yield f"{key.value}/{within.value}", item


def waiting() -> list[str]:
    """The bodies of all messages in both queues."""
    queues = sqs_backends[_ACCOUNT][REGION].queues
    return [message.body for queue in queues.values() for message in queue._messages]


@dataclass
class Fuzzer:
    """A world with payouts that Monoova has paid and whose webhooks are not delivered yet."""

    world: World
    cases: int = 0

    def __post_init__(self) -> None:
        self.world.webhooks_arrive = False
        self.customer_id = self.world.customer(
            type="PayId", pay_id=_EMAIL, pay_id_type="Email", account_name=_NAME
        )
        self.calls = AwsCalls(self.world)
        self.caller = WebhookCaller(self.world.app)
        self._truths = self._told()

    def _told(self) -> Iterator[bytes]:
        while True:
            before = len(self.world.deliveries)
            for _ in range(_PAYOUTS_AT_ONCE):
                assert self.world.pay(self.customer_id).status == 202
            self.world.later(180)
            bodies = {body for _, _, body, _ in self.world.deliveries[before:]}
            yield from sorted(bodies)

    def next_truth(self) -> bytes:
        """A genuine body that was not delivered yet."""
        return next(self._truths)

    def send(self, case: Case) -> HttpAnswer:
        """One request, in bounded time and without an error of ours."""
        began = time.process_time()
        answer = self.caller.send(case)
        seconds = time.process_time() - began
        self.cases += 1
        assert answer.status in (200, 400, 401, 413), (answer.status, answer.text)
        assert seconds < _MOST_CPU_SECONDS, seconds
        assert WEBHOOK_SECRET not in answer.text
        return answer

    def refused(self, case: Case) -> None:
        """It is refused, and no AWS call is made but those for Monoova's public key."""
        calls = len(self.calls.names)
        answer = self.send(case)
        too_large = len(case.raw) > mutations.MOST_BYTES
        assert answer.status == 401 or (too_large and answer.status == 413), answer.text
        assert set(self.calls.names[calls:]) <= {"Secrets Manager.GetSecretValue"}

    def status(self, raw: bytes) -> tuple[str, bool]:
        shown = self.world.payout(json.loads(raw)["UniqueReference"])
        return shown["status"], shown["needs_review"]


def one_round(fuzzer: Fuzzer, rng: random.Random) -> None:
    """Unauthenticated cases, then a webhook damaged, genuine and replayed, then false ones."""
    true, before, queued = fuzzer.next_truth(), stored(), waiting()
    for _ in range(rng.randrange(6, 14)):
        case = mutations.unauthenticated(true, rng)
        _told(case, lambda case=case: fuzzer.refused(case))  # type: ignore[misc]
    case = mutations.one_byte_off(true, rng)
    _told(case, lambda: fuzzer.refused(case))
    assert (stored(), waiting()) == (before, queued)
    _deliver_twice(fuzzer, true, rng)
    mistaken = fuzzer.next_truth() if rng.random() < 0.2 else true
    before = stored()
    for _ in range(rng.randrange(2, 6)):
        case = mutations.authenticated(mistaken, rng)
        _told(case, lambda case=case: fuzzer.send(case))  # type: ignore[misc]
    _check_what_monoova_may_change(before, mistaken)
    _check_what_was_queued(waiting()[len(queued) :])


def _told(case: Case, attempt: Callable[[], object]) -> None:
    """Names the case in the error if it fails."""
    try:
        attempt()
    except Exception as error:
        headers = str(case.headers)[:1_000]
        error.add_note(f"{case.what} {case.path[:60]!r} {headers} {case.raw[:1_000]!r}")
        raise


def _deliver_twice(fuzzer: Fuzzer, true: bytes, rng: random.Random) -> None:
    assert fuzzer.status(true) == ("Pending", False)
    assert fuzzer.send(mutations.genuine(true, rng)).status == 200
    assert fuzzer.status(true) == ("Completed", False)
    before = stored(), waiting()
    assert fuzzer.send(mutations.genuine(true, rng)).status == 200
    assert (stored(), waiting()) == before


def _check_what_monoova_may_change(before: dict[str, dict[str, str]], mistaken: bytes) -> None:
    """At most the one payout that it names, and never its payee or amount."""
    after, reference = stored(), json.loads(mistaken)["UniqueReference"]
    assert after["CustomersTable"] == before["CustomersTable"]
    # Which events were ever signed, and nothing else.
    controls = before["ControlsTable"], after["ControlsTable"]
    was, is_now = ({k: v for k, v in each.items() if k != "signed-events"} for each in controls)
    assert was == is_now
    rows, now = before["TransactionsTable"], after["TransactionsTable"]
    assert {key for key in rows if rows[key] != now[key]} <= {reference}
    assert set(now) == set(rows)
    row, stands = _attributes(rows[reference]), _attributes(now[reference])
    assert {n: row[n] for n in _NEVER_CHANGES} == {n: stands[n] for n in _NEVER_CHANGES}
    if row["status"] != stands["status"]:
        assert row["status"]["S"] in ("Pending", "Completed")
        assert (row["status"]["S"], stands["status"]["S"]) != ("Completed", "Failed")


def _attributes(item: str) -> dict[str, Any]:
    attributes: dict[str, Any] = json.loads(item)["Attributes"]
    return attributes


def _check_what_was_queued(messages: list[str]) -> None:
    for text in messages:
        assert _NAME not in text
        assert _EMAIL not in text


def test_only_monoovas_webhooks_have_an_effect_and_no_input_breaks_the_endpoint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, rounds = 0, 0
    while made < CASES:
        most = min(_CASES_IN_A_WORLD, CASES - made)
        with mock_aws():
            fuzzer = Fuzzer(World())
            while fuzzer.cases < most:
                _numbered_round(fuzzer, rounds)
                _check_the_log(capsys)
                rounds += 1
            assert not fuzzer.world.monoova.book.double_bookings()
        wired.put(None)
        made += fuzzer.cases
    Result(webhook_cases=made).write()


def _numbered_round(fuzzer: Fuzzer, number: int) -> None:
    """The round with this number, which is the same in every run with the same seed."""
    try:
        one_round(fuzzer, random.Random(f"{SEED}:{number}"))
    except Exception as error:
        error.add_note(f"WEBHOOK_SEED={SEED}, round {number}")
        raise


def _check_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    written = capsys.readouterr()
    for secret in (WEBHOOK_SECRET, _NAME, _EMAIL):
        assert secret not in written.out + written.err


def test_the_costliest_bodies_are_read_within_bounded_time_and_memory(world: World) -> None:
    fuzzer = Fuzzer(world)
    true = fuzzer.next_truth()
    for name, raw in mutations.worst_bodies(true).items():
        for headers in (
            {"Authorization": WEBHOOK_SECRET},
            {"Authorization": WEBHOOK_SECRET, mutations.SIGNATURE: "A" * 100_000},
        ):
            case = Case(name, "/NppPaymentStatus", headers, raw, is_base64=True)
            _told(case, lambda case=case: fuzzer.send(case))  # type: ignore[misc]
            assert _peak_bytes(fuzzer, case) < _MOST_MEMORY_BYTES, name


def _peak_bytes(fuzzer: Fuzzer, case: Case) -> int:
    """The most memory that was held at any moment beyond what was held before."""
    tracemalloc.start()
    try:
        fuzzer.caller.send(case)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
