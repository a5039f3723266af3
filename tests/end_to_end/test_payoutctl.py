"""The operator's command against the deployed product, and a user pool that checks proofs."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from payoutctl import payoutctl
from payoutctl.adapters import Adapters
from payoutctl.exits import Exit
from tools.devstack import profile
from tools.devstack.stack import Stack

Payoutctl = Callable[..., Any]


@pytest.fixture
def typed(stack: Stack, tmp_path: Path) -> Payoutctl:
    """Types a command with `--json`, as `--local` would; the document that it printed."""
    file = tmp_path / "payoutctl" / "here.toml"
    file.parent.mkdir()
    with profile.written(stack, file):
        text = file.read_text()
    file.write_text(text)
    # As a profile of one's own has it: no password stands in it.
    file.with_name("own.toml").write_text(text.partition("[users.")[0])

    def run(*words: str, as_: str = "here", typing: str = "", ends: Exit = Exit.DONE) -> Any:
        ended = CliRunner().invoke(
            payoutctl,
            ["--profile", as_, *words, "--json"],
            env={"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)},
            obj=Adapters(sleep=lambda _seconds: time.sleep(0.2)),
            input=typing,
        )
        assert ended.exit_code == ends, ended.output
        return json.loads(ended.stdout, parse_float=Decimal)

    return run


def test_a_password_is_proved_to_the_pool_and_a_day_s_tokens_are_kept(
    stack: Stack, typed: Payoutctl
) -> None:
    user = stack.user("approvers")
    login = ("login", "--username", user.email, "--password-stdin")
    typed(*login, as_="own", typing=f"{user.password}\n")
    assert "approver" in typed("whoami", as_="own")["roles"]
    assert typed("logout", as_="own") == {"was_signed_in": True}


def test_doctor_finds_what_these_tests_have_stopped_and_all_else_well(typed: Payoutctl) -> None:
    found = typed("doctor", ends=Exit.CHECK_FAILED)
    verdicts = {row["check"]: row["verdict"] for row in found["checks"]}
    assert {check for check, verdict in verdicts.items() if verdict == "failed"} == {
        "Function take_up_webhook_events: reads its queue"
    }
    for check in ("Table transactions", "Customer-data key", "Queue payouts"):
        assert verdicts[check] == "ok"
    assert verdicts["Function reconcile: its environment"] == "ok"
    assert verdicts["Monoova: sends NppReturn"] == "ok"


def test_a_cent_is_paid_from_the_terminal_and_its_end_is_seen(typed: Payoutctl) -> None:
    assert typed("key", "check")["key"] == "accepted"
    bank = {"type": "BankAccount", "bsb": "062-000", "account_number": "12345678"}
    document = {"name": "Jo Citizen", "destination": bank | {"account_name": "Jo Citizen"}}
    customer = typed("customer", "add", "--from", "-", typing=json.dumps(document))
    paid = typed("smoke-test", customer["customer_id"], "--yes")
    assert (paid["status"], paid["amount"]) == ("Completed", Decimal("0.01"))
    (explained,) = typed("payouts", "list", "--customer", customer["customer_id"])["items"]
    assert explained["transaction_id"] == paid["transaction_id"]
