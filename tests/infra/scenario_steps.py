"""Steps that scenarios are made of. AWS calls made here beside the app are not recorded."""

import json
from collections.abc import Callable
from typing import Any

import requests

from chalicelib.control.seals import KEY_ID as SEALS_KEY
from chalicelib.monoova.gate_store import Controls
from chalicelib.monoova.rules import gate
from simulator.monoova import API_KEY
from simulator.testing import payid_payout
from tests.payouts.test_request_payout import Pass, is_execute, tap_line
from tests.webhooks.webhook_mutations import SIGNATURE, signature
from tests.world import WEBHOOK_SECRET, HttpAnswer, World


def done(answer: HttpAnswer) -> Any:
    assert answer.status < 400, answer.text
    return answer.json if answer.text else None


def ids_of(*answers: HttpAnswer) -> list[str]:
    return [str(done(answer)["transaction_id"]) for answer in answers]


def paused(world: World) -> None:
    """By an operator, beside the app."""
    controls = Controls(world.dynamodb, world.environment["DYNAMODB_TABLE_CONTROLS"])
    controls.save_gate(gate.paused(controls.gate(), "operator", "maintenance", world.clock()))


def resumed(world: World) -> None:
    controls = Controls(world.dynamodb, world.environment["DYNAMODB_TABLE_CONTROLS"])
    controls.save_gate(gate.resumed(controls.gate(), world.clock()))


def limited(world: World) -> None:
    """What ends unsent is given back to a sum."""
    world.environment["LIMIT_PER_DAY_AUD"] = "10000"
    world.restart()


def paced(world: World) -> str:
    """Monoova takes one payout a minute; answers with one that it did not take."""
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    _, refused = ids_of(world.pay(customer), world.pay(customer))
    world.monoova.behave(executes_per_minute=0)
    assert world.state(refused)[0] == "Queued"
    return refused


def queued(world: World, customer: str, amount: str = "125.50") -> str:
    """A payout that waits, with a message on the queue."""
    paused(world)
    (waiting,) = ids_of(world.pay(customer, amount))
    resumed(world)
    assert world.state(waiting)[0] == "Queued"
    return waiting


def while_monoova_is_called(world: World, act: Callable[[], object]) -> None:
    """`act` happens once, just before Monoova receives the next payout."""

    def interrupted(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if is_execute(request):
            tap_line(world, lambda _request, send: send())
            act()
        return go_on()

    tap_line(world, interrupted)


def damaged(world: World, table: str, key: dict[str, str], **attributes: Any) -> None:
    """Gives attributes of an item another value, in DynamoDB's form."""
    item = {name: {"S": value} for name, value in key.items()}
    found = world.dynamodb.get_item(TableName=table, Key=item)["Item"]
    world.dynamodb.put_item(TableName=table, Item=found | attributes)


def to_the_next_hour(world: World) -> None:
    world.later(3600 - world.clock().minute * 60 - world.clock().second)


def paid_elsewhere(world: World, reference: str) -> None:
    """Another system pays from the same mAccount."""
    body = payid_payout(reference, 10.5)
    url = "https://api.mpay.com.au/financial/v2/transaction/execute"
    assert world.http.post(url, json=body, auth=(API_KEY, "")).status_code == 200


def webhook(world: World, transaction_id: str, status: str, amount: float, path: str = "") -> None:
    payload = {"UniqueReference": transaction_id, "Status": status, "Amount": amount}
    raw = json.dumps(payload | {"TransactionId": 1000001}).encode()
    headers = {"Authorization": WEBHOOK_SECRET, SIGNATURE: signature(raw)}
    done(world.anonymous("POST", f"/webhooks/monoova{path}", raw=raw, headers=headers))


def events_of(world: World, transaction_id: str) -> list[str]:
    return [entry["event"] for entry in world.payout(transaction_id)["history"]]


def without_seals_key(world: World) -> None:
    """New instances, before any of them has made the key of the seals."""
    key = {"control_id": {"S": SEALS_KEY}}
    world.dynamodb.delete_item(TableName="ControlsTable", Key=key)
    world.restart()
