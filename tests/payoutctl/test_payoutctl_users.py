"""`users disable` and `users enable`: in the user pool, and where each request is looked up."""

from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from payoutctl.exits import Exit
from tests import aws
from tests.payoutctl.terminal import Terminal

PERSON: Final = "jo@example.com"
SUBJECT: Final = "0a1b2c3d-jo"
POOL: Final = "ap-southeast-2_Pool"


@dataclass
class People:
    """A user pool of one person, in the words of its API; the emulated AWS of tests has none."""

    acts: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self if service == "cognito-idp" else aws.client(service)

    def admin_get_user(self, **given: str) -> dict[str, Any]:
        if given != {"UserPoolId": POOL, "Username": PERSON}:
            raise ClientError({"Error": {"Code": "UserNotFoundException"}}, "AdminGetUser")
        return {"UserAttributes": [{"Name": "sub", "Value": SUBJECT}]}

    def admin_disable_user(self, **given: str) -> None:
        self._does("disabled", given)

    def admin_enable_user(self, **given: str) -> None:
        self._does("enabled", given)

    def admin_user_global_sign_out(self, **given: str) -> None:
        self._does("signed out", given)

    def _does(self, act: str, given: dict[str, str]) -> None:
        assert given == {"UserPoolId": POOL, "Username": PERSON}
        self.acts.append(act)


def in_pool(terminal: Terminal, people: People) -> Terminal:
    more = {"PAYOUTS_USER_POOL_ID": POOL}
    return Terminal(terminal.server, terminal.home, more=more, aws=people)


def test_a_person_is_disabled_in_the_pool_and_where_each_request_is_looked_up(
    terminal: Terminal,
) -> None:
    people = People()
    here, gatekeeper = in_pool(terminal, people), terminal.world.container.gatekeeper
    said = here.json("users", "disable", PERSON)
    assert said == {"subject": SUBJECT, "is_enabled": False}
    assert gatekeeper.look().disabled == {SUBJECT}
    assert people.acts == ["disabled", "signed out"]
    assert "may do nothing from now on" in here("users", "disable", PERSON).stdout
    assert gatekeeper.look().disabled == {SUBJECT}
    assert "may sign in and act again" in here("users", "enable", PERSON).stdout
    assert gatekeeper.look().disabled == set()
    assert people.acts == [*("disabled", "signed out") * 2, "enabled"]


def test_a_person_who_is_not_there_is_said_so_and_nothing_changes(terminal: Terminal) -> None:
    people = People()
    here = in_pool(terminal, people)
    lost = here("users", "disable", "another@example.com", ends=Exit.REFUSED)
    assert "has no another@example.com" in lost.stderr
    assert terminal.world.container.gatekeeper.look().disabled == set()
    assert people.acts == []


def test_without_a_pool_nothing_is_done(terminal: Terminal) -> None:
    lost = terminal("users", "disable", PERSON, ends=Exit.USAGE)
    assert "No user pool is set" in lost.stderr
