"""Whether anything is sent: shown to every role, switched by operators."""

import json
from typing import Any, Final

import pytest

from proof.lambda_events import user
from tests.monoova.test_gate import open_circuit
from tests.world import ADMIN, Caller, World, as_admin

OPEN: Final = {
    "status": "Open",
    "paused_by": None,
    "paused_at": None,
    "pause_reason": None,
    "open_reason": None,
    "opened_at": None,
    "next_probe_at": None,
    "per_minute": None,
    "not_before": None,
    "questions": {
        "status": "Open",
        "open_reason": None,
        "opened_at": None,
        "next_probe_at": None,
    },
    "last_switch": None,
    "contract_run": {
        "at": "2026-02-01T00:00:00.000000Z",
        "environment": "sandbox",
        "duplicates": "refused",
    },
    "booked_twice_at": None,
}


def shown(world: World) -> Any:
    answer = world.admin.get("/sending")
    assert answer.status == 200, answer.text
    return answer.json


def now(world: World) -> str:
    return f"{world.clock():%Y-%m-%dT%H:%M:%S}"


def test_while_calls_succeed_sending_is_open(world: World) -> None:
    assert shown(world) == OPEN


def test_a_pause_stops_sending_and_shows_who_when_and_why(world: World) -> None:
    answer = world.admin.post("/sending/pause", {"reason": "wrong file uploaded"})
    assert answer.status == 200
    assert answer.json == shown(world)
    assert answer.json["status"] == "Paused"
    assert answer.json["paused_by"] == ADMIN
    assert answer.json["paused_at"].startswith(now(world))
    assert answer.json["pause_reason"] == "wrong file uploaded"
    assert world.pay(world.customer()).json["status"] == "Queued"
    assert world.monoova.received == []


def test_waiting_payouts_are_sent_once_an_operator_resumes_sending(world: World) -> None:
    world.admin.post("/sending/pause", {"reason": "wrong file uploaded"})
    waiting = world.pay(world.customer()).json["transaction_id"]
    world.later(5)
    resumed = as_admin(world.app, "another").post("/sending/resume")
    assert resumed.json["status"] == "Open"
    assert resumed.json["pause_reason"] is None
    assert resumed.json["last_switch"]["what"] == "Resumed"
    assert resumed.json["last_switch"]["by"] == "another"
    assert resumed.json["last_switch"]["at"].startswith(now(world))
    world.minutes(5)
    assert world.state(waiting)[0] == "Completed"


def test_an_open_circuit_shows_why_and_when_it_is_tried_again(world: World) -> None:
    open_circuit(world, world.customer())
    found = shown(world)
    assert (found["status"], found["open_reason"]) == ("CircuitOpen", "TooManyFailures")
    assert found["next_probe_at"] > found["opened_at"]
    assert found["last_switch"] is None


def test_a_pause_is_shown_before_an_open_circuit_and_is_kept_after_its_reset(world: World) -> None:
    open_circuit(world, world.customer())
    world.admin.post("/sending/pause", {"reason": "Monoova is down"})
    assert shown(world)["status"] == "Paused"
    assert shown(world)["open_reason"] == "TooManyFailures"
    after = world.admin.post("/sending/reset").json
    assert (after["status"], after["open_reason"]) == ("Paused", None)
    assert (after["last_switch"]["what"], after["last_switch"]["by"]) == ("Reset", ADMIN)


def test_a_circuit_that_is_reset_lets_the_next_payout_through(world: World) -> None:
    customer = world.customer()
    open_circuit(world, customer)
    assert world.admin.post("/sending/reset").json["status"] == "Open"
    assert world.pay(customer).json["submission"] == "Accepted"


def test_changes_by_the_circuit_breaker_do_not_hide_the_last_action_of_a_person(
    world: World,
) -> None:
    world.admin.post("/sending/reset")
    open_circuit(world, world.customer())
    world.restart()
    assert shown(world)["last_switch"]["what"] == "Reset"


@pytest.mark.parametrize(
    ("switch", "what"), [("pause", "Paused"), ("resume", "Resumed"), ("reset", "Reset")]
)
def test_each_switch_is_logged_with_its_actor(
    world: World, capsys: pytest.CaptureFixture[str], switch: str, what: str
) -> None:
    body = {"reason": "a drill"} if switch == "pause" else None
    assert world.admin.post(f"/sending/{switch}", body).status == 200
    line = json.loads(capsys.readouterr().out)
    assert line["actor"] == ADMIN
    assert line["outcome"] == f"sending: {what}"
    assert "drill" not in json.dumps(line)


def test_a_viewer_may_read_but_not_switch(world: World) -> None:
    viewer = Caller(world.app, user("viewer", "viewers"))
    assert viewer.get("/sending").status == 200
    for switch in ("pause", "resume", "reset"):
        body = {"reason": "x"} if switch == "pause" else None
        assert viewer.post(f"/sending/{switch}", body).code == "Forbidden"
    assert shown(world) == OPEN


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": " "}, {"reason": "a\nb"}])
def test_a_pause_without_a_reason_on_one_line_is_refused(world: World, body: object) -> None:
    answer = world.admin.post("/sending/pause", body)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert shown(world) == OPEN
