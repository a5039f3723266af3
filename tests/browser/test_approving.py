"""Approvals in the console: one user requests a payout, another approves or rejects it."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.console import PHONE, Console
from tests.browser.sample_data import SampleData
from tests.browser.users import APPROVER, OPERATOR


def test_a_large_payout_waits_until_another_user_approves_it(
    new_console: Callable[..., Console], sample: SampleData
) -> None:
    operator = new_console()
    operator.sign_in(OPERATOR, f"/pay?customer={sample.customer_id}")
    operator.page.get_by_label("Amount").fill("750")
    operator.page.get_by_role("button", name="Check").click()
    operator.page.get_by_role("button", name="Pay $750.00").click()
    badge = operator.page.locator(".head .badge")
    expect(badge).to_have_text("Awaiting approval")
    expect(operator.page.get_by_text("another person has to approve it")).to_be_visible()
    expect(operator.page.get_by_role("button", name="Approve")).to_have_count(0)
    operator.shoot("light/payout-waits-for-approval")

    approver = new_console(viewport=PHONE)
    approver.sign_in(APPROVER, "/approvals")
    approver.shoot("phone/approvals-waiting")
    assert approver.violations() == []
    approver.page.get_by_role("link", name="Jo Citizen").click()
    approver.page.get_by_role("button", name="Approve", exact=True).click()
    dialog = approver.page.get_by_role("dialog")
    for words in ("jo@example.com", "no other person yet", "in no other destination"):
        expect(dialog).to_contain_text(words)
    approver.shoot("phone/approving")
    assert approver.violations() == []
    approver.confirm("Approve $750.00")
    expect(badge).to_have_text("Queued")
    with operator.server.lock:
        operator.server.world.drain()
        operator.server.world.later(130)
    expect(badge).to_have_text("Completed")
    expect(operator.page.get_by_text("Approved", exact=True)).to_be_visible()


def test_a_payout_that_is_rejected_is_cancelled_and_says_why(
    new_console: Callable[..., Console], sample: SampleData
) -> None:
    operator = new_console()
    operator.sign_in(OPERATOR, f"/pay?customer={sample.customer_id}")
    operator.page.get_by_label("Amount").fill("600")
    operator.page.get_by_role("button", name="Check").click()
    operator.page.get_by_role("button", name="Pay $600.00").click()
    operator.heading("$600.00 to Jo Citizen")
    place = operator.page.url.partition("#")[2]
    approver = new_console()
    approver.sign_in(APPROVER, place)
    approver.page.get_by_role("button", name="Reject").click()
    approver.confirm("Reject payout", reason="Paid already last week")
    expect(operator.page.locator(".head .badge")).to_have_text("Cancelled")
    expect(operator.page.get_by_label("Summary")).to_contain_text("Paid already last week")
