"""The bill of the system as it is built: what stands, what a minute costs, what a payout adds."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from bench import journeys
from bench.tally import Function
from tools.cost.bill import Bill, Ledger, Part
from tools.cost.prices import Prices
from tools.cost.usage import GB, Inputs, cold_gb_seconds, minus, used_by

# The flows by the names that the assumptions have for how often each happens.
_FLOWS: Final = {
    "told": journeys.SETTLED_BY_WEBHOOK,
    "told_late": journeys.SETTLED_LATE,
    "found": journeys.SETTLED_BY_RECONCILER,
    "refused": journeys.REFUSED,
    "queued": journeys.QUEUED,
    "set_aside": journeys.QUEUED_EVENT,
    "shown": journeys.SHOWN,
    "listed": journeys.LISTED,
    "registered": journeys.REGISTERED,
}
_BUDGETS: Final = 3


def bill(inputs: Inputs, prices: Prices) -> Bill:
    """Everything that AWS charges for, and what it gives for nothing as a line of 0."""
    ledger = Ledger(prices)
    add_what_stands(ledger, inputs)
    _add_queues(ledger, inputs)
    _add_work(ledger, inputs)
    _add_storage(ledger, inputs)
    add_watching(ledger, inputs)
    return ledger.bill("Lambda, DynamoDB")


def add_what_stands(ledger: Ledger, inputs: Inputs) -> None:
    """What costs the same whatever runs the app: keys, secrets, people, the audit trail."""
    stands, assumed = inputs.inventory, inputs.assumptions
    audit = assumed["audit"]
    ledger.add("kms_key_month", f"{stands.keys} of our own, first year", Part(stands.keys))
    ledger.add("secret_month", "Monoova's credentials", Part(stands.secrets))
    ledger.add("cognito_user_month", "administrators", Part(assumed["people"]["administrators"]))
    ledger.add(
        "s3_put", "files of the audit trail", Part(audit["trail_files_per_day"] * assumed.days)
    )
    ledger.add(
        "s3_gb_month",
        "audit trail, packages",
        Part(audit["trail_gb_per_month"] + audit["package_gb"]),
    )
    ledger.add("cloudtrail_event", "the audit trail's events", Part(assumed.minutes))
    ledger.add("budget", "budgets", Part(_BUDGETS))


def _add_queues(ledger: Ledger, inputs: Inputs) -> None:
    polls = inputs.assumptions["queues"]["idle_receives_per_minute"] * inputs.assumptions.minutes
    ledger.add(
        "sqs_request",
        f"Lambda looks into {inputs.inventory.polled_queues} empty queues",
        Part(polls * inputs.inventory.polled_queues),
    )
    ledger.add("eventbridge_schedule", "the clock", Part(inputs.assumptions.minutes))


def _add_work(ledger: Ledger, inputs: Inputs) -> None:
    """What an idle minute uses, once a minute; and a payout, beyond that."""
    minutes = inputs.assumptions.minutes
    idle = idle_minute(inputs)
    for key, quantity in sorted(idle.items()):
        ledger.add(key, "idle minutes", Part(quantity * minutes))
    for key, quantity in sorted(per_payout(inputs).items()):
        ledger.add(key, "payouts", Part(0.0, quantity))
    _add_mornings(ledger, inputs)
    starts = _cold_starts(inputs)
    ledger.add(
        inputs.gb_second, "cold starts", _scaled(starts, cold_gb_seconds(Function.API, inputs))
    )
    most = inputs.assumptions["lambda"]["secret_reads_per_hour"] * inputs.assumptions.payout_hours
    ledger.add("secret_request", "credentials read again", Part(0.0, 1.0, most))


def _add_mornings(ledger: Ledger, inputs: Inputs) -> None:
    """What the daily report uses; each payout is compared in one."""
    daily, days = inputs.assumptions["daily"], inputs.assumptions.days
    gb = inputs.inventory.memory_mb[Function.DAILY] / 1024
    seconds = Part(daily["seconds"] * days * gb, daily["seconds_per_payout"] * gb)
    ledger.add(inputs.gb_second, "daily reports", seconds)
    ledger.add("dynamodb_read_unit", "daily reports", Part(0.0, daily["read_units_per_payout"]))
    ledger.add("dynamodb_write_unit", "daily reports", Part(daily["write_units"] * days))


def idle_minute(inputs: Inputs) -> dict[str, float]:
    """What the schedule uses in a minute in which nothing is due."""
    (invocation,) = inputs.counted.flows[journeys.IDLE].invocations
    return used_by(invocation, inputs)


def per_payout(inputs: Inputs) -> dict[str, float]:
    """What an average payout uses: every flow by how often it happens."""
    idle = idle_minute(inputs)
    used: dict[str, float] = defaultdict(float)
    for name, weight in inputs.assumptions["per_payout"].items():
        for invocation in inputs.counted.flows[_FLOWS[name]].invocations:
            own = used_by(invocation, inputs)
            # The minute comes anyhow: only what it does more for this payout is the payout's.
            own = minus(own, idle) if invocation.function is Function.RECONCILE else own
            for key, quantity in own.items():
                used[key] += weight * quantity
    return {key: quantity for key, quantity in used.items() if quantity}


def _cold_starts(inputs: Inputs) -> Part:
    assumed = inputs.assumptions
    most = assumed["lambda"]["most_cold_per_hour"] * assumed.payout_hours
    requests = per_payout(inputs)["api_request"]
    return Part(0.0, assumed["lambda"]["cold_share"] * requests, most)


def _scaled(part: Part, factor: float) -> Part:
    most = None if part.at_most is None else part.at_most * factor
    return Part(part.fixed * factor, part.per_payout * factor, most)


def _add_storage(ledger: Ledger, inputs: Inputs) -> None:
    """As it is at the end of the first year, in which nothing is deleted."""
    assumed, counted = inputs.assumptions, inputs.counted
    months = assumed["storage"]["shown_after_days"] / assumed.days
    new_customers = assumed["per_payout"]["registered"]
    tables = counted.payout_bytes + new_customers * counted.customer_bytes
    whole = (tables + counted.index_bytes) * months / GB
    ledger.add("dynamodb_gb_month", "payouts of a year", Part(0.0, whole))
    ledger.add("dynamodb_pitr_gb_month", "payouts of a year", Part(0.0, tables * months / GB))


def add_watching(ledger: Ledger, inputs: Inputs) -> None:
    """Alarms, dashboards, metrics, and logs for as long as they are kept."""
    stands, assumed = inputs.inventory, inputs.assumptions
    months_kept = assumed["watching"]["log_retention_days"] / assumed.days
    idle = idle_minute(inputs)["log_gb"] * assumed.minutes
    ledger.add(
        "log_gb_month",
        "logs, as long as they are kept",
        Part(idle * months_kept, per_payout(inputs)["log_gb"] * months_kept),
    )
    ledger.add("alarm_month", f"{stands.alarm_metrics} alarms", Part(stands.alarm_metrics))
    ledger.add("composite_alarm_month", "composite alarms", Part(stands.composite_alarms))
    ledger.add("dashboard_month", "dashboards", Part(stands.dashboards))
    ledger.add("sns_email", "alarms by e-mail", Part(assumed["watching"]["emails_per_month"]))
    _add_metrics(ledger, inputs)


def _add_metrics(ledger: Ledger, inputs: Inputs) -> None:
    """A metric is charged for every hour in which it is written, once or a thousand times."""
    always = _written_when_idle(inputs)
    often = {name: share for name, share in metric_writes(inputs).items() if name not in always}
    rare = inputs.inventory.metric_names - always - often.keys()
    on_failure = inputs.assumptions["watching"]["metrics_on_failure"]
    ledger.add("metric_month", f"{len(always)} metrics of every minute", Part(len(always)))
    ledger.add(
        "metric_month",
        f"{len(often)} metrics of payouts, by the hour",
        *(_by_the_hour(share, inputs) for share in often.values()),
    )
    ledger.add(
        "metric_month",
        f"{len(rare)} metrics of failures, by the hour",
        *(_by_the_hour(on_failure, inputs) for _ in rare),
    )
    ledger.add("metric_month", "API Gateway's by method", Part(inputs.inventory.method_metrics))


def _written_when_idle(inputs: Inputs) -> frozenset[str]:
    (invocation,) = inputs.counted.flows[journeys.IDLE].invocations
    return invocation.metrics


def metric_writes(inputs: Inputs) -> Mapping[str, float]:
    """How many invocations of an average payout write each metric."""
    writes: dict[str, float] = defaultdict(float)
    for name, weight in inputs.assumptions["per_payout"].items():
        for invocation in inputs.counted.flows[_FLOWS[name]].invocations:
            for metric in invocation.metrics:
                writes[metric] += weight
    return writes


def _by_the_hour(writes: float, inputs: Inputs) -> Part:
    """Each write makes at most one hour chargeable, and there are only so many hours."""
    assumed = inputs.assumptions
    return Part(0.0, writes / assumed.hours, assumed.payout_hours / assumed.hours)
