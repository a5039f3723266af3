"""What one person alone may try by the API: each way tells what became of its requests."""

from simulator.outcomes import Fate, Plan
from tests.batches.test_batches import put, run_queue, said_of, shown
from tests.matrix.stage import OWN_ACCOUNT, Stage, code_of, destination_of
from tests.payouts.test_administration import status_event
from tests.webhooks.test_webhooks import signature
from tests.world import WEBHOOK_SECRET, Caller, HttpAnswer


def ask(
    stage: Stage, by: Caller, amount: str, customer: str | None = None, place: str | None = None
) -> HttpAnswer:
    path = "/internal/payouts" if by is stage.role else "/payouts"
    body = {"customer_id": customer or stage.customer, "amount": amount}
    return by.post(path, body | ({"destination_id": place} if place else {}))


def registered(stage: Stage, by: Caller) -> str:
    """A customer of the insider's own, with their own account."""
    answer = by.post("/customers", {"name": "An Insider", "destination": OWN_ACCOUNT})
    assert answer.status == 201, answer.text
    return str(answer.json["customer_id"])


def looked_and_approved(
    stage: Stage, by: Caller, paid: str, named: dict[str, str], looks: Caller | None = None
) -> HttpAnswer:
    """Approves a payout with its destination, by what `looks` was shown."""
    looking = (looks or by).post("/destinations/reveal", {"destinations": [named]})
    assert looking.status == 200, looking.text
    digest = {"digest": looking.json["digest"]}
    return by.post(f"/payouts/{paid}/approve", digest)


def approved_place(by: Caller, named: dict[str, str], **more: object) -> HttpAnswer:
    shown_now = by.post("/destinations/reveal", {"destinations": [named]}).json
    said = {"destinations": [named], "count": 1, "digest": shown_now.get("digest", "1." + "0" * 32)}
    return by.post("/destinations/approve", said | more)


# --- paying


def in_parts(stage: Stage, by: Caller) -> list[str]:
    return [code_of(ask(stage, by, "200")) for _ in range(4)]


def above_the_threshold(stage: Stage, by: Caller) -> list[str]:
    return [code_of(ask(stage, by, "500.01"))]


def to_an_own_account(stage: Stage, by: Caller) -> list[str]:
    return [code_of(ask(stage, by, "0.01", registered(stage, stage.operator)))]


def to_an_account_added_to_a_known_customer(stage: Stage, by: Caller) -> list[str]:
    path = f"/customers/{stage.customer}/destinations"
    place = stage.operator.post(path, OWN_ACCOUNT).json["destination_id"]
    return [code_of(ask(stage, by, amount, place=place)) for amount in ("0.01", "400")]


def under_one_key(stage: Stage, by: Caller) -> list[str]:
    """The same key again, of another amount, and by another of their logins."""
    body = {"customer_id": stage.customer, "amount": "300"}
    other = body | {"amount": "499"}
    asked = ((by, body), (by, body), (by, other))
    return [code_of(one.post("/payouts", each, Idempotency_Key="k-1")) for one, each in asked]


def replaced_and_paid_by_an_honest_person(stage: Stage, by: Caller) -> list[str]:
    paid = _replaced(stage, by)
    return [stage.world.payout(paid)["status"]]


def _replaced(stage: Stage, by: Caller) -> str:
    """The insider replaces a customer's destination; an honest operator pays as always."""
    old = destination_of(stage, stage.customer)["destination_id"]
    path = f"/customers/{stage.customer}/destinations"
    assert by("DELETE", f"{path}/{old}").status == 204
    assert by.post(path, OWN_ACCOUNT).status == 201
    return stage.asked("400")


# --- deciding


def approving_anothers_unseen(stage: Stage, by: Caller) -> list[str]:
    """An honest operator pays a new customer; it is approved without a look, or by a look of
    another approver's."""
    customer = stage.world.customer(**OWN_ACCOUNT)
    paid = stage.asked("5", customer)
    named = destination_of(stage, customer)
    blind = by.post(f"/payouts/{paid}/approve", {})
    guessed = by.post(f"/payouts/{paid}/approve", {"digest": "1." + "0" * 32})
    anothers = looked_and_approved(stage, by, paid, named, looks=stage.world.approver)
    return [code_of(each) for each in (blind, guessed, anothers)]


def approving_anothers_with_open_eyes(stage: Stage, by: Caller) -> list[str]:
    """What two people are for: it leaves."""
    paid = stage.asked()
    answer = looked_and_approved(stage, by, paid, destination_of(stage, stage.customer))
    stage.agree(paid)
    return [code_of(answer), *stage.told(paid)]


