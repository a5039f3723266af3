"""Each actor against each way to make money leave, where the controls are on: none leaves alone.

What becomes of each request stands in the tables below; what left is judged by the simulated
Monoova's book. A way that is still open is no case here: the page on security lists it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.payouts.seal_payouts import PayoutSeals
from payoutctl.exits import Exit
from proof.lambda_events import user
from simulator.monoova import API_KEY
from tests.app_server import serving
from tests.matrix import outside, people
from tests.matrix.stage import CONTROLS, INSIDER, OWN_ACCOUNT, Stage, destination_of
from tests.payoutctl.terminal import Terminal
from tests.web.test_access import ROUTES, Fixture
from tests.world import WEBHOOK_SECRET, Caller, World, as_approver, as_service

NewWorld = Callable[..., World]
WAITS: Final = "AwaitingApproval"
NOT_BELIEVED: Final = "Queued IntegrityCheckFailed"
NOT_RETRYABLE: Final = "PayoutNotRetryable"

# The login or role by which the insider comes, what they try, and what becomes of each request.
BY_THE_API: Final[list[tuple[str, Callable[..., list[str]], list[str]]]] = [
    ("operator", people.in_parts, ["Pending", "Pending", WAITS, WAITS]),
    ("operator", people.above_the_threshold, [WAITS]),
    ("operator", people.to_an_own_account, [WAITS]),
    ("operator", people.to_an_account_added_to_a_known_customer, [WAITS, WAITS]),
    ("operator", people.under_one_key, ["Pending", "Pending", "IdempotencyKeyReused"]),
    ("operator", people.replaced_and_paid_by_an_honest_person, [WAITS]),
    ("operator", people.deciding_as_an_operator, ["Forbidden"] * 5),
    ("operator", people.a_file_of_their_own, ["Forbidden", WAITS]),
    (
        "operator",
        people.a_row_of_their_own_in_a_harmless_file,
        ["Releasing", "Pending", WAITS, WAITS],
    ),
    ("operator", people.a_file_again, ["Failed", "Checking", WAITS, "Forbidden"]),
    ("operator", people.retrying_what_the_bank_rejected, ["Failed", WAITS, WAITS]),
    ("operator", people.retrying_what_may_be_paid, [NOT_RETRYABLE, NOT_RETRYABLE]),
    ("operator", people.resolving_and_retrying, ["ResolutionNeedsApprover", NOT_RETRYABLE]),
    (
        "operator",
        people.resolving_their_own_and_retrying,
        ["ResolutionNeedsApprover", NOT_RETRYABLE],
    ),
    ("operator", people.retrying_what_another_settled, ["Failed", WAITS, "Forbidden"]),
    ("operator", people.resuming, ["200", "Pending", WAITS]),
    ("approver", people.in_parts, ["Pending", "Pending", WAITS, WAITS]),
    ("approver", people.approving_anothers_with_open_eyes, ["Queued", "Pending"]),
    (
        "approver",
        people.approving_anothers_unseen,
        ["DestinationNotRevealed", "DestinationsDiffer", "DestinationsDiffer"],
    ),
    ("approver", people.approving_their_own, ["ApprovalByRequester"]),
    ("approver", people.approving_their_own_place, ["ApprovalByRequester", "ApprovalByAuthor"]),
    (
        "approver",
        people.approving_where_they_replaced_it,
        ["ApprovalByAuthor", "ApprovalByAuthor", INSIDER],
    ),
    ("approver", people.raising_their_own_cap, ["200", "200", WAITS]),
    ("approver", people.a_file_of_their_own, ["ApprovalByRequester", WAITS]),
    ("approver", people.a_file_again, ["Failed", "Checking", WAITS, "ApprovalByRequester"]),
    ("approver", people.resolving_and_retrying, ["Failed", "RetryTooEarly"]),
    (
        "approver",
        people.resolving_their_own_and_retrying,
        ["ApprovalByRequester", NOT_RETRYABLE],
    ),
    ("approver", people.retrying_what_another_settled, ["Failed", WAITS, "ApprovalByRequester"]),
    # One person by a login and two roles.
    ("approver", people.by_a_login_what_their_role_asked_for, ["ApprovalByRequester"]),
    (
        "approver",
        people.by_a_role_what_their_login_asked_for,
        ["ApprovalByRequester", "Forbidden"],
    ),
    ("approver", people.by_a_role_where_their_login_replaced_it, ["ApprovalByAuthor"]),
    ("role", people.in_parts, ["Pending", "Pending", WAITS, WAITS]),
    ("role", people.above_the_threshold, [WAITS]),
    ("role", people.to_an_own_account, [WAITS]),
    ("role", people.to_an_account_added_to_a_known_customer, [WAITS, WAITS]),
]
# What is tried past the API, and what becomes of it.
BY_THE_TABLES: Final = [
    (outside.a_forged_row, ["Pending", NOT_BELIEVED]),
    (outside.a_dearer_row, [NOT_BELIEVED]),
    (outside.a_row_turned_to_another_account, [NOT_BELIEVED]),
    (outside.a_waiting_row_let_go, [NOT_BELIEVED]),
    (outside.a_waiting_row_with_an_approver_and_anothers_seal, ["Pending", NOT_BELIEVED]),
    (
        outside.a_dearer_row_for_an_approver,
        ["PayoutIntegrityFailed", "AwaitingApproval IntegrityCheckFailed"],
    ),
    (outside.a_dearer_row_in_doubt, ["Pending IntegrityCheckFailed"]),
    (outside.a_row_put_back, ["Pending", "Queued Contradiction"]),
    (outside.a_row_put_back_late, ["Queued Contradiction"]),
    (outside.the_key_of_seals_gone, [NOT_BELIEVED]),
    (outside.the_gate_gone, ["Pending", WAITS]),
    (outside.an_approval_of_a_place, [WAITS]),
    (outside.the_message_of_another_place, ["RecordUnreadable", "RecordUnreadable"]),
    (outside.rows_of_an_approved_file, ["RowsAltered"]),
    (outside.rows_of_a_file_that_waits, ["Releasing", "RowsAltered"]),
    (outside.an_approval_of_a_file, ["RowsAltered"]),
]
BY_THE_QUEUES: Final = [
    (outside.orders_to_send, [WAITS]),
    (outside.an_order_to_release_a_file, [WAITS, "Waiting"]),
    (outside.an_order_twice, ["Completed"]),
    (outside.forged_news_then_a_retry, ["Pending", NOT_RETRYABLE]),
    (outside.dead_letters_replayed, ["200", "200", "200", WAITS, WAITS]),
]
BY_ONE_SECRET: Final = [
    (outside.a_rejection_that_is_not_signed, ["200", NOT_RETRYABLE]),
    (outside.a_return_that_is_not_signed, ["200", "Completed", NOT_RETRYABLE]),
    (outside.webhooks_of_what_waits, ["AwaitingApproval Contradiction"]),
    (outside.the_key_as_a_login, ["Unauthenticated"] * 4),
    (outside.the_key_as_the_webhooks_secret, ["401", NOT_RETRYABLE]),
]
BY_MONOOVAS_LIES: Final = [
    (outside.a_lie_that_it_was_rejected, ["PayoutMayBePaid"]),
    (outside.a_lie_that_it_came_back, ["200", NOT_RETRYABLE]),
    (outside.a_lie_about_what_waits, ["AwaitingApproval Contradiction"]),
]


def named(case: object) -> str | None:
    """The name of a way, for the name of its case."""
    return getattr(case, "__name__", None) if callable(case) else None


@pytest.fixture
def stage(new_world: NewWorld) -> Stage:
    """With the controls of a live stage."""
    return Stage(new_world(**CONTROLS))


@pytest.mark.parametrize(("who", "way", "expected"), BY_THE_API, ids=named)
def test_one_person_by_the_api(
    stage: Stage, who: str, way: Callable[..., list[str]], expected: list[str]
) -> None:
    assert way(stage, getattr(stage, who)) == expected
    assert stage.alone() == []


def told(stage: Stage, way: Callable[[Stage], list[str]], expected: list[str]) -> None:
    assert way(stage) == expected
    assert stage.alone() == []


@pytest.mark.parametrize(("way", "expected"), BY_THE_TABLES, ids=named)
def test_an_engineer_who_writes_the_tables(stage: Stage, way: Any, expected: list[str]) -> None:
    told(stage, way, expected)


@pytest.mark.parametrize(("way", "expected"), BY_THE_QUEUES, ids=named)
def test_who_can_put_messages_into_the_queues(stage: Stage, way: Any, expected: list[str]) -> None:
    told(stage, way, expected)


@pytest.mark.parametrize(("way", "expected"), BY_ONE_SECRET, ids=named)
def test_who_holds_one_secret(stage: Stage, way: Any, expected: list[str]) -> None:
    told(stage, way, expected)


@pytest.mark.parametrize(("way", "expected"), BY_MONOOVAS_LIES, ids=named)
def test_monoova_lying(stage: Stage, way: Any, expected: list[str]) -> None:
    told(stage, way, expected)


# --- who may do nothing


CHANGES: Final = sorted(
    route for route in ROUTES if route[0] != "GET" and "/webhooks/" not in route[1]
)


def test_who_has_no_role_moves_nothing_by_any_route(new_world: NewWorld) -> None:
    """An outsider, a viewer, a person in no group, a role that no setting names, and those of each
    role that were disabled: over every route that changes anything."""
    world = new_world(**CONTROLS)
    fixture = Fixture(world)
    for subject in ("was-an-operator", "was-an-approver"):
        world.container.gatekeeper.disable(subject)
    before = fixture.snapshot()
    unnamed = as_service(world.app, "arn:aws:sts::111122223333:assumed-role/Unnamed/session-1")
    actors = {
        "an outsider": (world.anonymous, "Unauthenticated"),
        "a viewer": (Caller(world.app, user("a-viewer", "viewers")), "Forbidden"),
        "in no group": (Caller(world.app, user("a-newcomer", "")), "Forbidden"),
        "a disabled operator": (Caller(world.app, user("was-an-operator")), "Forbidden"),
        "a disabled approver": (as_approver(world.app, "was-an-approver"), "Forbidden"),
        "an unnamed role": (unnamed, "Forbidden"),
    }
    for who, (caller, code) in actors.items():
        for route in CHANGES:
            is_internal = route[1].startswith("/internal/")
            other_kind = is_internal is not (who == "an unnamed role")
            expected = "Unauthenticated" if other_kind else code
            assert fixture.ask(caller, route).code == expected, (who, route)
    assert fixture.snapshot() == before
    assert world.monoova.calls == []


def test_what_is_served_to_everyone_holds_no_secret(new_world: NewWorld) -> None:
    """The console's configuration and the health check."""
    world = new_world(**CONTROLS)
    for path in ("/console/config.json", "/health"):
        text = world.anonymous.get(path).text
        assert not [secret for secret in (API_KEY, WEBHOOK_SECRET) if secret in text]


