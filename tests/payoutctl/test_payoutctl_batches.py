"""`batch …`: a file from the upload to the result, by two people."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from payoutctl.exits import Exit
from simulator.book import MovementKind
from simulator.outcomes import Outcome
from tests.payoutctl.terminal import Terminal


@pytest.fixture
def file(terminal: Terminal) -> Path:
    """Of three rows, A$37.50 in all."""
    customers = [terminal.world.customer() for _ in range(3)]
    rows = [f"{customer},12.50,Invoice {n}" for n, customer in enumerate(customers)]
    path = terminal.home / "march.csv"
    path.write_text("\n".join(["customer_id,amount,reference", *rows, ""]))
    return path


def uploaded(terminal: Terminal, file: Path) -> str:
    """The id of a batch that waits for an approver."""
    found = terminal.json("batch", "upload", str(file), "--total", "37.50")
    assert found["status"] == "AwaitingApproval"
    return str(found["batch_id"])


def test_a_file_is_uploaded_and_confirmed_by_the_total_that_is_typed(
    terminal: Terminal, file: Path
) -> None:
    said = terminal("batch", "upload", str(file), typed="37.50\n")
    assert "3 payouts, A$37.50 in total, the largest A$12.50." in said.stderr
    assert "3 of them to customers without an earlier payout" in said.stderr
    assert "AwaitingApproval" in said.stdout


def test_a_title_is_listed_and_rows_that_were_decided_on_are_paid_again_only_as_a_repeat(
    terminal: Terminal, file: Path
) -> None:
    named = ("batch", "upload", str(file), "--total", "37.50", "--title", "Payroll, week 9")
    first = terminal.json(*named)
    assert first["title"] == "Payroll, week 9"
    assert "Payroll, week 9" in terminal("batch", "list").stdout
    terminal("batch", "cancel", first["batch_id"], "--yes")
    refused = terminal.json("batch", "upload", str(file), ends=Exit.CONFLICT)
    assert (refused["code"], refused["batch_id"]) == ("BatchRepeated", first["batch_id"])
    said = terminal("batch", "upload", str(file), "--repeat", typed="37.50\n")
    assert f"It repeats batch {first['batch_id']}" in said.stderr


def test_a_file_in_another_encoding_is_not_sent_with_a_title(
    terminal: Terminal, file: Path
) -> None:
    file.write_bytes(b"customer_id,amount\n\xff,1\n")
    terminal("batch", "upload", str(file), "--title", "Payroll", ends=Exit.USAGE)


def test_a_total_that_funds_do_not_reach_is_said(terminal: Terminal, file: Path) -> None:
    book = terminal.world.monoova.book
    book.add(MovementKind.TRANSFER, "taken-out", 1, Decimal("30.00") - book.balance)
    said = terminal("batch", "upload", str(file), "--total", "37.50")
    assert "The account holds A$30.00, A$7.50 less" in said.stderr


def test_unpaid_rows_are_retried_as_a_new_batch_that_is_confirmed(
    terminal: Terminal, file: Path
) -> None:
    world = terminal.world
    first = uploaded(terminal, file)
    world.admin.post("/sending/pause", {"reason": "wrong file"})
    assert world.approver.post(f"/batches/{first}/approve", {}).status == 200
    world.minutes(1)
    terminal("batch", "cancel", first, "--yes")
    world.minutes(1)
    said = terminal("batch", "retry", first, typed="37.50\n")
    assert f"The unpaid rows of batch {first}; left out: none." in said.stderr
    assert "AwaitingApproval" in said.stdout
    again = terminal("batch", "retry", first)
    assert "It was retried before" in again.stderr


def test_another_total_confirms_nothing(terminal: Terminal, file: Path) -> None:
    wrong = terminal.run("batch", "upload", str(file), typed="37.00\n")
    assert wrong.exit_code in (Exit.REFUSED, Exit.CONFLICT)
    (waiting,) = terminal.json("batch", "list")["items"]
    assert waiting["status"] == "AwaitingConfirmation"
    assert waiting["batch_id"] in terminal("batch", "list").stdout
    terminal("batch", "confirm", waiting["batch_id"], "--total", "much", ends=Exit.USAGE)
    confirmed = terminal.json("batch", "confirm", waiting["batch_id"], "--total", "A$37.50")
    assert confirmed["status"] == "AwaitingApproval"


def test_rows_that_may_all_be_paid_already_are_confirmed_by_their_number_too(
    terminal: Terminal, file: Path
) -> None:
    uploaded(terminal, file)
    file.write_text(file.read_text().replace("Invoice", "Once more"))
    batch_id = terminal.json("batch", "upload", str(file))["batch_id"]
    confirm = ("batch", "confirm", batch_id, "--total", "37.50")
    refused = terminal.json(*confirm, ends=Exit.CONFLICT)
    assert "3" in refused["detail"]
    terminal.json(*confirm, "--accept-duplicates", "2", ends=Exit.CONFLICT)
    said = terminal("batch", "confirm", batch_id, typed="37.50\n3\n")
    assert "Every row may have been paid already, or be paid by another file." in said.stderr
    assert "AwaitingApproval" in said.stdout


def test_with_json_and_no_total_it_waits_to_be_confirmed(terminal: Terminal, file: Path) -> None:
    found = terminal.json("batch", "upload", str(file))
    assert found["status"] == "AwaitingConfirmation"
    assert (
        "AwaitingApproval"
        in terminal("batch", "confirm", found["batch_id"], typed="37.50\n").stdout
    )


def test_the_errors_of_a_file_are_listed_by_line_all_at_once(
    terminal: Terminal, file: Path
) -> None:
    file.write_text(file.read_text().replace("12.50", "12.505") + "unknown,1.00,\n")
    refused = terminal("batch", "upload", str(file), ends=Exit.REFUSED)
    assert "line 2" in refused.stderr
    assert "line 5" in refused.stderr
    assert terminal.json("batch", "upload", str(file), ends=Exit.REFUSED)["code"] == "BatchInvalid"


def test_an_approver_releases_it_and_waits_for_its_end(terminal: Terminal, file: Path) -> None:
    terminal.world.monoova.script(Outcome.REJECTED)
    batch_id = uploaded(terminal, file)
    terminal("batch", "approve", batch_id, "--yes", ends=Exit.NOT_ALLOWED)
    approver = terminal.as_("approvers")
    assert approver.run("batch", "approve", batch_id, typed="n\n").exit_code == Exit.REFUSED
    assert "Releasing" in approver("batch", "approve", batch_id, typed="y\n").stdout
    ended = terminal.json("batch", "status", batch_id, "--wait")
    assert (ended["status"], ended["progress"]["completed"]) == ("Finished", 2)
    assert "Finished" in terminal("batch", "status", batch_id).stdout
    shown = terminal("batch", "show", batch_id).stdout
    assert "Approved by sub-of-approvers" in shown
    assert terminal.json("batch", "show", batch_id)["summary"]["count"] == 3


def test_the_same_file_again_pays_nothing(terminal: Terminal, file: Path) -> None:
    batch_id = uploaded(terminal, file)
    again = terminal("batch", "upload", str(file))
    assert "uploaded before" in again.stderr
    assert batch_id in again.stdout


def test_rows_and_result_are_in_the_order_of_the_file(terminal: Terminal, file: Path) -> None:
    batch_id = uploaded(terminal, file)
    assert "Invoice 2" in terminal("batch", "rows", batch_id).stdout
    rows = terminal.json("batch", "rows", batch_id, "--all")["items"]
    assert [row["line"] for row in rows] == [2, 3, 4]
    text = terminal("batch", "result", batch_id).stdout
    assert [row["line"] for row in csv.DictReader(text.splitlines())] == ["2", "3", "4"]
    into = terminal.home / "result.csv"
    written = terminal.json("batch", "result", batch_id, "-o", str(into))
    assert written == {"batch_id": batch_id, "lines": 3, "file": str(into)}
    assert into.stat().st_mode & 0o077 == 0
    terminal("batch", "result", batch_id, "-o", str(into), ends=Exit.CONFLICT)
    terminal("batch", "result", batch_id, "-o", str(into / "in-it"), ends=Exit.USAGE)
    assert terminal.json("batch", "result", batch_id)["csv"].splitlines() == text.splitlines()


def test_a_batch_that_is_rejected_or_cancelled_pays_nothing(terminal: Terminal, file: Path) -> None:
    batch_id = uploaded(terminal, file)
    words = ("batch", "reject", batch_id, "--reason", "last month's")
    assert terminal.as_("approvers").json(*words)["status"] == "Cancelled"
    file.write_text(file.read_text().replace("Invoice", "Bill"))
    other = uploaded(terminal, file)
    assert terminal.run("batch", "cancel", other, typed="n\n").exit_code == Exit.REFUSED
    assert "Cancelled" in terminal("batch", "cancel", other, "--yes").stdout
    assert terminal.json("payouts", "list")["items"] == []
    assert Decimal(terminal.json("batch", "show", other)["total"]) == Decimal("37.50")
