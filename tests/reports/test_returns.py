"""Money that came back: it is looked for in the mAccount, and only what is found there is back."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
import requests

from chalicelib.core.dynamodb.items import text_of
from simulator.monoova import API_KEY
from simulator.testing import payid_payout
from tests.payouts.test_request_payout import Pass, reply, tap_line
from tests.reports.test_daily_report import kinds, shown, to_next_morning
from tests.webhooks.test_webhooks import body, item, returned, send
from tests.world import World

HOST: Final = "https://api.mpay.com.au"
TRANSACTIONS: Final = "/mAccount/v1/transactions"
NewWorld = Callable[..., World]


def questions(world: World) -> int:
    return sum(call.path == TRANSACTIONS for call in world.monoova.calls)


def quarters(world: World, count: int) -> None:
    """Quarters of an hour pass, each with its look, and with Monoova's doings."""
    for _ in range(count):
        world.later(15 * 60)
        world.look_for_returns()


def completed(world: World, amount: object = "125.50") -> str:
    paid = world.paid(amount)
    assert send(world, body(world, paid)).status == 200
    assert world.payout(paid)["status"] == "Completed"
    return paid


def credited(world: World, transaction_id: str, cents: int = 12550, number: int = 8000001) -> None:
    """The mAccount shows that so much came back."""
    from simulator.book import MovementKind

    kind, dollars = MovementKind.RETURN_CREDIT, Decimal(cents).scaleb(-2)
    world.monoova.book.add(kind, transaction_id, number, dollars)


# --- the schedule of the questions


def test_the_books_are_asked_after_15_minutes_1_hour_and_4_hours_then_each_morning(
    world: World,
) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    asked: list[float] = []
    began = world.clock()
    for _ in range(4 * 24 * 3):
        before = questions(world)
        quarters(world, 1)
        assert questions(world) - before in (0, 1)
        if questions(world) > before:
            asked.append((world.clock() - began).total_seconds() / 3600)
    # The clock began at noon in Sydney.
    assert asked == [0.25, 1, 4, 18, 42, 66]


def test_one_question_serves_all_that_wait(world: World) -> None:
    customer = world.customer()
    paid = [str(world.pay(customer).json["transaction_id"]) for _ in range(3)]
    for one in paid:
        assert send(world, body(world, one)).status == 200
        assert send(world, returned(world, one)).status == 200
    credited(world, paid[0])
    credited(world, paid[2])
    quarters(world, 1)
    assert questions(world) == 1
    seen = [world.payout(one)["return_seen_at"] is not None for one in paid]
    assert seen == [True, False, True]


