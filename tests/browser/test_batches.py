"""Batches in the console: errors corrected, confirmed by one user, approved by another."""

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, expect

from tests.app_server import AppServer
from tests.batches.test_batches import approved, checked, shown
from tests.batches.test_damaged_batches import spoilt
from tests.browser.console import Console
from tests.browser.users import APPROVER, OPERATOR
from tests.payouts.test_damaged_rows import damage, store

GOOD = 4
HEADING = "customer_id,amount,reference"
REJECTED = "7.03"  # by the bank: the cents choose it


def _file(text: str) -> FilePayload:
    return {"name": "payroll.csv", "mimeType": "text/csv", "buffer": text.encode()}


def _customers(server: AppServer) -> list[str]:
    with server.lock:
        found = server.world.admin.get("/customers", limit="100").json["items"]
    return [each["customer_id"] for each in found if each["destinations"]][:GOOD]


def _worked(server: AppServer, seconds: float = 0) -> None:
    """Runs the queues and the schedule meanwhile."""
    with server.lock:
        server.world.later(seconds)
        server.world.drain()
        server.world.reconcile()


def test_a_batch_is_corrected_confirmed_approved_by_another_user_and_paid(
    new_console: Callable[..., Console], server: AppServer
) -> None:
    customers = _customers(server)
    rows = [f"{customer},10.5{number},Bonus {number}" for number, customer in enumerate(customers)]
    wrong = [*rows, "not-a-customer,12.00,Bonus", f"{customers[0]},12.345,Bonus"]
    operator = new_console()
    operator.sign_in(OPERATOR, "/batches")
    page = operator.page

    page.get_by_label("Choose a CSV file").set_input_files(_file("\n".join([HEADING, *wrong])))
    errors = page.get_by_role("table", name="Errors in the file")
    expect(errors.get_by_role("row", name=re.compile(f"^{GOOD + 2} "))).to_be_visible()
    expect(errors.get_by_role("row", name=re.compile(f"^{GOOD + 3} "))).to_be_visible()
    expect(page.get_by_text("Nothing was stored and nothing will be paid.")).to_be_visible()
    operator.shoot("light/batch-with-errors")
    assert operator.violations() == []

    page.get_by_label("Choose a CSV file").set_input_files(_file("\n".join([HEADING, *rows])))
    operator.heading(f"{GOOD} payouts, $42.06")
    _worked(server)
    page.get_by_role("button", name="Confirm the total").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Total of your file").fill("42.07")
    dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("A$42.06, not to A$42.07")
    dialog.get_by_label("Total of your file").fill("42.06")
    dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("another person has to approve it")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)

    approver = new_console(color_scheme="dark")
    approver.sign_in(APPROVER, "/approvals")
    approver.page.get_by_role("link", name=f"{GOOD} payouts").click()
    approver.page.get_by_role("button", name="Approve $42.06").click()
    approver.confirm("Approve $42.06")
    batch_id = page.url.rpartition("/")[2]
    with server.lock:
        while shown(server.world, batch_id)["status"] != "Finished":
            _worked(server, 65)
    for console in (operator, approver):
        expect(console.page.locator(".head .badge")).to_have_text("Finished", timeout=10_000)
        expect(console.page.locator("tbody").last).to_contain_text("Completed")
        console.settled()
    operator.shoot("light/batch")
    approver.shoot("dark/batch")
    assert operator.violations() == approver.violations() == []

    page.get_by_role("button", name="Unpaid").click()
    expect(page.get_by_text("No unpaid rows")).to_be_visible()

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Result as CSV").click()
    text = downloading.value.path().read_text()
    assert text.count("Completed") == GOOD


def test_unpaid_rows_are_retried_and_the_same_file_is_paid_again_on_purpose_only(
    console: Console, server: AppServer
) -> None:
    rows = [f"{customer},{REJECTED},Prize" for customer in _customers(server)[:2]]
    with server.lock:
        first = approved(server.world, *rows)
        while shown(server.world, first)["status"] != "Finished":
            _worked(server, 65)
    console.sign_in(OPERATOR, f"/batches/{first}")
    page = console.page
    page.get_by_role("button", name="Retry unpaid payouts").click()
    console.confirm("Make a new batch")
    expect(page.get_by_text("These are unpaid rows of an earlier batch.")).to_be_visible()
    console.heading("2 payouts, $14.06")

    console.go("/batches")
    page.get_by_label("Choose a CSV file").set_input_files(_file("\n".join([HEADING, *rows])))
    expect(page.get_by_text("These rows are a batch already.")).to_be_visible()
    page.get_by_role("button", name="Pay these rows once more").click()
    expect(page.get_by_text("This batch repeats an earlier one.")).to_be_visible()
    _worked(server)
    page.get_by_role("button", name="Confirm the total").click()
    # The batch that retries them has the same rows.
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Total of your file").fill("14.06")
    dialog.get_by_label("Rows that are meant").fill("1")
    dialog.get_by_role("button", name="Confirm", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    console.confirm("Confirm", total="14.06", meant="2")
    expect(page.get_by_text("another person has to approve it")).to_be_visible()


def test_what_a_list_leaves_out_because_it_cannot_be_read_is_named(
    console: Console, server: AppServer
) -> None:
    with server.lock:
        batch = checked(server.world, f"{_customers(server)[0]},9.10,Odd")
        payout = str(server.world.pay(_customers(server)[0]).json["transaction_id"])
    console.sign_in(OPERATOR)
    name = f"batch#{batch['batch_id']}"
    with server.lock:
        spoilt(server.world, name, "batch", row_count={"S": "many"})
        whole = damage(server.world, payout, amount_cents=None)
    try:
        for place, left_out in (("/batches", batch["batch_id"]), ("/payouts", payout)):
            console.go(place)
            said = console.page.get_by_role("alert")
            expect(said).to_contain_text("1 record cannot be read and is not in this list.")
            expect(said).to_contain_text(left_out)
            assert console.violations() == []
    finally:
        with server.lock:
            spoilt(server.world, name, "batch", row_count={"N": "1"})
            store(server.world, whole)
