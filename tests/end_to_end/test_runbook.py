"""Every command of the runbook, run against the deployed product."""

import json
import re
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from chalicelib.core.clock import SystemClock
from payoutctl import payoutctl
from payoutctl.adapters import Adapters
from payoutctl.exits import Exit
from simulator.outcomes import Outcome
from tests.docs.test_runbook import commands
from tests.end_to_end.deployed import (
    ORDINARY,
    REQUEST_SECONDS,
    Deployed,
    amount_for,
    json_of,
    session,
    until,
)
from tools.devstack import profile

COMMANDS: Final = commands("payoutctl ")
# Commands that differ in a reason or a status alone are one command.
KINDS: Final = {re.sub(r'"[^"]*"|--status \w+', "", line): line for line in COMMANDS}
# Each stands in the runbook, and is not typed here, for a reason.
NOT_TYPED: Final[Mapping[str, str]] = {
    "payoutctl login": "asks a person for a password; test_payoutctl.py signs in",
    "payoutctl contract record contract-run.json": "takes a run against Monoova's sandbox;"
    " test_payoutctl_contract.py records one",
}
# How a command ends that was done, where it is not only 0.
_ENDS: Final[Mapping[str, set[int]]] = {
    # The tests of this folder have stopped a function, which it rightly finds.
    "doctor": {Exit.DONE, Exit.CHECK_FAILED},
    # Of a day on which others paid from this mAccount, and before whose end it is.
    "report": {Exit.DONE, Exit.CHECK_FAILED, Exit.NOT_FOUND},
}
# What is typed to confirm a batch of one payout that the bank rejected.
FAILED_TOTAL: Final = amount_for(Outcome.REJECTED)
Typed = Callable[[str], Result]


@pytest.fixture
def typed(deployed: Deployed, tmp_path: Path) -> Typed:
    """Types a line of the runbook, with a yes to what it asks."""
    file = tmp_path / "payoutctl" / "here.toml"
    file.parent.mkdir()
    with profile.written(deployed.stack, file):
        text = file.read_text()
    file.write_text(text)

    def run(line: str) -> Result:
        env = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        if _is_an_approvers(line):
            env["PAYOUTS_TOKEN"] = deployed.stack.token("approvers")
        return CliRunner().invoke(
            payoutctl,
            ["--profile", "here", *shlex.split(line)[1:]],
            env=env,
            obj=Adapters(sleep=lambda _seconds: time.sleep(0.2)),
            input=f"{FAILED_TOTAL}\n" if line.startswith("payoutctl batch retry") else "y\ny\n",
        )

    return run


def _is_an_approvers(line: str) -> bool:
    return " approve " in line


def filled(line: str, deployed: Deployed) -> str:
    """The line with a value of this stack, made for it, in place of each word in capitals."""
    if "MESSAGE_ID" in line:
        line = line.replace("MESSAGE_ID", a_dead_letter(deployed))
    if "TRANSACTION_ID" in line:
        line = line.replace("TRANSACTION_ID", a_payout_for(line, deployed))
    if "CUSTOMER_ID" in line:
        line = line.replace("CUSTOMER_ID", deployed.customer())
    if "BATCH_ID" in line:
        made = a_batch_that_failed if " retry " in line else a_batch
        line = line.replace("BATCH_ID", made(deployed))
    today = SystemClock().now().astimezone(ZoneInfo("Australia/Sydney")).date()
    # A day is compared once it is over.
    day = today - timedelta(days=1) if " report " in line else today
    return line.replace("DAY", day.isoformat())


def a_dead_letter(deployed: Deployed) -> str:
    """One that is about no payout of ours."""
    reference = str(uuid.uuid4())
    event = {"kind": "Rejected", "reference": reference, "amount_cents": 1}
    deployed.put("ParkedQueue", json.dumps(event))

    def found() -> str | None:
        letters = deployed.done("GET", "/dead-letters")["items"]
        known = {each["transaction_id"]: str(each["message_id"]) for each in letters}
        return known.get(reference)

    return until(found, what="it is in the dead-letter queue")


def a_batch_that_failed(deployed: Deployed) -> str:
    """One that two people let go, and whose only payout the bank rejected."""
    path = f"/batches/{a_batch(deployed, FAILED_TOTAL)}"

    def has_come_to(*statuses: str) -> Callable[[], bool]:
        return lambda: deployed.done("GET", path)["status"] in statuses

    until(has_come_to("AwaitingConfirmation"), what="the batch is checked")
    deployed.done("POST", f"{path}/confirm", {"total": FAILED_TOTAL})
    approver = deployed.stack.token("approvers")
    assert deployed.call("POST", f"{path}/approve", {}, token=approver).ok
    until(lambda: deployed.done("GET", path)["progress"]["failed"] == 1, what="its row failed")
    return path.rpartition("/")[2]


def a_batch(deployed: Deployed, amount: str = ORDINARY) -> str:
    """One that is not confirmed yet."""
    file = f"customer_id,amount\n{deployed.customer()},{amount}\n"
    with session() as http:
        answer = http.post(
            f"{deployed.stack.api_url}/batches",
            data=file,
            headers={
                "Authorization": deployed.stack.token("operators"),
                "Content-Type": "text/csv",
            },
            timeout=REQUEST_SECONDS,
        )
    return str(json_of(answer)["batch_id"])


def a_payout_for(line: str, deployed: Deployed) -> str:
    """One that failed, for a retry; one in review, to be resolved; else any."""
    if " retry " in line:
        failed = deployed.paid(amount_for(Outcome.REJECTED))["transaction_id"]
        deployed.settled(failed, "Failed")
        return str(failed)
    if " resolve " in line:
        disputed = deployed.paid(amount_for(Outcome.WEBHOOK_WRONG_AMOUNT))["transaction_id"]
        until(lambda: deployed.payout(disputed)["needs_review"], what="it needs review")
        return str(disputed)
    if " approve " in line or " cancel " in line:
        return str(deployed.paid("40000.01")["transaction_id"])
    return str(deployed.paid()["transaction_id"])


@pytest.mark.prove_deploy
def test_every_command_of_the_runbook_does_what_it_says(deployed: Deployed, typed: Typed) -> None:
    failed: dict[str, str] = {}
    try:
        for line in KINDS.values():
            if line in NOT_TYPED:
                continue
            ended = typed(filled(line, deployed))
            if ended.exit_code not in _ENDS.get(line.split()[1], {Exit.DONE}):
                failed[line] = f"{ended.exit_code}: {ended.output}"
            if line.startswith("payoutctl pause"):
                typed("payoutctl resume")
    finally:
        typed("payoutctl resume")
    assert not failed, "\n".join(f"{line}\n    {said}" for line, said in failed.items())


def test_what_is_not_typed_is_in_the_runbook() -> None:
    assert set(COMMANDS) >= NOT_TYPED.keys()


def test_a_pause_of_the_runbook_is_a_pause(deployed: Deployed, typed: Typed) -> None:
    direct: Any = typed('payoutctl pause --direct --reason "API down"')
    try:
        assert direct.exit_code == Exit.DONE, direct.output
        assert deployed.done("GET", "/sending")["status"] == "Paused"
        assert "API down" in typed("payoutctl breaker show").output
    finally:
        assert typed("payoutctl resume").exit_code == Exit.DONE
    assert deployed.done("GET", "/sending")["status"] == "Open"
