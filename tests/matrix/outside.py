"""What is tried past the API: by writing the tables, by messages, by webhooks, by Monoova."""

import json
from typing import Any, Final

from chalicelib.control.seals import KEY_ID
from simulator.monoova import API_KEY
from simulator.outcomes import Outcome
from tests.batches.test_batches import rows_of, run_queue
from tests.batches.test_files_with_open_eyes import rewrite
from tests.customers.test_destination_approvals import FORGED, forge
from tests.matrix.people import ask, confirmed_file, registered
from tests.matrix.stage import Stage, code_of, destination_of
from tests.payouts.test_administration import status_event
from tests.payouts.test_damaged_rows import damage, item_of, store
from tests.webhooks.test_dead_letters import dead_letter
from tests.webhooks.test_webhooks import body, returned, send, signature
from tests.world import WEBHOOK_SECRET

SEND: Final = "send_queued_payouts"
TAKE_UP: Final = "take_up_webhook_events"
OTHER_ID: Final = "00000000-0000-4000-8000-00000000f00d"


# --- an engineer who writes the tables


def a_forged_row(stage: Stage) -> list[str]:
    held = stage.held("600")
    ids = {"transaction_id": {"S": OTHER_ID}, "uniqueReference": {"S": OTHER_ID}}
    store(stage.world, item_of(stage.world, held) | ids | {"amount_cents": {"N": "900000"}})
    stage.resume()
    return stage.told(held, OTHER_ID)


def a_dearer_row(stage: Stage) -> list[str]:
    held = stage.held("600")
    damage(stage.world, held, amount_cents={"N": "990000"})
    stage.resume()
    return stage.told(held)


def a_row_turned_to_another_account(stage: Stage) -> list[str]:
    held = stage.held("600")
    own = destination_of(stage, registered(stage, stage.operator))
    damage(stage.world, held, **{name: {"S": text} for name, text in own.items()})
    stage.resume()
    return stage.told(held)


def _queued_by_hand(stage: Stage, paid: str, **more: Any) -> None:
    shard = f"queued-{int(paid[-4:], 16) % 4}"
    due = {"due_shard": {"S": shard}, "due_at": {"S": "2026-03-02T01:00:00.000000Z"}}
    damage(stage.world, paid, status={"S": "Queued"}, review_bucket=None, **due, **more)


def a_waiting_row_let_go(stage: Stage) -> list[str]:
    waits = stage.asked()
    _queued_by_hand(stage, waits)
    return stage.told(waits)


def a_waiting_row_with_an_approver_and_anothers_seal(stage: Stage) -> list[str]:
    held, waits = stage.held("600"), stage.asked()
    row = item_of(stage.world, held)
    taken = {name: row[name] for name in ("approved_by", "approved_at", "seal", "history")}
    _queued_by_hand(stage, waits, **taken)
    stage.resume()
    return stage.told(held, waits)


def a_dearer_row_for_an_approver(stage: Stage) -> list[str]:
    waits = stage.asked("600")
    damage(stage.world, waits, amount_cents={"N": "990000"})
    return [code_of(stage.world.approve(waits)), *stage.told(waits)]


def a_row_put_back(stage: Stage) -> list[str]:
    """The whole row, as it was before it was sent, at once: Monoova knows its reference."""
    held = stage.held("600")
    before = item_of(stage.world, held)
    stage.resume()
    told = stage.told(held)
    store(stage.world, before)
    return [*told, *stage.told(held)]


def a_row_put_back_late(stage: Stage) -> list[str]:
    held = stage.held("600")
    before = item_of(stage.world, held)
    stage.resume()
    stage.told(held)
    stage.world.later(3601)
    store(stage.world, before)
    return stage.told(held)


def a_dearer_row_in_doubt(stage: Stage) -> list[str]:
    """Its sending got no answer, Monoova has not booked it, and it is about to be sent again."""
    stage.world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    paid = stage.held("600")
    stage.resume()
    stage.world.drain()
    damage(stage.world, paid, amount_cents={"N": "990000"})
    stage.world.minutes(40)
    return stage.told(paid)


def the_key_of_seals_gone(stage: Stage) -> list[str]:
    held = stage.held("600")
    stage.world.dynamodb.delete_item(TableName="ControlsTable", Key={"control_id": {"S": KEY_ID}})
    stage.world.restart()
    damage(stage.world, held, amount_cents={"N": "990000"})
    stage.resume()
    return stage.told(held)


