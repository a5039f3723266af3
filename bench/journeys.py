"""The flows that are counted: each a few steps in a counted world, begun with a warm instance."""

from collections.abc import Callable
from typing import Final

from bench.tally import CountedWorld, Function

_ORDINARY: Final = "125.50"
_INSTANT: Final = "7.01"
_REFUSED: Final = "7.10"
# The reconciler's first status request, and a time by which the simulator has sent any webhook.
_LOOK_SECONDS: Final = 61
_WEBHOOK_SECONDS: Final = 130
# After which an instance reads Monoova's credentials again.
_SECRET_SECONDS: Final = 301
_PAGE: Final = 50
_DESCRIPTION: Final = "Refund of order 2026-004711"

SETTLED_BY_WEBHOOK: Final = "payout settled by webhook"
SETTLED_LATE: Final = "payout settled by a late webhook"
SETTLED_BY_RECONCILER: Final = "payout settled by the reconciler"
REFUSED: Final = "payout refused"
QUEUED: Final = "payout queued, sent through SQS"
QUEUED_EVENT: Final = "webhook queued, then applied"
IDLE: Final = "idle minute of the reconciler"
SHOWN: Final = "GET /payouts/{id}"
LISTED: Final = "list page of 50"
REGISTERED: Final = "register customer"


def _settled(world: CountedWorld, customer: str) -> None:
    _request(world, customer, _ORDINARY)
    world.later(_WEBHOOK_SECONDS)


def _settled_late(world: CountedWorld, customer: str) -> None:
    # The simulator's webhooks take 30 s to 2 min: this one has to follow a status request.
    while True:
        _request(world, customer, _ORDINARY)
        due = world.monoova.next_due()
        if due is not None and (due - world.clock()).total_seconds() > _LOOK_SECONDS:
            break
        world.later(_SECRET_SECONDS)
        warm(world, customer)
    world.later(_LOOK_SECONDS)
    world.reconcile()
    world.later(_WEBHOOK_SECONDS)


def _settled_by_reconciler(world: CountedWorld, customer: str) -> None:
    _request(world, customer, _INSTANT)
    world.later(_LOOK_SECONDS)
    world.reconcile()


def _refused(world: CountedWorld, customer: str) -> None:
    answer = world.ask("POST", "/payouts", _body(customer, _REFUSED), Idempotency_Key=_key(world))
    assert answer.status == 422, answer.text


def _queued(world: CountedWorld, customer: str) -> None:
    world.container.gatekeeper.pause("operator", "maintenance")
    _request(world, customer, _ORDINARY)
    world.container.gatekeeper.resume()
    world.drain()
    world.later(_WEBHOOK_SECONDS)


def _queued_event(world: CountedWorld, customer: str) -> None:
    """A webhook before its payout's row is visible; the row is there when the queue is read."""
    transaction_id = _request(world, customer, _ORDINARY)
    world.invocations.clear()
    key = {"transaction_id": {"S": transaction_id}}
    row = world.dynamodb.get_item(TableName="TransactionsTable", Key=key)["Item"]
    world.dynamodb.delete_item(TableName="TransactionsTable", Key=key)
    world.later(_WEBHOOK_SECONDS)
    world.dynamodb.put_item(TableName="TransactionsTable", Item=row)
    world.sqs_event(Function.TAKE_UP, world.sent[-1])


def _idle(world: CountedWorld, _customer: str) -> None:
    world.reconcile()


def _shown(world: CountedWorld, customer: str) -> None:
    answer = world.ask("GET", f"/payouts/{completed(world, customer)}")
    assert answer.status == 200, answer.text


def _listed(world: CountedWorld, customer: str) -> None:
    for _ in range(_PAGE):
        completed(world, customer)
    answer = world.ask("GET", f"/customers/{customer}/payouts?limit={_PAGE}")
    assert len(answer.json["items"]) == _PAGE, answer.text


def _registered(world: CountedWorld, _customer: str) -> None:
    registered_customer(world)


def registered_customer(world: CountedWorld) -> str:
    details = {
        "type": "PayId",
        "pay_id": "jo.citizen@example.com",
        "pay_id_type": "Email",
        "account_name": "Jo Citizen",
    }
    body = {"name": "Jo Citizen", "email": "jo.citizen@example.com", "destination": details}
    answer = world.ask("POST", "/customers", body)
    assert answer.status == 201, answer.text
    return str(answer.json["customer_id"])


FLOWS: Final[dict[str, Callable[[CountedWorld, str], None]]] = {
    SETTLED_BY_WEBHOOK: _settled,
    SETTLED_LATE: _settled_late,
    SETTLED_BY_RECONCILER: _settled_by_reconciler,
    REFUSED: _refused,
    QUEUED: _queued,
    QUEUED_EVENT: _queued_event,
    IDLE: _idle,
    SHOWN: _shown,
    LISTED: _listed,
    REGISTERED: _registered,
}


def _body(customer: str, amount: str) -> dict[str, str]:
    return {"customer_id": customer, "amount": amount, "description": _DESCRIPTION}


def _key(world: CountedWorld) -> str:
    return f"refund-{world.clock():%Y%m%d%H%M%S}-{len(world.invocations)}"


def _request(world: CountedWorld, customer: str, amount: str) -> str:
    answer = world.ask("POST", "/payouts", _body(customer, amount), Idempotency_Key=_key(world))
    assert answer.status == 202, answer.text
    return str(answer.json["transaction_id"])


def completed(world: CountedWorld, customer: str) -> str:
    """A completed payout, without being counted."""
    before = len(world.invocations)
    transaction_id = _request(world, customer, _ORDINARY)
    world.later(_WEBHOOK_SECONDS)
    del world.invocations[before:]
    return transaction_id


def warm(world: CountedWorld, customer: str) -> None:
    _settled(world, customer)
    world.invocations.clear()
