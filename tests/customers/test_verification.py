"""Verifying a destination: one cent and its fee are never paid twice by accident."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import requests
from botocore.exceptions import EndpointConnectionError

from simulator.book import MovementKind
from tests.payouts.test_request_payout import BANK_ACCOUNT, AwsCalls, Pass, reply, tap_line
from tests.world import ADMIN, HttpAnswer, World, as_admin, load_app

INITIATE: Final = "/verify/v2/aba/initiate"
VALIDATE: Final = "/verify/v1/aba/validate"
RIGHT: Final = {"code": "555555"}
WRONG: Final = {"code": "000000"}
NOT_STARTED: Final = {"status": "NotStarted", "owner_name_matches": None, "at": None}


class Place:
    """A customer with one destination, and the routes of its verification."""

    def __init__(self, world: World, **destination: str) -> None:
        self.world = world
        self.customer_id = world.customer(**destination)
        self.path = f"/customers/{self.customer_id}/destinations/{self.shown()['destination_id']}"

    def shown(self) -> Any:
        customer = self.world.admin.get(f"/customers/{self.customer_id}").json
        return customer["destinations"][-1]

    @property
    def verification(self) -> Any:
        return self.shown()["verification"]

    @property
    def status(self) -> str:
        return str(self.verification["status"])

    def start(self) -> HttpAnswer:
        return self.world.admin.post(f"{self.path}/verification", {})

    def confirm(self, body: object = RIGHT) -> HttpAnswer:
        return self.world.admin.post(f"{self.path}/verification/confirm", body)

    def pay(self) -> HttpAnswer:
        return self.world.pay(self.customer_id, "5.00")


def pay_id(value: str, name: str = "Jo Citizen") -> dict[str, str]:
    return {"type": "PayId", "pay_id": value, "pay_id_type": "Email", "account_name": name}


def cents_paid(world: World) -> int:
    """How often Monoova paid its cent."""
    kinds = [movement.kind for movement in world.monoova.book.movements]
    return kinds.count(MovementKind.VERIFICATION)


def sent(world: World, path: str = INITIATE) -> int:
    return sum(call.path == path for call in world.monoova.calls)


def instead_of(world: World, path: str, answer: Callable[[Pass], Any]) -> None:
    """Replaces the answer to a call of `path`, once it is made."""

    def tap(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if request.path_url != path:
            return go_on()
        made: requests.Response = answer(go_on)
        return made

    tap_line(world, tap)


def saying(status: int, body: Any) -> Callable[[Pass], requests.Response]:
    request = requests.Request("POST", "https://api.mpay.com.au").prepare()
    return lambda _go_on: reply(request, status, body)


def lost(go_on: Pass) -> requests.Response:
    """The call arrived; its answer is lost."""
    go_on()
    raise requests.ReadTimeout


# --- the usual way


@pytest.mark.parametrize(
    ("destination", "matches"), [(pay_id("jo@example.com"), True), (BANK_ACCOUNT, None)]
)
def test_the_payee_reads_a_code_and_the_destination_is_verified(
    world: World, destination: dict[str, str], matches: bool | None
) -> None:
    place = Place(world, **destination)
    assert place.verification == NOT_STARTED
    started = place.start()
    assert started.status == 200, started.text
    at = "2026-03-02T01:00:00.000000Z"
    expected = {"status": "Started", "owner_name_matches": matches, "at": at}
    assert started.json["verification"] == place.verification == expected
    world.later(60)
    verified = place.confirm()
    assert verified.status == 200, verified.text
    at = "2026-03-02T01:01:00.000000Z"
    assert verified.json == place.shown()
    assert place.verification == {"status": "Verified", "owner_name_matches": matches, "at": at}
    assert cents_paid(world) == 1
    for answer in (place.start(), place.confirm()):
        assert (answer.status, answer.code) == (409, "AlreadyVerified")
    assert cents_paid(world) == 1


def test_monoova_is_sent_what_its_specification_requires(world: World) -> None:
    received: list[Any] = []

    def tap(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if "/verify/" in request.path_url:
            assert request.body is not None
            received.append(json.loads(request.body))
        return go_on()

    bank, email = Place(world, **BANK_ACCOUNT), Place(world, **pay_id("jo@example.com"))
    tap_line(world, tap)
    for place in (bank, email):
        place.start()
    email.confirm()
    shared = {"accountName": "Jo Citizen", "remitter": "Example Pty Ltd"}
    token = received[2].pop("token")
    assert received == [
        {
            "creditMethod": "NppCreditBankAccount",
            "bsb": "062-000",
            "bankAccountNumber": "12345678",
            "verificationIdentifier": bank.shown()["destination_id"],
            **shared,
        },
        {
            "creditMethod": "NppCreditPayId",
            "payIdType": "Email",
            "payId": "jo@example.com",
            "verificationIdentifier": email.shown()["destination_id"],
            **shared,
        },
        {"amount": 0.01, "code": "555555"},
    ]
    assert len(token) == 36


def test_a_payid_of_another_person_is_shown_as_a_mismatch_without_a_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(world, **pay_id("stranger@example.com"))
    started = place.start()
    assert started.json["verification"]["owner_name_matches"] is False
    everything = [world.dynamodb.scan(TableName=t)["Items"] for t in ("CustomersTable",)]
    for text in (started.text, str(everything), capsys.readouterr().out):
        assert "Another Name" not in text


# --- a cent is a decision of two


def test_who_added_a_destination_has_no_cent_sent_to_it_alone(
    new_world: Callable[..., World],
) -> None:
    world = new_world(DESTINATION_APPROVAL="required")
    place, other = Place(world), Place(world)
    refused = place.start()
    assert (refused.status, refused.code) == (403, "ApprovalByAuthor")
    assert "another operator has to start it" in refused.json["detail"]
    assert (place.status, sent(world)) == ("NotStarted", 0)
    assert as_admin(world.app, "another").post(f"{place.path}/verification", {}).status == 200
    world.approve_destination(other.customer_id)
    assert other.start().status == 200
    assert cents_paid(world) == 2


def test_by_a_login_or_by_a_role_a_person_is_one_author_and_of_one_unknown_no_cent_is_sent(
    new_world: Callable[..., World],
) -> None:
    role = "arn:aws:iam::111122223333:role/Payer"
    world = new_world(DESTINATION_APPROVAL="required", SAME_PERSON=f"{ADMIN}={role}")
    place, old = Place(world), Place(world, **BANK_ACCOUNT)
    added_by(world, place, f"{role.replace(':iam:', ':sts:').replace(':role', ':assumed-role')}/x")
    assert place.start().code == "ApprovalByAuthor"
    added_by(world, old, None)
    another = as_admin(world.app, "another")
    refused = another.post(f"{old.path}/verification", {})
    assert (refused.status, refused.code) == (403, "ApprovalByAuthor")
    assert "not known who added it" in refused.json["detail"]
    assert another.post(f"{place.path}/verification", {}).status == 200
    assert cents_paid(world) == 1


def added_by(world: World, place: Place, author: str | None) -> None:
    """Stores the destination as if this author had added it: None as before authors were kept."""
    key = {"customer_id": {"S": place.customer_id}}
    item = world.dynamodb.get_item(TableName="CustomersTable", Key=key)["Item"]
    stored = item["destinations"]["L"][0]["M"]
    purpose = f"destination/{stored['destination_id']['S']}"
    record = world.container.vault.open(place.customer_id, purpose, stored["sealed"]["B"])
    del record["added_by"]
    record |= {"added_by": author} if author else {}
    stored["sealed"] = {"B": world.container.vault.seal(place.customer_id, purpose, record)}
    world.dynamodb.put_item(TableName="CustomersTable", Item=item)


# --- never paid twice by accident


def test_a_second_start_is_refused_for_ten_minutes_and_then_pays_another_cent(
    world: World,
) -> None:
    place = Place(world)
    place.start()
    again = place.start()
    assert (again.status, again.code) == (409, "VerificationUnderWay")
    assert "from 01:10 UTC on" in again.json["detail"]
    world.later(599)
    assert place.start().status == 409
    world.later(1)
    assert place.start().status == 200
    assert cents_paid(world) == 2


def test_of_two_people_who_start_at_once_one_does(world: World) -> None:
    place = Place(world)
    others: list[HttpAnswer] = []

    def meanwhile(go_on: Pass) -> requests.Response:
        tap_line(world, lambda _request, send: send())
        others.append(place.start())
        return go_on()

    instead_of(world, INITIATE, meanwhile)
    assert place.start().status == 200
    assert [answer.code for answer in others] == ["VerificationUnderWay"]
    assert cents_paid(world) == 1


@pytest.mark.parametrize(
    "answer",
    [
        lost,
        saying(500, b""),
        saying(200, {"status": "Ok", "token": "not a token!"}),
        saying(400, {"status": "UnknownStatus"}),
    ],
    ids=["lost", "500", "odd token", "unheard of"],
)
def test_without_a_clear_answer_it_stays_started_and_only_a_person_starts_it_anew(
    world: World, answer: Callable[[Pass], requests.Response]
) -> None:
    place = Place(world)
    instead_of(world, INITIATE, answer)
    unclear = place.start()
    assert (unclear.status, unclear.code) == (503, "OutcomeUnknown")
    assert "the payee's statement" in unclear.json["detail"]
    assert "Retry-After" not in unclear.headers
    assert place.status == "Started"
    assert place.start().code == "VerificationUnderWay"
    assert place.confirm().code == "VerificationNotStarted"
    tap_line(world, lambda _request, go_on: go_on())
    before = cents_paid(world)
    world.later(600)
    assert place.start().status == 200
    assert cents_paid(world) == before + 1
    assert place.confirm().json["verification"]["status"] == "Verified"


def test_a_function_that_crashes_in_the_call_leaves_its_intent(world: World) -> None:
    place = Place(world)

    def crashes(_go_on: Pass) -> requests.Response:
        raise LookupError

    instead_of(world, INITIATE, crashes)
    assert place.start().status == 500
    assert place.status == "Started"
    assert place.start().code == "VerificationUnderWay"


def test_no_verification_starts_for_a_customer_who_is_changed_meanwhile(world: World) -> None:
    place, aws = Place(world), AwsCalls(world)

    def renamed(_body: str) -> object:
        aws.acts.clear()
        path = f"/customers/{place.customer_id}"
        assert as_admin(load_app())("PATCH", path, {"name": "Jo"}).status == 200
        return None

    aws.at("KMS.Decrypt", renamed)
    assert place.start().code == "ChangedMeanwhile"
    assert (place.verification, sent(world)) == (NOT_STARTED, 0)


def test_the_answer_to_an_old_code_does_not_change_a_newer_verification(world: World) -> None:
    place = Place(world)
    place.start()

    def started_anew(go_on: Pass) -> requests.Response:
        tap_line(world, lambda _request, send: send())
        world.later(600)
        assert place.start().status == 200
        return go_on()

    instead_of(world, VALIDATE, started_anew)
    assert place.confirm().json["verification"]["status"] == "Started"
    assert place.confirm().json["verification"]["status"] == "Verified"


@pytest.mark.parametrize("operation", ["KMS.GenerateDataKey", "DynamoDB.PutItem"])
def test_a_token_that_cannot_be_stored_is_reported_as_a_cent_that_was_paid(
    world: World, operation: str
) -> None:
    place, aws = Place(world), AwsCalls(world)

    def fails(_body: str) -> object:
        raise EndpointConnectionError(endpoint_url="https://aws.example")

    def answered_and_then_fails(go_on: Pass) -> requests.Response:
        aws.at(operation, fails)
        return go_on()

    instead_of(world, INITIATE, answered_and_then_fails)
    answer = place.start()
    assert (answer.status, answer.code) == (503, "OutcomeUnknown")
    assert answer.json["detail"].startswith("The cent was paid")
    aws.acts.clear()
    assert (place.status, cents_paid(world)) == ("Started", 1)
    assert place.start().code == "VerificationUnderWay"


@pytest.mark.parametrize("times", [1, 9])
def test_what_was_learned_is_written_over_a_change_that_came_between(
    world: World, times: int
) -> None:
    place, aws = Place(world), AwsCalls(world)
    route = f"/customers/{place.customer_id}"
    left = [times]

    def renamed(_body: str) -> object:
        if left[0]:
            left[0] -= 1
            act, aws.acts = aws.acts, {}
            assert as_admin(load_app())("PATCH", route, {"name": f"Jo {left[0]}"}).status == 200
            aws.acts = act
        return None

    def and_then(go_on: Pass) -> requests.Response:
        aws.at("DynamoDB.PutItem", renamed)
        return go_on()

    instead_of(world, INITIATE, and_then)
    answer = place.start()
    aws.acts.clear()
    # A writer that changes it at every try of ours prevails; the cent is not forgotten.
    assert answer.status == (200 if times == 1 else 503)
    assert place.status == "Started"
    assert place.confirm().status == (200 if times == 1 else 409)


# --- what Monoova refuses


def test_details_that_monoova_refuses_stand_as_failed_and_may_be_tried_again(
    world: World,
) -> None:
    place = Place(world, **pay_id("unregistered@example.com"))
    refused = place.start()
    assert (refused.status, refused.code) == (422, "VerificationRefused")
    assert place.status == "Failed"
    assert place.confirm().code == "VerificationNotStarted"
    assert place.start().status == 422
    assert (sent(world), cents_paid(world)) == (2, 0)


def test_a_name_longer_than_monoova_takes_is_not_cut(world: World) -> None:
    place = Place(world, **pay_id("jo@example.com", "Jo " + "Citizen" * 5))
    refused = place.start()
    assert (refused.status, refused.code) == (422, "VerificationRefused")
    assert "32 characters" in refused.json["detail"]
    assert (place.verification, sent(world)) == (NOT_STARTED, 0)


def test_a_refused_login_paid_nothing_and_leaves_it_as_it_was(world: World) -> None:
    place = Place(world)
    place.start()
    world.later(600)
    world.monoova.rotate_key("another")
    before = place.shown()
    refused = place.start()
    assert (refused.status, refused.code) == (503, "SendingStopped")
    assert place.shown() == before
    # The circuit is open now: the next one is not even tried.
    assert place.start().code == "SendingStopped"
    assert place.confirm().code == "SendingStopped"
    assert sum(call.authenticated is False for call in world.monoova.calls) == 1
    world.store_secret("another")
    world.later(660)
    # A person's call is no probe: the schedule finds out whether the new key is taken.
    assert place.confirm().code == "SendingStopped"
    world.reconcile()
    assert place.confirm().json["verification"]["status"] == "Verified"


def test_a_pause_stops_it_as_it_stops_a_payout(world: World) -> None:
    place = Place(world)
    world.container.gatekeeper.pause("ops", "maintenance")
    stopped = place.start()
    assert (stopped.status, stopped.code) == (503, "SendingStopped")
    assert (place.verification, sent(world)) == (NOT_STARTED, 0)


def test_without_credentials_nothing_is_begun(world: World) -> None:
    place = Place(world)
    world.secrets.delete_secret(SecretId="monoova", ForceDeleteWithoutRecovery=True)
    world.restart()
    assert (place.start().status, place.verification) == (503, NOT_STARTED)


# --- codes


def test_three_wrong_codes_lock_it_for_an_hour(world: World) -> None:
    place = Place(world)
    place.start()
    for _ in range(2):
        wrong = place.confirm(WRONG)
        assert (wrong.status, wrong.code) == (422, "VerificationCodeWrong")
        assert place.status == "Started"
    locked = place.confirm(WRONG)
    assert (locked.status, locked.code) == (409, "VerificationLocked")
    assert place.status == "Locked"
    before = sent(world, VALIDATE)
    assert place.confirm().code == "VerificationLocked"
    assert sent(world, VALIDATE) == before
    world.later(3600)
    assert place.confirm(WRONG).code == "VerificationCodeWrong"
    assert place.status == "Started"
    assert place.confirm().json["verification"]["status"] == "Verified"


def test_a_locked_one_may_be_started_anew(world: World) -> None:
    place = Place(world)
    place.start()
    for _ in range(3):
        place.confirm(WRONG)
    world.later(600)
    assert place.start().json["verification"]["status"] == "Started"
    assert place.confirm().json["verification"]["status"] == "Verified"


@pytest.mark.parametrize(
    "answer",
    [lost, saying(500, b""), saying(400, {"status": "UnknownStatus"}), saying(200, {})],
    ids=["lost", "500", "unheard of", "empty"],
)
def test_an_unclear_answer_to_a_code_changes_nothing(
    world: World, answer: Callable[[Pass], requests.Response]
) -> None:
    place = Place(world)
    place.start()
    before = place.shown()
    instead_of(world, VALIDATE, answer)
    unclear = place.confirm()
    assert (unclear.status, unclear.code) == (503, "MonoovaUnavailable")
    assert place.shown() == before
    tap_line(world, lambda _request, go_on: go_on())
    assert place.confirm().status == 200


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": "12 34"}, {"code": "1" * 13}, {"code": 555555}, {"x": 1}]
)
def test_what_is_no_code_is_not_sent(world: World, body: object) -> None:
    place = Place(world)
    place.start()
    assert place.confirm(body).status == 400
    assert sent(world, VALIDATE) == 0


def test_there_is_nothing_to_confirm_before_it_is_started(world: World) -> None:
    place = Place(world)
    assert place.confirm().code == "VerificationNotStarted"


def test_a_destination_or_customer_that_is_not_there_is_not_found(world: World) -> None:
    place, other = Place(world), Place(world)
    some_id = "00000000-0000-4000-8000-000000000000"
    foreign = place.path.replace(place.customer_id, other.customer_id)
    assert world.admin.post(f"{foreign}/verification").code == "DestinationNotFound"
    unknown = place.path.replace(place.customer_id, some_id)
    for path in (f"{unknown}/verification", f"{unknown}/verification/confirm"):
        assert world.admin.post(path, RIGHT if "confirm" in path else {}).code == "CustomerNotFound"
    assert sent(world) == 0


def test_a_destination_that_is_removed_meanwhile_keeps_nothing(world: World) -> None:
    place = Place(world)

    def removed(go_on: Pass) -> requests.Response:
        assert world.admin("DELETE", place.path).status == 204
        return go_on()

    instead_of(world, INITIATE, removed)
    assert place.start().code == "DestinationNotFound"


# --- where only verified destinations are paid


def test_where_it_is_required_only_a_verified_destination_is_paid(
    new_world: Callable[..., World],
) -> None:
    world = new_world(REQUIRE_VERIFIED_DESTINATION="yes")
    place = Place(world)
    ask = {"customer_id": place.customer_id, "amount": 5}
    for answer in (place.pay(), world.admin.post("/payouts/validate", ask)):
        assert (answer.status, answer.code) == (422, "DestinationNotVerified")
    place.start()
    assert place.pay().code == "DestinationNotVerified"
    assert world.monoova.received == []
    place.confirm()
    assert place.pay().status == 202
    assert world.admin.post("/payouts/validate", ask).json["is_valid"] is True


def test_a_retry_asks_for_it_as_well(new_world: Callable[..., World]) -> None:
    world = new_world()
    place = Place(world)
    failed = str(world.pay(place.customer_id, "7.03").json["transaction_id"])
    world.minutes(4)
    world.environment["REQUIRE_VERIFIED_DESTINATION"] = "yes"
    world.restart()
    refused = world.admin.post(f"/payouts/{failed}/retry")
    assert (refused.status, refused.code) == (422, "DestinationNotVerified")


def test_usually_it_is_not_required(world: World) -> None:
    assert Place(world).pay().status == 202
