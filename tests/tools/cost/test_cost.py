"""The cost model: its prices and its arithmetic."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from bench import journeys
from bench.tally import Call, Function
from tools.cost import __main__ as command
from tools.cost import alternatives, measured, serverless
from tools.cost.bill import Bill, Ledger, Line, Part
from tools.cost.inventory import Inventory, inventory
from tools.cost.options import options
from tools.cost.prices import Basis, Price, prices
from tools.cost.table import PER_DAY, break_even
from tools.cost.usage import Inputs, UnpricedCallError, duration_ms, used_by, used_by_call

_WAYS: Final = (serverless.bill, alternatives.lightsail, alternatives.containers)


def found() -> Inputs:
    return command.inputs(measured.committed())


def bills() -> list[Bill]:
    return [way(found(), prices()) for way in _WAYS]


def price(free: float = 0.0) -> Price:
    return Price("x", "x", 2.0, 1_000, free, Basis.LISTED, "https://aws.amazon.com/", "")


# --- prices


@pytest.mark.parametrize("key", prices().by_key)
def test_every_price_has_a_source_and_says_how_sure_it_is(key: str) -> None:
    one = prices()[key]
    assert one.source.startswith("https://")
    assert (one.usd >= 0, one.per > 0, one.free >= 0) == (True, True, True)
    assert one.basis is Basis.LISTED or one.note


def test_the_prices_are_sydneys_and_dated() -> None:
    table = prices()
    assert (table.region, table.currency) == ("ap-southeast-2", "USD")
    assert date(2024, 11, 1) < table.seen_on
    assert table["lambda_arm_gb_second"].usd < table["lambda_x86_gb_second"].usd


def test_every_price_is_used_by_some_way_to_run_the_system() -> None:
    inputs = found()
    everything = replace(inputs.inventory, composite_alarms=1)
    on_x86 = replace(everything, architecture="x86_64")
    used = {
        line.price.key
        for stands in (everything, on_x86)
        for way in _WAYS
        for line in way(replace(inputs, inventory=stands), prices()).lines
    }
    assert used == prices().by_key.keys()


def test_a_call_without_a_price_is_not_free() -> None:
    with pytest.raises(UnpricedCallError, match="sns:Publish"):
        used_by_call(Call("sns", "Publish"))


def test_whatever_an_invocation_uses_has_a_price() -> None:
    inputs = found()
    for flow in inputs.counted.flows.values():
        for invocation in flow.invocations:
            assert used_by(invocation, inputs).keys() <= prices().by_key.keys()


def test_a_bill_without_a_price_is_refused() -> None:
    with pytest.raises(KeyError, match="rocket"):
        Ledger(prices()).add("rocket", "to the moon", Part(1))


# --- arithmetic


def test_a_part_is_fixed_and_so_much_for_each_until_it_saturates() -> None:
    part = Part(fixed=10, per_payout=2, at_most=100)
    assert [part.quantity(payouts) for payouts in (0, 1, 45, 46)] == [10, 12, 100, 100]


def test_an_allowance_is_shared_by_the_lines_of_its_price() -> None:
    bill = Bill("x", (Line(price(500), "a", (Part(750),)), Line(price(500), "b", (Part(250),))))
    assert bill.of_lines(0) == [1.5, 0.5]
    assert bill.of_lines(0, free_tier=True) == [0.75, 0.25]


def test_what_is_within_the_allowance_costs_nothing() -> None:
    bill = Bill("x", (Line(price(1_000), "a", (Part(400, per_payout=1),)),))
    assert [bill.usd(count, free_tier=True) for count in (0, 600, 1_600)] == [0, 0, 2.0]


@pytest.mark.parametrize("free_tier", [False, True])
def test_more_payouts_never_cost_less_and_each_costs_ever_less(free_tier: bool) -> None:
    months = [200 * 30 * step for step in (1, 2, 5, 10, 100)]
    for bill in bills():
        amounts = [bill.usd(payouts, free_tier=free_tier) for payouts in months]
        assert amounts == sorted(amounts)
        if not free_tier:
            each = [usd / payouts for usd, payouts in zip(amounts, months, strict=True)]
            assert each == sorted(each, reverse=True)


def test_free_tiers_only_ever_save() -> None:
    for bill in bills():
        for per_day in PER_DAY:
            assert 0 < bill.usd(per_day * 30, free_tier=True) <= bill.usd(per_day * 30)


def test_the_fixed_part_is_what_a_month_without_payouts_costs() -> None:
    for bill in bills():
        assert bill.usd(0) == pytest.approx(bill.fixed_usd)
        assert bill.fixed_usd > 0


def test_a_line_that_does_not_saturate_is_linear_in_payouts() -> None:
    for line in (line for bill in bills() for line in bill.lines):
        expected = line.fixed_usd + 12_345 * line.usd_per_payout
        if line.saturates:
            assert line.usd(12_345) <= expected + 1e-9
        else:
            assert line.usd(12_345) == pytest.approx(expected)


def test_a_break_even_is_where_both_cost_the_same() -> None:
    ours, other = bills()[:2]
    per_day = break_even(ours, other, 30)
    assert PER_DAY[-1] < per_day
    assert ours.usd(per_day * 30) == pytest.approx(other.usd(per_day * 30), rel=0.001)
    assert ours.usd((per_day - 100) * 30) < other.usd((per_day - 100) * 30)


# --- the model


def test_every_payout_goes_one_way() -> None:
    shares = found().assumptions["per_payout"]
    ways = ("told", "told_late", "found", "refused", "queued")
    assert sum(shares[name] for name in ways) == pytest.approx(1)


def test_a_function_with_less_memory_works_longer() -> None:
    inputs = found()
    idle = inputs.counted.flows[journeys.IDLE].invocations[0]
    smaller = {**inputs.inventory.memory_mb, Function.RECONCILE: 128}
    less = replace(inputs, inventory=replace(inputs.inventory, memory_mb=smaller))
    assert duration_ms(idle, less) > duration_ms(idle, inputs)


def test_a_request_takes_longer_than_monoova_does() -> None:
    inputs = found()
    asked = inputs.counted.flows[journeys.SETTLED_BY_WEBHOOK].invocations[0]
    assert duration_ms(asked, inputs) > inputs.assumptions["round_trip_ms"]["monoova_execute"]


def test_the_minute_is_not_charged_to_the_payout_that_it_finds() -> None:
    inputs = found()
    only_found = dict.fromkeys(inputs.assumptions["per_payout"], 0.0) | {"found": 1.0}
    used = serverless.per_payout(
        replace(inputs, assumptions=inputs.assumptions.with_changed("per_payout", **only_found))
    )
    flow = inputs.counted.flows[journeys.SETTLED_BY_RECONCILER]
    idle = inputs.counted.flows[journeys.IDLE]
    assert used["dynamodb_read_unit"] == flow.read_units - idle.read_units
    assert used["dynamodb_write_unit"] == flow.write_units
    assert used["lambda_request"] == 1


def test_what_stands_is_counted_in_the_repository() -> None:
    stands: Inventory = inventory(alarms_planned=18, dashboards_planned=1)
    assert stands.keys >= 1
    assert (stands.secrets, stands.polled_queues) == (1, 2)
    assert stands.memory_mb[Function.API] > stands.memory_mb[Function.RECONCILE]
    assert stands.method_metrics == 0


def test_no_choice_among_the_options_costs_more_than_what_we_have() -> None:
    inputs = found()
    chosen = options(inputs, prices(), PER_DAY[0] * 30)
    assert all(option.saves_usd >= 0 for option in chosen)
    singles, together = chosen[:-1], chosen[-1]
    assert together.saves_usd >= max(option.saves_usd for option in singles)


def test_with_what_is_always_free_the_requirements_estimate_is_far_away() -> None:
    whole = serverless.bill(found(), prices())
    assert whole.usd(PER_DAY[0] * 30, free_tier=True) < 13.28 / 2
    assert whole.usd(PER_DAY[0] * 30) < 13.28
