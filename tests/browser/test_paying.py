"""Paying in the console: a customer is registered, paid, and shown as paid."""

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Dialog, Route, expect

from tests.browser.console import Console
from tests.browser.sample_data import SampleData
from tests.browser.users import APPROVER, OPERATOR


def filled_in(console: Console, customer_id: str, amount: str) -> None:
    """The form filled in and checked, up to the button that pays."""
    console.go(f"/pay?customer={customer_id}")
    console.page.get_by_label("Amount").fill(amount)
    console.page.get_by_role("button", name="Check").click()
    expect(console.page.get_by_role("heading", name="Confirm this payout")).to_be_visible()


def booked(console: Console) -> int:
    """The number of debits in Monoova's book."""
    with console.server.lock:
        return len(
            [each for each in console.server.world.monoova.book.movements if each.kind == "debit"]
        )


def test_a_customer_is_registered_and_paid_by_keyboard_alone(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers/new")
    page = console.page

    def typed(label: str, text: str) -> None:
        """Tabs on until the field has the focus, then types."""
        for _ in range(20):
            if page.evaluate("document.activeElement.labels?.[0]?.firstChild.data") == label:
                break
            page.keyboard.press("Tab")
        else:
            raise AssertionError(f"the keyboard does not reach {label}")
        page.keyboard.type(text)

    typed("Name", "Robin Keys")
    typed("PayID", "robin@example.com")
    typed("Account name", "Robin Keys")
    page.keyboard.press("Enter")
    console.heading("Robin Keys")
    expect(page.get_by_text("r•••@example.com").first).to_be_visible()
    page.keyboard.press("Tab")  # from the heading, which has the focus after a navigation
    page.keyboard.press("Enter")
    console.heading("New payout")
    typed("Amount", "31.40")
    page.keyboard.press("Enter")
    pay = page.get_by_role("button", name="Pay $31.40")
    expect(pay).to_be_focused()
    console.shoot("pay-checked")
    page.keyboard.press("Enter")
    console.heading("$31.40 to Robin Keys")
    badge = page.locator(".head .badge")
    expect(badge).to_have_text("Pending")
    with console.server.lock:
        console.server.world.later(130)
    # Nothing was pressed: the page polls.
    expect(badge).to_have_text("Completed")
    expect(page.locator("#announcer")).to_have_text("This payout is now: Completed")


def test_a_button_pressed_twice_pays_once(console: Console, sample: SampleData) -> None:
    console.sign_in(OPERATOR)
    before = booked(console)
    filled_in(console, sample.customer_id, "12.00")
    console.page.get_by_role("button", name="Pay $12.00").dblclick()
    console.heading("$12.00 to Jo Citizen")
    assert booked(console) == before + 1


@contextlib.contextmanager
def remembering(console: Console) -> Iterator[None]:
    """While what was paid a moment ago is compared."""
    world = console.server.world
    for hours in ("24", "0"):
        with console.server.lock:
            world.environment["DUPLICATE_WINDOW_HOURS"] = hours
            world.restart()
        if hours == "24":
            yield


def test_paying_the_same_again_shows_the_first_and_asks_whether_both_are_meant(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    page, before = console.page, booked(console)
    with remembering(console):
        filled_in(console, sample.customer_id, "17.00")
        page.get_by_role("button", name="Pay $17.00").click()
        console.heading("$17.00 to Jo Citizen")
        console.go(f"/pay?customer={sample.customer_id}")
        page.get_by_label("Amount").fill("17.00")
        page.get_by_role("button", name="Check").click()
        asked = page.get_by_role("dialog", name="Was this paid already?")
        expect(asked).to_contain_text("$17.00 to j•••@example.com")
        expect(asked).to_contain_text("Pending")
        console.shoot("pay-duplicate")
        assert console.violations() == []
        asked.get_by_role("button", name="Do not pay again").click()
        expect(page.get_by_role("button", name="Pay $17.00")).to_have_count(0)
        assert booked(console) == before + 1
        page.get_by_role("button", name="Check").click()
        console.confirm("Both are meant")
        page.get_by_role("button", name="Pay $17.00").click()
        console.heading("$17.00 to Jo Citizen")
        expect(page.get_by_text("meant beside payout")).to_be_visible()
    assert booked(console) == before + 2


def test_what_another_person_paid_since_the_check_is_asked_about_before_it_is_paid(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    page, before = console.page, booked(console)
    with remembering(console):
        filled_in(console, sample.customer_id, "18.00")
        with console.server.lock:
            assert console.server.world.pay(sample.customer_id, "18.00").status == 202
        page.get_by_role("button", name="Pay $18.00").click()
        expect(page.get_by_role("dialog", name="Was this paid already?")).to_be_visible()
        console.confirm("Both are meant")
        page.get_by_role("button", name="Pay $18.00").click()
        console.heading("$18.00 to Jo Citizen")
    assert booked(console) == before + 2


def test_a_lost_answer_is_not_shown_as_a_failure_and_retrying_pays_once(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    before = booked(console)
    filled_in(console, sample.customer_id, "13.00")

    def lose_the_answer(route: Route) -> None:
        route.fetch()  # it was requested, and done
        route.abort()

    console.page.route("**/payouts", lose_the_answer, times=1)
    console.page.get_by_role("button", name="Pay $13.00").click()
    said = console.page.get_by_role("alert")
    expect(said).to_contain_text("We do not know yet whether this was paid.")
    expect(said).to_contain_text("Do not start another payout.")
    expect(console.page.get_by_label("Amount")).to_be_disabled()
    console.shoot("pay-unknown")
    console.page.get_by_role("button", name="Submit again").click()
    console.heading("$13.00 to Jo Citizen")
    assert booked(console) == before + 1
    console.errors.clear()  # the browser's own error on the request that was cut off


def test_a_payment_in_doubt_stays_so_until_an_answer_names_it(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    before = booked(console)
    filled_in(console, sample.customer_id, "14.00")
    page = console.page
    keys: list[str] = []
    answers: list[tuple[int, str]] = [
        (504, "application/json"),
        (503, "application/problem+json"),
        (429, "application/json"),
        (404, "application/problem+json"),
        (401, "application/json"),
    ]

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it was requested, and done; only the answer is another
        status, kind = answers[len(keys) - 1]
        detail = '{"code": "StorageUnavailable", "detail": "Nothing was done."}'
        route.fulfill(status=status, content_type=kind, body=detail)

    page.route("**/payouts", answer)
    page.route("**/oauth2/token", lambda route: route.abort())
    page.get_by_role("button", name="Pay $14.00").click()
    again = page.get_by_role("button", name="Submit again")
    for asked in range(1, len(answers)):
        expect(page.get_by_text("We do not know yet whether this was paid.")).to_be_visible()
        expect(page.get_by_label("Amount")).to_be_disabled()
        expect(again).to_be_focused()
        assert len(keys) == asked
        again.click()
    # The session has expired. Signing in again reloads the page, and the payment is still in doubt.
    expect(page.get_by_role("button", name="Sign in again")).to_be_visible()
    page.unroute("**/oauth2/token")
    page.get_by_role("button", name="Sign in again").click()
    console.settled()
    expect(page.get_by_text("One payout is still in doubt.")).to_be_visible()
    expect(page.get_by_role("button", name="Check")).to_have_count(0)
    console.shoot("pay-in-doubt")
    assert console.violations() == []
    console.go("/")
    expect(page.get_by_text("One payout is still in doubt.")).to_be_visible()
    console.shoot("overview-in-doubt")
    page.get_by_role("button", name="Clear").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Clear").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The request may still arrive.")
    page.keyboard.press("Escape")
    asked_to_stay: list[str] = []

    def leave_the_page(dialog: Dialog) -> None:
        asked_to_stay.append(dialog.type)
        dialog.accept()

    page.once("dialog", leave_the_page)
    page.reload()
    console.settled()
    assert asked_to_stay == ["beforeunload"]
    page.unroute("**/payouts")
    again.click()
    console.heading("$14.00 to Jo Citizen")
    expect(page.get_by_text("still in doubt")).to_have_count(0)
    assert booked(console) == before + 1
    assert len(set(keys)) == 1
    assert "in-doubt" not in console.held_by_browser()
    console.errors.clear()  # the browser's own error on the requests that were cut off


def test_only_the_requester_of_a_payment_in_doubt_can_retry_it(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    filled_in(console, sample.customer_id, "15.00")
    console.page.route("**/payouts", lambda route: route.abort(), times=1)
    console.page.get_by_role("button", name="Pay $15.00").click()
    expect(console.page.get_by_role("button", name="Submit again")).to_be_visible()
    console.page.get_by_role("button", name="Sign out").click()
    expect(console.page.get_by_text("Sign in as the person who requested it")).to_be_visible()
    console.sign_in(APPROVER, f"/pay?customer={sample.customer_id}")
    expect(console.page.get_by_text("it would be a second payout")).to_be_visible()
    expect(console.page.get_by_role("button", name="Submit again")).to_have_count(0)
    console.page.evaluate(
        "() => { const kept = JSON.parse(sessionStorage['payment-in-doubt']);"
        " sessionStorage['payment-in-doubt'] = JSON.stringify({...kept, at: kept.at - 61000}) }"
    )
    console.page.get_by_role("button", name="Clear").click()
    console.confirm("Clear")
    expect(console.page.get_by_role("button", name="Check")).to_be_visible()
    console.errors.clear()  # the browser's own error on the request that was cut off


def test_no_address_in_the_console_calls_a_route_outside_its_part_of_the_api(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.url))
    stray = f"..\\payouts\\{sample.completed}"
    for place in ("/customers/", "/batches/", "/payouts/", "/reports/"):
        console.go(place + stray)
        console.heading("Page not found")
    console.go(f"/pay?customer={stray}")
    expect(console.page.get_by_role("heading", name="Payee")).to_be_visible()
    assert not [each for each in asked if sample.completed in each]


def test_what_monoova_would_refuse_is_shown_before_the_button_that_pays(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR, f"/pay?customer={sample.customer_id}")
    console.page.get_by_label("Amount").fill("99999")
    console.page.get_by_role("button", name="Check").click()
    expect(console.page.locator(".field-error", has_text="1000")).to_be_visible()
    expect(console.page.get_by_role("button", name=re.compile("^Pay \\$"))).to_have_count(0)
    expect(console.page.get_by_label("Amount")).to_be_focused()


def test_a_payout_that_failed_says_why_and_what_to_do(console: Console, sample: SampleData) -> None:
    console.sign_in(OPERATOR, f"/payouts/{sample.failed}")
    answers = console.page.get_by_label("Summary")
    expect(answers).to_contain_text("ACCOUNT CLOSED")
    expect(answers).to_contain_text("What to do")
    expect(console.page.get_by_text("Rejected by the bank")).to_be_visible()
    expect(console.page.get_by_role("button", name="Retry as a new payout")).to_be_visible()


def test_a_payout_under_review_is_resolved_with_a_reason(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR, "/review")
    expect(console.page.get_by_role("table")).to_contain_text("contradict")
    console.page.get_by_role("button", name="Resolve").first.click()
    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Monoova says now that this payout was paid")
    outcome = dialog.get_by_label("Outcome")
    expect(outcome).to_have_value("")
    dialog.locator("[name=reason]").fill("Confirmed on the phone")
    dialog.get_by_role("button", name="Resolve payout").click()
    expect(dialog).to_contain_text("This field is required")
    outcome.select_option("Completed")
    console.confirm("Resolve payout", reason="Confirmed on the phone")
    expect(console.page.get_by_text("Nothing needs review")).to_be_visible()
    console.go(f"/payouts/{sample.review}")
    expect(console.page.get_by_text("Resolved as completed")).to_be_visible()
    expect(console.page.get_by_text("Confirmed on the phone")).to_be_visible()


def test_the_list_shows_what_became_of_a_payout_without_a_reload(console: Console) -> None:
    console.sign_in(OPERATOR)
    with console.server.lock:
        console.server.world.pay(console.server.world.customer(), "55.55")
    console.go("/payouts")
    row = console.page.get_by_role("row", name=re.compile("55\\.55"))
    expect(row).to_contain_text("Pending")
    with console.server.lock:
        console.server.world.later(130)
    expect(row).to_contain_text("Completed")


def test_a_list_is_narrowed_down_and_its_address_can_be_kept(console: Console) -> None:
    console.sign_in(OPERATOR, "/payouts")
    console.page.get_by_label("Status").select_option("Failed")
    console.page.wait_for_url("**#/payouts?status=Failed")
    console.settled()
    rows = console.page.locator("tbody tr")
    expect(rows.first).to_contain_text("Failed")
    assert "Completed" not in [text.split("\n")[-1] for text in rows.all_inner_texts()]


def test_while_sending_is_paused_a_payout_waits_and_can_be_cancelled(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(OPERATOR)
    console.page.get_by_role("button", name="Pause").click()
    console.confirm("Pause sending", reason="The bank is closed")
    expect(console.page.get_by_text("Sending is paused.")).to_be_visible()
    filled_in(console, sample.customer_id, "14.00")
    console.page.get_by_role("button", name="Pay $14.00").click()
    expect(console.page.locator(".head .badge")).to_have_text("Queued")
    console.page.get_by_role("button", name="Cancel payout").click()
    console.confirm("Cancel payout")
    expect(console.page.locator(".head .badge")).to_have_text("Cancelled")
    console.go("/")
    console.page.get_by_role("button", name="Resume sending").click()
    console.confirm("Resume")
    expect(console.page.get_by_text("Sending is open")).to_be_visible()
