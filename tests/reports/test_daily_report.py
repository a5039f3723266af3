"""Each morning yesterday's payouts are compared with Monoova's books, three ways."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
import requests

from chalicelib.monoova.rules.duplicates import ContractRun, Shown
from chalicelib.payouts.rules.payout import State
from proof.lambda_events import user
from simulator.book import MovementKind
from simulator.outcomes import Outcome
from tests.infra.scenario_steps import paid_elsewhere, paused, resumed
from tests.payouts.test_damaged_rows import damage
from tests.payouts.test_reconciliation import stored
from tests.payouts.test_request_payout import Pass, reply, tap_line
from tests.world import Caller, World, as_admin

# The test's clock begins at noon of this day in Sydney.
DAY: Final = "2026-03-02"
REPORT: Final = f"/reports/daily/{DAY}"


def report_of_yesterday(world: World) -> dict[str, Any]:
    """Advances to the next morning; the report of the day on which the test's clock began."""
    to_next_morning(world)
    world.reconcile_daily()
    return shown(world)


def to_next_morning(world: World) -> None:
    world.later(400)
    world.reconcile()
    world.later(18 * 3600)


def shown(world: World) -> dict[str, Any]:
    answer = world.admin.get(REPORT)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def kinds(report: dict[str, Any]) -> dict[str, int]:
    return {kind: int(count) for kind, count in report["counts"].items()}


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Of the last line that was written."""
    line: dict[str, float] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_a_day_on_which_all_agree_matches_three_ways(world: World) -> None:
    world.paid()
    world.paid("7.03")
    report = report_of_yesterday(world)
    assert kinds(report) == {"Matched": 2}
    assert (report["is_complete"], report["difference_count"]) == (True, 0)
    assert report["account"]["adds_up"] is True
    figures = report["statistics"]
    assert (figures["count"], figures["completed"], figures["failed"]) == (2, 1, 1)
    assert figures["value"] == Decimal("132.53")


@pytest.mark.parametrize(
    ("outcome", "kind", "in_books"),
    [
        (Outcome.ABSENT_FROM_REPORTS, "MissingThere", False),
        (Outcome.WRONG_IN_REPORTS, "AmountDiffers", True),
    ],
)
def test_a_difference_is_listed_raised_and_changes_nothing(
    world: World,
    capsys: pytest.CaptureFixture[str],
    outcome: Outcome,
    kind: str,
    in_books: bool,
) -> None:
    world.monoova.script(outcome)
    payout = world.paid()
    to_next_morning(world)
    before = world.payout(payout)
    world.reconcile_daily()
    assert metrics(capsys)["DailyDifferences"] == 1
    (line,) = shown(world)["differences"]
    assert (line["kind"], line["transaction_id"]) == (kind, payout)
    assert (line["in_statement"], line["in_transactions"]) == (in_books, in_books)
    assert (line["status"], line["monoova_says"]) == ("Completed", "Complete")
    assert line["amount"] == Decimal("125.50")
    assert line["amount_there"] == (Decimal("126.50") if in_books else None)
    assert world.payout(payout) == before


def test_a_payment_under_an_unknown_reference_of_our_form_is_a_difference(
    world: World,
) -> None:
    unknown = str(uuid.UUID(int=7, version=4))
    paid_elsewhere(world, unknown)
    (line,) = report_of_yesterday(world)["differences"]
    assert (line["kind"], line["transaction_id"], line["status"]) == ("MissingHere", unknown, None)
    assert line["amount_there"] == Decimal("10.50")


def test_what_another_system_pays_under_references_of_its_own_is_only_counted(
    world: World,
) -> None:
    paid_elsewhere(world, "rent-november")
    report = report_of_yesterday(world)
    assert (report["not_ours"], report["differences"]) == (1, [])
    assert "rent" not in json.dumps(report, default=str)


def test_a_second_booking_under_one_reference_is_found(world: World) -> None:
    payout = world.paid()
    world.monoova.behave(duplicate="booked_again")
    paid_elsewhere(world, payout)
    world.monoova.behave(duplicate="refused")
    (line,) = report_of_yesterday(world)["differences"]
    assert (line["kind"], line["transaction_id"]) == ("BookedTwice", payout)
    # From then on nothing that may have been sent is sent again.
    assert world.admin.get("/sending").json["booked_twice_at"] is not None


def test_a_day_before_the_newest_contract_run_says_nothing_new_of_second_calls(
    world: World,
) -> None:
    payout = world.paid()
    world.monoova.behave(duplicate="booked_again")
    paid_elsewhere(world, payout)
    world.monoova.behave(duplicate="refused")
    world.later(2 * 86_400)
    run = ContractRun(world.clock(), "sandbox", Shown.REFUSED)
    world.container.gatekeeper.record_contract_run(run)
    world.reconcile_daily()
    assert world.admin.get("/sending").json["booked_twice_at"] is None


def test_a_return_without_a_webhook_is_found_and_the_webhook_requested_again(
    world: World,
) -> None:
    world.monoova.script(Outcome.RETURN_WEBHOOK_LOST)
    payout = world.paid()
    report = report_of_yesterday(world)
    assert kinds(report) == {"Returned": 1}
    assert report["missed_webhooks"] == {"found": 2, "sent_again": 2}
    world.later(60)
    assert world.payout(payout)["status"] == "Returned"
    answer = world.admin.post(REPORT)
    assert (answer.json["revision"], kinds(answer.json)) == (2, {"Returned": 1})
    assert answer.json["missed_webhooks"] == report["missed_webhooks"]


def test_a_return_that_is_never_announced_can_be_resolved_by_a_person(
    world: World,
) -> None:
    payout = world.paid()
    world.later(400)
    world.reconcile()
    world.later(2 * 86400)
    # No part that was told of, and perhaps a fee that was given back.
    world.monoova.book.add(MovementKind.RETURN_CREDIT, payout, 7, Decimal("60.00"))
    world.later(86400)
    for _ in range(2):
        answer = world.admin.post("/reports/daily/2026-03-04")
        assert kinds(answer.json) == {"GivenBack": 1}
    after = world.payout(payout)
    assert (after["status"], after["review_reason"]) == ("Completed", "Contradiction")
    assert [entry["event"] for entry in after["history"]].count("Contradicted") == 1
    seen = {"outcome": "Returned", "reason": "seen on the mAccount"}
    assert world.approver.post(f"/payouts/{payout}/resolve", seen).json["status"] == "Returned"


def test_a_monoova_that_fails_during_the_requests_is_not_called_again_and_again(
    world: World,
) -> None:
    world.webhooks_arrive = False
    for _ in range(12):
        world.paid()
    to_next_morning(world)

    def failing(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if "resend" in str(request.url):
            world.monoova.behave(outage="unavailable")
        return go_on()

    tap_line(world, failing)
    world.reconcile_daily()
    report = shown(world)
    assert (report["incomplete_because"], kinds(report)) == ("MonoovaUnavailable", {"Matched": 12})
    world.monoova.behave(outage="none")
    assert world.admin.get("/account").status == 200, "the circuit is closed"


def test_other_missed_webhooks_are_not_requested_again(world: World) -> None:
    world.webhooks_arrive = False
    world.monoova.receive(Decimal(5))
    world.paid()
    assert report_of_yesterday(world)["missed_webhooks"] == {"found": 1, "sent_again": 1}


def test_a_failed_payout_whose_money_was_never_returned_is_found(world: World) -> None:
    world.monoova.script(Outcome.PENDING_FOREVER)
    payout = world.paid()
    payload = {"UniqueReference": payout, "Status": "Rejected", "Amount": 125.5}
    world.monoova.announce("NppPaymentStatus", payload | {"TransactionId": 1000001})
    (line,) = report_of_yesterday(world)["differences"]
    assert (line["kind"], line["status"], line["monoova_says"]) == (
        "PaidThere",
        "Failed",
        "Pending",
    )


def test_a_rejected_payout_may_stand_in_the_statement(world: World) -> None:
    world.monoova.behave(statement_shows_rejected=True)
    world.paid("7.03")
    assert kinds(report_of_yesterday(world)) == {"Matched": 1}


def test_a_payout_of_the_evening_that_is_booked_after_midnight_is_not_missing(
    world: World,
) -> None:
    world.later(11.95 * 3600)
    world.monoova.behave(outage="timeout")
    payout = world.paid()
    world.later(400)
    world.monoova.behave(outage="none")
    world.minutes(30)
    assert world.payout(payout)["status"] == "Completed"
    world.later(6 * 3600)
    world.reconcile_daily()
    assert kinds(shown(world)) == {"Matched": 1}
    world.later(24 * 3600)
    world.reconcile_daily()
    next_day = world.admin.get("/reports/daily/2026-03-03").json
    assert (next_day["counts"], next_day["statistics"]["count"]) == ({}, 0)


def test_a_payout_of_an_earlier_day_is_looked_up_on_the_day_it_is_booked(world: World) -> None:
    payout = stored(world, world.customer(), State.COMPLETED, 1)
    to_next_morning(world)
    world.reconcile_daily()
    (line,) = shown(world)["differences"]
    assert (line["kind"], line["monoova_says"]) == ("MissingThere", "UnknownReference")
    world.later(3 * 24 * 3600)
    paid_elsewhere(world, payout)
    world.later(24 * 3600)
    world.reconcile_daily()
    late = world.admin.get("/reports/daily/2026-03-06").json
    assert [each["kind"] for each in late["differences"]] == ["AmountDiffers"]


def test_a_payout_that_was_sent_days_after_its_request_is_not_missing(
    new_world: Callable[..., World],
) -> None:
    world = new_world(PAYOUT_EXPIRY_HOURS="200")
    paused(world)
    payout = world.paid()
    world.later(2.5 * 24 * 3600)
    resumed(world)
    world.reconcile()
    world.later(300)
    assert world.payout(payout)["status"] == "Completed"
    assert kinds(world.admin.post(REPORT).json) == {"Matched": 1}


def test_a_payout_that_has_not_ended_is_compared_again_the_next_days(world: World) -> None:
    world.monoova.script(Outcome.PENDING_FOREVER)
    payout = world.paid()
    assert kinds(report_of_yesterday(world)) == {"NotFinalHere": 1}
    payload = {"UniqueReference": payout, "Status": "Payment Successful", "Amount": 125.5}
    world.monoova.announce("NppPaymentStatus", payload | {"TransactionId": 1000001})
    world.later(24 * 3600)
    assert len(world.reconcile_daily()) == 2
    assert (shown(world)["revision"], kinds(shown(world))) == (2, {"Matched": 1})
    assert world.reconcile_daily() == []


def test_a_monoova_outage_in_the_morning_leaves_an_incomplete_report_that_is_completed_later(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.paid()
    to_next_morning(world)
    world.monoova.behave(outage="unavailable")
    world.reconcile_daily()
    assert metrics(capsys)["DailyReportsIncomplete"] == 3
    report = shown(world)
    assert (report["is_complete"], report["incomplete_because"]) == (False, "MonoovaUnavailable")
    assert (report["counts"], report["statistics"]["count"]) == ({}, 1)
    assert world.reconcile()["is_finished"]
    world.monoova.behave(outage="none")
    world.later(24 * 3600)
    world.reconcile_daily()
    assert (shown(world)["is_complete"], kinds(shown(world))) == (True, {"Matched": 1})


def test_an_incomplete_report_never_takes_the_place_of_a_whole_one(world: World) -> None:
    world.paid()
    whole = report_of_yesterday(world)
    world.monoova.behave(outage="unavailable")
    answer = world.admin.post(REPORT)
    assert (answer.status, answer.json["is_complete"]) == (200, False)
    assert shown(world) == whole


def test_monoova_is_not_called_while_the_circuit_is_open(world: World) -> None:
    to_next_morning(world)
    world.monoova.rotate_key("another")
    world.pay(world.customer())
    asked = len(world.monoova.calls)
    world.reconcile_daily()
    assert shown(world)["incomplete_because"] == "SendingStopped"
    assert len(world.monoova.calls) == asked


def test_a_run_without_time_reports_so(world: World) -> None:
    world.paid()
    to_next_morning(world)
    assert world.reconcile_daily(milliseconds=20_000) == []
    assert world.admin.get(REPORT).code == "ReportNotFound"
    (first,) = world.reconcile_daily(milliseconds=36_000)[:1]
    assert first["is_complete"]


@pytest.mark.parametrize(("seconds", "counted"), [(2.0, 0), (10.0, 1)])
def test_a_report_whose_time_is_up_holds_what_was_read_until_then(
    world: World, seconds: float, counted: int
) -> None:
    world.paid()
    to_next_morning(world)
    made = world.container.daily_reports.run(date.fromisoformat(DAY), "an-admin", seconds)
    assert (made.incomplete_because, made.statistics.total.count) == ("TimeWasUp", counted)
    assert (shown(world)["is_complete"], shown(world)["counts"]) == (False, {})


def test_a_report_can_be_made_by_hand_and_records_by_whom(world: World) -> None:
    world.paid()
    to_next_morning(world)
    answer = world.admin.post(REPORT)
    assert (answer.status, answer.json["revision"]) == (200, 1)
    assert answer.json["made_by"] == "0a1b2c3d-admin-sub"
    assert answer.json["missed_webhooks"] is None
    assert answer.json == shown(world)


def test_a_day_that_is_not_over_in_sydney_has_no_report(world: World) -> None:
    early = world.admin.post(REPORT)
    assert (early.status, early.code) == (409, "DayNotOver")
    world.later(12 * 3600)
    assert world.admin.post(REPORT).status == 200


@pytest.mark.parametrize("text", ["2026-3-2", "2026-02-30", "yesterday", "20260302"])
def test_what_is_no_date_is_refused(world: World, text: str) -> None:
    for method in ("GET", "POST"):
        assert world.admin(method, f"/reports/daily/{text}").code == "InvalidRequest"


def test_viewers_may_read_reports_but_make_none(world: World) -> None:
    viewer = Caller(world.app, user("v", "viewers"))
    assert viewer.post(REPORT).code == "Forbidden"
    assert viewer.get("/reports/daily").status == 200


def test_reports_are_listed_newest_first_page_by_page(world: World) -> None:
    world.paid()
    report_of_yesterday(world)
    first = world.admin.get("/reports/daily", limit="2").json
    rest = world.admin.get("/reports/daily", limit="2", cursor=first["next_cursor"]).json
    dates = [each["date"] for each in (*first["items"], *rest["items"])]
    assert dates == [DAY, "2026-03-01", "2026-02-28"]
    assert "differences" not in first["items"][0]
    assert world.admin.get("/reports/daily", cursor="bm9uZQ==").code == "InvalidRequest"


def test_no_payee_is_in_a_report(world: World) -> None:
    world.monoova.script(Outcome.WRONG_IN_REPORTS)
    world.paid()
    text = json.dumps(report_of_yesterday(world), default=str)
    assert "AmountDiffers" in text
    assert not {word for word in ("citizen", "Citizen", "802-985") if word in text}


def test_a_report_made_again_replaces_the_former_one(world: World) -> None:
    world.paid()
    report_of_yesterday(world)
    again = as_admin(world.app, "another-admin").post(REPORT).json
    assert (again["revision"], again["made_by"]) == (2, "another-admin")
    assert shown(world) == again


def test_a_payout_that_was_approved_days_later_and_booked_twice_across_days_is_found(
    new_world: Callable[..., World],
) -> None:
    world = new_world(APPROVAL_THRESHOLD_AUD="100")
    payout = world.pay(world.customer(), "125.50").json["transaction_id"]
    world.later(3 * 24 * 3600)
    assert world.approver.post(f"/payouts/{payout}/approve", {}).status == 200
    to_next_morning(world)
    world.monoova.behave(duplicate="booked_again")
    paid_elsewhere(world, payout)
    report = world.admin.post("/reports/daily/2026-03-05").json
    assert [(line["kind"], line["transaction_id"]) for line in report["differences"]] == [
        ("BookedTwice", payout)
    ]


@pytest.mark.parametrize(
    ("status", "name", "is_open"),
    [(403, "NotPermitted", False), (403, "MerchantFailedToLogin", True), (401, "Whatever", True)],
)
def test_a_report_that_the_key_may_not_request_stops_no_payout(
    world: World, status: int, name: str, is_open: bool
) -> None:
    world.paid()
    to_next_morning(world)

    def refusing(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if "statement" not in str(request.url):
            return go_on()
        return reply(request, status, {"status": name, "durationMs": 1})

    tap_line(world, refusing)
    world.reconcile_daily()
    assert shown(world)["incomplete_because"] == "MonoovaUnavailable"
    assert world.container.gatekeeper.look().is_open is is_open


def test_missed_mornings_are_made_good_since_the_newest_report(world: World) -> None:
    report_of_yesterday(world)
    world.later(13 * 24 * 3600)
    made = [each["date"] for each in world.reconcile_daily()]
    assert made[0] == "2026-03-15"
    assert sorted(made) == [f"2026-03-{day:02}" for day in range(3, 16)]
    assert world.reconcile_daily() == []


def test_what_a_morning_has_no_time_for_the_next_ones_make_good(world: World) -> None:
    report_of_yesterday(world)
    world.later(40 * 24 * 3600)
    first = world.reconcile_daily()
    assert len(first) == 31
    left = world.reconcile_daily()
    days = ["2026-03-31", *(f"2026-04-{day:02}" for day in range(1, 9))]
    assert [each["date"] for each in left] == days
    assert world.reconcile_daily() == []


def test_before_the_first_report_only_the_last_days_are_made(world: World) -> None:
    world.later(30 * 24 * 3600)
    assert len(world.reconcile_daily()) == 3


def test_more_than_five_hundred_payouts_of_other_days_leave_no_report_incomplete(
    world: World,
) -> None:
    for number in range(510):
        paid_elsewhere(world, str(uuid.UUID(int=number + 1, version=4)))
    report = report_of_yesterday(world)
    assert (report["is_complete"], kinds(report)) == (True, {"MissingHere": 510})


def test_an_unreadable_payout_is_a_difference_of_its_day_and_stops_no_report(world: World) -> None:
    bad = world.paid()
    world.paid("7.03")
    damage(world, bad, amount_cents={"S": "much"})
    report = report_of_yesterday(world)
    assert report["is_complete"] is True
    assert kinds(report) == {"UnreadableHere": 1, "Matched": 1}
    (line,) = report["differences"]
    assert (line["kind"], line["transaction_id"]) == ("UnreadableHere", bad)


def test_an_unreadable_report_is_named_and_made_anew(world: World) -> None:
    report_of_yesterday(world)
    key = {"collection": {"S": "daily-report"}, "item": {"S": DAY}}
    world.dynamodb.put_item(TableName="RecordsTable", Item=key | {"revision": {"S": "x"}})
    assert world.admin.get(REPORT).code == "RecordUnreadable"
    listed = world.admin.get("/reports/daily").json
    assert DAY in listed["unreadable"]
    assert world.admin.get("/statistics").status == 200
    assert world.admin.post(REPORT).json["revision"] == 1
    assert world.admin.get(REPORT).status == 200


def hourly(world: World, capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The line of the run in the first minute of the next hour."""
    now = world.clock()
    world.later(3600 - now.minute * 60 - now.second)
    capsys.readouterr()
    world.reconcile()
    return metrics(capsys)


