"""Who asks for something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` stands in the history; `subject` tells callers apart where a key is remembered.

    They differ for a role: its session may have another name at each try of the same request.
    """

    name: str
    subject: str


def user(sub: str) -> Actor:
    """A person of the user pool, by the pool's own id for them."""
    return Actor(sub, sub)


def service(arn: str) -> Actor:
    """An IAM caller. `arn:aws:sts::1:assumed-role/Payer/session` is the role Payer, each time."""
    is_role = ":assumed-role/" in arn
    return Actor(arn, arn.rpartition("/")[0] if is_role else arn)
