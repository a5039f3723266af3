"""Queue events, one message at a time: one that fails does not make others fail."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import SQSEvent

from chalicelib.core import observability

# A message that is begun with less than this left could be cut off in the middle.
_SECONDS_FOR_ONE: Final = 30.0

Failures = dict[str, list[dict[str, str]]]


def seconds_left(lambda_context: Any) -> float:
    """Until the function is stopped."""
    return float(lambda_context.get_remaining_time_in_millis()) / 1000


def each(event: SQSEvent, handle: Callable[[Mapping[str, Any]], None]) -> Failures:
    """Handles every message; answers with those that are to come again.

    Lambda deletes whatever is not named here, if the mapping has `ReportBatchItemFailures`.
    """
    failed: list[str] = []
    records = event.to_dict()["Records"]
    for record in records:
        if seconds_left(event.context) < _SECONDS_FOR_ONE:
            failed.append(record["messageId"])
            continue
        try:
            handle(_message(record["body"]))
        except Exception as error:  # noqa: BLE001 - whatever it was, this message comes again
            observability.note_error(error)
            failed.append(record["messageId"])
    observability.note(batch=len(records), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _message(body: str) -> Mapping[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict):
        raise TypeError("The message is not a JSON object.")
    return message