def the_gate_gone(stage: Stage) -> list[str]:
    """A pause, what was learned of Monoova, and who is disabled."""
    held, waits = stage.held("600"), stage.asked()
    stage.world.forget_contract_run()
    stage.world.restart()
    return stage.told(held, waits)


def an_approval_of_a_place(stage: Stage) -> list[str]:
    own = registered(stage, stage.operator)
    forge(stage.world, own, **FORGED)
    return [code_of(ask(stage, stage.operator, "5", own))]


def the_message_of_another_place(stage: Stage) -> list[str]:
    own = registered(stage, stage.operator)
    table = stage.world.dynamodb
    known, new = (
        table.get_item(TableName="CustomersTable", Key={"customer_id": {"S": each}})["Item"]
        for each in (stage.customer, own)
    )
    place = new["destinations"]["L"][0]["M"]
    place["sealed"] = known["destinations"]["L"][0]["M"]["sealed"]
    table.put_item(TableName="CustomersTable", Item=new)
    stolen = new["destinations"]["L"][0] | {}
    stolen["M"] = place | {"destination_id": known["destinations"]["L"][0]["M"]["destination_id"]}
    answers = [code_of(ask(stage, stage.operator, "5", own))]
    new["destinations"]["L"] = [stolen]
    table.put_item(TableName="CustomersTable", Item=new)
    return [*answers, code_of(ask(stage, stage.operator, "5", own))]


def _file(stage: Stage, is_approved: bool = True) -> str:
    batch_id = confirmed_file(stage, stage.world.admin, f"{stage.customer},20.00")
    if is_approved:
        answer = stage.world.approver.post(f"/batches/{batch_id}/approve", {})
        assert answer.json["status"] == "Releasing", answer.text
    return batch_id


def rows_of_an_approved_file(stage: Stage) -> list[str]:
    batch_id = _file(stage)

    def dearer(rows: list[Any]) -> None:
        rows[0][2] = 990_000

    rewrite(stage.world, batch_id, dearer)
    return _rows_told(stage, batch_id)


def rows_of_a_file_that_waits(stage: Stage) -> list[str]:
    """And an honest approver approves what the summary shows."""
    batch_id = _file(stage, is_approved=False)

    def dearer(rows: list[Any]) -> None:
        rows[0][2] = 990_000

    rewrite(stage.world, batch_id, dearer)
    answer = stage.world.approver.post(f"/batches/{batch_id}/approve", {})
    return [code_of(answer), *_rows_told(stage, batch_id)]


def an_approval_of_a_file(stage: Stage) -> list[str]:
    batch_id = _file(stage, is_approved=False)
    key = {"collection": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}}
    batch = stage.world.dynamodb.get_item(TableName="RecordsTable", Key=key)["Item"]
    batch |= {"status": {"S": "Releasing"}, "approved_by": {"S": "an-approver"}}
    batch |= {"approved_at": batch["created_at"], "release_digest": batch["digests"]["L"][0]}
    stage.world.dynamodb.put_item(TableName="RecordsTable", Item=batch)
    return _rows_told(stage, batch_id)


def _rows_told(stage: Stage, batch_id: str) -> list[str]:
    run_queue(stage.world)
    stage.world.minutes(3)
    return [str(row["failure_code"] or row["status"]) for row in rows_of(stage.world, batch_id)]


# --- who can put messages into a queue


def orders_to_send(stage: Stage) -> list[str]:
    """Of a payout that waits, of none, and with an amount and a place of the sender's own."""
    waits, own = stage.asked(), registered(stage, stage.operator)
    named = {"transaction_id": waits, "customer_id": stage.customer}
    orders = (
        named,
        named | {"customer_id": own, "amount_cents": 990_000, "approved_by": "an-approver"},
        named | {"transaction_id": OTHER_ID},
    )
    for each in orders:
        stage.world.sqs_event(SEND, json.dumps(each))
    return stage.told(waits)


def an_order_to_release_a_file(stage: Stage) -> list[str]:
    batch_id = _file(stage, is_approved=False)
    message = {"batch_id": batch_id, "chunk": 1, "task": "release"}
    stage.world.sqs_event(SEND, json.dumps(message))
    batch = stage.world.admin.get(f"/batches/{batch_id}").json
    return [batch["status"], *(str(row["status"]) for row in rows_of(stage.world, batch_id))]


def an_order_twice(stage: Stage) -> list[str]:
    held = stage.held("600")
    stage.resume()
    order = json.dumps({"transaction_id": held, "customer_id": stage.customer})
    for _ in range(3):
        stage.world.sqs_event(SEND, order)
    return stage.told(held)


