"""infra/watch.yaml beside its alarms: the topic, the dashboard, budgets, and the audit trail."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from cfnlint.api import ManualArgs, lint_file  # type: ignore[import-untyped]

from tests.infra.naming import STAGE, check_metric, names_of, said
from tools.docs import alarm_table
from tools.docs.alarm_table import TEMPLATE

# As CloudFormation takes it from a bucket, where both ways of deploying put it.
MOST_BYTES: Final = 1_000_000
# So many are free of charge.
MOST_ON_A_DASHBOARD: Final = 50
REFUSED_BY_THE_EMULATOR: Final = ("AWS::Budgets", "AWS::CE", "AWS::CloudTrail")


def resources_of(watch: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, Any]]:
    return {name: each for name, each in watch["Resources"].items() if each["Type"] == kind}


def properties_of(watch: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = watch["Resources"][name]["Properties"]
    return properties


def statements_of(watch: Mapping[str, Any], name: str, key: str) -> dict[str, Mapping[str, Any]]:
    return {each["Sid"]: each for each in properties_of(watch, name)[key]["Statement"]}


def test_cfn_lint_finds_nothing() -> None:
    matches = lint_file(TEMPLATE, config=ManualArgs(regions=["ap-southeast-2"]))
    assert [str(match) for match in matches] == []


def test_cloudformation_takes_it_from_the_bucket() -> None:
    assert len(TEMPLATE.read_bytes()) <= MOST_BYTES


# --- on the emulator


def is_on_aws_only(watch: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    condition = resource.get("Condition")
    rule = watch["Conditions"].get(condition, {})
    return condition == "OnAws" or {"Condition": "OnAws"} in rule.get("Fn::And", [])


def test_what_the_emulator_refuses_is_made_on_aws_only(watch: dict[str, Any]) -> None:
    for name, resource in watch["Resources"].items():
        is_refused = resource["Type"].startswith(REFUSED_BY_THE_EMULATOR)
        if is_refused or "Metrics" in resource["Properties"]:
            assert is_on_aws_only(watch, resource), name


def test_every_other_alarm_is_made_on_the_emulator_too(watch: dict[str, Any]) -> None:
    for name, alarm in resources_of(watch, "AWS::CloudWatch::Alarm").items():
        # What reads the trail's log goes with the trail.
        is_of_trail = alarm.get("Condition") == "HasTrail"
        assert is_of_trail or ("Condition" in alarm) == ("Metrics" in alarm["Properties"]), name


# --- the topic


def test_alarms_can_be_under_a_key_of_ours_and_those_who_send_them_may_use_it(
    watch: dict[str, Any],
) -> None:
    topic = properties_of(watch, "Alerts")
    assert topic["KmsMasterKeyId"]["Fn::If"][:2] == ["HasKey", {"Ref": "WatchKey"}]
    # A dollar a month for what holds no personal data: a stage has to ask for it.
    assert watch["Parameters"]["WithKey"]["Default"] == "false"
    assert properties_of(watch, "WatchKey")["EnableKeyRotation"] is True
    statements = statements_of(watch, "WatchKey", "KeyPolicy")
    for sid in ("AlarmsArePublished", "CostsArePublished"):
        assert set(statements[sid]["Action"]) == {"kms:GenerateDataKey*", "kms:Decrypt"}


def test_only_this_accounts_alarms_and_costs_reach_the_topic(watch: dict[str, Any]) -> None:
    statements = statements_of(watch, "AlertsPolicy", "PolicyDocument")
    senders: set[str] = set()
    for statement in statements.values():
        assert statement["Resource"] == {"Ref": "Alerts"}
        if statement["Effect"] == "Allow":
            services = statement["Principal"]["Service"]
            senders |= {services} if isinstance(services, str) else set(services)
            account = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
            assert account == {"Ref": "AWS::AccountId"}
    assert senders == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "budgets.amazonaws.com",
        "costalerts.amazonaws.com",
    }
    assert statements["TlsOnly"]["Effect"] == "Deny"


def test_mail_goes_to_the_address_of_the_parameter_and_without_it_none_is_sent(
    watch: dict[str, Any],
) -> None:
    subscription = watch["Resources"]["AlertsByEmail"]
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlertEmail"}
    condition = watch["Conditions"][subscription["Condition"]]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlertEmail"}, ""]}]}


# --- acts on what decides who gets in


MADE_BY: Final = {
    "a user": "AdminCreateUser",
    "a group": "CreateGroup",
    "a member": "AdminAddUserToGroup",
    "a password": "AdminSetUserPassword",
    "code": "UpdateFunctionCode20150331v2",
    "a caller": "AddPermission20150331v2",
    "a key": "ScheduleKeyDeletion",
    "a key's policy": "PutKeyPolicy",
    "the trail": "StopLogging",
    "an alarm": "DeleteAlarms",
    "a rule": "DisableRule",
    "a subscription": "Unsubscribe",
    "a secret": "PutSecretValue",
    "a secret, read": "GetSecretValue",
}


@pytest.mark.parametrize("act", MADE_BY.values(), ids=MADE_BY)
def test_an_act_is_told_by_one_rule(act: str) -> None:
    telling = [
        rule.name
        for rule in alarm_table.rules(alarm_table.template())
        if any(act == each or (each[-1] == "*" and act.startswith(each[:-1])) for each in rule.acts)
    ]
    assert len(telling) == 1


def test_each_rule_tells_the_topic_what_who_and_where_from(watch: dict[str, Any]) -> None:
    rules = resources_of(watch, "AWS::Events::Rule")
    for name, rule in rules.items():
        (target,) = rule["Properties"]["Targets"]
        assert target["Arn"] == {"Ref": "Alerts"}
        told = said(target["InputTransformer"]["InputTemplate"])
        assert set(re.findall(r"<(\w+)>", told)) == {"what", "who", "from", "at"}
        assert told.startswith(f'"{said(rule["Properties"]["Name"])}: '), name
    assert len(rules) == 5


def test_a_secret_that_is_read_is_told_of_though_reading_changes_nothing(
    watch: dict[str, Any],
) -> None:
    rule = properties_of(watch, "SecretIsTouched")
    assert rule["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    reads, _ = rule["EventPattern"]["detail"]["$or"]
    (other,) = reads["userIdentity"]["arn"]
    assert said(other["anything-but"]["prefix"]).endswith(f":assumed-role/monoova-payouts-{STAGE}-")


def test_refused_requests_are_counted_where_their_lines_are_written(
    watch: dict[str, Any], infra: dict[str, Any]
) -> None:
    counted = properties_of(watch, "RefusedRequests")
    assert counted["LogGroupName"] == infra["Resources"]["AccessLog"]["Properties"]["LogGroupName"]
    (metric,) = counted["MetricTransformations"]
    assert metric["MetricName"] == properties_of(watch, "AccessIsRefusedOften")["MetricName"]


def test_what_the_trail_says_of_identities_is_counted(watch: dict[str, Any]) -> None:
    trail = properties_of(watch, "Trail")
    assert trail["CloudWatchLogsLogGroupArn"] == {"Fn::GetAtt": ["TrailLog", "Arn"]}
    counted = properties_of(watch, "IdentityChanges")
    assert counted["LogGroupName"] == {"Ref": "TrailLog"}
    (metric,) = counted["MetricTransformations"]
    assert metric["MetricName"] == properties_of(watch, "IdentitiesAreChanged")["MetricName"]


# --- the dashboard


@pytest.fixture
def dashboard(watch: dict[str, Any]) -> dict[str, Any]:
    """Its body as it is in the stage `test`."""
    text, values = properties_of(watch, "Dashboard")["DashboardBody"]["Fn::Sub"]
    given = {name: said(value) for name, value in values.items()}
    for name, value in {"AWS::Region": "ap-southeast-2", "Stage": STAGE, **given}.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    body: dict[str, Any] = json.loads(text)
    for widget in body["widgets"]:
        metrics: list[list[Any]] = widget["properties"].get("metrics", [])
        widget["properties"]["metrics"] = written_out(metrics)
    return body


def written_out(metrics: list[list[Any]]) -> list[list[Any]]:
    """The metrics of a widget without CloudWatch's short forms, which repeat the metric before.

    "." is the part in the same place, "..." all parts, up to the last ones if these follow.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    before: list[str] = []
    found = []
    for metric in metrics:
        names = [part for part in metric if isinstance(part, str)]
        if names[:1] == ["..."]:
            names = before[: len(before) - len(names) + 1] + names[1:]
        else:
            names = [before[at] if name == "." else name for at, name in enumerate(names)]
        found.append([*names, *metric[len(metric) - 1 :]])
        before = names or before
    return found


