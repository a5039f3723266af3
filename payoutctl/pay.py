"""`pay`: shows what will happen, asks, and pays once however often it is repeated."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from payoutctl.account import say_environment
from payoutctl.client import Answer, at
from payoutctl.commands import Command, yes
from payoutctl.exits import Exit, Failure
from payoutctl.output import money, whole_seconds
from payoutctl.payouts import show_payout
from payoutctl.poll import POLL_SECONDS, polled
from payoutctl.session import Session, with_session

ENDS: Final = ("Completed", "Failed", "Returned", "Cancelled")
_MARKS: Final = {True: "ok    ", False: "NOT OK", None: "?     "}


@click.command(cls=Command, help="Pay a customer: AMOUNT in Australian dollars, as 125.50.")
@click.argument("customer_id")
@click.argument("amount")
@click.option(
    "--destination", "destination_id", help="The destination, where a customer has several."
)
@click.option(
    "--method", type=click.Choice(["PayId", "BankAccount"]), help="The destination by its type."
)
@click.option("--description", help="Internal; no payee details.")
@click.option(
    "--reference", "lodgement_reference", help="The lodgement reference, on the payee's statement."
)
@click.option(
    "--accept-duplicate-of",
    metavar="PAYOUT",
    help="An earlier payout that paid the same, beside which this one is meant.",
)
@click.option("--key", help="The Idempotency-Key; one is generated if you give none.")
@click.option(
    "--wait",
    "waits",
    is_flag=True,
    help="Wait until it is final; ends with 1 if it was not completed.",
)
@yes
@with_session
def pay(session: Session, /, key: str | None, waits: bool, yes: bool, **ask: str | None) -> None:
    ask["payout_method"] = ask.pop("method")
    body = {name: value for name, value in ask.items() if value is not None}
    is_repetition = key is not None
    key = key or f"payoutctl-{uuid.uuid4()}"
    with repeatable(session, key, is_repetition=is_repetition):
        if not yes:
            _show_what_will_happen(session, body)
            session.out.ask("Pay this?")
        answer = requested(session, body, key)
    payout = answer.json
    if answer.is_replay:
        session.out.say("This was requested before: nothing new was paid. The payout now:")
    if payout.get("message"):
        session.out.say(payout["message"])
    if waits:
        payout = awaited(session, payout["transaction_id"], seconds=300)
    show_payout(session, payout)
    if waits and payout["status"] != "Completed":
        raise click.exceptions.Exit(_exit_of(payout["status"]))


def _exit_of(status: str) -> Exit:
    """The exit code after `--wait`; a payout that awaits approval is no failure."""
    if status == "AwaitingApproval":
        return Exit.DONE
    return Exit.REFUSED if status in ENDS else Exit.UNKNOWN


def requested(session: Session, body: Any, key: str) -> Answer:
    """Requests once. The key is printed before the request is sent."""
    session.out.say(f"Idempotency-Key: {key}")
    return session.api.ask("POST", "/payouts", body=body, headers={"Idempotency-Key": key})


@contextmanager
def repeatable(session: Session, key: str, *, is_repetition: bool) -> Iterator[None]:
    """Says with a temporary failure how to repeat the command safely.

    Of a repetition it is not known whether the payment was made the time before.
    """
    try:
        yield
    except Failure as failure:
        if is_repetition and failure.ends is Exit.TRY_AGAIN:
            failure.ends = Exit.UNKNOWN
        if failure.ends in (Exit.TRY_AGAIN, Exit.UNKNOWN):
            session.out.say(
                f"To check, and to pay only if it was not paid: the same command with --key {key}"
            )
        raise


def _show_what_will_happen(session: Session, body: Any) -> None:
    say_environment(session, session.api.get("/me")["environment"])
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
        raise Failure("It would be refused: nothing was paid.", Exit.REFUSED, checked)


def _because(detail: str | None) -> str:
    return f": {detail}" if detail else ""


def awaited(session: Session, transaction_id: str, seconds: float) -> Any:
    """The payout when final, or as it is when the time is up; each step goes to stderr.

    Raises:
        Failure: its status could not be read, which says nothing of the payout.
    """
    ends = session.adapters.now().timestamp() + seconds
    seen = 0
    while True:
        payout = _polled(session, transaction_id)
        for entry in payout["history"][seen:]:
            session.out.say(f"  {whole_seconds(entry['at'])}  {line_of(entry)}")
        seen = len(payout["history"])
        is_over = payout["status"] in ENDS or payout["status"] == "AwaitingApproval"
        if is_over or session.adapters.now().timestamp() >= ends:
            return payout
        session.adapters.sleep(POLL_SECONDS)


def _polled(session: Session, transaction_id: str) -> Any:
    try:
        return polled(session, at("payouts", transaction_id))
    except Failure as failure:
        # It was requested, whatever fails now: not to be taken for "nothing was done".
        raise Failure(
            f"{failure.message}\nIt was requested: payoutctl payouts show {transaction_id}",
            Exit.UNKNOWN,
            {"transaction_id": transaction_id, **failure.document},
        ) from None


def line_of(entry: Any) -> str:
    """One step of a payout's history."""
    state = f"{entry['status']}{'/' + entry['submission'] if entry['submission'] else ''}"
    return f"{state:<20} {entry['event']} by {entry['by']}{_because(entry['detail'])}"
