"""The check of a bank account's branch when it is added; without an answer it refuses nothing."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import requests

from tests.payouts.test_request_payout import BANK_ACCOUNT, Pass, reply, tap_line
from tests.world import HttpAnswer, World

PATH: Final = "/tools/v1/bsbValidate/"


def register(world: World, bsb: str = "062-000") -> HttpAnswer:
    return world.admin.post(
        "/customers", {"name": "Jo Citizen", "destination": BANK_ACCOUNT | {"bsb": bsb}}
    )


def add(world: World, customer_id: str, bsb: str = "062-000") -> HttpAnswer:
    return world.admin.post(f"/customers/{customer_id}/destinations", BANK_ACCOUNT | {"bsb": bsb})


def asked(world: World) -> list[str]:
    return [call.path for call in world.monoova.calls if call.path.startswith(PATH)]


def answering(world: World, status: int, body: Any) -> None:
    def tap(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        is_asked = request.path_url.startswith(PATH)
        return reply(request, status, body) if is_asked else go_on()

    tap_line(world, tap)


def checks(world: World, customer_id: str) -> dict[str, Any]:
    ask = {"customer_id": customer_id, "amount": 5}
    answer = world.admin.post("/payouts/validate", ask)
    assert answer.status == 200, answer.text
    found = {check["name"]: check for check in answer.json["checks"]}
    return {"is_valid": answer.json["is_valid"]} | found


def test_an_open_branch_is_taken_and_the_time_of_the_check_is_kept(world: World) -> None:
    answer = register(world, "062000")
    assert answer.status == 201
    (destination,) = answer.json["destinations"]
    assert destination["bsb_checked_at"] == "2026-03-02T01:00:00.000000Z"
    assert asked(world) == [f"{PATH}062-000"]
    assert set(checks(world, answer.json["customer_id"])) == {"is_valid", "monoova", "funds"}
    assert len(asked(world)) == 1


@pytest.mark.parametrize(
    ("bsb", "message"),
    [
        ("999-999", "This branch is closed. Monoova says: Refer to BSB 802-985"),
        ("999-998", "This branch is closed. Monoova says: 1 Example Street"),
        ("999-000", "There is no branch with this BSB."),
    ],
)
def test_a_closed_or_unknown_branch_is_refused_with_words(
    world: World, bsb: str, message: str
) -> None:
    answer = register(world, bsb)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert answer.json["errors"] == {"destination.bsb": [message]}
    assert world.admin.get("/customers").json["items"] == []
    customer_id = world.customer()
    answer = add(world, customer_id, bsb)
    assert answer.status == 400
    assert answer.json["errors"] == {"bsb": [message]}
    assert len(world.admin.get(f"/customers/{customer_id}").json["destinations"]) == 1


def test_a_pay_id_has_no_branch_to_check(world: World) -> None:
    world.customer()
    assert asked(world) == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>Not Found</html>"),
        (404, {"status": "NotFound", "statusDescription": "No such route"}),
        (200, {"status": "Ok"}),
        (200, b""),
        (500, {"status": "Error", "statusDescription": "bsb unknown"}),
        (400, {"status": "SomethingNew", "closed": True}),
    ],
)
def test_an_answer_that_is_not_understood_refuses_no_account(
    world: World, status: int, body: Any
) -> None:
    answering(world, status, body)
    for _ in range(12):
        answer = register(world)
        assert answer.status == 201
        assert answer.json["destinations"][0]["bsb_checked_at"] is None
    # However often: whether a branch is open says nothing of whether payouts arrive.
    assert world.pay(str(answer.json["customer_id"])).json["status"] == "Pending"
    assert world.container.gatekeeper.look().is_open is False


@pytest.mark.parametrize("outage", ["timeout", "unavailable", "connection_refused"])
def test_an_unreachable_monoova_refuses_no_account_and_the_next_validation_checks_again(
    world: World, outage: str
) -> None:
    world.monoova.behave(outage=outage)
    before = world.clock()
    answer = register(world, "999-999")
    assert answer.status == 201
    assert (world.clock() - before).total_seconds() <= 3
    customer_id = str(answer.json["customer_id"])
    world.monoova.behave(outage="none")
    found = checks(world, customer_id)
    assert found["is_valid"] is False
    assert found["bsb"]["is_ok"] is False
    assert "802-985" in found["bsb"]["detail"]


def test_a_validation_without_an_answer_on_the_branch_may_still_be_valid(world: World) -> None:
    answering(world, 404, b"")
    customer_id = str(register(world).json["customer_id"])
    found = checks(world, customer_id)
    assert (found["is_valid"], found["bsb"]["is_ok"]) == (True, None)
    answering(world, 200, {"status": "Ok", "closed": False})
    found = checks(world, customer_id)
    assert (found["is_valid"], found["bsb"]["is_ok"]) == (True, True)


def test_a_refused_login_opens_the_circuit_and_no_further_check_is_made(world: World) -> None:
    world.monoova.rotate_key("another")
    for _ in range(6):
        assert register(world).status == 201
    # Each wrong key counts towards the lock-out, that of a question too.
    assert sum(call.authenticated is False for call in world.monoova.calls) == 1
    assert world.container.gatekeeper.look().sending.open_reason == "NotAuthenticated"


def test_the_check_is_never_the_probe_of_an_open_circuit(world: World) -> None:
    world.monoova.rotate_key("another")
    register(world)
    world.store_secret("another")
    world.later(3600)
    before = world.container.gatekeeper.look()
    assert register(world).status == 201
    assert world.container.gatekeeper.look() == before
    assert world.pay(world.customer()).json["status"] == "Pending"


def test_with_the_check_off_monoova_is_not_called(new_world: Callable[..., World]) -> None:
    world = new_world(BSB_CHECK="off")
    answer = register(world, "999-999")
    assert answer.status == 201
    assert answer.json["destinations"][0]["bsb_checked_at"] is None
    assert set(checks(world, answer.json["customer_id"])) == {"is_valid", "monoova", "funds"}
    assert asked(world) == []


def test_monoova_is_not_called_for_a_customer_who_does_not_exist(world: World) -> None:
    answer = add(world, "00000000-0000-4000-8000-000000000000")
    assert answer.code == "CustomerNotFound"
    assert asked(world) == []
