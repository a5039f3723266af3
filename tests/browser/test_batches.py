"""Batches in the console: errors corrected, confirmed by one user, approved by another."""

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, expect

from tests.app_server import AppServer
from tests.browser.console import Console
from tests.browser.users import APPROVER, OPERATOR

GOOD = 4


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
    heading = "customer_id,amount,reference"
    operator = new_console()
    operator.sign_in(OPERATOR, "/batches")
    page = operator.page

    page.get_by_label("Choose a CSV file").set_input_files(_file("\n".join([heading, *wrong])))
    errors = page.get_by_role("table", name="Errors in the file")
    expect(errors.get_by_role("row", name=re.compile(f"^{GOOD + 2} "))).to_be_visible()
    expect(errors.get_by_role("row", name=re.compile(f"^{GOOD + 3} "))).to_be_visible()
    expect(page.get_by_text("Nothing was stored and nothing will be paid.")).to_be_visible()
    operator.shoot("light/batch-with-errors")
    assert operator.violations() == []

    page.get_by_label("Choose a CSV file").set_input_files(_file("\n".join([heading, *rows])))
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
    approved = approver.page.locator(".head .badge")
    for _ in range(10):
        _worked(server, 65)
        approver.page.wait_for_timeout(1000)
        if approved.inner_text() == "Finished":
            break
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
