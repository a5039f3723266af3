"""What one invocation uses of each thing that has a price, by the key of the price."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.calls import Counted
from bench.tally import Call, Function, Invocation
from tools.cost.assumptions import Assumptions
from tools.cost.inventory import Inventory
from tools.cost.measured import Measured

_REQUESTS: Final = {
    "kms": "kms_request",
    "sqs": "sqs_request",
    "secretsmanager": "secret_request",
}
GB: Final = 1024**3
_EXECUTE: Final = "POST /financial/v2/transaction/execute"
# What Lambda itself does for a message that a function takes: it receives it and deletes it.
_REQUESTS_PER_MESSAGE: Final = 2


class UnpricedCallError(LookupError):
    """The app calls something of AWS for which there is no price."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that the model is made of."""

    counted: Counted
    measured: Measured
    assumptions: Assumptions
    inventory: Inventory

    @property
    def gb_second(self) -> str:
        """The key of the price of a GB-second."""
        is_arm = self.inventory.architecture == "arm64"
        return "lambda_arm_gb_second" if is_arm else "lambda_x86_gb_second"


def used_by_call(call: Call) -> dict[str, float]:
    """What one call to AWS is charged as.

    Raises:
        UnpricedCallError
    """
    if call.service == "dynamodb":
        return {
            "dynamodb_read_unit": call.read_units,
            "dynamodb_write_unit": float(call.write_units),
        }
    if call.service not in _REQUESTS:
        raise UnpricedCallError(f"{call.service}:{call.operation}")
    return {_REQUESTS[call.service]: 1.0}


def used_by(invocation: Invocation, inputs: Inputs) -> dict[str, float]:
    """What one warm invocation uses: the calls, the function's time, its log, its trace."""
    used: dict[str, float] = defaultdict(float)
    for call in invocation.calls:
        for key, quantity in used_by_call(call).items():
            used[key] += quantity
    used["lambda_request"] += 1
    used[inputs.gb_second] += _gb_seconds(invocation, inputs)
    used["xray_trace"] += inputs.assumptions["watching"]["traced"]
    used["log_gb"] += _log_bytes(invocation, inputs.assumptions) / GB
    used["transfer_gb"] += invocation.bytes_out / GB
    if invocation.function is Function.API:
        used["api_request"] += 1
    elif invocation.function is not Function.RECONCILE:
        used["sqs_request"] += _REQUESTS_PER_MESSAGE
    return dict(used)


def duration_ms(invocation: Invocation, inputs: Inputs) -> float:
    """How long a warm invocation takes on Lambda: CPU by its memory, and the waits."""
    memory = inputs.inventory.memory_mb[invocation.function]
    slower = max(1.0, inputs.assumptions["lambda"]["mb_per_vcpu"] / memory)
    cpu = inputs.measured.cpu_ms[f"{invocation.function}: {invocation.entry_point}"]
    trips = inputs.assumptions["round_trip_ms"]
    aws = sum(trips[call.service] for call in invocation.calls)
    monoova = sum(
        trips["monoova_execute" if request == _EXECUTE else "monoova_other"]
        for request in invocation.monoova
    )
    return cpu * slower + aws + monoova


def _gb_seconds(invocation: Invocation, inputs: Inputs) -> float:
    memory = inputs.inventory.memory_mb[invocation.function]
    return memory / 1024 * duration_ms(invocation, inputs) / 1000


def cold_gb_seconds(function: Function, inputs: Inputs) -> float:
    """Of one start, which is charged like any other time since August 2025."""
    memory = inputs.inventory.memory_mb[function]
    return memory / 1024 * inputs.measured.cold_start_ms[function] / 1000


def _log_bytes(invocation: Invocation, assumptions: Assumptions) -> float:
    per_event = assumptions["lambda"]["bytes_per_log_event"]
    bytes_of_app = invocation.log_bytes + per_event
    bytes_of_lambda = assumptions["lambda"]["platform_log_bytes"] + 3 * per_event
    is_request = invocation.function is Function.API
    access = assumptions["watching"]["access_log_bytes"] + per_event if is_request else 0
    return bytes_of_app + bytes_of_lambda + access


def minus(used: Mapping[str, float], already: Mapping[str, float]) -> dict[str, float]:
    """What is used beyond what is paid for already; never less than nothing."""
    return {key: max(0.0, value - already.get(key, 0.0)) for key, value in used.items()}
