"""What functions may do, in the words of the emulated AWS where they are not those of AWS.

AWS lets a role with `sqs:SendMessage` send ten messages in one call, and so for what is done with
messages that were taken; the emulated one asks for permissions named after the calls, which AWS
does not know. And it knows no context keys of KMS, so that to it each of them is always absent:
a statement with a condition that one is there would grant nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

_KMS_CONTEXT: Final = "kms:EncryptionContextKeys"
_ALSO: Final = {
    "sqs:SendMessage": "sqs:SendMessageBatch",
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
}


def as_emulated(template: Any) -> Any:
    """The template, with what the emulated AWS asks for beside each permission."""
    if isinstance(template, Mapping):
        return {
            name: _with_more(value) if name == "Action" else as_emulated(value)
            for name, value in template.items()
            if not (name == "Null" and _KMS_CONTEXT in value)
        }
    if isinstance(template, list):
        return [as_emulated(each) for each in template]
    return template


def _with_more(actions: Any) -> Any:
    if not isinstance(actions, list):
        return actions
    return actions + [_ALSO[action] for action in actions if action in _ALSO]
