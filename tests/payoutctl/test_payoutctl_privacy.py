"""What is held on a customer, who looked at it, and whether an account is theirs."""

import json

from payoutctl.exits import Exit
from tests.payoutctl.terminal import Terminal


def test_an_export_shows_all_after_a_yes_and_is_recorded(terminal: Terminal) -> None:
    world = terminal.world
    customer = world.customer()
    for _ in range(3):
        world.pay(customer)
    assert terminal.run("customer", "export", customer, typed="n\n").exit_code == Exit.REFUSED
    exported = terminal.json("customer", "export", customer, typed="y\n")
    assert exported["customer"]["destinations"][0]["pay_id"] == "jo.citizen@example.com"
    assert len(exported["payouts"]) == 3
    accesses = terminal.json("customer", "accesses", customer)["items"]
    assert "sub-of-operators" in {row["by"] for row in accesses}
    assert accesses[0]["purpose"] in terminal("customer", "accesses", customer).stdout


def test_an_export_into_a_file_is_its_owners_alone_and_overwrites_none(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    file = terminal.home / "export.json"
    words = ("customer", "export", customer, "--yes", "-o", str(file))
    said = terminal(*words)
    assert "jo.citizen@example.com" not in said.output
    assert json.loads(file.read_text())["customer"]["customer_id"] == customer
    assert file.stat().st_mode & 0o077 == 0
    terminal(*words, ends=Exit.CONFLICT)
    other = terminal.home / "other.json"
    assert terminal.json(*words[:-1], str(other))["file"] == str(other)


def test_a_destination_is_verified_by_the_code_of_its_cent(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    shown = terminal.json("customer", "show", customer)
    verify = ("customer", "verify", customer, shown["destinations"][0]["destination_id"])
    assert terminal.json(*verify)["verification"]["status"] == "Started"
    wrong = terminal.run(*verify, "--code", "000000")
    assert wrong.exit_code in (Exit.REFUSED, Exit.CONFLICT)
    assert "Verified" in terminal(*verify, "--code", "555555").stdout
    assert "Verified" in terminal("customer", "show", customer).stdout