def test_a_morning_that_never_ran_is_counted_each_hour_until_it_is_made_good(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    report_of_yesterday(world)
    assert "DailyReportsMissing" not in hourly(world, capsys)
    world.later(3 * 24 * 3600)
    assert hourly(world, capsys)["DailyReportsMissing"] == 2
    world.reconcile_daily()
    assert "DailyReportsMissing" not in hourly(world, capsys)


def test_a_stage_whose_first_morning_never_ran_is_told_from_one_that_paid_nothing_yet(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.later(2 * 24 * 3600)
    assert "DailyReportsMissing" not in hourly(world, capsys)
    world.paid()
    world.later(2 * 24 * 3600)
    assert hourly(world, capsys)["DailyReportsMissing"] == 1


def test_an_hour_after_the_morning_its_report_is_missing_and_not_before(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    report_of_yesterday(world)
    morning = datetime(2026, 3, 3, 20, 30, tzinfo=UTC)
    world.later((morning - world.clock()).total_seconds())
    assert "DailyReportsMissing" not in hourly(world, capsys)
    assert hourly(world, capsys)["DailyReportsMissing"] == 1


def test_approvals_that_wait_longer_than_a_day_are_counted(
    new_world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    world = new_world(APPROVAL_THRESHOLD_AUD="100", APPROVAL_WAIT_HOURS="4")
    world.paid("500.00")
    world.later(2 * 3600)
    assert "ApprovalsAgeing" not in hourly(world, capsys)
    world.later(3600)
    assert hourly(world, capsys)["ApprovalsAgeing"] == 1
