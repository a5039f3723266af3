"""Customers in the console: destinations, verification, export and erasure."""

import json
import re

from playwright.sync_api import expect

from tests.browser.console import Console
from tests.browser.sample_data import SampleData
from tests.browser.users import OPERATOR


def registered(console: Console, name: str) -> None:
    console.sign_in(OPERATOR, "/customers/new")
    page = console.page
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Bank account").check()
    page.get_by_label("BSB", exact=True).fill("062-000")
    page.get_by_label("Account number", exact=True).fill("87654321")
    page.get_by_label("Account name").fill(name)
    page.get_by_role("button", name="Register").click()
    console.heading(name)
    console.settled()


def test_the_errors_of_a_form_are_shown_beside_their_fields(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers/new")
    page = console.page
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Sasha Wrong")
    page.get_by_label("PayID", exact=True).fill("not an address")
    page.get_by_label("Account name").fill("Sasha Wrong")
    page.get_by_role("button", name="Register").click()
    field = page.get_by_label("PayID", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert console.violations() == []


def test_an_account_is_verified_by_the_code_that_its_owner_received(console: Console) -> None:
    registered(console, "Vera Fied")
    page = console.page
    page.get_by_role("button", name="Verify").click()
    console.confirm("Send one cent")
    expect(page.get_by_text("Awaiting code")).to_be_visible()
    page.get_by_role("button", name="Enter code").click()
    console.confirm("Confirm", code="555555")
    expect(page.get_by_text("Verified", exact=True)).to_be_visible()
    console.settled()
    console.shoot("light/customer-verified")


def test_a_destination_is_added_and_another_removed(console: Console) -> None:
    registered(console, "Dana Moves")
    page = console.page
    page.get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("PayID", exact=True).fill("dana@example.com")
    dialog.get_by_label("Account name").fill("Dana Moves")
    console.confirm("Add destination")
    expect(page.get_by_text("d•••@example.com").first).to_be_visible()
    page.get_by_role("listitem").filter(has_text="•••321").get_by_role(
        "button", name="Remove"
    ).click()
    console.confirm("Remove")
    expect(page.get_by_text("•••321")).to_have_count(0)


def test_an_account_number_is_never_cut_and_a_long_one_is_typed_twice(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers/new")
    page = console.page
    page.get_by_label("Name", exact=True).fill("Long Number")
    page.get_by_label("Bank account").check()
    page.get_by_label("BSB", exact=True).fill("062-000")
    page.get_by_label("Account name").fill("Long Number")
    number = page.get_by_label("Account number", exact=True)
    again = page.get_by_label("Account number again")
    # As if typed or pasted: a field with a longest value would drop the rest.
    number.focus()
    page.keyboard.insert_text("123 456 789")
    expect(number).to_have_value("123 456 789")
    expect(again).to_be_hidden()
    number.fill("AB12 3456 7890")
    page.get_by_role("button", name="Register").click()
    expect(again).to_be_focused()
    assert console.violations() == []
    again.fill("AB12 3456 7891")
    page.get_by_role("button", name="Register").click()
    expect(again).to_have_attribute("aria-invalid", "true")
    again.fill("AB1234567890")
    page.get_by_role("button", name="Register").click()
    console.heading("Long Number")
    expect(page.get_by_text("•••890")).to_be_visible()


def test_an_export_is_a_file_in_the_clear_and_is_listed_as_an_access(console: Console) -> None:
    registered(console, "Ex Port")
    page = console.page
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        console.confirm("Export")
    exported = json.loads(downloading.value.path().read_text())
    assert exported["customer"]["destinations"][0]["account_number"] == "87654321"
    assert "Ex" not in downloading.value.suggested_filename
    page.get_by_text("Access to details").click()
    expect(page.get_by_role("row", name=re.compile("you.*Export"))).to_be_visible()


def test_a_customer_is_erased_after_a_confirmation(console: Console, sample: SampleData) -> None:
    registered(console, "Gone Soon")
    page = console.page
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    console.heading("Gone Soon")
    page.get_by_role("button", name="Erase").click()
    console.confirm("Erase for good")
    console.heading("Customers")
    console.settled()
    page.get_by_label("Find a customer").fill("gone soon")
    expect(page.get_by_text("No customers match")).to_be_visible()
    page.get_by_label("Find a customer").fill("jo cit")
    expect(page.get_by_role("link", name="Jo Citizen")).to_have_attribute(
        "href", f"#/customers/{sample.customer_id}"
    )
