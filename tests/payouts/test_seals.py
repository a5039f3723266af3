"""Rows that the app did not write, or not so: none is paid, and each is raised."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from chalicelib.control.seals import KEY_ID
from simulator.outcomes import News, Outcome, Plan
from tests.payouts.test_approvals import decide, waiting, with_settings
from tests.payouts.test_damaged_rows import damage, item_of, store
from tests.payouts.test_request_payout import BANK_ACCOUNT, AwsCalls
from tests.world import ADMIN, Caller, HttpAnswer, World, as_approver

REVIEW: Final = "IntegrityCheckFailed"


@pytest.fixture
def guarded(world: World) -> World:
    """Payouts above A$100 need approval."""
    return with_settings(world, APPROVAL_THRESHOLD_AUD="100")


def queued(world: World, amount: str = "50") -> str:
    """A payout that waits for the end of a pause."""
    world.container.gatekeeper.pause("dave", "drill")
    return world.paid(amount)


def resumed(world: World) -> None:
    world.container.gatekeeper.resume()
    world.minutes(3)


def is_raised(world: World, paid: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = world.payout(paid)
    assert (shown["needs_review"], shown["review_reason"]) == (True, REVIEW)
    assert (shown["history"][-1]["event"], shown["history"][-1]["detail"]) == (REVIEW, why)
    assert not world.monoova.payments
    assert '"IntegrityFailures": ' in capsys.readouterr().out


# --- sent from a stored row


def test_what_waits_is_sent_with_its_seal(world: World) -> None:
    paid = queued(world)
    assert item_of(world, paid)["seal"]["S"].startswith("released.1.")
    resumed(world)
    assert len(world.monoova.payments) == 1
    assert not world.payout(paid)["needs_review"]


def test_a_forged_row_is_not_paid(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A$9,000, under a limit of A$1,000, copied from an honest row."""
    paid = queued(world)
    forged = "00000000-0000-4000-8000-00000000f00d"
    row = item_of(world, paid) | {
        "transaction_id": {"S": forged},
        "uniqueReference": {"S": forged},
        "amount_cents": {"N": "900000"},
    }
    world.admin.post(f"/payouts/{paid}/cancel")
    store(world, row)
    resumed(world)
    is_raised(world, forged, "wrong seal", capsys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount_cents", {"N": "990000"}),
        ("payout_method", {"S": "BankAccount"}),
        ("uniqueReference", {"S": "another"}),
        ("created_at", {"S": "2026-03-02T01:00:00.000001Z"}),
        ("created_by", {"S": "another"}),
        ("approved_by", {"S": "another"}),
        ("batch_id", {"S": "another"}),
        ("seal", None),
        ("seal", {"S": "released.1.00000000000000000000000000000000"}),
        ("seal", {"S": "ünknown"}),
    ],
)
def test_a_row_that_was_changed_by_hand_is_not_sent(
    world: World, capsys: pytest.CaptureFixture[str], name: str, value: Any
) -> None:
    paid = queued(world)
    damage(world, paid, **{name: value})
    world.container.gatekeeper.resume()
    world.later(60)
    world.reconcile()
    is_raised(world, paid, "wrong seal" if value else "no seal", capsys)


def test_a_row_that_was_turned_to_another_destination_by_hand_is_not_sent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = queued(world)
    owner, other = item_of(world, paid)["customer_id"]["S"], world.customer()
    added = world.admin.post(f"/customers/{owner}/destinations", BANK_ACCOUNT)
    damage(world, paid, destination_id={"S": added.json["destination_id"]})
    theirs = queued(world)
    damage(world, theirs, customer_id={"S": other}, destination_id=first_of(world, other))
    world.container.gatekeeper.resume()
    world.later(60)
    world.reconcile()
    assert {world.payout(each)["review_reason"] for each in (paid, theirs)} == {REVIEW}
    is_raised(world, paid, "wrong seal", capsys)


def first_of(world: World, customer: str) -> dict[str, str]:
    shown = world.admin.get(f"/customers/{customer}").json
    return {"S": str(shown["destinations"][0]["destination_id"])}


