"""`smoke-test`: one real cent, from the request until it is final, step by step."""

from typing import Any

import click

from payoutctl.commands import Command, yes
from payoutctl.exits import Exit, Failure
from payoutctl.output import money
from payoutctl.pay import ENDS, awaited, repeatable, requested
from payoutctl.payouts import show_payout
from payoutctl.session import Session, with_session


@click.command(
    "smoke-test", cls=Command, help="Pay a customer a real A$0.01, and follow it until it is final."
)
@click.argument("customer_id")
@click.option("--key", help="The Idempotency-Key; one of this minute if you give none.")
@click.option("--seconds", type=click.IntRange(10, 3600), default=300, show_default=True)
@yes
@with_session
def smoke_test(
    session: Session, customer_id: str, key: str | None, seconds: int, yes: bool
) -> None:
    say = session.out.say
    say(f"1. {session.api.url}/health")
    session.api.ask("GET", "/health", is_open=True)
    say("2. Sending")
    sending = session.api.get("/sending")
    if sending["status"] != "Open":
        raise Failure(
            f"Sending is {sending['status']}: see payoutctl breaker show.",
            Exit.CHECK_FAILED,
            sending,
        )
    say("3. Balance")
    balance = session.api.get("/account")
    say(f"   {money(balance['available_to_debit'])} available.")
    body = {"customer_id": customer_id, "amount": "0.01", "description": "Smoke test"}
    say("4. Validation")
    checked = session.api.post("/payouts/validate", body)
    if not checked["is_valid"]:
        raise Failure("It would be refused: nothing was paid.", Exit.CHECK_FAILED, checked)
    if not yes:
        session.out.ask(f"Pay one real cent to {checked['destination']['masked']}?")
    say("5. Payout of one cent")
    made = f"smoke-{customer_id}-{session.adapters.now():%Y%m%dT%H%M}"
    key = key or made
    # Of this minute there may have been one already.
    with repeatable(session, key, is_repetition=True):
        asked = requested(session, body, key).json
    payout = awaited(session, asked["transaction_id"], seconds)
    _judge(session, payout)
    show_payout(session, payout)


def _judge(session: Session, payout: Any) -> None:
    status = payout["status"]
    if status == "Completed":
        by = payout["history"][-1]["by"]
        session.out.say(
            "Completed: the webhook arrived."
            if by == "monoova"
            else f"Completed, found by {by}. If no webhook arrives: payoutctl webhooks list."
        )
        return
    if status in ENDS:
        raise Failure(
            f"It ended as {status}: {payout['failure_reason'] or payout['failure_code']}",
            Exit.CHECK_FAILED,
            payout,
        )
    if status == "AwaitingApproval":
        raise Failure(
            f"It is awaiting approval: payoutctl payouts approve {payout['transaction_id']}",
            Exit.UNKNOWN,
            payout,
        )
    raise Failure(
        f"It is still {status}: payoutctl payouts explain {payout['transaction_id']}",
        Exit.UNKNOWN,
        payout,
    )
