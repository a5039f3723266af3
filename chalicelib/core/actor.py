"""Who asks for something, and what they may do."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a caller may do. Each includes those before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"


NOTHING: Final = frozenset[Role]()
LOOKS: Final = frozenset({Role.VIEWER})
OPERATES: Final = LOOKS | {Role.OPERATOR}
_APPROVES: Final = OPERATES | {Role.APPROVER}
_BY_GROUP: Final = {"viewers": LOOKS, "operators": OPERATES, "approvers": _APPROVES}
_ASSUMED: Final = ":assumed-role/"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or role that makes a request.

    `name` stands in the history; `subject` tells callers apart: it owns an Idempotency-Key, and
    no person approves what their own subject asked for.

    They differ for a role: its session may have another name at each try of the same request.
    `signed_in_at` is when a person last gave their password or code, in seconds since the epoch: a
    token that was renewed since says so, too; 0 where it is not known.
    `also` are the other subjects of the same person, and `email` is theirs, in lower case: who has
    a login in the user pool and may use a role is one person.
    """

    name: str
    subject: str
    roles: frozenset[Role] = NOTHING
    also: frozenset[str] = frozenset()
    email: str = ""
    signed_in_at: float = 0.0

    def may(self, role: Role) -> bool:
        return role in self.roles

    @property
    def may_see_names(self) -> bool:
        """Who pays or approves has to know whom; who only looks does not."""
        return self.may(Role.OPERATOR) or self.may(Role.APPROVER)

    def is_among(self, subjects: Set[str]) -> bool:
        """Whether one of the subjects is this person's or role's."""
        return not subjects.isdisjoint({self.subject, *self.also})

    def is_also(self, name: str) -> bool:
        """Whether this is the person or role that stands in a history as `name`."""
        return subject_of(name) in {self.subject, *self.also} or (
            self.email != "" and session_of(name).lower() == self.email
        )


def user(sub: str, groups: Iterable[str] = (), without_group: frozenset[Role] = NOTHING) -> Actor:
    """A person of the user pool, by the pool's own id for them.

    Groups that are not ours, to the letter, say nothing: a person in none of ours has the roles
    `without_group`.
    """
    ours = [_BY_GROUP[group] for group in groups if group in _BY_GROUP]
    return Actor(sub, subject_of(sub), frozenset().union(*ours) if ours else without_group)


@dataclass(frozen=True, slots=True)
class ServiceRoles:
    """Which IAM roles look, operate and approve, by their subjects; all others may do nothing.

    A role in several lists may do the most of what they give.
    """

    viewers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()

    def of(self, subject: str) -> frozenset[Role]:
        if subject in self.approvers:
            return _APPROVES
        if subject in self.operators:
            return OPERATES
        return LOOKS if subject in self.viewers else NOTHING


def service(arn: str, roles: ServiceRoles | None = None) -> Actor:
    """An IAM caller. `arn:aws:sts::1:assumed-role/Payer/session` is the role Payer, each time."""
    subject = subject_of(arn)
    return Actor(arn, subject, (roles or ServiceRoles()).of(subject))


def persons(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """All subjects of the person of each, from pairs of subjects that are one person's."""
    found: dict[str, frozenset[str]] = {}
    for one, other in pairs:
        together = found.get(one, frozenset({one})) | found.get(other, frozenset({other}))
        found |= dict.fromkeys(together, together)
    return found


def session_of(name: str) -> str:
    """The name of an assumed role's session: by single sign-on, the person's e-mail. "" if none."""
    return name.rpartition("/")[2] if _ASSUMED in name else ""


def is_service(name: str) -> bool:
    """Whether who stands in a history as `name` is an IAM caller, and not a person."""
    return name.startswith("arn:")


def subject_of_role(arn: str) -> str:
    """The subject of an assumed role. A session's ARN does not tell the role's path."""
    account, _, path = arn.replace(":iam:", ":sts:").partition(":role/")
    return f"{account}{_ASSUMED}{path.rpartition('/')[2]}"


def subject_of(name: str) -> str:
    """The subject of the person or role that a history calls `name`."""
    return name.rpartition("/")[0] if _ASSUMED in name else name
