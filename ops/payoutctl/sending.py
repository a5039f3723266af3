"""`pause`, `resume`, `breaker …`: by the API; `--direct` for when that is down itself."""

import getpass
from typing import Any

import click

from ops.payoutctl.session import Session, with_session
from ops.payoutctl.words import Command, Group

_direct = click.option(
    "--direct", is_flag=True, help="Straight in the table of AWS, for when the API is down."
)
_table = click.option(
    "--table",
    envvar="DYNAMODB_TABLE_CONTROLS",
    help="With --direct: the controls table; the stage's own if you do not say.",
)


@click.command(cls=Command, help="Stop all sending. Payouts are accepted, and wait until `resume`.")
@click.option("--reason", required=True, help="Stands in the record; no payee details.")
@_direct
@_table
@with_session
def pause(session: Session, reason: str, direct: bool, table: str | None) -> None:
    if direct:
        _show(session, _directly(session, table, "pause", getpass.getuser(), reason))
    else:
        _show(session, session.api.post("/sending/pause", {"reason": reason}))


@click.command(cls=Command, help="Let payouts be sent again.")
@_direct
@_table
@with_session
def resume(session: Session, direct: bool, table: str | None) -> None:
    if direct:
        _show(session, _directly(session, table, "resume"))
    else:
        _show(session, session.api.post("/sending/resume"))


@click.group(cls=Group, help="The circuit breaker in front of Monoova.")
def breaker() -> None: ...


@breaker.command("show", help="Whether payouts are sent, and if not why, and what happens next.")
@_direct
@_table
@with_session
def show_breaker(session: Session, direct: bool, table: str | None) -> None:
    _show(session, _directly(session, table, "look") if direct else session.api.get("/sending"))


@breaker.command("reset", help="Close it now, without waiting for the probe.")
@_direct
@_table
@with_session
def reset_breaker(session: Session, direct: bool, table: str | None) -> None:
    if direct:
        _show(session, _directly(session, table, "reset"))
    else:
        _show(session, session.api.post("/sending/reset"))


def _directly(session: Session, table: str | None, verb: str, *words: str) -> Any:
    """The same by the app's own code, on the table; answers in the API's form."""
    from chalicelib.clock import SystemClock
    from chalicelib.services.gatekeeper import Gatekeeper
    from chalicelib.storage.controls import Controls
    from chalicelib.storage.dynamodb import StorageUnavailableError, text_of
    from ops.payoutctl.exits import Exit, Failure

    name = table or f"monoova-payouts-{session.stage}-controls"
    controls = Controls(session.client("dynamodb"), name)
    keeper = Gatekeeper(controls, SystemClock(), lambda: None)
    try:
        gate = getattr(keeper, verb)(*words)
    except StorageUnavailableError as error:
        raise Failure(f"The table {name}: {error}", Exit.TRY_AGAIN) from None
    status = "Paused" if gate.is_paused else "CircuitOpen" if gate.is_open else "Open"
    return {
        "status": status,
        "paused_by": gate.paused_by,
        "paused_at": text_of(gate.paused_at) if gate.paused_at else None,
        "pause_reason": gate.pause_reason,
        "open_reason": gate.open_reason,
        "opened_at": text_of(gate.opened_at) if gate.opened_at else None,
        "next_probe_at": text_of(gate.probe_at) if gate.probe_at else None,
    }


def _show(session: Session, sending: Any) -> None:
    if session.out.is_json:
        session.out.document(sending)
        return
    session.out.pairs(sending)