def test_a_waiting_row_that_was_queued_by_hand_is_not_sent(
    guarded: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = waiting(guarded)
    now = guarded.container.payouts_table.get(paid)
    assert now is not None
    damage(
        guarded,
        paid,
        status={"S": "Queued"},
        due_shard={"S": f"queued-{int(paid[-4:], 16) % 4}"},
        due_at={"S": "2026-03-02T01:00:00.000000Z"},
        review_bucket=None,
    )
    guarded.minutes(2)
    is_raised(guarded, paid, "not released", capsys)


def test_a_row_that_its_approver_let_go_is_sent(guarded: World) -> None:
    paid = waiting(guarded)
    assert item_of(guarded, paid)["seal"]["S"].startswith("asked.1.")
    assert decide(guarded.approver, paid).status == 200
    guarded.minutes(2)
    assert len(guarded.monoova.payments) == 1


def test_an_approver_lets_nothing_go_that_was_changed_since_it_was_asked_for(
    guarded: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = waiting(guarded)
    damage(guarded, paid, amount_cents={"N": "99000"})
    refused = decide(guarded.approver, paid)
    assert (refused.status, refused.code) == (409, "PayoutIntegrityFailed")
    is_raised(guarded, paid, "wrong seal", capsys)
    assert decide(guarded.approver, paid).status == 409
    assert decide(guarded.approver, paid, "reject", reason="forged").status == 200


def doubtful(world: World) -> str:
    """A payout whose sending got no answer, and which Monoova has not booked."""
    world.monoova.script(Outcome.TIMEOUT_BEFORE_BOOKING)
    return world.paid("50")


def test_a_payout_in_doubt_is_sent_again_with_its_seal(world: World) -> None:
    paid = doubtful(world)
    world.minutes(40)
    assert (world.state(paid)[0], len(world.monoova.received)) == ("Completed", 2)


@pytest.mark.parametrize("seal", [None, {"S": "released.1.00"}])
def test_a_payout_in_doubt_is_not_sent_again_without_its_seal(
    world: World, capsys: pytest.CaptureFixture[str], seal: Any
) -> None:
    paid = doubtful(world)
    damage(world, paid, seal=seal)
    world.minutes(40)
    is_raised(world, paid, "wrong seal" if seal else "no seal", capsys)
    assert len(world.monoova.received) == 1


def test_a_row_that_is_changed_between_the_look_and_the_claim_is_not_sent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = queued(world)
    world.container.gatekeeper.resume()
    commit = world.container.payouts_table.commit

    def changed_first(payout: Any, change: Any, at: Any) -> Any:
        if change.fields.get("lease_id"):
            damage(world, paid, amount_cents={"N": "99000"})
        return commit(payout, change, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.container.payouts_table, "commit", changed_first)
        world.drain()
    is_raised(world, paid, "wrong seal", capsys)


# --- states that the life cycle cannot have produced


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _row: {"history": {"L": []}}, "its history does not begin with a request"),
        (lambda _row: {"version": {"N": "0"}}, "its version is too low for its history"),
        (lambda _row: {"ambiguous": {"BOOL": True}}, "it is queued after it was sent"),
        (
            lambda _row: {"monoova_transaction_id": {"S": "1000001"}},
            "it is queued after it was sent",
        ),
    ],
)
def test_what_the_life_cycle_cannot_have_produced_is_not_sent(
    world: World,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Any], dict[str, Any]],
    why: str,
) -> None:
    paid = queued(world)
    damage(world, paid, **change(item_of(world, paid)))
    resumed(world)
    is_raised(world, paid, why, capsys)


def test_a_payout_that_was_sent_and_queued_again_by_hand_is_not_sent(world: World) -> None:
    world.monoova.script(Plan(news=News.LOST))
    paid = world.paid("50")
    damage(
        world,
        paid,
        status={"S": "Queued"},
        submission=None,
        due_shard={"S": f"queued-{int(paid[-4:], 16) % 4}"},
    )
    world.minutes(2)
    assert len(world.monoova.received) == 1
    assert world.payout(paid)["review_reason"] == REVIEW


# --- what was released long ago


