"""What `chalice deploy` cannot say, said afterwards by API."""

from contextlib import suppress
from typing import Any, Final

from tools.deploy.errors import DeployError
from tools.deploy.stage import Stage

# See infra/app.yaml, which says the same to CloudFormation.
_RESPONSE_TYPES: Final = ["ReportBatchItemFailures"]
_EACH_QUARTER: Final = "rate(15 minutes)"
_READERS: Final = ("send_queued_payouts", "take_up_webhook_events")


def finish(lambda_client: Any, events_client: Any, stage: Stage) -> list[str]:
    """Let a queue's message that failed come back alone, and have returns looked for.

    Answers with the functions whose messages do.

    Raises:
        DeployError: a function reads no queue: it was not deployed.
    """
    done: list[str] = []
    for reader in _READERS:
        function = f"{stage.app_stack}-{reader}"
        found = lambda_client.list_event_source_mappings(FunctionName=function)
        mappings = found["EventSourceMappings"]
        if not mappings:
            raise DeployError(f"{function} reads no queue: chalice deploy --stage {stage.name}")
        for mapping in mappings:
            lambda_client.update_event_source_mapping(
                UUID=mapping["UUID"], FunctionResponseTypes=_RESPONSE_TYPES
            )
        done.append(function)
    _look_for_returns(lambda_client, events_client, stage)
    return done


def _look_for_returns(lambda_client: Any, events_client: Any, stage: Stage) -> None:
    """Chalice gives a function one rule: this is the second of the daily one."""
    function, rule = f"{stage.app_stack}-reconcile_daily", f"{stage.app_stack}-look-for-returns"
    made = events_client.put_rule(Name=rule, ScheduleExpression=_EACH_QUARTER, State="ENABLED")
    # An earlier run may have given it.
    with suppress(lambda_client.exceptions.ResourceConflictException):
        lambda_client.add_permission(
            FunctionName=function,
            StatementId=rule,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=made["RuleArn"],
        )
    arn = lambda_client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    events_client.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