# --- by the command line


def test_one_person_by_the_command_line(stage: Stage, tmp_path: Path) -> None:
    """An operator and an approver in one login."""
    with serving(stage.world) as behind:
        alone = Terminal(behind, tmp_path, ("operators", "approvers"))
        own = stage.world.customer(**OWN_ACCOUNT)
        for customer, amount in ((stage.customer, "501.00"), (own, "0.01")):
            asked = alone.json("pay", customer, amount, "--yes")
            assert asked["status"] == WAITS
            approve = ("payouts", "approve", asked["transaction_id"], "--yes")
            refused = alone.json(*approve, ends=Exit.NOT_ALLOWED)
            assert refused["code"] == "ApprovalByRequester"
    assert stage.alone() == []


# --- the judge


def test_the_judge_sees_what_leaves_alone_where_the_controls_are_off(
    new_world: NewWorld,
) -> None:
    stage = Stage(new_world())
    assert people.in_parts(stage, stage.operator) == ["Pending"] * 4
    assert people.to_an_own_account(stage, stage.operator) == ["Pending"]
    place = destination_of(stage, people.registered(stage, stage.operator))
    path = f"/customers/{place['customer_id']}/destinations/{place['destination_id']}"
    assert stage.operator.post(f"{path}/verification", {}).status == 200
    assert stage.alone() == [
        "('87654321', 1) went where no second person has looked",
        "80001 cents that no second person has seen",
        "a verification's cent",
    ]


def test_the_judge_sees_a_row_that_was_changed_where_no_seal_is_checked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PayoutSeals, "fault", lambda *_: None)
    outside.a_dearer_row(stage)
    assert stage.alone() == [
        "('jo.citizen@example.com', 990000) was paid in place of ('jo.citizen@example.com', 60000)"
    ]


def test_the_insider_is_one_person_by_the_settings(stage: Stage) -> None:
    persons = stage.world.container.settings.persons
    assert len(persons[INSIDER]) == 3
