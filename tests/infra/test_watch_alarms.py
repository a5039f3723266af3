"""The alarms of infra/watch.yaml: on metrics that are written, in time, with a runbook section."""

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from chalicelib.core.observability import GAUGES, NAMESPACE
from tests.infra.conftest import ROOT
from tests.infra.naming import check_metric, dimensions_of, names_of, said
from tools.docs import alarm_table
from tools.docs.alarm_table import Alarm, alarms

RUNBOOK: Final = (ROOT / "docs" / "runbook.md").read_text()
ALL: Final = {alarm.name: alarm for alarm in alarms(alarm_table.template())}
# Each stands for a wait, not for a failure in progress; the template says why.
SLOW: Final = {
    "OldestOpenPayout",
    "NoPayoutSucceeds",
    "MessagesAreParked",
    "BalanceIsLow",
    "BatchDoesNotMove",
    "PayoutQueueIsNotRead",
    "WebhookQueueIsNotRead",
    "IdentitiesAreChanged",
}


def sections() -> list[str]:
    """The anchors of the runbook's sections that answer alarms, as GitHub makes them."""
    part = RUNBOOK.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (.+)$", part, re.MULTILINE)
    return [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def properties_of(watch: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = watch["Resources"][name]["Properties"]
    return properties


def metrics_of(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    math = [each["MetricStat"]["Metric"] for each in properties.get("Metrics", [])[:-1]]
    return math or [properties]


def test_every_alarm_has_a_section_of_the_runbook_and_every_section_an_alarm() -> None:
    assert len(sections()) == len(set(sections()))
    told = {alarm.section for alarm in ALL.values()}
    told |= {rule.section for rule in alarm_table.rules(alarm_table.template())}
    assert told == set(sections())


@pytest.mark.parametrize("section", sections())
def test_a_section_says_what_it_means_what_to_do_and_when_it_is_over(section: str) -> None:
    heading = {anchor: n for n, anchor in enumerate(sections())}[section]
    body = RUNBOOK.partition("\n## Alarms\n")[2].split("\n### ")[heading + 1].split("\n## ")[0]
    for word in ("**Means**", "**Look**", "**Over**"):
        assert word in body
    assert re.search(r"\*\*[Dd]o\*\*", body)


@pytest.mark.parametrize("alarm", ALL.values(), ids=ALL.keys())
def test_an_alarm_says_in_words_what_it_means(alarm: Alarm, watch: dict[str, Any]) -> None:
    properties = properties_of(watch, alarm.name)
    meaning, _, link = properties["AlarmDescription"].partition(" Runbook: ")
    assert link == f"docs/runbook.md#{alarm.section}"
    assert meaning.endswith(".")
    assert len(meaning) > 50
    assert said(properties["AlarmName"]).startswith(f"monoova-payouts-test-{alarm.section}")


def test_no_two_alarms_have_one_name(watch: dict[str, Any]) -> None:
    names = [said(properties_of(watch, name)["AlarmName"]) for name in ALL]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ALL)
def test_an_alarm_is_on_a_metric_that_is_written(
    name: str, watch: dict[str, Any], infra: dict[str, Any]
) -> None:
    for metric in metrics_of(properties_of(watch, name)):
        check_metric(
            metric["Namespace"], metric["MetricName"], dimensions_of(metric), names_of(infra)
        )


def test_every_function_is_watched_for_failing_and_for_being_throttled(
    watch: dict[str, Any],
) -> None:
    """Lambda's metrics without a name are those of all functions."""
    watched = {
        metric["MetricName"]: dimensions_of(metric)
        for name in ALL
        for metric in metrics_of(properties_of(watch, name))
        if metric["Namespace"] == "AWS/Lambda"
    }
    assert watched == {"Errors": {}, "Throttles": {}}


@pytest.mark.parametrize("name", ALL)
def test_an_alarm_notifies_the_topic(name: str, watch: dict[str, Any]) -> None:
    properties = properties_of(watch, name)
    assert properties["AlarmActions"] == [{"Ref": "Alerts"}]
    assert properties.get("OKActions", [{"Ref": "Alerts"}]) == [{"Ref": "Alerts"}]
    assert properties.get("ActionsEnabled", True) is True


def test_a_failure_in_progress_raises_an_alarm_within_five_minutes() -> None:
    late = {name for name, alarm in ALL.items() if alarm.detection_seconds > 300}
    assert late <= SLOW
    assert {name for name, alarm in ALL.items() if alarm.slow} == SLOW


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 240),
        ({"datapoints": 2, "periods": 10}, 300),
        ({"period_seconds": 300}, 480),
        ({"missing": "breaching"}, 120),
    ],
)
def test_the_time_to_detection_is_the_sum_of_its_parts(
    changes: dict[str, Any], seconds: int
) -> None:
    plain = ALL["MonoovaRefusesOurLogin"]
    fields = {field: getattr(plain, field) for field in Alarm.__slots__}
    assert Alarm(**(fields | changes)).detection_seconds == seconds


def test_metrics_that_the_reconciler_writes_each_minute_may_be_a_minute_old() -> None:
    assert ALL["CircuitIsOpen"].detection_seconds == 300
    assert ALL["ScheduleHasStopped"].detection_seconds == 300


@pytest.mark.parametrize("alarm", ALL.values(), ids=ALL.keys())
def test_no_data_means_what_it_means_for_this_metric(alarm: Alarm) -> None:
    """An event that does not happen is no data; of a state, no data is no news; silence is one."""
    is_gauge = any(s.namespace == NAMESPACE and s.name in GAUGES for s in alarm.series)
    if alarm.name == "ScheduleHasStopped":
        assert alarm.missing == "breaching"
    elif is_gauge or alarm.name == "MessagesAreParked":
        assert alarm.missing == "ignore"
    else:
        assert alarm.missing == "notBreaching"


def test_an_alarm_on_absence_or_on_dynamodb_fills_what_is_missing() -> None:
    """CloudWatch waits long before it calls data missing, and for DynamoDB it never does."""
    for alarm in ALL.values():
        is_dynamodb = any(series.namespace == "AWS/DynamoDB" for series in alarm.series)
        if alarm.is_on_absence or is_dynamodb:
            assert alarm.expression is not None
            assert alarm.expression.count("FILL(") == len(alarm.series)


def test_an_alarm_on_a_state_notifies_when_it_is_over(watch: dict[str, Any]) -> None:
    for name, alarm in ALL.items():
        if alarm.missing != "notBreaching":
            assert "OKActions" in properties_of(watch, name), name


def test_the_age_of_a_payout_is_remembered_until_it_is_looked_at_again() -> None:
    """It is written only in the minute of a look, and looks may be an hour apart."""
    age = ALL["OldestOpenPayout"]
    assert age.datapoints == 1
    assert age.period_seconds * age.periods > 3600 + 2 * 60


def test_the_table_in_the_documentation_is_the_one_of_the_template() -> None:
    document = alarm_table.DOCUMENT.read_text()
    assert alarm_table.updated(document) == document
    for name in ALL:
        assert f"`{name}`" in document
