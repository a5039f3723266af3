"""`pause`, `resume`, `breaker`, `dlq`, `smoke-test`: by the API, as the signed-in user."""

import json
import re
from typing import Any
from uuid import UUID

import pytest

from payoutctl.exits import Exit
from payoutctl.output import whole_seconds
from simulator.outcomes import Outcome
from tests.monoova.test_breakers import stop_questions
from tests.payoutctl.terminal import Terminal


def test_pause_stops_sending_and_resume_starts_it_again(terminal: Terminal) -> None:
    paused = terminal("pause", "--reason", "wrong file")
    assert "wrong file" in paused.stdout
    assert "AWS" not in paused.stderr
    assert terminal.world.pay(terminal.world.customer()).json["status"] == "Queued"
    assert terminal.json("breaker", "show")["status"] == "Paused"
    assert terminal.json("resume")["status"] == "Open"
    terminal("pause", ends=Exit.USAGE)


def test_the_breaker_is_shown_and_reset(terminal: Terminal) -> None:
    terminal.world.monoova.rotate_key("another-key")
    terminal.world.paid()
    assert "NotAuthenticated" in terminal("breaker", "show").stdout
    assert terminal.json("breaker", "reset")["status"] == "Open"
    terminal.as_("viewers")("breaker", "reset", ends=Exit.NOT_ALLOWED)


def line_of(said: str, name: str) -> str:
    """What stands behind a name, in names and values."""
    (found,) = re.findall(rf"^{name} +(.+)$", said, re.MULTILINE)
    return str(found)


def test_each_of_the_two_breakers_is_shown_with_its_next_attempt(terminal: Terminal) -> None:
    world = terminal.world
    stop_questions(world, world.customer())
    said = terminal("breaker", "show").stdout
    state = world.admin.get("/sending").json["questions"]
    opened, probe = (whole_seconds(state[name]) for name in ("opened_at", "next_probe_at"))
    assert line_of(said, "status") == "Open"
    assert line_of(said, "questions") == (
        f"CircuitOpen: TooManyFailures since {opened}, next attempt {probe}"
    )
    assert terminal.json("breaker", "reset")["questions"]["status"] == "Open"
    assert line_of(terminal("breaker", "show").stdout, "questions") == "Open"


def test_a_refused_key_stops_questions_until_a_new_key_or_a_reset(terminal: Terminal) -> None:
    terminal.world.monoova.rotate_key("another-key")
    terminal.world.paid()
    for _ in range(2):  # probes: Monoova would lock the account after more
        terminal.world.later(600)
        terminal.world.reconcile()
    said = terminal("breaker", "show").stdout
    assert "no attempt before a new key or a reset" in said


def test_the_pace_that_monoova_asked_for_is_shown(terminal: Terminal) -> None:
    world = terminal.world
    customer = world.customer()
    world.monoova.behave(executes_per_minute=1)
    world.pay(customer)
    world.pay(customer)
    said = terminal("breaker", "show").stdout
    state = world.admin.get("/sending").json
    assert line_of(said, "status") == "Slowed"
    assert line_of(said, "per_minute") == "30"
    assert line_of(said, "not_before") == whole_seconds(state["not_before"])


def dead_letters(terminal: Terminal, count: int = 1) -> list[str]:
    """Puts messages on the dead-letter queue; their ids."""
    url = terminal.world.environment["PARKED_QUEUE_URL"]
    body = json.dumps({"transaction_id": str(UUID(int=1)), "customer_id": str(UUID(int=2))})
    send = terminal.world.sqs.send_message
    return [send(QueueUrl=url, MessageBody=body)["MessageId"] for _ in range(count)]


def shown(terminal: Terminal) -> list[Any]:
    items: list[Any] = terminal.json("dlq", "list")["items"]
    return items


def test_dead_letters_are_listed_shown_and_replayed(terminal: Terminal) -> None:
    one, two, three = dead_letters(terminal, 3)
    assert one in terminal("dlq", "list").stdout
    assert {row["message_id"] for row in shown(terminal)} == {one, two, three}
    assert terminal.json("dlq", "show", one)["kind"] == "Payout"
    assert "Payout" in terminal("dlq", "show", one).stdout
    assert terminal.json("dlq", "replay", one) == {"replayed": [one]}
    terminal("dlq", "replay", "--all")
    assert shown(terminal) == []
    terminal("dlq", "show", one, ends=Exit.NOT_FOUND)
    terminal("dlq", "replay", ends=Exit.USAGE)
    assert len(terminal.world.messages("PAYOUT_QUEUE_URL")) == 3


def test_a_dead_letter_is_dropped_after_a_yes_only(terminal: Terminal) -> None:
    (letter,) = dead_letters(terminal)
    assert terminal.run("dlq", "drop", letter, typed="n\n").exit_code == Exit.REFUSED
    assert len(shown(terminal)) == 1
    assert terminal.json("dlq", "drop", letter, typed="y\n") == {"dropped": letter}
    assert shown(terminal) == []


def test_a_smoke_test_pays_a_cent_and_prints_each_step(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    assert terminal.run("smoke-test", customer, typed="n\n").exit_code == Exit.REFUSED
    assert terminal.json("payouts", "list")["items"] == []
    paid = terminal("smoke-test", customer, typed="y\n")
    assert "the webhook arrived" in paid.stderr
    assert "0.01" in paid.stdout
    assert terminal.json("smoke-test", customer, "--yes")["status"] == "Completed"


@pytest.mark.parametrize(
    ("outcome", "ends", "words"),
    [
        (Outcome.WEBHOOK_LOST, Exit.DONE, "found by reconciler"),
        (Outcome.REJECTED, Exit.CHECK_FAILED, "ended as Failed"),
        (Outcome.PENDING_FOREVER, Exit.UNKNOWN, "payouts explain"),
    ],
)
def test_a_smoke_test_reports_what_did_not_work(
    terminal: Terminal, outcome: Outcome, ends: Exit, words: str
) -> None:
    terminal.world.monoova.script(outcome)
    customer = terminal.world.customer()
    assert words in terminal("smoke-test", customer, "--yes", ends=ends).stderr


def test_a_smoke_test_pays_nothing_while_sending_is_paused(terminal: Terminal) -> None:
    terminal("pause", "--reason", "a test")
    refused = terminal("smoke-test", terminal.world.customer(), ends=Exit.CHECK_FAILED)
    assert "Paused" in refused.stderr
