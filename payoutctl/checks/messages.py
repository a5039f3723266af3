"""Queues: they exist, and what fails five times goes to the dead-letter queue."""

import json
from typing import Final

from payoutctl.checks.findings import Findings
from payoutctl.session import Session

_QUEUES: Final = ("payouts", "webhooks")
_DEAD_LETTERS: Final = "parked"  # the end of the queue's name in AWS
_CHECK: Final = "Dead-letter queue"


def look(session: Session, found: Findings) -> None:
    prefix = f"monoova-payouts-{session.stage}"
    for name in _QUEUES:
        with found.looking_at(f"Queue {name}"):
            attributes = _attributes(session, f"{prefix}-{name}")
            redrive = json.loads(attributes.get("RedrivePolicy", "{}"))
            target = str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2]
            found.add(
                f"Queue {name}",
                target == f"{prefix}-{_DEAD_LETTERS}",
                f"after {redrive.get('maxReceiveCount', 'no')} tries to {target or 'no queue'}",
                "Deploy the infrastructure again: what fails there would be lost.",
            )
    with found.looking_at(_CHECK):
        attributes = _attributes(session, f"{prefix}-{_DEAD_LETTERS}")
        count = int(attributes["ApproximateNumberOfMessages"])
        found.add(_CHECK, count == 0, f"{count} messages", "payoutctl dlq list")


def _attributes(session: Session, name: str) -> dict[str, str]:
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get(
        "Attributes", {}
    )
    return found