def forged_news_then_a_retry(stage: Stage) -> list[str]:
    """A message about a webhook that never came; then one operator pays again, alone."""
    paid = stage.small()
    for kind in ("Rejected", "Returned"):
        message: dict[str, Any] = {"kind": kind, "reference": paid, "trust": "Signed"}
        message |= {"monoova_transaction_id": None, "reason": None, "return_id": "1"}
        message["amount_cents"] = 30_000
        stage.world.sqs_event(TAKE_UP, json.dumps(message))
        stage.world.sqs_event(TAKE_UP, json.dumps(message | {"seal": "0" * 64}))
    return [stage.world.payout(paid)["status"], _retried(stage, paid)]


def dead_letters_replayed(stage: Stage) -> list[str]:
    """Forged ones, which an honest operator puts back on their queues."""
    waits, batch_id = stage.asked(), _file(stage, is_approved=False)
    letters = (
        {"transaction_id": waits, "customer_id": stage.customer},
        {"batch_id": batch_id, "chunk": 1, "task": "release"},
        {"kind": "Rejected", "reference": waits, "amount_cents": 90_000},
    )
    ids = [dead_letter(stage.world, json.dumps(each)) for each in letters]
    replies = [stage.world.admin.post(f"/dead-letters/{each}/replay", {}) for each in ids]
    run_queue(stage.world)
    waiting = stage.world.admin.get(f"/batches/{batch_id}").json["status"]
    return [*(str(each.status) for each in replies), *stage.told(waits), waiting]


# --- who holds one secret, and Monoova


def _retried(stage: Stage, paid: str) -> str:
    return code_of(stage.operator.post(f"/payouts/{paid}/retry", {}))


def a_rejection_that_is_not_signed(stage: Stage) -> list[str]:
    paid = stage.small()
    payload = body(stage.world, paid, "Rejected")
    answer = send(stage.world, payload, is_signed=False)
    return [str(answer.status), _retried(stage, paid)]


def a_return_that_is_not_signed(stage: Stage) -> list[str]:
    paid = stage.small()
    stage.told(paid)
    path = "/webhooks/monoova/NppReturn"
    answer = send(stage.world, returned(stage.world, paid), path, is_signed=False)
    return [str(answer.status), *stage.told(paid), _retried(stage, paid)]


def webhooks_of_what_waits(stage: Stage) -> list[str]:
    """No word of a webhook lets anything go."""
    waits = stage.asked()
    for status in ("Payment Successful", "Rejected"):
        send(stage.world, body(stage.world, waits, status), is_signed=False)
    return stage.told(waits)


def the_key_as_a_login(stage: Stage) -> list[str]:
    """Monoova's key, and the secret of its webhooks, where a person's token belongs."""
    waits = stage.asked()
    codes = []
    for secret in (API_KEY, WEBHOOK_SECRET):
        headers = {"Authorization": secret, "x-api-key": secret}
        for path in (f"/payouts/{waits}/approve", f"/internal/payouts/{waits}/approve"):
            codes.append(code_of(stage.world.anonymous("POST", path, {}, headers=headers)))
    return codes


def the_key_as_the_webhooks_secret(stage: Stage) -> list[str]:
    paid = stage.small()
    answer = send(
        stage.world, body(stage.world, paid, "Rejected"), authorization=API_KEY, is_signed=False
    )
    return [str(answer.status), _retried(stage, paid)]


def a_lie_that_it_was_rejected(stage: Stage) -> list[str]:
    """Signed, of what Monoova has paid: its status API says so."""
    stage.world.webhooks_arrive = False
    paid = stage.small()
    stage.world.later(180)
    raw = status_event(stage.world, paid, "Rejected")
    headers = {"Authorization": WEBHOOK_SECRET, "Verification-Signature": signature(raw)}
    stage.world.deliver("https://app.example/webhooks/monoova", headers, raw)
    return [_retried(stage, paid)]


def a_lie_that_it_came_back(stage: Stage) -> list[str]:
    """Signed, and no money has come in."""
    paid = stage.small()
    stage.told(paid)
    path = "/webhooks/monoova/NppReturn"
    answer = send(stage.world, returned(stage.world, paid), path)
    return [str(answer.status), _retried(stage, paid)]


def a_lie_about_what_waits(stage: Stage) -> list[str]:
    """Signed: neither a success nor a rejection lets anything go."""
    waits = stage.asked()
    for status in ("Payment Successful", "Rejected"):
        send(stage.world, body(stage.world, waits, status))
    return stage.told(waits)
