"""The deployed functions: instances of the real app that each handle one event at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from chalicelib.container import Container, wired
from chalicelib.core.dynamodb.items import StorageUnavailableError
from proof.kernel import Kernel, Task
from proof.lambda_events import (
    HttpAnswer,
    failed_in,
    http_event,
    load_app,
    schedule_event,
    sqs_event,
)

# What the functions get on AWS, and what API Gateway waits for.
API_SECONDS: Final = 30.0
GATEWAY_SECONDS: Final = 29.0
WORKER_SECONDS: Final = 60.0
# The rule's name as infra/app.yaml makes it, of a stage "prod".
_RETURNS_RULE: Final = "monoova-payouts-prod-look-for-returns"


@dataclass(frozen=True)
class LambdaContext:
    """The context that Lambda gives a handler."""

    milliseconds_left: Callable[[], float]
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.milliseconds_left())


@dataclass
class Instance:
    """One instance of a function: its own copy of the app, its own parts."""

    app: ModuleType
    container: Container


@dataclass
class Functions:
    """Starts instances as they are needed; one that was killed is not used again."""

    kernel: Kernel
    new_container: Callable[[], Container]
    loaded: list[ModuleType]
    _idle: dict[str, list[Instance]] = field(default_factory=dict)
    _free: list[ModuleType] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = list(self.loaded)

    def invoke(
        self, function: str, handle: Callable[[ModuleType, LambdaContext], object], seconds: float
    ) -> Task:
        """Begins one invocation of `function`, which is killed after `seconds`."""
        idle = self._idle.setdefault(function, [])
        instance = idle.pop() if idle else Instance(self._module(), self.new_container())
        started_at = self.kernel.now()

        def left() -> float:
            return (seconds - (self.kernel.now() - started_at).total_seconds()) * 1000

        def run() -> object:
            try:
                answer = handle(instance.app, LambdaContext(left))
            except StorageUnavailableError:
                # A function error: Lambda counts it, and the caller gets no answer.
                answer = None
            idle.append(instance)
            return answer

        task = self.kernel.spawn(function, run, enter=lambda: wired.put(instance.container))
        task.is_function = True
        self.kernel.spawn("timeout", lambda: self.kernel.kill(task), after_seconds=seconds)
        return task

    def _module(self) -> ModuleType:
        if self._free:
            return self._free.pop()
        self.loaded.append(load_app())
        return self.loaded[-1]

    # --- the events that AWS makes

    def http(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        who: Mapping[str, Any] | None = None,
    ) -> HttpAnswer | None:
        """One request of the user `who`; None if no answer came in API Gateway's time."""

        def handle(module: ModuleType, context: LambdaContext) -> object:
            event = http_event(module, method, path, content, headers or {}, who or {})
            return module.app(event, context)

        started_at = self.kernel.now()
        task = self.invoke("api", handle, API_SECONDS)
        answer: Any = self.kernel.wait_for(task)
        took = (self.kernel.now() - started_at).total_seconds()
        if answer is None or took > GATEWAY_SECONDS:
            return None
        return HttpAnswer.of(answer)

    def sqs(self, handler: str, bodies: list[str]) -> list[str] | None:
        """Delivers messages; returns those to redeliver, None if the function was killed."""
        event = sqs_event(bodies)
        task = self.invoke(
            handler, lambda m, context: getattr(m, handler)(event, context), WORKER_SECONDS
        )
        answer: Any = self.kernel.wait_for(task)
        return None if answer is None else failed_in(answer)

    def reconcile(self) -> Task:
        """The scheduled run."""
        return self.invoke(
            "reconcile", lambda m, context: m.reconcile(schedule_event(), context), WORKER_SECONDS
        )

    def look_for_returns(self) -> Task:
        """The run that asks Monoova's books for money that is said to have come back."""
        event = schedule_event(_RETURNS_RULE)
        return self.invoke(
            "reconcile_daily", lambda m, context: m.reconcile_daily(event, context), WORKER_SECONDS
        )
