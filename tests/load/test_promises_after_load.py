"""The checks after the load: each broken promise is found, and nothing else is reported."""

import itertools
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.triggers import TRIGGERS
from tests.load import records, report
from tests.load.bare import TOTAL
from tests.load.figures import Carried, Spread, in_flight, lasted, percentile, rows
from tests.load.one_size import Outcome
from tests.load.plan import MIX, TROUBLE, Operation, Plan
from tests.load.promises import Booked, Shown, booked, violations
from tests.load.records import NO_ANSWER, Seen
from tools.devstack.stack import ROOT

PAID = Seen(
    Operation.PAY, 0.0, 0.0, 100.0, 202, key="key-1", amount_cents=1050, transaction_id="one"
)
COMPLETED = Shown("one", "Completed", needs_review=False, amount_cents=1050)
BOOK = {"one": Booked((1050,), 1050)}
PLAN = Plan(
    payouts=100, seconds=50, users=4, bound_seconds=60, run="run", customers=("jo", "robin")
)


def found(
    *seen: Seen, shown: tuple[Shown, ...] = (COMPLETED,), book: Mapping[str, Booked] = BOOK
) -> str:
    return "\n".join(violations(seen or (PAID,), shown, book))


# --- the promises


def test_a_completed_payout_that_was_booked_once_and_is_held_breaks_nothing() -> None:
    assert found() == ""


@pytest.mark.parametrize("status", ["Failed", "Returned"])
def test_money_that_was_given_back_breaks_nothing(status: str) -> None:
    assert found(shown=(replace(COMPLETED, status=status),), book={"one": Booked((1050,))}) == ""


@pytest.mark.parametrize("status", ["Failed", "Cancelled"])
def test_money_that_was_never_sent_breaks_nothing(status: str) -> None:
    assert found(shown=(replace(COMPLETED, status=status),), book={}) == ""


def test_an_open_payout_under_review_breaks_nothing() -> None:
    assert found(shown=(replace(COMPLETED, status="Pending", needs_review=True),)) == ""


def test_the_same_key_asked_again_and_answered_alike_breaks_nothing() -> None:
    again = replace(PAID, operation=Operation.PAY_AGAIN, is_replay=True)
    assert found(PAID, again) == ""


@pytest.mark.parametrize(
    ("book", "problem"),
    [
        ({"one": Booked((1050, 1050), 2100)}, "one was booked 2 times"),
        ({"one": Booked((1050, 1050), 1050)}, "one was booked 2 times"),
        ({"one": Booked((1051,), 1050)}, "one is shown with 1050 cents, booked (1051,)"),
        ({"one": Booked((1050,), 0)}, "one is Completed, and the payee holds 0 cents"),
        ({}, "one is Completed, and the payee holds 0 cents"),
        (BOOK | {"two": Booked((1,), 1)}, "Monoova's book has two, which is not listed"),
    ],
)
def test_what_the_book_says_against_a_payout_is_a_violation(
    book: Mapping[str, Booked], problem: str
) -> None:
    assert problem in found(book=book)


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        (replace(COMPLETED, status="Failed"), "one is Failed, and the payee holds 1050 cents"),
        (replace(COMPLETED, status="Returned"), "one is Returned, and the payee holds 1050"),
        (replace(COMPLETED, status="Pending"), "one is still Pending, and not under review"),
        (replace(COMPLETED, status="Queued"), "one is still Queued, and not under review"),
        (replace(COMPLETED, amount_cents=1051), "asked for 1050 cents and is shown with 1051"),
    ],
)
def test_what_a_payout_shows_against_the_book_is_a_violation(shown: Shown, problem: str) -> None:
    assert problem in found(shown=(shown,))


def test_a_return_of_money_that_never_left_is_a_violation() -> None:
    assert "was never booked" in found(shown=(replace(COMPLETED, status="Returned"),), book={})


def test_an_accepted_payout_that_is_gone_is_a_violation() -> None:
    assert "one was answered 202 and is not listed" in found(shown=())


def test_a_payout_that_is_listed_twice_is_a_violation() -> None:
    assert "one is listed 2 times" in found(shown=(COMPLETED, COMPLETED))


