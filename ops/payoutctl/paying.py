"""`pay`: shows what will happen, asks, and pays once however often it is repeated."""

import uuid
from typing import Any, Final

import click

from ops.payoutctl.client import Answer, at
from ops.payoutctl.exits import Exit, Failure
from ops.payoutctl.output import money, whole_seconds
from ops.payoutctl.payouts import show_payout
from ops.payoutctl.session import Session, with_session
from ops.payoutctl.waiting import POLL_SECONDS, looked_at
from ops.payoutctl.words import Command, yes

ENDS: Final = ("Completed", "Failed", "Returned", "Cancelled")
_MARKS: Final = {True: "ok    ", False: "NOT OK", None: "?     "}


@click.command(cls=Command, help="Pay a customer: AMOUNT in Australian dollars, as 125.50.")
@click.argument("customer_id")
@click.argument("amount")
@click.option("--destination", "destination_id", help="Which, where a customer has several.")
@click.option("--method", type=click.Choice(["PayId", "BankAccount"]), help="Or by its kind.")
@click.option("--description", help="For the record; no payee details.")
@click.option("--reference", "lodgement_reference", help="On the payee's statement.")
@click.option("--key", help="The Idempotency-Key; one is made up if you give none.")
@click.option("--wait", "waits", is_flag=True, help="Until its end; ends with 1 if it fails.")
@yes
@with_session
def pay(session: Session, /, key: str | None, waits: bool, yes: bool, **ask: str | None) -> None:
    ask["payout_method"] = ask.pop("method")
    body = {name: value for name, value in ask.items() if value is not None}
    if not yes:
        _show_what_will_happen(session, body)
        click.confirm("Pay this?", abort=True, err=True)
    key = key or f"payoutctl-{uuid.uuid4()}"
    answer = requested(session, body, key)
    payout = answer.json
    if answer.is_replay:
        session.out.say("This was asked for before; nothing new was paid. It stands so:")
    if payout.get("message"):
        session.out.say(payout["message"])
    if waits:
        payout = awaited(session, payout["transaction_id"], seconds=300)
    show_payout(session, payout)
    if waits and payout["status"] != "Completed":
        raise click.exceptions.Exit(_exit_of(payout["status"]))


def _exit_of(status: str) -> Exit:
    """What waiting came to; one that waits for an approver is where it should be."""
    if status == "AwaitingApproval":
        return Exit.DONE
    return Exit.REFUSED if status in ENDS else Exit.UNKNOWN


def requested(session: Session, body: Any, key: str) -> Answer:
    """Asks once. Whatever becomes of the answer, the key is on the screen before it is sent.

    Raises:
        Failure: where its outcome is unknown, with how to repeat it safely.
    """
    session.out.say(f"Idempotency-Key: {key}")
    try:
        return session.api.ask("POST", "/payouts", body=body, headers={"Idempotency-Key": key})
    except Failure as failure:
        if failure.exit_code == Exit.UNKNOWN:
            session.out.say(
                f"To look, and to pay only if it was not: the same command with --key {key}"
            )
        raise


def _show_what_will_happen(session: Session, body: Any) -> None:
    checked = session.api.post("/payouts/validate", body)
    destination = checked["destination"]
    session.out.say(
        f"Pay {money(body['amount'])} to customer {body['customer_id']}, "
        f"{destination['pay_id_type'] or destination['type']} {destination['masked']}"
    )
    for check in checked["checks"]:
        session.out.say(f"  {_MARKS[check['is_ok']]} {check['name']}{_because(check['detail'])}")
    if checked.get("message"):
        session.out.say(f"  {checked['message']}")
    if not checked["is_valid"]:
        raise Failure("It would not go through: nothing was paid.", Exit.REFUSED, checked)


def _because(detail: str | None) -> str:
    return f": {detail}" if detail else ""


def awaited(session: Session, transaction_id: str, seconds: float) -> Any:
    """The payout at its end, or as it stands when the time is up; each step told on stderr."""
    ends = session.doors.now().timestamp() + seconds
    seen = 0
    while True:
        payout = looked_at(session, at("payouts", transaction_id))
        for entry in payout["history"][seen:]:
            session.out.say(f"  {whole_seconds(entry['at'])}  {line_of(entry)}")
        seen = len(payout["history"])
        is_over = payout["status"] in ENDS or payout["status"] == "AwaitingApproval"
        if is_over or session.doors.now().timestamp() >= ends:
            return payout
        session.doors.sleep(POLL_SECONDS)


def line_of(entry: Any) -> str:
    """One step of a payout's history."""
    state = f"{entry['status']}{'/' + entry['submission'] if entry['submission'] else ''}"
    return f"{state:<20} {entry['event']} by {entry['by']}{_because(entry['detail'])}"
