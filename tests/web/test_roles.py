"""What a caller may do: by the groups of the user pool."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.world import Caller, World

NewWorld = Callable[..., World]


def claims(sub: str = "a-sub", **more: str) -> dict[str, Any]:
    return {"authorizer": {"claims": {"sub": sub} | more}}


def person(world: World, groups: str | None) -> Caller:
    return Caller(world.app, claims(**({} if groups is None else {"cognito:groups": groups})))


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ("viewers", ["viewer"]),
        ("operators", ["viewer", "operator"]),
        ("approvers", ["viewer", "operator", "approver"]),
        ("viewers,approvers", ["viewer", "operator", "approver"]),
        ("ap-southeast-2_AbC_Google,viewers", ["viewer"]),
        ("team:approvers,approvers-of-leave", []),
        ("", []),
        (None, []),
    ],
)
def test_a_person_has_the_roles_of_their_groups(
    world: World, groups: str | None, roles: list[str]
) -> None:
    answer = person(world, groups).get("/me")
    me = {"name": "a-sub", "roles": roles, "environment": "sandbox"}
    assert (answer.status, answer.json) == (200, me)


def test_a_viewer_who_registers_a_customer_gets_403(world: World) -> None:
    answer = person(world, "viewers").post("/customers", {"name": "Jo Citizen"})
    assert (answer.status, answer.code) == (403, "Forbidden")


@pytest.mark.parametrize("groups", [None, "team:approvers"])
def test_where_the_setting_says_so_a_person_of_no_group_may_only_read(
    new_world: NewWorld, groups: str | None
) -> None:
    world = new_world(USERS_WITHOUT_GROUP="look")
    newcomer = person(world, groups)
    assert newcomer.get("/me").json["roles"] == ["viewer"]
    assert newcomer.post("/customers", {"name": "Jo Citizen"}).code == "Forbidden"
    assert person(world, "operators").post("/customers", {"name": "Jo Citizen"}).status == 201
