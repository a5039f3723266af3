"""Users who sign in to the console in these tests, and their tokens."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from proof.lambda_events import user
from proof.user_pool import token_of
from tests.app_server import AppServer
from tools.devstack.sign_in import Tokens, Users

PASSWORD: Final = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the pool; `sub` is the pool's id for them."""

    email: str
    sub: str
    group: str


OPERATOR: Final = User("operator@example.com", "0a1b2c3d-0000-4000-8000-00000000000a", "operators")
APPROVER: Final = User("approver@example.com", "1b2c3d4e-0000-4000-8000-00000000000b", "approvers")
VIEWER: Final = User("viewer@example.com", "2c3d4e5f-0000-4000-8000-00000000000c", "viewers")
ALL_USERS: Final = (OPERATOR, APPROVER, VIEWER)


def users_of(server: AppServer) -> Users:
    """All three users, whose tokens the served app accepts."""

    def sign_in(email: str, password: str) -> Tokens | None:
        found = next((each for each in ALL_USERS if each.email == email), None)
        return _tokens(server, found) if found and password == PASSWORD else None

    def renew(token: str) -> Tokens | None:
        found = next((each for each in ALL_USERS if token.startswith(each.sub)), None)
        return _tokens(server, found) if found else None

    return Users(sign_in, renew)


def _tokens(server: AppServer, person: User) -> Tokens:
    token = token_of(person.sub, (person.group,), person.email)
    server.callers[token] = _context(person)
    return {
        "id_token": token,
        "access_token": token,
        "refresh_token": f"{person.sub} {secrets.token_hex(8)}",
    }


def _context(person: User) -> Mapping[str, Any]:
    return user(person.sub, person.group)
