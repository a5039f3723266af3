"""`payoutctl customer …`: registered, shown without what is personal, erased."""

from ops.payoutctl.exits import Exit
from tests.ops.terminal import Terminal

PAY_ID = ("--pay-id", "jo@example.com", "--pay-id-type", "Email", "--account-name", "Jo Citizen")
BANK = ("--bsb", "062-000", "--account-number", "12345678", "--account-name", "Jo Citizen")


def test_a_customer_is_registered_and_shown_without_name_and_address(terminal: Terminal) -> None:
    added = terminal.json("customer", "add", "Jo Citizen", "--email", "jo@example.com", *PAY_ID)
    customer_id = added["customer_id"]
    shown = terminal("customer", "show", customer_id).output
    assert customer_id in shown
    assert "•" in shown
    assert "Jo Citizen" not in shown
    assert "jo@example.com" not in shown
    assert "Jo Citizen" in terminal("customer", "show", customer_id, "--names").output
    assert terminal.json("customer", "show", customer_id) == added


def test_customers_are_listed_without_their_names_unless_asked(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    listed = terminal("customer", "list").output
    assert customer_id in listed
    assert "Jo Citizen" not in listed
    assert "Jo Citizen" in terminal("customer", "list", "--names").output
    items = terminal.json("customer", "list")["items"]
    assert [row["customer_id"] for row in items] == [customer_id]


def test_where_the_list_goes_on_is_said(terminal: Terminal) -> None:
    for name in ("One", "Two"):
        terminal("customer", "add", name)
    first = terminal("customer", "list", "--limit", "1")
    cursor = first.stderr.split("--cursor ")[1].strip()
    assert terminal.json("customer", "list", "--cursor", cursor)["items"][0]["name"] == "One"


def test_a_destination_is_added_and_masked(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    shown = terminal("customer", "add-destination", customer_id, *BANK).output
    assert "BankAccount" in shown
    assert "12345678" not in shown
    added = terminal.json("customer", "add-destination", customer_id, *PAY_ID)
    assert added["pay_id_type"] == "Email"
    terminal("customer", "add-destination", customer_id, ends=Exit.USAGE)


def test_every_field_at_fault_is_named(terminal: Terminal) -> None:
    words = ("customer", "add", "Jo", "--email", "nobody", "--pay-id", "x", "--account-name", "Jo")
    refused = terminal(*words, ends=Exit.REFUSED)
    assert "email" in refused.stderr
    assert "destination.pay_id_type" in refused.stderr
    assert terminal.json(*words, ends=Exit.REFUSED)["code"] == "InvalidRequest"


def test_a_customer_is_erased_after_a_yes_only(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    assert terminal.run("customer", "erase", customer_id, typed="n\n").exit_code == 1
    terminal("customer", "show", customer_id)
    erased = terminal.json("customer", "erase", customer_id, typed="y\n")
    assert erased == {"customer_id": customer_id, "erased": True}
    terminal("customer", "show", customer_id, ends=Exit.NOT_FOUND)
    gone = terminal.json("customer", "show", customer_id, ends=Exit.NOT_FOUND)
    assert gone["code"] == "CustomerNotFound"


def test_a_viewer_may_look_and_is_told_that_they_may_not_change(terminal: Terminal) -> None:
    viewer = terminal.as_("viewers")
    assert viewer.json("customer", "list")["items"] == []
    refused = viewer("customer", "add", "Jo", ends=Exit.NOT_ALLOWED)
    assert "Forbidden" in refused.stderr
