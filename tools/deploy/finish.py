"""What `chalice deploy` cannot say, said afterwards by API."""

from typing import Any, Final

from tools.deploy.errors import DeployError
from tools.deploy.stage import Stage

# See infra/app.yaml, which says the same to CloudFormation.
_RESPONSE_TYPES: Final = ["ReportBatchItemFailures"]
_READERS: Final = ("send_queued_payouts", "take_up_webhook_events")


def finish(lambda_client: Any, stage: Stage) -> list[str]:
    """Let a queue's message that failed come back alone; the functions it was set for.

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
    return done
