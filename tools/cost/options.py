"""What other choices would cost: each recomputes the whole bill with one thing changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from bench import journeys
from tools.cost.prices import Prices
from tools.cost.serverless import bill
from tools.cost.usage import Inputs


@dataclass(frozen=True, slots=True)
class Option:
    """A choice in words, and what it saves in US$ a month at one volume, by the list and after
    the allowances; negative where it costs more."""

    words: str
    saves_usd: float
    saves_usd_after_free_tier: float


def _without_tracing(inputs: Inputs) -> Inputs:
    return replace(inputs, assumptions=inputs.assumptions.with_changed("watching", traced=0))


def _without_lambda_lines(inputs: Inputs) -> Inputs:
    changed = inputs.assumptions.with_changed("lambda", platform_log_bytes=0)
    return replace(inputs, assumptions=changed)


def _two_pollers(inputs: Inputs) -> Inputs:
    changed = inputs.assumptions.with_changed("queues", idle_receives_per_minute=6)
    return replace(inputs, assumptions=changed)


def _one_polled_queue(inputs: Inputs) -> Inputs:
    return replace(inputs, inventory=replace(inputs.inventory, polled_queues=1))


def _ten_alarms(inputs: Inputs) -> Inputs:
    return replace(inputs, inventory=replace(inputs.inventory, alarm_metrics=10))


def _alarms_over_all_functions(inputs: Inputs) -> Inputs:
    stands = inputs.inventory
    fewer = stands.alarm_metrics - stands.alarms_by_function
    return replace(inputs, inventory=replace(stands, alarm_metrics=fewer, alarms_by_function=0))


def _one_key(inputs: Inputs) -> Inputs:
    return replace(inputs, inventory=replace(inputs.inventory, keys=1))


def _without_secret(inputs: Inputs) -> Inputs:
    return replace(inputs, inventory=replace(inputs.inventory, secrets=0))


def _without_dashboard(inputs: Inputs) -> Inputs:
    return replace(inputs, inventory=replace(inputs.inventory, dashboards=0))


def _quiet_minutes(inputs: Inputs) -> Inputs:
    """The gauges are written only where there is something to tell."""
    flow = inputs.counted.flows[journeys.IDLE]
    silent = tuple(replace(invocation, metrics=frozenset()) for invocation in flow.invocations)
    flows = {**inputs.counted.flows, journeys.IDLE: replace(flow, invocations=silent)}
    return replace(inputs, counted=replace(inputs.counted, flows=flows))


def _all_of_these(inputs: Inputs) -> Inputs:
    for words, change in _CHANGES.items():
        if words != _ALL:
            inputs = change(inputs)
    return inputs


_ALL: Final = "all of these"
_CHANGES: Final[dict[str, Callable[[Inputs], Inputs]]] = {
    "no dashboard beyond CloudWatch's automatic ones": _without_dashboard,
    "alarms over all functions of the account, not one for each": _alarms_over_all_functions,
    "ten alarms, the most urgent": _ten_alarms,
    "no key of our own but the one of customers' data": _one_key,
    "gauges written only when they are not 0": _quiet_minutes,
    "Monoova's key in a parameter (SecureString) instead of a secret": _without_secret,
    "the schedule reads the webhook queue; one queue is polled by Lambda": _one_polled_queue,
    "a cap on concurrency, with which Lambda polls less": _two_pollers,
    "no X-Ray": _without_tracing,
    "Lambda's own START, END and REPORT lines off": _without_lambda_lines,
    _ALL: _all_of_these,
}


def options(inputs: Inputs, prices: Prices, payouts: float) -> tuple[Option, ...]:
    """Every choice at this many payouts a month."""
    now = bill(inputs, prices)

    def saved(change: Callable[[Inputs], Inputs], *, free_tier: bool) -> float:
        then = bill(change(inputs), prices)
        return now.usd(payouts, free_tier=free_tier) - then.usd(payouts, free_tier=free_tier)

    return tuple(
        Option(words, saved(change, free_tier=False), saved(change, free_tier=True))
        for words, change in _CHANGES.items()
    )