def test_one_key_with_two_payouts_is_a_violation() -> None:
    problem = "key key-1 was answered with 2 payouts: ['one', 'two']"
    assert problem in found(PAID, replace(PAID, transaction_id="two"))


def test_one_payout_for_two_keys_is_a_violation() -> None:
    problem = "one was the answer to 2 keys: ['key-1', 'key-2']"
    assert problem in found(PAID, replace(PAID, key="key-2"))


def test_a_request_without_an_answer_may_have_made_one_payout_and_no_more() -> None:
    unknown = Seen(Operation.PAY, 0.0, 0.0, 40_000.0, NO_ANSWER, key="key-2", amount_cents=700)
    second = Shown("two", "Completed", needs_review=False, amount_cents=700)
    third = replace(second, transaction_id="three")
    one_more = BOOK | {"two": Booked((700,), 700)}
    assert found(PAID, unknown, shown=(COMPLETED, second), book=one_more) == ""
    book = one_more | {"three": Booked((700,), 700)}
    broken = found(PAID, unknown, shown=(COMPLETED, second, third), book=book)
    assert broken == (
        "2 payouts are listed that no answer named, and only 1 requests had no answer"
    )


def test_the_book_is_read_by_reference_without_fees_and_to_the_cent() -> None:
    lines = [
        ("one", "debit", "-10.5000"),
        ("one", "fee", "-0.1250"),
        ("one", "rejection_credit", "10.5000"),
        ("two", "debit", "-7.0000"),
    ]
    movements = [dict(zip(("reference", "kind", "amount"), line, strict=True)) for line in lines]
    assert booked(movements) == {"one": Booked((1050,), 0), "two": Booked((700,), 700)}


def test_a_part_of_a_cent_in_the_book_is_no_payout() -> None:
    with pytest.raises(ValueError, match="a part of a cent"):
        booked([{"reference": "one", "kind": "debit", "amount": "-0.0050"}])


# --- the figures


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)]
)
def test_a_percentile_is_a_value_that_occurred_by_nearest_rank(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], share) == value


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_a_percentile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_a_spread_does_not_mind_the_order_and_may_be_of_none() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(3, 2.0, 3.0, 3.0, 3.0)
    assert Spread.of([]) == Spread(0, 0.0, 0.0, 0.0, 0.0)


def test_a_row_counts_what_was_answered_wrongly_and_by_what() -> None:
    refused = replace(PAID, status=422, code="MonoovaRefused")
    reused = replace(PAID, status=422, code="IdempotencyKeyReused")
    (row,) = rows([PAID, refused, reused, replace(PAID, status=NO_ANSWER)], 2.0)
    assert (row.operation, row.spread.count, row.per_second) == (Operation.PAY, 4, 2.0)
    assert (row.errors, row.wrong) == (2, {"422 IdempotencyKeyReused": 1, "no answer": 1})


def test_requests_in_flight_are_the_time_waited_over_the_time_that_passed() -> None:
    seen = [replace(PAID, at_seconds=at, took_ms=1000.0) for at in (0.0, 0.0, 1.0)]
    assert lasted(seen) == 2.0
    assert in_flight(seen) == 1.5
    assert in_flight([]) == 0.0


def test_a_load_that_was_carried_is_not_saturated_however_often_a_key_was_asked_again() -> None:
    seen = [replace(PAID, key=PLAN.key(n), at_seconds=n / 2) for n in range(100)]
    seen += [replace(each, operation=Operation.PAY_AGAIN) for each in seen[:10]]
    carried = Carried.of(PLAN, seen)
    assert (carried.offered, carried.asked, carried.answered) == (100, 100, 100)
    assert carried.offered_per_second == 2.0
    assert carried.per_second == pytest.approx(100 / 49.6)
    assert not carried.is_saturated


def test_what_was_never_sent_or_sent_late_is_saturation() -> None:
    seen = [replace(PAID, key=PLAN.key(n), at_seconds=n / 2) for n in range(100)]
    assert Carried.of(PLAN, seen[:99]).is_saturated
    assert Carried.of(PLAN, [replace(each, late_ms=1_500.0) for each in seen]).is_saturated
    assert Carried.of(PLAN, []).is_saturated


