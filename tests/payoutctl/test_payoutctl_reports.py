"""`report`, `stats`, `account`: days held against Monoova's books, in figures, and the money."""

from decimal import Decimal

from payoutctl.exits import Exit
from simulator.outcomes import Outcome
from tests.payoutctl.terminal import Terminal

# The test's clock begins at noon of this day in Sydney.
DAY = "2026-03-02"


def to_next_morning(terminal: Terminal) -> None:
    world = terminal.world
    world.later(400)
    world.reconcile()
    world.later(18 * 3600)


def test_a_day_on_which_all_agree_ends_well(terminal: Terminal) -> None:
    terminal.world.paid()
    to_next_morning(terminal)
    made = terminal.json("report", "daily", "--run")
    assert (made["date"], made["difference_count"]) == (DAY, 0)
    assert "counts.Matched" in terminal("report", "daily", DAY).stdout
    assert DAY in terminal("report", "list").stdout
    assert terminal.json("report", "list")["items"][0]["date"] == DAY
    terminal("report", "daily", "2026-01-01", ends=Exit.NOT_FOUND)


def test_a_day_with_a_difference_says_so_by_its_exit_code_and_as_csv(terminal: Terminal) -> None:
    terminal.world.monoova.script(Outcome.ABSENT_FROM_REPORTS)
    transaction_id = terminal.world.paid()
    to_next_morning(terminal)
    shown = terminal("report", "daily", "--run", ends=Exit.CHECK_FAILED)
    assert transaction_id in shown.stdout
    assert terminal.json("report", "daily", ends=Exit.CHECK_FAILED)["differences"]
    head, line = terminal("report", "csv").stdout.splitlines()
    assert head.startswith("kind,transaction_id,")
    assert line.startswith(f"MissingThere,{transaction_id},")
    file = terminal.home / "report.csv"
    assert terminal.json("report", "csv", DAY, "-o", str(file)) == {"file": str(file)}
    assert file.read_text().splitlines() == [head, line]
    assert terminal.json("report", "csv", DAY)["csv"].startswith(head)


def test_days_are_shown_in_figures(terminal: Terminal) -> None:
    terminal.world.paid()
    terminal.world.minutes(4)
    shown = terminal("stats", "--from", DAY, "--to", DAY).stdout
    assert DAY in shown
    assert "PayId" in shown
    (figures,) = terminal.json("stats", "--from", DAY)["items"]
    assert (figures["count"], figures["value"]) == (1, Decimal("125.50"))
    terminal("stats", "--from", "yesterday", ends=Exit.USAGE)


def test_the_account_shows_its_balance_and_what_came_in(terminal: Terminal) -> None:
    assert "available_to_debit" in terminal("account").stdout
    terminal.world.monoova.receive(Decimal("500.00"))
    terminal.world.later(1)
    assert "500.00" in terminal("account").stdout
    shown = terminal.json("account")
    assert shown["account"]["currency"] == "AUD"
    assert [row["kind"] for row in shown["funding"]["items"]] == ["NPP"]