def test_the_question_goes_from_the_day_before_the_payout_to_today(world: World) -> None:
    asked: list[dict[str, Any]] = []

    def listening(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        if request.path_url == TRANSACTIONS:
            asked.append(json.loads(request.body or b""))
        return go_on()

    paid = completed(world)
    tap_line(world, listening)
    world.later(3 * 86400)
    assert send(world, returned(world, paid)).status == 200
    quarters(world, 1)
    (question,) = asked
    assert question["startDate"] == "2026-03-01T00:00:00"
    assert question["endDate"] == "2026-03-05T23:59:59"
    assert (question["frequency"], question["useTime"]) == ("Custom", True)


def test_what_waits_for_its_credit_is_no_work_of_the_minutes_run(world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    before = item(world, paid)
    world.minutes(20)
    assert item(world, paid) == before
    assert questions(world) == 0


def test_the_morning_run_looks_too_and_says_nothing_where_nothing_waits(world: World) -> None:
    assert world.look_for_returns() == 0
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    credited(world, paid)
    world.later(18 * 3600)
    world.reconcile_daily()
    assert world.payout(paid)["return_seen_at"] is not None


# --- what a credit is


def test_an_unsigned_return_is_a_return_once_its_credit_is_found(world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid), is_signed=False).status == 200
    quarters(world, 1)
    assert world.payout(paid)["status"] == "Completed"
    credited(world, paid)
    quarters(world, 3)
    back = world.payout(paid)
    assert (back["status"], back["returned_amount"]) == ("Returned", Decimal("125.50"))
    assert back["return_seen_at"] is not None
    assert back["next_look_at"] is None


def test_a_returned_payout_keeps_its_credit_waiting_until_it_is_booked(world: World) -> None:
    world.monoova.behave(return_credit_after_seconds=7200)
    paid = world.paid("7.07")
    world.later(600)
    reported = world.payout(paid)
    assert (reported["status"], reported["return_seen_at"]) == ("Returned", None)
    assert "does not show the money yet" in reported["explanation"]["summary"]
    quarters(world, 7)
    assert world.payout(paid)["return_seen_at"] is None
    quarters(world, 12)
    assert world.payout(paid)["return_seen_at"] is not None
    assert world.monoova.book.paid_out(paid) == 0


def test_two_halves_are_two_and_make_the_whole(world: World) -> None:
    world.monoova.behave(return_in_halves=True)
    world.monoova.script(_returned_outcome())
    paid = world.paid("10.00")
    world.later(420)
    half = world.payout(paid)
    assert (half["status"], half["returned_amount"]) == ("Completed", Decimal("5.00"))
    assert half["review_reason"] == "PartReturned"
    world.later(120)
    whole = world.payout(paid)
    assert (whole["status"], whole["needs_review"]) == ("Returned", False)
    assert (whole["returned_amount"], whole["return_seen_at"]) == (Decimal("10.00"), None)
    quarters(world, 1)
    assert world.payout(paid)["return_seen_at"] is not None
    assert item(world, paid)["return_seen_cents"] == {"N": "1000"}


def _returned_outcome() -> Any:
    from simulator.outcomes import Outcome

    return Outcome.RETURNED


def test_the_credit_of_a_part_leaves_the_rest_paid(world: World) -> None:
    world.monoova.behave(partial_return=True)
    paid = world.paid("7.07")
    world.later(600)
    quarters(world, 1)
    part = world.payout(paid)
    assert (part["status"], part["needs_review"]) == ("Completed", True)
    assert part["returned_amount"] == Decimal("3.54")
    assert part["return_seen_at"] is not None
    assert item(world, paid)["return_seen_cents"] == {"N": "354"}


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_credit_without_a_reference_is_known_by_the_number_of_a_signed_return(
    is_signed: bool, world: World
) -> None:
    world.monoova.behave(return_credit_has_reference=False)
    paid = completed(world)
    assert send(world, returned(world, paid), is_signed=is_signed).status == 200
    credited(world, paid, number=8000001)
    quarters(world, 1)
    assert (world.payout(paid)["return_seen_at"] is not None) is is_signed


def test_a_return_cannot_borrow_the_credit_of_another_payout(world: World) -> None:
    customer = world.customer()
    mine, other = (str(world.pay(customer).json["transaction_id"]) for _ in range(2))
    for one in (mine, other):
        assert send(world, body(world, one)).status == 200
    credited(world, other, number=8000009)
    for is_signed in (False, True):
        news = returned(world, mine, ReturnTransactionId=8000009)
        assert send(world, news, is_signed=is_signed).status == 200
        quarters(world, 1)
        assert world.payout(mine)["return_seen_at"] is None


@pytest.mark.parametrize("cents", [12549, 22, 6275])
def test_a_credit_of_another_amount_is_not_the_return(cents: int, world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid), is_signed=False).status == 200
    credited(world, paid, cents)
    quarters(world, 1)
    after = world.payout(paid)
    assert (after["status"], after["returned_amount"]) == ("Completed", None)


def test_one_of_two_payments_that_comes_back_is_no_return(world: World) -> None:
    paid = completed(world)
    world.monoova.behave(duplicate="booked_again")
    url = f"{HOST}/financial/v2/transaction/execute"
    again = payid_payout(paid, 125.5)
    assert world.http.post(url, json=again, auth=(API_KEY, "")).status_code == 200
    credited(world, paid)
    assert send(world, returned(world, paid), is_signed=False).status == 200
    quarters(world, 1)
    assert world.payout(paid)["status"] == "Completed"
    to_next_morning(world)
    world.reconcile_daily()
    assert kinds(shown(world)) == {"BookedTwice": 1}
    assert world.payout(paid)["status"] == "Completed"


def test_one_credit_under_a_number_that_two_payouts_share_counts_for_neither(world: World) -> None:
    """Seen: it made both of them payable again."""
    customer = world.customer()
    both = [str(world.pay(customer).json["transaction_id"]) for _ in range(2)]
    for one in both:
        assert send(world, body(world, one)).status == 200
        assert send(world, returned(world, one, ReturnTransactionId=8000009)).status == 200
    credit = {"uniqueReference": "", "transactionId": 8000009, "mPaymentsId": 5, "credit": 125.5}
    answering(world, lines_of(credit))
    quarters(world, 4)
    for one in both:
        after = world.payout(one)
        assert (after["return_seen_at"], after["review_reason"]) == (None, "Contradiction")
        events = [entry["event"] for entry in after["history"]]
        assert events.count("Contradicted") == 1