# --- the plan


def test_the_plan_offers_the_mix_evenly_and_in_order() -> None:
    acts = list(PLAN.acts())
    assert [act.due_seconds for act in acts] == sorted(act.due_seconds for act in acts)
    counts = {each: sum(act.operation is each for act in acts) for each in Operation}
    assert counts == {
        Operation.PAY: 100,
        **MIX,
        Operation.VALIDATE: 0,
        Operation.HEALTH: 0,
    }
    payouts = [act for act in acts if act.operation is Operation.PAY]
    assert [act.number for act in payouts] == list(range(100))
    gaps = {round(b.due_seconds - a.due_seconds, 6) for a, b in itertools.pairwise(payouts)}
    assert gaps == {0.5}
    assert max(act.due_seconds for act in acts) < PLAN.seconds


def test_a_plan_of_one_operation_offers_only_that() -> None:
    acts = list(replace(PLAN, only=Operation.HEALTH, payouts=7).acts())
    assert [act.operation for act in acts] == [Operation.HEALTH] * 7


def test_a_plan_survives_being_written_and_read() -> None:
    for plan in (PLAN, replace(PLAN, only=Operation.HEALTH)):
        assert Plan.from_json(plan.to_json()) == plan


def test_amounts_trouble_monoova_only_where_it_is_meant() -> None:
    special = {trigger.amount_cents for trigger in TRIGGERS}
    assert set(TROUBLE.values()) <= special
    amounts = [PLAN.amount_cents(n) for n in range(20_000)]
    assert sum(cents in special for cents in amounts) == 20_000 // 200 * len(TROUBLE)
    assert all(0 < cents <= 100_000 for cents in amounts)  # the usual limit of a payout
    # The simulated account opens with a million dollars.
    assert sum(amounts) < 100_000_000


def test_every_payout_has_a_key_of_its_own_and_a_customer() -> None:
    assert len({PLAN.key(n) for n in range(1_000)}) == 1_000
    assert [PLAN.customer(n) for n in range(3)] == ["jo", "robin", "jo"]


def test_what_was_seen_survives_being_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    seen = [PAID, replace(PAID, operation=Operation.READ, is_replay=True, code="Forbidden")]
    with path.open("w", encoding="utf-8") as lines:
        for each in seen:
            records.write(each, lines)
    assert records.read(path) == seen


# --- the report


def outcome(*seen: Seen, broken: list[str]) -> Outcome:
    return Outcome(
        words="a test",
        load_before=1.5,
        carried=Carried.of(PLAN, seen),
        rows=rows(seen, lasted(seen)),
        in_flight=in_flight(seen),
        functions={"POST /payouts": Spread.of([90.0])},
        bare_threads=3,
        bare={TOTAL: Spread.of([25.0])},
        health=Spread.of([12.0]),
        settled_seconds=9.0,
        still_open=0,
        by_status={"Completed": 1},
        violations=broken,
    )


def test_the_report_says_saturation_and_each_broken_promise_in_words() -> None:
    text = "\n".join(report.lines(outcome(PAID, broken=["one was booked 2 times"])))
    assert "SATURATED: 99 were never sent for want of time" in text
    assert "BROKEN: one was booked 2 times" in text
    assert "No double booking" not in text
    assert "The emulator alone, 3 at once" in text
    assert "had a load of 1.5 of their own" in text
    assert "Nothing of this was subtracted" in text


def test_the_report_of_kept_promises_says_which_and_of_many_broken_ones_how_many() -> None:
    assert "No double booking" in "\n".join(report.lines(outcome(PAID, broken=[])))
    many = [f"{n} was booked 2 times" for n in range(50)]
    assert "BROKEN: and 30 more" in "\n".join(report.lines(outcome(PAID, broken=many)))


def test_collecting_the_tests_needs_nothing_of_the_load_generators() -> None:
    """Locust patches the standard library of its importer."""
    program = (
        "import sys, tests.load.__main__, tests.load.test_promises_after_load\n"
        "assert not {'locust', 'gevent'} & sys.modules.keys()"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
