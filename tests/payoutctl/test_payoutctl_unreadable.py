"""What a list leaves out because it cannot be read is named below the list."""

from typing import Any

import pytest

from payoutctl.output import Output
from payoutctl.pages import say_rest
from tests.batches.test_damaged_batches import spoilt
from tests.payoutctl.terminal import Terminal
from tests.payouts.test_damaged_rows import damage, item_of

LEFT_OUT = "Left out, because they cannot be read: 1."


def test_a_payout_that_cannot_be_read_is_named_by_every_list_of_it(terminal: Terminal) -> None:
    good, bad = terminal.world.paid(), terminal.world.paid()
    damage(terminal.world, bad, amount_cents=None)
    customer = item_of(terminal.world, bad)["customer_id"]["S"]
    for words in (
        ("payouts", "list"),
        ("payouts", "list", "--all"),
        ("customer", "export", customer, "--yes"),
    ):
        said = terminal(*words)
        assert LEFT_OUT in said.stderr, words
        assert said.stderr.rstrip().endswith(bad), words
        assert terminal.json(*words)["unreadable"] == [bad]
    (listed,) = terminal.json("payouts", "list", "--all")["items"]
    assert listed["transaction_id"] == good


def test_a_customer_and_a_batch_that_cannot_be_read_are_named(terminal: Terminal) -> None:
    customer = terminal.world.customer()
    file = terminal.home / "one.csv"
    file.write_text(f"customer_id,amount\n{customer},1.10\n")
    batch = terminal.json("batch", "upload", str(file))["batch_id"]
    spoilt(terminal.world, f"batch#{batch}", "batch", row_count={"S": "many"})
    assert batch in terminal("batch", "list").stderr
    key = {"customer_id": {"S": customer}}
    table = terminal.world.environment["DYNAMODB_TABLE_CUSTOMERS"]
    found = terminal.world.dynamodb.get_item(TableName=table, Key=key)["Item"]
    terminal.world.dynamodb.put_item(TableName=table, Item=found | {"version": {"S": "x"}})
    assert customer in terminal("customer", "list").stderr


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"unreadable": [], "next_cursor": None}, ""),
        ({"unreadable": [], "next_cursor": "abc"}, "There are more: --cursor abc\n"),
        (
            {"unreadable": [f"id-{n}" for n in range(11)], "next_cursor": None},
            'Left out, because they cannot be read: 11. See "Rows are unreadable" in the runbook:'
            " id-0, id-1, id-2, id-3, id-4, id-5, id-6, id-7, id-8, id-9, and more\n",
        ),
    ],
)
def test_what_is_not_on_a_page_is_said(
    page: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_rest(Output(), page)
    assert capsys.readouterr().err == said