def test_monoova_is_asked_before_what_was_released_an_hour_ago(world: World) -> None:
    paid = queued(world)
    world.later(3601)
    asked = len(world.monoova.calls)
    resumed(world)
    assert any("/status/" in call.path for call in world.monoova.calls[asked:])
    assert len(world.monoova.payments) == 1
    assert not world.payout(paid)["needs_review"]


def test_what_monoova_knows_is_not_sent_from_a_row_that_was_put_back(world: World) -> None:
    """The whole row, as it was before it was sent: its seal is right."""
    paid = queued(world)
    before = item_of(world, paid)
    resumed(world)
    world.later(3601)
    store(world, before)
    world.minutes(2)
    assert len(world.monoova.received) == 1
    shown = world.payout(paid)
    assert (shown["needs_review"], shown["review_reason"]) == (True, "Contradiction")


def test_what_was_released_an_hour_ago_waits_while_monoova_does_not_say(world: World) -> None:
    paid = queued(world)
    world.later(3601)
    world.container.gatekeeper.resume()
    world.monoova.behave(outage="unavailable")
    world.minutes(1)
    assert world.state(paid)[0] == "Queued"
    assert not world.monoova.payments


# --- the key


def test_the_key_is_opened_once_in_the_life_of_an_instance(world: World) -> None:
    customer = world.customer()
    calls = AwsCalls(world, is_warm=False)
    for _ in range(3):
        assert world.pay(customer, "10").status == 202
    assert calls.names.count("KMS.Decrypt") == 3 + 1
    assert calls.names.count("DynamoDB.GetItem") == 1
    key = world.dynamodb.get_item(TableName="ControlsTable", Key={"control_id": {"S": KEY_ID}})
    assert set(key["Item"]) == {"control_id", "version", "sealed"}


def test_a_key_of_another_purpose_is_not_taken_for_the_key_of_seals(world: World) -> None:
    """A writer of the table copies the fingerprints' key, of which they know no more, over it."""
    paid = queued(world)
    table, id_ = "ControlsTable", "account-fingerprint-key"
    other = world.dynamodb.get_item(TableName=table, Key={"control_id": {"S": id_}})["Item"]
    store(world, other | {"control_id": {"S": KEY_ID}}, table)
    world.restart()
    resumed(world)
    assert not world.monoova.payments
    assert world.state(paid)[0] == "Queued"


def test_without_the_key_nothing_that_was_sealed_is_sent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = queued(world)
    world.dynamodb.delete_item(TableName="ControlsTable", Key={"control_id": {"S": KEY_ID}})
    world.restart()
    resumed(world)
    is_raised(world, paid, "wrong seal", capsys)


def test_a_payout_that_waits_longer_than_it_is_good_for_ends(world: World) -> None:
    paid = queued(world)
    world.container.gatekeeper.resume()
    world.later(timedelta(hours=25).total_seconds())
    world.reconcile()
    assert not world.monoova.payments
    assert world.state(paid)[0] == "Cancelled"


# --- the daily comparison


def report_of_the_day(world: World) -> dict[str, Any]:
    world.later(86_400)
    made: dict[str, Any] = world.admin.post("/reports/daily/2026-03-02").json
    return made


def test_the_report_finds_a_forged_row(world: World) -> None:
    paid = world.paid("50")
    forged = "00000000-0000-4000-8000-00000000f00d"
    named = {"transaction_id": {"S": forged}, "uniqueReference": {"S": forged}}
    store(world, item_of(world, paid) | named | {"amount_cents": {"N": "900000"}})
    world.minutes(3)
    (line,) = report_of_the_day(world)["differences"]
    found = (line["kind"], line["transaction_id"], line["flaw"])
    assert found == ("NotAsDecided", forged, "wrong seal")


def rewritten(item: dict[str, Any], number: int, values: dict[str, str]) -> dict[str, Any]:
    entries = [dict(each["M"]) for each in item["history"]["L"]]
    entries[number] |= {name: {"S": value} for name, value in values.items()}
    return {"history": {"L": [{"M": entry} for entry in entries]}}


