"""Statistics by Sydney's days: from the daily reports, and counted for the newest days."""

from decimal import Decimal
from typing import Any

from tests.payouts.test_reconciliation import paid_silently
from tests.payouts.test_request_payout import BANK_ACCOUNT
from tests.world import World


def days(world: World, **query: str) -> list[dict[str, Any]]:
    answer = world.admin.get("/statistics", **query)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_a_day_in_progress_is_counted_as_it_stands(world: World) -> None:
    world.paid()
    bank = world.customer(**BANK_ACCOUNT)
    assert world.pay(bank, "7.03").status == 202
    world.later(200)
    world.pay(bank, "7.04")
    today, yesterday = days(world)
    assert (today["day"], today["partial"], yesterday["count"]) == ("2026-03-02", False, 0)
    assert {name: today[name] for name in ("count", "completed", "failed", "open")} == {
        "count": 3,
        "completed": 1,
        "failed": 1,
        "open": 1,
    }
    assert (today["value"], today["success_rate"]) == (Decimal("139.57"), Decimal("0.5000"))
    assert 30 <= today["median_seconds_to_complete"] <= today["p95_seconds_to_complete"] <= 120
    assert today["by_method"] == {
        "PayId": {"count": 1, "value": Decimal("125.50")},
        "BankAccount": {"count": 2, "value": Decimal("14.07")},
    }


def test_a_day_with_a_report_is_taken_from_it(world: World) -> None:
    world.paid()
    world.later(20 * 3600)
    world.reconcile_daily()
    world.dynamodb.delete_table(TableName="TransactionsTable")
    (found,) = days(world, from_="2026-03-02", to="2026-03-02")
    assert (found["count"], found["completed"]) == (1, 1)


def test_the_days_are_sydney_s_not_utc_s(world: World) -> None:
    world.later(12.5 * 3600)
    world.paid()
    today, yesterday = days(world)
    assert (today["day"], today["count"], yesterday["count"]) == ("2026-03-03", 1, 0)
    assert world.admin.get("/payouts", date="2026-03-02").json["items"]


def test_an_older_day_without_a_report_has_no_figures_until_one_is_made(world: World) -> None:
    world.paid()
    world.later(5 * 24 * 3600)
    assert [each["day"] for each in days(world)] == ["2026-03-07", "2026-03-06"]
    world.admin.post("/reports/daily/2026-03-02")
    assert [each["day"] for each in days(world)] == ["2026-03-07", "2026-03-06", "2026-03-02"]


def test_a_report_that_is_not_complete_gives_partial_figures(world: World) -> None:
    world.later(20 * 3600)
    world.monoova.behave(outage="unavailable")
    world.admin.post("/reports/daily/2026-03-02")
    assert [each["partial"] for each in days(world)] == [False, True]


def test_of_more_days_than_one_answer_holds_the_newest_are_given(world: World) -> None:
    for day in ("2025-11-30", "2025-12-01"):
        assert world.admin.post(f"/reports/daily/{day}").status == 200
    found = days(world, from_="1999-01-01", to="2026-03-02")
    assert [each["day"] for each in found] == ["2026-03-02", "2026-03-01", "2025-12-01"]


def test_a_first_day_after_the_last_is_refused(world: World) -> None:
    wrong = world.admin.get("/statistics", from_="2026-03-03", to="2026-03-02")
    assert wrong.json["errors"].keys() == {"from"}


def test_a_day_of_many_payouts_is_read_to_its_end(world: World) -> None:
    paid_silently(world, world.customer(), 25)
    assert days(world)[0]["count"] == 25