def test_a_credit_that_has_counted_for_one_does_not_count_for_another_later(world: World) -> None:
    customer = world.customer()
    first, second = (str(world.pay(customer).json["transaction_id"]) for _ in range(2))
    credit = {"uniqueReference": "", "transactionId": 8000009, "mPaymentsId": 5, "credit": 125.5}
    answering(world, lines_of(credit))
    for one in (first, second):
        assert send(world, body(world, one)).status == 200
        assert send(world, returned(world, one, ReturnTransactionId=8000009)).status == 200
        quarters(world, 2)
    assert world.payout(first)["return_seen_at"] is not None
    assert world.payout(second)["return_seen_at"] is None
    reasons = [world.payout(one)["review_reason"] for one in (first, second)]
    assert reasons == ["Contradiction", "Contradiction"]


@pytest.mark.parametrize("numbers", [(1000001, 1000002), (1000001, 1000001)])
def test_two_payments_each_booked_together_with_its_fee_are_two(
    numbers: tuple[int, int], world: World
) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid), is_signed=False).status == 200
    out = [
        {"uniqueReference": paid, "transactionId": number, "debit": 125.61, "credit": 0}
        for number in numbers
    ]
    credit = {"uniqueReference": paid, "transactionId": 5, "mPaymentsId": 1, "credit": 125.5}
    answering(world, lines_of(*out, credit))
    quarters(world, 1)
    assert world.payout(paid)["status"] == "Completed"
    answering(world, lines_of(out[0], credit))
    quarters(world, 3)
    assert world.payout(paid)["status"] == "Returned"


# --- no credit


def test_a_return_that_never_comes_is_for_a_person_after_ten_banking_days(world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid), is_signed=False).status == 200
    for _ in range(13):
        quarters(world, 1)
        world.later(86400 - 900)
    assert world.payout(paid)["needs_review"] is False
    quarters(world, 80)
    after = world.payout(paid)
    assert (after["status"], after["review_reason"]) == ("Completed", "ReturnNotSeen")
    assert after["next_look_at"] is None
    asked = questions(world)
    world.later(2 * 86400)
    quarters(world, 2)
    assert questions(world) == asked


@pytest.mark.parametrize("outage", ["unavailable", "timeout", "connection_refused"])
def test_while_monoova_is_away_the_question_stays_due_but_not_for_ever(
    outage: str, world: World
) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    credited(world, paid)
    world.monoova.behave(outage=outage)
    quarters(world, 2)
    due_at = world.payout(paid)["next_look_at"]
    assert due_at is not None
    world.monoova.behave(outage="none")
    world.later(3600)
    world.look_for_returns()
    assert world.payout(paid)["return_seen_at"] is not None


