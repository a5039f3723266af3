"""`payoutctl customer …`: registered, shown without what is personal, erased."""

import json

import click
import pytest

from payoutctl import payoutctl
from payoutctl.exits import Exit
from tests.payoutctl.terminal import Terminal

PAY_ID = {
    "type": "PayId",
    "pay_id_type": "Email",
    "pay_id": "jo@example.com",
    "account_name": "Jo Citizen",
}


def test_a_customer_is_registered_and_shown_without_name_and_address(terminal: Terminal) -> None:
    document = {"name": "Jo Citizen", "email": "jo@example.com", "destination": PAY_ID}
    added = terminal.json("customer", "add", "--from", "-", typed=json.dumps(document))
    customer_id = added["customer_id"]
    shown = terminal("customer", "show", customer_id).output
    assert customer_id in shown
    assert "•" in shown
    assert "Jo Citizen" not in shown
    assert "jo@example.com" not in shown
    assert "Jo Citizen" in terminal("customer", "show", customer_id, "--names").output
    assert terminal.json("customer", "show", customer_id) == added
    assert {"name", "email"}.isdisjoint(added)
    named = terminal.json("customer", "show", customer_id, "--names")
    assert named == {**added, "name": "Jo Citizen", "email": "jo@example.com"}


def test_customers_are_listed_without_their_names_unless_asked(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    listed = terminal("customer", "list").output
    assert customer_id in listed
    assert "Jo Citizen" not in listed
    assert "Jo Citizen" in terminal("customer", "list", "--names").output
    items = terminal.json("customer", "list")["items"]
    assert all({"name", "email"}.isdisjoint(row) for row in items)
    (named,) = terminal.json("customer", "list", "--names")["items"]
    assert named["name"] == "Jo Citizen"
    assert [row["customer_id"] for row in items] == [customer_id]


def test_the_cursor_of_the_next_page_is_printed(terminal: Terminal) -> None:
    for name in ("One", "Two"):
        terminal("customer", "add", name)
    first = terminal("customer", "list", "--limit", "1")
    cursor = first.stderr.split("--cursor ")[1].strip()
    assert (
        terminal.json("customer", "list", "--names", "--cursor", cursor)["items"][0]["name"]
        == "One"
    )


def test_a_destination_is_added_and_masked(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    add = ("customer", "add-destination", customer_id)
    typed = terminal(*add, "--bsb", "062-000", typed="12345678\nJo Citizen\n")
    assert "BankAccount" in typed.stdout
    assert "Account number" in typed.stderr
    assert "12345678" not in typed.stdout
    file = terminal.home / "payee.json"
    file.write_text(json.dumps(PAY_ID))
    assert terminal.json(*add, "--from", str(file))["pay_id_type"] == "Email"
    for words in ((), ("--bsb", "062-000", "--from", "-"), ("--bsb", "x", "--pay-id-type", "ABN")):
        terminal(*add, *words, ends=Exit.USAGE)


def test_an_unusual_account_number_is_asked_for_twice(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    add = ("customer", "add-destination", customer_id, "--bsb", "062-000")
    for number in ("1234 567890", "AB-12"):
        typed = terminal(*add, typed=f"{number}\n{number}\nJo Citizen\n")
        assert "again" in typed.stderr
        slip = terminal(*add, typed=f"{number}\n{number}1\nJo Citizen\n", ends=Exit.REFUSED)
        assert "account_number_confirmed" in slip.stderr
    usual = terminal(*add, typed="123 456 789\nJo Citizen\n")
    assert "again" not in usual.stderr


def test_a_customers_name_and_the_details_of_the_chosen_type_are_prompted_for(
    terminal: Terminal,
) -> None:
    said = terminal(
        *("customer", "add", "--pay-id-type", "Email"),
        typed="Jo Citizen\njo@example.com\nJo Citizen\n",
    )
    for words in ("Name:", "PayID:", "Account name:"):
        assert words in said.stderr
    assert "Email" in said.stdout
    assert [row["name"] for row in terminal.json("customer", "list", "--names")["items"]] == [
        "Jo Citizen"
    ]


@pytest.mark.parametrize("verb", ["add", "add-destination"])
def test_what_a_payee_is_paid_to_has_no_place_on_the_command_line(verb: str) -> None:
    group = payoutctl.commands["customer"]
    assert isinstance(group, click.Group)
    taken = {word for each in group.commands[verb].params for word in each.opts}
    assert not taken & {"--account-number", "--pay-id", "--account-name"}


def test_an_unreadable_file_of_payee_details_is_reported_and_not_quoted(
    terminal: Terminal,
) -> None:
    add = ("customer", "add", "--from")
    for text in ('{"account_number": 12345678', '["12345678"]'):
        refused = terminal(*add, "-", typed=text, ends=Exit.USAGE)
        assert "JSON" in refused.stderr
        assert "12345678" not in refused.stderr
    terminal(*add, str(terminal.home / "nowhere"), ends=Exit.USAGE)
    terminal("customer", "add", "Jo", "--from", "-", typed="{}", ends=Exit.USAGE)


def test_every_field_at_fault_is_named(terminal: Terminal) -> None:
    words = ("customer", "add", "--from", "-")
    wrong = json.dumps(
        {"name": "Jo", "email": "no-address", "destination": PAY_ID | {"pay_id": ""}}
    )
    refused = terminal(*words, typed=wrong, ends=Exit.REFUSED)
    assert "email" in refused.stderr
    assert "destination.pay_id" in refused.stderr
    problem = terminal.json(*words, typed=wrong, ends=Exit.REFUSED)
    assert problem["code"] == "InvalidRequest"


def test_a_customer_is_erased_after_a_yes_only(terminal: Terminal) -> None:
    customer_id = terminal.json("customer", "add", "Jo Citizen")["customer_id"]
    assert terminal.run("customer", "erase", customer_id, typed="n\n").exit_code == 1
    terminal("customer", "show", customer_id)
    erased = terminal.json("customer", "erase", customer_id, typed="y\n")
    assert erased == {"customer_id": customer_id, "erased": True}
    terminal("customer", "show", customer_id, ends=Exit.NOT_FOUND)
    gone = terminal.json("customer", "show", customer_id, ends=Exit.NOT_FOUND)
    assert gone["code"] == "CustomerNotFound"


def test_a_viewer_may_read_and_is_refused_every_change(terminal: Terminal) -> None:
    viewer = terminal.as_("viewers")
    assert viewer.json("customer", "list")["items"] == []
    refused = viewer("customer", "add", "Jo", ends=Exit.NOT_ALLOWED)
    assert "Forbidden" in refused.stderr
