"""`key check`: whether Monoova takes our key. It logs in once and never tries again."""

from typing import Any

import click

from payoutctl.commands import Group
from payoutctl.exits import Exit, Failure
from payoutctl.monoova import Monoova
from payoutctl.session import Session, with_session


@click.group(cls=Group, help="Monoova's API key.")
def key() -> None: ...


@key.command(
    "check", help="Check that the host is the right one and takes the key. One login, no retry."
)
@with_session
def check(session: Session) -> None:
    monoova = Monoova.of(session)
    found = right_host(monoova)
    session.out.say("Logging in once: five refused logins lock the account for an hour.")
    said = monoova.ping()
    found["key"] = "accepted" if said.is_ok else "refused" if said.is_login_problem else "unclear"
    found["monoova_status"] = said.status or f"HTTP {said.http_status}"
    if not said.is_ok:
        raise Failure(
            f"The key is {found['key']} ({found['monoova_status']}). Do not try again before you"
            " know the cause: see the runbook, Monoova refuses our login.",
            Exit.CHECK_FAILED,
            found,
        )
    if session.out.is_json:
        session.out.document(found)
        return
    session.out.pairs(found)


def right_host(monoova: Monoova) -> dict[str, Any]:
    """What the public ping says; asked first, for it cannot lock anything.

    Raises:
        Failure: it is not the environment that the secret names: the key is not shown to it.
    """
    said = monoova.public_ping()
    environment = str(said.document.get("environment", "")).lower()
    expected = monoova.credentials.environment
    found = {
        "base_url": monoova.credentials.base_url,
        "environment": expected,
        "environment_by_monoova": environment or None,
    }
    if not said.is_ok or environment != expected:
        raise Failure(
            f"The host says it is {environment or 'not known'}, the secret says"
            f" {expected}: the key was not tried.",
            Exit.CHECK_FAILED,
            found,
        )
    return found
