"""What CloudWatch would call the things that the templates name: an alarm on a wrong name is silent
for ever, and nothing on AWS says so."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chalicelib.core.observability import NAMESPACE, Metric
from chalicelib.monoova.rules.circuit import OpenReason
from chalicelib.monoova.rules.destination import DestinationType
from chalicelib.payouts.rules.payout import FailureCode, ReviewReason
from tests.infra.conftest import ROOT

STAGE: Final = "test"
CODES: Final = frozenset({*FailureCode, *ReviewReason, *OpenReason, *DestinationType})
# What of AWS's own metrics is used, and by which dimensions each is kept.
AWS_METRICS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "AWS/ApiGateway": dict.fromkeys(
        ("5XXError", "4XXError", "Count", "Latency"), ("ApiName", "Stage")
    ),
    "AWS/Lambda": dict.fromkeys(
        ("Errors", "Throttles", "Duration", "ConcurrentExecutions"), ("FunctionName",)
    ),
    "AWS/SQS": dict.fromkeys(
        ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"), ("QueueName",)
    ),
}


def said(value: Any) -> str:
    """A value of a template as it is in the stage `test`, with no other parameter given."""
    if isinstance(value, str):
        return value.replace("${Stage}", STAGE)
    ((function, argument),) = value.items()
    if function == "Fn::If":
        assert argument[0] == "ApiHasItsOwnName"
        return said(argument[2])
    return {"Ref": {"Stage": STAGE}, "Fn::Sub": {argument: said(argument)}}[function][argument]


def dimensions_of(metric: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: said(each["Value"]) for each in metric.get("Dimensions", [])}


def names_of(infra: Mapping[str, Any]) -> dict[str, set[str]]:
    """Every value that a dimension may have: what there is in a stage."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    app = f"{config['app_name']}-{STAGE}"
    functions = {name for stage in config["stages"].values() for name in stage["lambda_functions"]}
    # Chalice calls the function of the API after the app alone.
    others = {f"{app}-{name}" for name in functions - {"api_handler"}}
    return {
        "stage": {STAGE},
        "ApiName": {app},
        "Stage": {config["api_gateway_stage"]},
        "FunctionName": {app, *others},
        "QueueName": set(_named(infra, "AWS::SQS::Queue", "QueueName")),
    }


def _named(infra: Mapping[str, Any], kind: str, key: str) -> Iterator[str]:
    for resource in infra["Resources"].values():
        if resource["Type"] == kind:
            yield said(resource["Properties"][key])


# Made of log lines by filters of the same template.
FROM_LOGS: Final = "MonoovaPayouts/Access"


def check_metric(
    namespace: str, name: Any, dimensions: Mapping[str, str], names: Mapping[str, set[str]]
) -> None:
    """Asserts that the metric is one that is written, under these very dimensions."""
    if namespace == FROM_LOGS:
        assert said(name).endswith(f"-{STAGE}")
        assert not dimensions, name
    elif namespace == NAMESPACE:
        metric, _, code = name.partition(":")
        assert metric in list(Metric), name
        assert not code or code in CODES, name
        assert tuple(dimensions) == ("stage",), name
    else:
        # Without a name, Lambda's are those of all functions.
        is_of_all = namespace == "AWS/Lambda" and not dimensions
        assert is_of_all or tuple(dimensions) == AWS_METRICS[namespace][name], name
    for dimension, value in dimensions.items():
        assert value in names[dimension], (name, dimension)
