"""The real app run through every entry point and its rare branches, every AWS call recorded.

Each scenario has a world of its own. It asserts that what it is for has happened.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.container import wired
from proof.lambda_events import user
from tests import aws
from tests.infra.api_scenarios import API_SCENARIOS
from tests.infra.call_sites import Site
from tests.infra.grants import Right
from tests.infra.scenario_steps import without_seals_key
from tests.infra.uses import Watch, rights_used
from tests.infra.worker_scenarios import WORKER_SCENARIOS
from tests.world import ADMIN, APPROVER, ROLE, Caller, World

Route = tuple[str, str]


@dataclass
class Seen:
    """What the functions did in all scenarios together."""

    rights: dict[str, set[Right]] = field(default_factory=dict)
    sites: dict[str, set[Site]] = field(default_factory=dict)
    context_keys: set[frozenset[str]] = field(default_factory=set)
    routes: set[Route] = field(default_factory=set)

    def take(self, watch: Watch, names: Mapping[str, str]) -> None:
        for call in watch.calls:
            self.rights.setdefault(call.function, set()).update(rights_used(call, names))
            self.sites.setdefault(call.function, set()).add(call.site)
            if call.site.operation.startswith("kms."):
                self.context_keys.add(call.context_keys)


class RecordingCaller(Caller):
    """A caller that records which routes were called."""

    def __init__(self, world: World, context: Mapping[str, Any], routes: set[Route]) -> None:
        super().__init__(world.app, context)
        self._routes = routes

    def _event(self, method: str, *request: Any) -> dict[str, Any]:
        event = super()._event(method, *request)
        self._routes.add((method, event["resource"]))
        return event


def all_scenarios_run() -> Seen:
    """Every scenario, in an AWS of its own."""
    seen = Seen()
    for scenario in (*API_SCENARIOS, *WORKER_SCENARIOS):
        with _new_world() as world:
            watch = Watch()
            watch.over(world.session)
            without_seals_key(world)
            world.admin = RecordingCaller(world, user(ADMIN), seen.routes)
            world.approver = RecordingCaller(world, user(APPROVER, "approvers"), seen.routes)
            world.anonymous = RecordingCaller(world, {}, seen.routes)
            world.service = RecordingCaller(world, {"identity": {"userArn": ROLE}}, seen.routes)
            scenario(world)
            seen.take(watch, world.environment)
    return seen


@contextmanager
def _new_world() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        # As for every test; but this may start before the first of them.
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_DEFAULT_REGION", aws.REGION)
        try:
            yield World()
        finally:
            wired.put(None)
