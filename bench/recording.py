"""Records which calls each flow makes, and checks that the bare side makes the same."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.bare import MONOOVA, Call, execute
from bench.children import Side, app_side, bare_side
from bench.flow_driver import FlowDriver
from bench.flows import Events, Flow, Recorded
from bench.setting import Setting
from bench.wire import Wire, recording
from proof.lambda_events import load_app

# The first flow of a process reads secrets and keys that it then caches.
_WARM_UP: Final = 2


class UnequalError(Exception):
    """The bare side made other calls than the app."""


class CallRecorder:
    """Records the calls to AWS and to Monoova, by any caller."""

    def __init__(self, wire: Wire, setting: Setting) -> None:
        self._wire = wire
        self._monoova = setting.monoova
        self._calls = 0
        self._bodies = 0

    def taken(self) -> tuple[Call, ...]:
        """The calls since the last time, in their order."""
        calls = [*self._wire.taken(), *self._at_monoova()]
        return tuple(call for _, call in sorted(calls, key=lambda each: each[0]))

    def _at_monoova(self) -> list[tuple[float, Call]]:
        calls, bodies = self._monoova.calls, self._monoova.received
        unread = iter(bodies[self._bodies :])
        found = []
        for each in calls[self._calls :]:
            if each.path.endswith("/execute"):
                call = execute(json.loads(next(unread).raw))
            else:
                call = Call(MONOOVA, f"{each.method} {each.path}", {})
            found.append((each.at.timestamp(), call))
        self._calls, self._bodies = len(calls), len(bodies)
        return found


def recorded(setting: Setting, package: Path) -> dict[Flow, Recorded]:
    """What the app in `package` calls in each flow, once it is warm.

    Raises:
        SideError
        UnequalError: the bare calls that are made of it are not the same.
    """
    with recording(setting.emulator.url) as wire:
        recorder = CallRecorder(wire, setting)
        environment = setting.environment(wire.url)
        with app_side(package, environment) as app:
            calls = _of_app(
                FlowDriver(app, Events(load_app(), setting.operator_token), setting), recorder
            )
        with bare_side(environment) as bare:
            require_the_same(calls, bare, recorder)
    return calls


def _of_app(driver: FlowDriver, recorder: CallRecorder) -> dict[Flow, Recorded]:
    for _ in range(_WARM_UP):
        for flow in Flow:
            driver.turn(flow)
    calls: dict[Flow, Recorded] = {}
    for flow in Flow:
        recorder.taken()
        driver.turn(flow)
        calls[flow] = Recorded(driver.last_id, recorder.taken())
    return calls


def require_the_same(calls: Mapping[Flow, Recorded], bare: Side, recorder: CallRecorder) -> None:
    """Has the bare side make `calls` for a payout of its own, and compares.

    Raises:
        SideError
        UnequalError
    """
    recorder.taken()
    transaction_id = str(uuid.uuid4())
    for flow, of_app in calls.items():
        bare.do([of_app.of(transaction_id)])
        expected = [call.about(of_app.transaction_id, transaction_id) for call in of_app.calls]
        made = list(recorder.taken())
        if made != expected:
            names = [[call.name for call in each] for each in (expected, made)]
            raise UnequalError(f"{flow}: the app makes {names[0]}, the bare side {names[1]}")
