"""`doctor`: checks a whole deployment, changes nothing, and says what to do."""

from collections.abc import Callable
from typing import Final

import click

from payoutctl.checks import (
    alarms,
    at_monoova,
    data,
    entry_points,
    functions,
    messages,
    second_calls,
)
from payoutctl.checks.findings import Findings, Verdict
from payoutctl.commands import Command
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session

Look = Callable[[Session, Findings], None]

_AWS: Final[tuple[Look, ...]] = (
    data.look,
    messages.look,
    functions.look,
    second_calls.look,
    alarms.look,
)


@click.command(cls=Command, help="Check the deployment: the result of each check, and what to do.")
@click.option(
    "--no-login", is_flag=True, help="Do not log in to Monoova: while its key is in doubt."
)
@with_session
def doctor(session: Session, no_login: bool) -> None:
    found = Findings()
    looks: tuple[Look, ...] = (
        entry_points.look,
        *_AWS,
        lambda session, found: at_monoova.look(session, found, logs_in=not no_login),
    )
    with session.out.progress("Checking", len(looks)) as bar:
        for look in looks:
            try:
                look(session, found)
            except Failure as failure:
                found.not_seen(look.__module__.rpartition(".")[2], failure.message)
            bar.step()
    _show(session, found)
    if found.count(Verdict.FAILED):
        raise click.exceptions.Exit(Exit.CHECK_FAILED)


def _show(session: Session, found: Findings) -> None:
    if session.out.is_json:
        session.out.document(found.document())
        return
    session.out.rows(
        ("verdict", "check", "detail", "what to do"),
        [(each.verdict.value, each.check, each.detail, each.what_to_do) for each in found.items],
    )
    session.out.say(
        f"{found.count(Verdict.OK)} ok, {found.count(Verdict.FAILED)} failed, "
        f"{found.count(Verdict.NOT_SEEN)} not seen"
    )
