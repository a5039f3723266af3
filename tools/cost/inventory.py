"""What an account has however many payouts there are: counted in templates and app."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalice.app import SQSEventConfig

from bench.tally import Function
from chalicelib.core.observability import Metric
from proof.lambda_events import load_app
from tools.deploy import short_forms

ROOT: Final = Path(__file__).parent.parent.parent
INFRA: Final = ROOT / "infra"
WATCH: Final = INFRA / "watch.yaml"
_CONFIG: Final = ROOT / ".chalice" / "config.json"
# API Gateway's own metrics for a method, once they are asked for: each is charged as a custom one.
_METRICS_OF_A_METHOD: Final = 5


@dataclass(frozen=True, slots=True)
class Inventory:
    """`alarm_metrics`: one for each metric that an alarm looks at, which is what is charged.

    `polled_queues` have a function that reads them; `memory_mb` is by function. `metric_names` are
    those of the app; `method_metrics` those that API Gateway would write for single methods.
    `alarms_by_function` are those that one alarm over all functions would make needless.
    """

    keys: int
    secrets: int
    polled_queues: int
    alarm_metrics: int
    alarms_by_function: int
    composite_alarms: int
    dashboards: int
    method_metrics: int
    metric_names: frozenset[str]
    memory_mb: Mapping[str, int]
    architecture: str
    is_watched_by_template: bool


def inventory(alarms_planned: int, dashboards_planned: int) -> Inventory:
    """As the repository has it; the plans count only while nothing is written yet."""
    resources = list(_resources(sorted(INFRA.glob("*.yaml"))))
    kinds = Counter(resource["Type"] for resource in resources if "Type" in resource)
    config: dict[str, Any] = json.loads(_CONFIG.read_text())
    is_watched = kinds["AWS::CloudWatch::Alarm"] > 0
    app = load_app().app
    return Inventory(
        keys=kinds["AWS::KMS::Key"],
        secrets=kinds["AWS::SecretsManager::Secret"],
        polled_queues=sum(isinstance(source, SQSEventConfig) for source in app.event_sources),
        alarm_metrics=sum(map(_alarm_metrics, resources)) if is_watched else alarms_planned,
        alarms_by_function=_alarms_by_function(resources),
        composite_alarms=kinds["AWS::CloudWatch::CompositeAlarm"],
        dashboards=kinds["AWS::CloudWatch::Dashboard"] if is_watched else dashboards_planned,
        method_metrics=_METRICS_OF_A_METHOD * _methods(app) if _asks_for_more(resources) else 0,
        metric_names=frozenset(metric.value for metric in Metric),
        memory_mb=_memory(config),
        architecture=config["stages"].get("prod", {}).get("lambda_architecture", "arm64"),
        is_watched_by_template=is_watched,
    )


def _resources(templates: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for template in templates:
        document = short_forms.loaded(template.read_text())
        parameters = document.get("Parameters", {})
        for resource in document.get("Resources", {}).values():
            # A condition HasX follows from a parameter WithX; what is off by default costs nothing.
            switch = resource.get("Condition", "").replace("Has", "With", 1)
            if parameters.get(switch, {}).get("Default") != "false":
                yield resource


def _alarm_metrics(resource: Mapping[str, Any]) -> int:
    """Of one resource: an alarm over an expression is charged for each metric in it."""
    if resource.get("Type") != "AWS::CloudWatch::Alarm":
        return 0
    queries = resource["Properties"].get("Metrics", ())
    return sum("MetricStat" in query for query in queries) or 1


def _alarms_by_function(resources: Iterable[Mapping[str, Any]]) -> int:
    """Lambda also writes its metrics without a function's name, for all of an account."""
    watched = Counter(
        resource["Properties"]["MetricName"]
        for resource in resources
        if resource.get("Properties", {}).get("Namespace") == "AWS/Lambda"
    )
    return sum(count - 1 for count in watched.values())


def _methods(app: Any) -> int:
    return sum(len(methods) for methods in app.routes.values())


def _asks_for_more(resources: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a stage writes CloudWatch metrics for its methods one by one."""
    settings = (
        setting
        for resource in resources
        for setting in resource.get("Properties", {}).get("MethodSettings", ())
    )
    return any(str(setting.get("MetricsEnabled", False)).lower() == "true" for setting in settings)


def _memory(config: Mapping[str, Any]) -> dict[str, int]:
    functions = config["stages"]["dev"]["lambda_functions"]
    return {name: int(functions[name]["lambda_memory_size"]) for name in Function}