def test_the_short_forms_of_metrics_repeat_the_one_before() -> None:
    short: list[list[Any]] = [
        ["N", "m", "d", "v", {}],
        ["...", {}],
        ["...", "w", {}],
        [".", "n", ".", "x", {}],
        [{}],
    ]
    assert written_out(short) == [
        ["N", "m", "d", "v", {}],
        ["N", "m", "d", "v", {}],
        ["N", "m", "d", "w", {}],
        ["N", "n", "d", "x", {}],
        [{}],
    ]


def metrics_on(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for widget in dashboard["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            yield widget["properties"]["title"], metric


def test_a_widget_shows_a_metric_that_is_written(
    dashboard: dict[str, Any], infra: dict[str, Any]
) -> None:
    for _, metric in metrics_on(dashboard):
        names = [part for part in metric if isinstance(part, str)]
        if names:
            namespace, name, *pairs = names
            dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
            check_metric(namespace, name, dimensions, names_of(infra))


def test_an_expression_uses_what_its_widget_has(dashboard: dict[str, Any]) -> None:
    for widget in dashboard["widgets"]:
        metrics = widget["properties"].get("metrics", [])
        ids = {metric[-1].get("id") for metric in metrics if isinstance(metric[-1], dict)}
        for metric in metrics:
            expression = metric[0].get("expression", "") if isinstance(metric[0], dict) else ""
            used = {name for name in ("cents", "completed", "failed") if name in expression}
            assert used <= ids


def test_the_dashboard_is_free_of_charge(dashboard: dict[str, Any]) -> None:
    shown = [metric for _, metric in metrics_on(dashboard) if isinstance(metric[0], str)]
    assert len(shown) <= MOST_ON_A_DASHBOARD


def test_the_dashboard_has_the_metrics_that_business_and_operations_need(
    dashboard: dict[str, Any],
) -> None:
    shown = {(title, m[1]) for title, m in metrics_on(dashboard) if isinstance(m[0], str)}
    for metric in ("PayoutsRequested", "PayoutsCompleted", "PayoutsFailed"):
        assert ("Payouts", metric) in shown
    for title, metric in (
        ("AUD paid", "CentsCompleted"),
        ("Success rate, %", "PayoutsCompleted"),
        ("Time to completion, seconds", "SecondsToCompletion"),
        ("PayID and bank accounts, completed", "PayoutsCompleted:PayId"),
        ("API latency, ms", "Latency"),
        ("API requests and errors", "5XXError"),
        ("Functions: errors", "Errors"),
        ("Functions: P95 of duration, ms", "Duration"),
        ("Functions: running at once", "ConcurrentExecutions"),
        ("Queues: messages, and age in seconds", "ApproximateAgeOfOldestMessage"),
        ("Monoova: failures, and the circuit", "CircuitOpenNow"),
    ):
        assert (title, metric) in shown
    latency = [
        m[-1]["stat"] for title, m in metrics_on(dashboard) if title == "Monoova: latency, ms"
    ]
    assert latency == ["p50", "p95", "p99"]


def test_no_two_widgets_lie_over_each_other(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


# --- costs


def test_budgets_notify_of_the_forecast_and_of_the_actual_cost(watch: dict[str, Any]) -> None:
    budgets = resources_of(watch, "AWS::Budgets::Budget").values()
    limits = [each["Properties"]["Budget"]["BudgetLimit"] for each in budgets]
    assert limits == [{"Amount": usd, "Unit": "USD"} for usd in (10, 25, 50)]
    for budget in budgets:
        notices = budget["Properties"]["NotificationsWithSubscribers"]
        thresholds = [
            (n["Notification"]["NotificationType"], n["Notification"]["Threshold"]) for n in notices
        ]
        assert thresholds == [("FORECASTED", 80), ("ACTUAL", 100)]
        for notice in notices:
            assert notice["Subscribers"] == [
                {"SubscriptionType": "SNS", "Address": {"Ref": "Alerts"}}
            ]


def test_an_unusual_cost_is_notified(watch: dict[str, Any]) -> None:
    subscription = properties_of(watch, "CostAnomalySubscription")
    assert subscription["MonitorArnList"] == [{"Ref": "CostAnomalyMonitor"}]
    assert subscription["Subscribers"] == [{"Type": "SNS", "Address": {"Ref": "Alerts"}}]
    # SNS is notified at once or not at all.
    assert subscription["Frequency"] == "IMMEDIATE"
    threshold = json.loads(subscription["ThresholdExpression"])
    assert threshold["Dimensions"]["Key"] == "ANOMALY_TOTAL_IMPACT_ABSOLUTE"


@pytest.mark.parametrize("switch", ["WithBudgets", "WithAnomalyDetection", "WithTrail"])
def test_what_an_account_has_once_is_made_unless_it_is_switched_off(
    watch: dict[str, Any], switch: str
) -> None:
    assert watch["Parameters"][switch]["Default"] == "true"
    condition = watch["Conditions"][switch.replace("With", "Has")]
    assert {"Fn::Equals": [{"Ref": switch}, "true"]} in condition["Fn::And"]


# --- the audit trail


def test_the_trail_has_all_regions_and_its_files_can_be_proved_untouched(
    watch: dict[str, Any],
) -> None:
    trail = properties_of(watch, "Trail")
    for switch in (
        "IsLogging",
        "IsMultiRegionTrail",
        "IncludeGlobalServiceEvents",
        "EnableLogFileValidation",
    ):
        assert trail[switch] is True
    assert "WatchKey" in str(trail["KMSKeyId"])
    # It cannot be created before it may write.
    assert watch["Resources"]["Trail"]["DependsOn"] == "TrailBucketPolicy"


def test_the_trails_bucket_is_closed_encrypted_and_kept_seven_years(watch: dict[str, Any]) -> None:
    bucket = properties_of(watch, "TrailBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "ServerSideEncryptionByDefault" in str(bucket["BucketEncryption"])
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] >= 7 * 365
    assert watch["Resources"]["TrailBucket"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_only_this_trail_writes_and_only_by_tls(watch: dict[str, Any]) -> None:
    statements = statements_of(watch, "TrailBucketPolicy", "PolicyDocument")
    trail = {
        "Fn::Sub": "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}"
        ":trail/monoova-payouts-${Stage}"
    }
    assert properties_of(watch, "Trail")["TrailName"] == {"Fn::Sub": "monoova-payouts-${Stage}"}
    for statement in statements.values():
        if statement["Effect"] == "Allow":
            assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
            assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == trail
    assert statements["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
