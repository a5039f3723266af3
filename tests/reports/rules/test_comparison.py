"""One payout three ways: what each combination of record, statement and movements comes to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.payouts.rules.news import Credit
from chalicelib.payouts.rules.payout import State
from chalicelib.reports.rules.comparison import (
    DIFFERENCES,
    NOTHING,
    Booking,
    Kind,
    Movement,
    StatementLine,
    kind_of,
)
from chalicelib.reports.rules.day_statistics import DayPayout, DayStatistics, statistics_of

AMOUNT, FEE = Decimal("125.5000"), Decimal("0.1100")
AT = datetime(2026, 11, 24, 1, tzinfo=UTC)
OURS = DayPayout("p", "p", 12_550, State.COMPLETED, "PayId", AT)


def stated(amount: Decimal = AMOUNT, number: str = "1", fee: Decimal = FEE) -> StatementLine:
    return StatementLine("p", number, amount, fee)


def out(amount: Decimal = AMOUNT, number: str = "1") -> Movement:
    return Movement("p", number, amount, Decimal(0))


def back(amount: Decimal = AMOUNT, line: str = "") -> Movement:
    return Movement("p", "9", Decimal(0), amount, line)


UNSEEN = Kind.RETURNED_WITHOUT_CREDIT
PAID = Booking((stated(),), (out(), out(FEE)))


@pytest.mark.parametrize(
    ("state", "booked", "kind"),
    [
        (State.COMPLETED, PAID, Kind.MATCHED),
        (State.COMPLETED, Booking((stated(),), (out(AMOUNT + FEE),)), Kind.MATCHED),
        (State.COMPLETED, Booking((stated(),), (out(AMOUNT - 5), out(Decimal(5)))), Kind.MATCHED),
        (State.COMPLETED, NOTHING, Kind.MISSING_THERE),
        (State.COMPLETED, Booking((stated(),), ()), Kind.MISSING_THERE),
        (State.COMPLETED, Booking((), (out(),)), Kind.MISSING_THERE),
        (State.COMPLETED, Booking((stated(AMOUNT + 1),), (out(),)), Kind.AMOUNT_DIFFERS),
        (State.COMPLETED, Booking((stated(),), (out(AMOUNT + 1),)), Kind.AMOUNT_DIFFERS),
        (State.COMPLETED, Booking((stated(),), (out(), out(number="2"))), Kind.BOOKED_TWICE),
        (State.COMPLETED, Booking((stated(), stated(number="2")), (out(),)), Kind.BOOKED_TWICE),
        (State.COMPLETED, Booking((stated(),), (out(), out())), Kind.BOOKED_TWICE),
        (
            State.COMPLETED,
            Booking((stated(),), (out(AMOUNT + FEE), out(AMOUNT + FEE))),
            Kind.BOOKED_TWICE,
        ),
        (State.COMPLETED, Booking((stated(),), (out(2 * AMOUNT),)), Kind.AMOUNT_DIFFERS),
        (State.COMPLETED, Booking((stated(),), (out(), back())), Kind.GIVEN_BACK),
        (State.COMPLETED, Booking((stated(),), (out(), back(Decimal(60)))), Kind.GIVEN_BACK),
        (State.COMPLETED, Booking((stated(),), (out(), out(FEE), back(FEE))), Kind.MATCHED),
        (State.RETURNED, Booking((stated(),), (out(), back())), Kind.RETURNED),
        (State.RETURNED, Booking((stated(),), (out(), back(AMOUNT / 2))), UNSEEN),
        (State.RETURNED, PAID, UNSEEN),
        (State.RETURNED, NOTHING, Kind.MISSING_THERE),
        (State.FAILED, NOTHING, Kind.MATCHED),
        (State.FAILED, Booking((), (out(), out(FEE), back())), Kind.MATCHED),
        (State.FAILED, Booking((stated(),), ()), Kind.MATCHED),
        (State.FAILED, PAID, Kind.PAID_THERE),
        (State.CANCELLED, NOTHING, Kind.MATCHED),
        (State.CANCELLED, PAID, Kind.PAID_THERE),
        (State.QUEUED, NOTHING, Kind.NOT_FINAL_HERE),
        (State.QUEUED, PAID, Kind.PAID_THERE),
        (State.AWAITING_APPROVAL, PAID, Kind.PAID_THERE),
        (State.AWAITING_APPROVAL, Booking((stated(),), (out(), back())), Kind.NOT_FINAL_HERE),
        (State.ACCEPTED, PAID, Kind.NOT_FINAL_HERE),
        (State.ACCEPTED, Booking((stated(AMOUNT + 1),), ()), Kind.AMOUNT_DIFFERS),
    ],
)
def test_a_payout_and_its_bookings_come_to(state: State, booked: Booking, kind: Kind) -> None:
    assert kind_of(replace(OURS, state=state), booked) is kind


def test_a_fee_as_large_as_the_payout_is_no_second_payment() -> None:
    small = replace(OURS, amount_cents=11)
    booked = Booking((stated(FEE),), (out(FEE), out(FEE)))
    assert kind_of(small, booked) is Kind.MATCHED


@pytest.mark.parametrize(
    ("movements", "most"),
    [
        ((), 0),
        ((back(),), 0),
        ((out(AMOUNT - Decimal("0.01")),), 0),
        ((out(),), 1),
        ((out(), out(FEE)), 1),
        ((out(2 * AMOUNT - Decimal("0.01")),), 1),
        ((out(2 * AMOUNT),), 2),
        ((out(AMOUNT + FEE), out(AMOUNT + FEE)), 2),
        ((out(AMOUNT + FEE), out(AMOUNT + FEE, number="2")), 2),
        ((out(AMOUNT / 2), out(AMOUNT / 2, number="2")), 0),
    ],
)
def test_without_the_fees_known_the_most_payments_that_there_may_be_count(
    movements: tuple[Movement, ...], most: int
) -> None:
    assert Booking(movements=movements).most_payments_of(AMOUNT) == most


@pytest.mark.parametrize(
    ("credit", "cents"),
    [
        ("125.5000", 12_550),
        ("0.0100", 1),
        ("0.0200", 2),
        ("0.0000", None),
        ("0.0050", None),
        ("125.5050", None),
        ("-1.0000", None),
        ("-0.0050", None),
    ],
)
def test_money_that_came_in_counts_in_whole_cents_or_not_at_all(
    credit: str, cents: int | None
) -> None:
    assert back(Decimal(credit)).credit_cents == cents


def test_each_line_that_came_back_is_a_credit_of_its_own_by_monoovas_id_and_the_fee_is_none() -> (
    None
):
    lines = (out(), out(FEE), back(Decimal(60), "61"), back(FEE, "62"), back(Decimal(5), "63"))
    booked = Booking((stated(),), lines)
    assert booked.credits == (Credit(6_000, "61"), Credit(500, "63"))
    assert booked.credited_cents == 6_500
    assert NOTHING.credits == ()


def test_a_line_that_only_took_money_out_has_no_id_to_be_known_by() -> None:
    assert out().line == ""


@pytest.mark.parametrize(
    ("lines", "credited"),
    [
        ((), Decimal(0)),
        ((back(FEE),), Decimal(0)),
        ((back(),), AMOUNT),
        ((back(), back(FEE)), AMOUNT + FEE),
        ((back(Decimal(60)), back(Decimal(5))), Decimal(65)),
    ],
)
def test_a_fee_that_came_back_alone_is_no_money_that_came_back(
    lines: tuple[Movement, ...], credited: Decimal
) -> None:
    assert Booking((stated(),), (out(), out(FEE), *lines)).credited == credited


def test_a_single_cent_that_came_back_and_was_never_seen_is_given_back() -> None:
    booked = Booking((stated(),), (out(), out(FEE), back(Decimal("0.01"))))
    assert kind_of(OURS, booked) is Kind.GIVEN_BACK
    assert kind_of(replace(OURS, return_seen_cents=1), booked) is Kind.MATCHED


def test_nothing_is_missing_where_only_a_part_was_looked_at() -> None:
    assert kind_of(OURS, NOTHING, may_be_missing=False) is Kind.MATCHED
    assert kind_of(OURS, Booking((), (back(),)), may_be_missing=False) is Kind.GIVEN_BACK


def test_what_was_booked_is_read_from_the_statement_or_from_the_movements() -> None:
    assert Booking((stated(),), (out(Decimal(1)),)).amount == AMOUNT
    assert Booking((), (out(), out(FEE))).amount == AMOUNT
    assert NOTHING.amount is None


def test_a_day_without_payouts_has_no_rate_and_no_times() -> None:
    assert statistics_of([]) == DayStatistics()
    assert DayStatistics().success_rate is None


def test_the_figures_of_a_day_count_every_end() -> None:
    def ended(state: State, seconds: int | None, method: str = "PayId") -> DayPayout:
        completed = (
            None if seconds is None else AT.replace(minute=seconds // 60, second=seconds % 60)
        )
        return replace(OURS, state=state, completed_at=completed, payout_method=method)

    figures = statistics_of(
        [
            ended(State.COMPLETED, 10),
            ended(State.COMPLETED, 40),
            ended(State.COMPLETED, 20, "BankAccount"),
            ended(State.RETURNED, 90),
            ended(State.FAILED, None),
            ended(State.CANCELLED, None),
            ended(State.QUEUED, None),
            ended(State.UNRESOLVED, None),
        ]
    )
    assert (figures.total.count, figures.total.value_cents) == (8, 8 * 12_550)
    assert (figures.completed, figures.returned, figures.failed) == (3, 1, 1)
    assert (figures.cancelled, figures.open) == (1, 2)
    assert figures.success_rate == Decimal("0.6000")
    assert (figures.median_seconds, figures.p95_seconds) == (20, 90)
    assert {m: s.count for m, s in figures.by_method.items()} == {"PayId": 7, "BankAccount": 1}


def test_a_person_has_to_look_at_every_difference_and_at_nothing_else() -> None:
    assert set(Kind) - DIFFERENCES == {Kind.MATCHED, Kind.RETURNED, Kind.NOT_FINAL_HERE}


def test_where_nothing_was_booked_the_sums_are_still_dollars() -> None:
    sums = (NOTHING.fee, Booking((stated(),)).credited)
    assert sums == (Decimal(0), Decimal(0))
    assert all(isinstance(dollars, Decimal) for dollars in sums)


def test_of_two_hundred_payouts_five_percent_took_longer_than_the_95th_percentile() -> None:
    took = [
        replace(OURS, completed_at=AT + timedelta(seconds=seconds)) for seconds in range(1, 201)
    ]
    figures = statistics_of(took)
    assert (figures.median_seconds, figures.p95_seconds) == (100, 190)


def test_a_payout_that_was_not_sent_has_neither_times_nor_an_id_of_monoovas() -> None:
    assert (OURS.last_sent_at, OURS.completed_at, OURS.monoova_transaction_id) == (None, None, None)