def approving_their_own(stage: Stage, by: Caller) -> list[str]:
    paid = ask(stage, by, "900").json["transaction_id"]
    return [code_of(by.post(f"/payouts/{paid}/approve", {}))]


def approving_their_own_place(stage: Stage, by: Caller) -> list[str]:
    customer = registered(stage, by)
    paid = ask(stage, by, "0.01", customer).json["transaction_id"]
    named = destination_of(stage, customer)
    return [
        code_of(looked_and_approved(stage, by, paid, named)),
        code_of(approved_place(by, named)),
    ]


def approving_where_they_replaced_it(stage: Stage, by: Caller) -> list[str]:
    """What an honest approver is then shown names who added it."""
    paid = _replaced(stage, by)
    named = destination_of(stage, stage.customer)
    answers = (looked_and_approved(stage, by, paid, named), approved_place(by, named))
    looking = stage.world.approver.post("/destinations/reveal", {"destinations": [named]})
    [shown_now] = looking.json["items"]
    return [*map(code_of, answers), shown_now["destination"]["added_by"]]


def raising_their_own_cap(stage: Stage, by: Caller) -> list[str]:
    customer = stage.world.customer(
        type="PayId", pay_id_type="Email", pay_id="sam@example.com", account_name="Sam"
    )
    named = destination_of(stage, customer)
    stage.places.add("sam@example.com")
    # The raise is only asked for: the payout still waits, for the cap is what it was.
    first, raised = (approved_place(by, named, cap=cap) for cap in ("100", "400"))
    paid = ask(stage, by, "101", customer)
    return [str(first.status), code_of(raised), code_of(paid)]


def deciding_as_an_operator(stage: Stage, by: Caller) -> list[str]:
    """All that only approvers may do."""
    paid, named = stage.asked(), destination_of(stage, stage.customer)
    batch_id = confirmed_file(stage, stage.world.admin, f"{stage.customer},700.00")
    decisions = (
        by.post(f"/payouts/{paid}/approve", {}),
        by.post(f"/payouts/{paid}/adopt", {}),
        approved_place(by, named, cap="1000"),
        by.post("/destinations/reveal", {"destinations": [named]}),
        by.post(f"/batches/{batch_id}/approve", {}),
    )
    return [code_of(each) for each in decisions]


def by_a_login_what_their_role_asked_for(stage: Stage, by: Caller) -> list[str]:
    paid = ask(stage, stage.role, "900").json["transaction_id"]
    return [code_of(by.post(f"/payouts/{paid}/approve", {}))]


def by_a_role_what_their_login_asked_for(stage: Stage, by: Caller) -> list[str]:
    paid = ask(stage, by, "900").json["transaction_id"]
    path = f"/internal/payouts/{paid}/approve"
    return [code_of(each.post(path, {})) for each in (stage.checking_role, stage.role)]


def by_a_role_where_their_login_replaced_it(stage: Stage, by: Caller) -> list[str]:
    paid, named = _replaced(stage, by), destination_of(stage, stage.customer)
    looking = stage.checking_role.post("/internal/destinations/reveal", {"destinations": [named]})
    digest = {"digest": looking.json["digest"]}
    path = f"/internal/payouts/{paid}/approve"
    return [code_of(stage.checking_role.post(path, digest))]


# --- files


def confirmed_file(stage: Stage, by: Caller, *rows: str) -> str:
    """A file that one person uploads and confirms."""
    answer = put(by, "\r\n".join(["customer_id,amount", *rows]))
    assert answer.status == 201, answer.text
    run_queue(stage.world)
    found = shown(stage.world, answer.json["batch_id"])
    confirmed = by.post(f"/batches/{found['batch_id']}/confirm", said_of(found))
    assert confirmed.json["status"] == "AwaitingApproval", confirmed.text
    return str(found["batch_id"])


def a_file_of_their_own(stage: Stage, by: Caller) -> list[str]:
    rows = (f"{stage.customer},900.00", f"{registered(stage, by)},0.01")
    batch_id = confirmed_file(stage, by, *rows)
    answer = by.post(f"/batches/{batch_id}/approve", {"unapproved": 1})
    return [code_of(answer), shown(stage.world, batch_id)["status"]]


def a_row_of_their_own_in_a_harmless_file(stage: Stage, by: Caller) -> list[str]:
    """An honest approver approves the file; then the insider pays alone what is known by it."""
    own = registered(stage, by)
    batch_id = confirmed_file(stage, by, f"{stage.customer},20.00", f"{own},0.01")
    answer = stage.world.approver.post(f"/batches/{batch_id}/approve", {"unapproved": 1})
    run_queue(stage.world)
    items = stage.world.admin.get(f"/batches/{batch_id}/rows").json["items"]
    stage.agree(items[0]["transaction_id"])
    alone = ask(stage, by, "400", own)
    return [code_of(answer), *(row["status"] for row in items), code_of(alone)]