@pytest.mark.parametrize(
    ("at", "values", "why"),
    [
        (0, {"by": "another"}, "its history names another maker"),
        (1, {"by": "another"}, "its history names another approver"),
        (1, {"event": "Claimed", "state": "Pending/Sending"}, "a step that cannot be"),
        (-1, {"event": "SettledRejected", "state": "Failed"}, "its history ends as Failed"),
        (-1, {"at": "2026-01-01T00:00:00.000000Z"}, "its history is not in order"),
    ],
)
def test_the_report_finds_a_history_that_was_rewritten(
    guarded: World, at: int, values: dict[str, str], why: str
) -> None:
    paid = waiting(guarded)
    decide(guarded.approver, paid)
    guarded.minutes(5)
    assert guarded.state(paid)[0] == "Completed"
    damage(guarded, paid, **rewritten(item_of(guarded, paid), at, values))
    (line,) = report_of_the_day(guarded)["differences"]
    assert (line["kind"], line["transaction_id"]) == ("NotAsDecided", paid)
    assert why in line["flaw"]


@pytest.mark.parametrize("name", ["approved_by", "approved_at", "seal"])
def test_the_report_finds_a_paid_payout_without_its_release_or_its_seal(
    guarded: World, name: str
) -> None:
    paid = waiting(guarded)
    guarded.later(60)
    decide(guarded.approver, paid)
    guarded.minutes(5)
    damage(guarded, paid, **{name: None})
    (line,) = report_of_the_day(guarded)["differences"]
    assert line["kind"] == "NotAsDecided"


def test_the_report_says_nothing_of_what_was_decided_as_it_stands(guarded: World) -> None:
    guarded.paid("50")
    denied, approved = waiting(guarded), waiting(guarded)
    waiting(guarded)
    decide(guarded.approver, denied, "reject", reason="no")
    decide(guarded.approver, approved)
    guarded.minutes(5)
    assert report_of_the_day(guarded)["differences"] == []


# --- what waited before there were seals


def of_before(world: World, paid: str) -> None:
    """The payout as it was stored before there were seals: no key was made yet."""
    damage(world, paid, seal=None)
    world.dynamodb.delete_item(TableName="ControlsTable", Key={"control_id": {"S": KEY_ID}})
    world.restart()


def adopt(world: World, paid: str, caller: Caller | None = None) -> HttpAnswer:
    return (caller or world.approver).post(f"/payouts/{paid}/adopt", {})


def test_what_waited_before_there_were_seals_is_sent_once_an_approver_adopts_it(
    world: World,
) -> None:
    paid = queued(world)
    of_before(world, paid)
    resumed(world)
    assert world.payout(paid)["review_reason"] == REVIEW
    assert adopt(world, paid).status == 200
    shown = world.payout(paid)
    assert (shown["needs_review"], shown["history"][-1]["event"]) == (False, "Adopted")
    assert adopt(world, paid).status == 200
    world.minutes(4)
    assert world.state(paid)[0] == "Completed"
    assert report_of_the_day(world)["differences"] == []


def test_what_waited_for_an_approver_before_there_were_seals_waits_on(guarded: World) -> None:
    paid = waiting(guarded)
    of_before(guarded, paid)
    assert adopt(guarded, paid).status == 200
    assert guarded.state(paid)[0] == "AwaitingApproval"
    assert item_of(guarded, paid)["seal"]["S"].startswith("asked.")
    assert decide(guarded.approver, paid).status == 200
    guarded.minutes(4)
    assert guarded.state(paid)[0] == "Completed"


def test_only_an_approver_who_did_not_ask_for_it_adopts(world: World) -> None:
    paid = queued(world)
    of_before(world, paid)
    assert adopt(world, paid, world.admin).status == 403
    maker = as_approver(world.app, ADMIN)
    assert adopt(world, paid, maker).code == "ApprovalByRequester"


def test_nothing_is_adopted_that_was_made_when_there_were_seals(world: World) -> None:
    sealed = queued(world)
    world.later(1000)
    late = queued(world)
    damage(world, late, seal=None)
    assert [adopt(world, each).code for each in (sealed, late)] == ["PayoutNotAdoptable"] * 2
