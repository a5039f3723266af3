"""The actor of a request: its name in the history, and the subject of its Idempotency-Key."""

from dataclasses import replace

import pytest

from chalicelib.core.actor import (
    Actor,
    Role,
    ServiceRoles,
    is_service,
    persons,
    service,
    subject_of_role,
    user,
)

SESSION = "arn:aws:sts::111122223333:assumed-role/Payer/"


def test_a_person_is_known_by_the_pools_own_id() -> None:
    assert user("0a1b2c3d") == Actor(name="0a1b2c3d", subject="0a1b2c3d")


def test_a_role_is_one_subject_whatever_its_session_is_called() -> None:
    first, second = service(f"{SESSION}one"), service(f"{SESSION}two")
    assert first.subject == second.subject == "arn:aws:sts::111122223333:assumed-role/Payer"


def test_the_history_names_the_very_session() -> None:
    assert service(f"{SESSION}one").name == f"{SESSION}one"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "arn:aws:sts::111122223333:assumed-role/Payer/s",
            "arn:aws:sts::111122223333:assumed-role/Reader/s",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/Payer/s",
            "arn:aws:sts::444455556666:assumed-role/Payer/s",
        ),
        ("arn:aws:iam::111122223333:user/one", "arn:aws:iam::111122223333:user/two"),
        (
            "arn:aws:iam::111122223333:user/team/one",
            "arn:aws:iam::111122223333:user/team/two",
        ),
    ],
)
def test_two_callers_are_two_subjects(one: str, other: str) -> None:
    assert service(one).subject != service(other).subject


def test_a_user_of_iam_is_its_own_subject() -> None:
    arn = "arn:aws:iam::111122223333:user/team/payer"
    assert service(arn) == Actor(name=arn, subject=arn)


def test_a_history_names_who_it_was_whatever_the_session_is_called() -> None:
    assert service(f"{SESSION}two").is_also(f"{SESSION}one")
    assert not service(f"{SESSION}two").is_also("arn:aws:sts::111122223333:assumed-role/Other/one")
    assert user("0a1b2c3d").is_also("0a1b2c3d")
    assert not user("0a1b2c3d").is_also("another")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        (f"{SESSION}one", True),
        ("arn:aws:iam::111122223333:user/team/payer", True),
        ("0a1b2c3d", False),
        ("arnold", False),
        ("a-user-called-arn:", False),
    ],
)
def test_a_history_tells_a_service_from_a_person(name: str, is_one: bool) -> None:
    assert is_service(name) is is_one


def test_no_service_is_an_approver_unless_the_deployment_names_it() -> None:
    assert not user("0a1b2c3d").may(Role.APPROVER)
    assert not service(f"{SESSION}one").may(Role.APPROVER)
    assert user("0a1b2c3d", ["approvers"]).may(Role.APPROVER)


def test_the_roles_of_a_service_are_those_of_the_deployment() -> None:
    roles = ServiceRoles(
        viewers=frozenset({subject_of_role("arn:aws:iam::111122223333:role/Reader")}),
        operators=frozenset({subject_of_role("arn:aws:iam::111122223333:role/Sender")}),
        approvers=frozenset({subject_of_role("arn:aws:iam::111122223333:role/a/path/Payer")}),
    )
    reader = service("arn:aws:sts::111122223333:assumed-role/Reader/s", roles)
    assert reader.may(Role.VIEWER)
    assert not reader.may(Role.OPERATOR)
    assert service(f"{SESSION}one", roles).may(Role.APPROVER)
    sender = service("arn:aws:sts::111122223333:assumed-role/Sender/s", roles)
    assert sender.may(Role.OPERATOR)
    assert not sender.may(Role.APPROVER)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::444455556666:assumed-role/Payer/s",
        "arn:aws:sts::111122223333:assumed-role/payer/s",
        "arn:aws:iam::111122223333:user/Payer",
        "arn:aws:iam::111122223333:root",
    ],
)
def test_a_service_that_is_in_no_list_may_do_nothing(arn: str) -> None:
    every = frozenset({subject_of_role("arn:aws:iam::111122223333:role/Payer")})
    assert service(arn, ServiceRoles(every, every, every)).roles == set()
    assert service(f"{SESSION}one").roles == set()


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["viewers"], {Role.VIEWER}),
        (["operators"], {Role.VIEWER, Role.OPERATOR}),
        (["approvers"], {Role.VIEWER, Role.OPERATOR, Role.APPROVER}),
        (["viewers", "operators"], {Role.VIEWER, Role.OPERATOR}),
        (["viewers", "a-group-of-another-app"], {Role.VIEWER}),
        (["a-group-of-another-app"], set()),
        ([], set()),
    ],
)
def test_the_groups_of_the_user_pool_are_the_roles_of_a_person(
    groups: list[str], roles: set[Role]
) -> None:
    assert user("0a1b2c3d", groups, without_group=frozenset()).roles == roles


def test_a_role_whose_path_looks_like_another_role_is_known_by_its_own_name() -> None:
    subject = subject_of_role("arn:aws:iam::111122223333:role/a:role/Payer")
    assert subject == service(f"{SESSION}one").subject


def test_who_has_a_login_and_a_role_is_one_person() -> None:
    role = subject_of_role("arn:aws:iam::111122223333:role/Payer")
    known = persons([("jo", role), ("another", "another-role"), ("jo-too", role)])
    assert known["jo"] == known["jo-too"] == known[role] == {"jo", "jo-too", role}
    assert known["another"] == {"another", "another-role"}
    jo = replace(user("jo"), also=known["jo"])
    assert jo.is_also(f"{SESSION}one")
    assert jo.is_also("jo-too")
    assert not jo.is_also("another")
    assert replace(service(f"{SESSION}one"), also=known[role]).is_also("jo")


def test_a_session_that_is_called_as_a_persons_email_is_theirs() -> None:
    jo = replace(user("jo"), email="jo@example.com")
    assert jo.is_also(f"{SESSION}Jo@Example.com")
    assert not jo.is_also(f"{SESSION}another@example.com")
    assert not jo.is_also("jo@example.com")
    assert not user("jo").is_also(SESSION)