def a_file_again(stage: Stage, by: Caller) -> list[str]:
    """Retries the rows of a file that the bank has rejected: a file as any other."""
    world = stage.world
    world.monoova.script(Plan(fate=Fate.REJECTED, reason="ACCOUNT CLOSED"))
    batch_id = confirmed_file(stage, world.admin, f"{stage.customer},900.00")
    world.approver.post(f"/batches/{batch_id}/approve", {})
    run_queue(world)
    world.minutes(5)
    [row] = world.admin.get(f"/batches/{batch_id}/rows").json["items"]
    stage.agree(row["transaction_id"])
    again = by.post(f"/batches/{batch_id}/retry", {})
    run_queue(world)
    retried = again.json["batch_id"]
    confirmed = by.post(f"/batches/{retried}/confirm", said_of(shown(world, retried)))
    approved = by.post(f"/batches/{retried}/approve", {})
    return [row["status"], code_of(again), code_of(confirmed), code_of(approved)]


# --- paying again


def retrying_what_the_bank_rejected(stage: Stage, by: Caller) -> list[str]:
    stage.world.monoova.script(Plan(fate=Fate.REJECTED))
    paid = stage.sent()
    told = stage.told(paid)
    return [*told, *(code_of(by.post(f"/payouts/{paid}/retry", {})) for _ in range(2))]


def retrying_what_may_be_paid(stage: Stage, by: Caller) -> list[str]:
    paid = stage.sent()
    before = by.post(f"/payouts/{paid}/retry", {})
    stage.told(paid)
    return [code_of(before), code_of(by.post(f"/payouts/{paid}/retry", {}))]


def resolving_and_retrying(stage: Stage, by: Caller) -> list[str]:
    """Monoova shows nothing of what it has taken; it is called failed by hand, and retried."""
    paid = _unknown(stage)
    said = {"outcome": "Failed", "reason": "seen in the portal"}
    answers = [by.post(f"/payouts/{paid}/resolve", said), by.post(f"/payouts/{paid}/retry", {})]
    return [code_of(each) for each in answers]


def resolving_their_own_and_retrying(stage: Stage, by: Caller) -> list[str]:
    """One that they asked for themselves, below the threshold."""
    stage.world.monoova.behave(visibility_seconds=10**7)
    paid = ask(stage, by, "400").json["transaction_id"]
    _doubt(stage, paid)
    said = {"outcome": "Failed", "reason": "seen in the portal"}
    answers = [by.post(f"/payouts/{paid}/resolve", said), by.post(f"/payouts/{paid}/retry", {})]
    return [code_of(each) for each in answers]


def retrying_what_another_settled(stage: Stage, by: Caller) -> list[str]:
    """An honest approver calls it failed; what is paid in its place waits, whatever its amount."""
    paid = _unknown(stage, "400")
    said = {"outcome": "Failed", "reason": "seen in the portal"}
    settled = stage.world.approver.post(f"/payouts/{paid}/resolve", said)
    stage.world.later(901)
    again = by.post(f"/payouts/{paid}/retry", {})
    more = by.post(f"/payouts/{again.json['transaction_id']}/approve", {})
    return [code_of(each) for each in (settled, again, more)]


def _unknown(stage: Stage, amount: str = "900") -> str:
    """A payout that two people have let go, of which Monoova shows nothing, under review."""
    stage.world.monoova.behave(visibility_seconds=10**7)
    stage.world.webhooks_arrive = False
    if amount == "900":
        paid = stage.sent(amount)
    else:
        paid = str(stage.world.pay(stage.customer, amount).json["transaction_id"])
        stage.agree(paid)
    _doubt(stage, paid)
    return paid


def _doubt(stage: Stage, paid: str) -> None:
    """A report of another amount puts it under review."""
    raw = status_event(stage.world, paid, "Payment Successful", amount=1.0)
    headers = {"Authorization": WEBHOOK_SECRET, "Verification-Signature": signature(raw)}
    assert stage.world.deliver("https://app.example/webhooks/monoova", headers, raw) == 200


# --- switches


def resuming(stage: Stage, by: Caller) -> list[str]:
    """What is paused goes on: what two people let go leaves, and what waits goes on waiting."""
    held, waits = stage.held(), stage.asked()
    resumed = by.post("/sending/resume", {})
    return [str(resumed.status), *stage.told(held, waits)]