def test_with_monoova_away_for_ten_banking_days_a_person_looks(world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    world.monoova.behave(outage="connection_refused")
    world.later(15 * 86400)
    world.look_for_returns()
    assert world.payout(paid)["review_reason"] == "ReturnNotSeen"


def test_without_time_nothing_is_asked(world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    world.later(900)
    assert world.look_for_returns(milliseconds=30_000) == 1
    assert questions(world) == 0


def lines_of(*lines: dict[str, object], end: str = '], "status": "Ok"}') -> bytes:
    usual = {"rowOrder": 1, "debit": 0, "runningBalance": 1, "dateTime": "2026-03-02T12:00:00"}
    return ('{"items": [' + ",".join(json.dumps(usual | line) for line in lines) + end).encode()


def answering(world: World, content: bytes, http: int = 200) -> None:
    def tap(request: requests.PreparedRequest, go_on: Pass) -> requests.Response:
        return reply(request, http, content) if request.path_url == TRANSACTIONS else go_on()

    tap_line(world, tap)


def test_of_an_answer_that_breaks_off_the_beginning_counts_and_the_rest_stays_due(
    world: World,
) -> None:
    customer = world.customer()
    first, second = (str(world.pay(customer).json["transaction_id"]) for _ in range(2))
    for one in (first, second):
        assert send(world, body(world, one)).status == 200
        assert send(world, returned(world, one)).status == 200
    credit = {"uniqueReference": first, "transactionId": 5, "mPaymentsId": 1, "credit": 125.5}
    answering(world, lines_of(credit, {"uniqueReference": "x"}, end=""))
    quarters(world, 1)
    assert world.payout(first)["return_seen_at"] is not None
    assert world.payout(second)["next_look_at"] <= text_of(world.clock())
    answering(world, lines_of())
    world.look_for_returns()
    assert world.payout(second)["next_look_at"] > text_of(world.clock())


@pytest.mark.parametrize(
    ("content", "http"),
    [(b"<html>no</html>", 200), (b"", 200), (b'{"status": "No"}', 400), (b'{"status": "No"}', 403)],
)
def test_what_is_no_answer_is_asked_again(content: bytes, http: int, world: World) -> None:
    paid = completed(world)
    assert send(world, returned(world, paid)).status == 200
    answering(world, content, http)
    quarters(world, 1)
    assert world.payout(paid)["next_look_at"] <= text_of(world.clock())
    assert world.payout(paid)["needs_review"] is False


def test_equal_credits_are_told_apart_by_their_lines_and_by_nothing_twice(world: World) -> None:
    paid = completed(world, "10.00")
    for number in (1, 2):
        part = returned(world, paid, Amount=5, ReturnTransactionId=number)
        assert send(world, part).status == 200
    line = {"uniqueReference": paid, "transactionId": 1000001, "credit": 5}
    answering(world, lines_of(line | {"mPaymentsId": 7}))
    quarters(world, 1)
    assert item(world, paid)["return_seen_cents"] == {"N": "500"}
    quarters(world, 3)
    assert item(world, paid)["return_seen_cents"] == {"N": "500"}
    # Another edition names no line: then its time and number do.
    answering(world, lines_of(line | {"mPaymentsId": 7}, line))
    quarters(world, 12)
    assert item(world, paid)["return_seen_cents"] == {"N": "1000"}
    assert world.payout(paid)["return_seen_at"] is not None


# --- the morning's comparison


def test_a_payout_returned_without_a_credit_is_a_difference_every_morning(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = completed(world, "900.00")
    assert send(world, returned(world, paid)).status == 200
    to_next_morning(world)
    for _ in range(3):
        world.reconcile_daily()
        (line,) = shown(world)["differences"]
        assert (line["kind"], line["transaction_id"]) == ("ReturnedWithoutCredit", paid)
        assert (line["status"], line["monoova_says"]) == ("Returned", "Complete")
        world.later(86400)
    credited(world, paid, 90000)
    world.look_for_returns()
    assert world.payout(paid)["return_seen_at"] is not None


def test_one_that_is_returned_after_its_report_is_told_by_the_next_ones(world: World) -> None:
    paid = completed(world)
    to_next_morning(world)
    world.reconcile_daily()
    assert kinds(shown(world)) == {"Matched": 1}
    assert send(world, returned(world, paid)).status == 200
    world.later(86400)
    (made,) = world.reconcile_daily()
    assert made["counts"] == {"ReturnedWithoutCredit": 1}
    credited(world, paid)
    world.later(86400)
    assert world.reconcile_daily()[0]["counts"] == {}


def test_a_whole_credit_makes_a_completed_payout_returned_without_any_webhook(
    world: World,
) -> None:
    paid = completed(world)
    credited(world, paid)
    to_next_morning(world)
    world.reconcile_daily()
    assert kinds(shown(world)) == {"Returned": 1}
    back = world.payout(paid)
    assert (back["status"], back["needs_review"]) == ("Returned", False)
    assert back["return_seen_at"] is not None
    # Monoova's word of it, late: nothing new.
    assert send(world, returned(world, paid)).status == 200
    assert world.payout(paid) == back


def test_a_part_that_the_books_show_by_themselves_is_kept_and_raised(world: World) -> None:
    paid = completed(world)
    credited(world, paid, 5000)
    to_next_morning(world)
    world.reconcile_daily()
    part = world.payout(paid)
    assert (part["status"], part["review_reason"]) == ("Completed", "PartReturned")
    assert part["returned_amount"] == Decimal("50.00")
    assert kinds(shown(world)) == {"Matched": 1}
    credited(world, paid, 7550, number=2)
    world.later(86400)
    world.reconcile_daily()
    assert world.payout(paid)["status"] == "Returned"


def test_on_another_day_a_credit_of_another_amount_stays_a_difference(world: World) -> None:
    paid = completed(world)
    world.later(4 * 86400)
    credited(world, paid, 22)
    to_next_morning(world)
    world.reconcile_daily()
    answer = world.admin.get("/reports/daily/2026-03-06")
    assert kinds(answer.json) == {"GivenBack": 1}
    assert world.payout(paid)["status"] == "Completed"
