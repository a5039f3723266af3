"""`pause`, `resume`, `breaker …`: by the API; `--direct` for when the API is down."""

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from payoutctl.commands import Command, Group
from payoutctl.exits import Exit, Failure
from payoutctl.output import whole_seconds
from payoutctl.session import Session, with_session

if TYPE_CHECKING:
    from chalicelib.monoova.gatekeeper import Gatekeeper
    from chalicelib.monoova.rules.gate import Gate

_direct = click.option(
    "--direct", is_flag=True, help="Directly in the table of AWS, for when the API is down."
)
_OPENED: Final = ("opened_at", "next_probe_at")
_table = click.option(
    "--table",
    envvar="DYNAMODB_TABLE_CONTROLS",
    help="With --direct: the controls table; the stage's if you give none.",
)


@click.command(cls=Command, help="Pause sending. Payouts are accepted and queued until `resume`.")
@click.option("--reason", required=True, help="Kept in the record; no payee details.")
@_direct
@_table
@with_session
def pause(session: Session, reason: str, direct: bool, table: str | None) -> None:
    if direct:
        show(session, directly(session, table, lambda gate: gate.pause(getpass.getuser(), reason)))
    else:
        show(session, session.api.post("/sending/pause", {"reason": reason}))


@click.command(cls=Command, help="Resume sending: queued payouts are sent.")
@_direct
@_table
@with_session
def resume(session: Session, direct: bool, table: str | None) -> None:
    if direct:
        show(session, directly(session, table, lambda gate: gate.resume(getpass.getuser())))
    else:
        show(session, session.api.post("/sending/resume"))


@click.group(cls=Group, help="The circuit breakers in front of Monoova: of payouts, of questions.")
def breaker() -> None: ...


@breaker.command(
    "show", help="Whether payouts are sent and Monoova is asked; if not, why, and the next attempt."
)
@_direct
@_table
@with_session
def show_breaker(session: Session, direct: bool, table: str | None) -> None:
    show(
        session,
        directly(session, table, lambda gate: gate.look())
        if direct
        else session.api.get("/sending"),
    )


@breaker.command("reset", help="Close both circuit breakers now, without waiting for a probe.")
@_direct
@_table
@with_session
def reset_breaker(session: Session, direct: bool, table: str | None) -> None:
    if direct:
        show(session, directly(session, table, lambda gate: gate.reset(getpass.getuser())))
    else:
        show(session, session.api.post("/sending/reset"))


def directly(session: Session, table: str | None, act: "Callable[[Gatekeeper], Gate]") -> Any:
    """Acts on the controls table by the app's own code; answers in the API's form."""
    from chalicelib.core.clock import SystemClock
    from chalicelib.core.dynamodb.items import StorageUnavailableError
    from chalicelib.monoova import replies
    from chalicelib.monoova.gate_store import Controls
    from chalicelib.monoova.gatekeeper import Gatekeeper

    name = table or f"monoova-payouts-{session.stage}-controls"
    controls = Controls(session.client("dynamodb"), name)
    try:
        clock = SystemClock()
        return replies.sending(act(Gatekeeper(controls, clock, lambda: None)), clock.now())
    except StorageUnavailableError as error:
        raise Failure(f"The table {name}: {error}", Exit.TRY_AGAIN) from None


def show(session: Session, sending: Any) -> None:
    if session.out.is_json:
        session.out.document(sending)
        return
    switched = sending.get("last_switch")
    last = (
        f"{switched['what']} by {switched['by']} at {whole_seconds(switched['at'])}"
        if switched
        else None
    )
    run = sending.get("contract_run")
    shown = f"duplicates {run['duplicates']}, {whole_seconds(run['at'])}" if run else None
    questions = _questions(sending["questions"])
    session.out.pairs(
        sending | {"questions": questions, "last_switch": last, "contract_run": shown}
    )


def _questions(questions: Any) -> str:
    """The state of the breaker of questions, on one line."""
    if questions["status"] == "Open":
        return "Open"
    opened_at, probe_at = (whole_seconds(questions[name] or "") for name in _OPENED)
    following = f"next attempt {probe_at}" if probe_at else "no attempt before a new key or a reset"
    return f"{questions['status']}: {questions['open_reason']} since {opened_at}, {following}"
