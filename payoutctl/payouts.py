"""`payouts list|show|cancel|retry|resolve|refresh|approve|reject`."""

from typing import Any, Final

import click

from payoutctl.client import at
from payoutctl.commands import Group, cursor, everything, limit, yes
from payoutctl.exits import Exit, Failure
from payoutctl.output import money, whole_seconds
from payoutctl.pages import say_rest, whole
from payoutctl.revealed import say_place_of
from payoutctl.session import Session, with_session

_STATUSES: Final = (
    "AwaitingApproval",
    "Queued",
    "Pending",
    "Completed",
    "Failed",
    "Returned",
    "Cancelled",
)
_COLUMNS: Final = ("transaction_id", "created_at", "amount", "status", "why", "destination")
_OUTCOMES: Final = click.Choice(["Completed", "Failed", "Returned", "Cancelled"])
reason = click.option("--reason", required=True, help="Kept in the record; no payee details.")


@click.group(cls=Group, help="Payouts: their status, and what can be done.")
def payouts() -> None: ...


@payouts.command("list", help="Payouts, newest first.")
@click.option("--customer", "customer_id", help="Only of this customer.")
@click.option("--status", type=click.Choice(_STATUSES))
@click.option("--date", help="Only of this day (UTC), as 2026-03-02.")
@click.option("--from", "from_", help="From this day on.")
@click.option("--to", help="To this day.")
@click.option("--needs-review", is_flag=True, help="Only those that need review.")
@limit
@cursor
@everything
@with_session
def list_payouts(
    session: Session, /, from_: str | None, needs_review: bool, is_all: bool, **query: Any
) -> None:
    query |= {"from": from_, "needs_review": True if needs_review else None}
    page = (
        whole(session, "/payouts", "Payouts", **query | {"limit": 100})
        if is_all
        else session.api.get("/payouts", **query)
    )
    if session.out.is_json:
        session.out.document(page)
        return
    session.out.rows(_COLUMNS, [_row(row) for row in page["items"]])
    say_rest(session.out, page, "--all, or ")


def _row(payout: Any) -> list[object]:
    submission = f"/{payout['submission']}" if payout["submission"] else ""
    why = payout["review_reason"] if payout["needs_review"] else payout["failure_code"]
    why = why or payout.get("waits_for")
    return [
        payout["transaction_id"],
        payout["created_at"],
        payout["amount"],
        f"{payout['status']}{submission}",
        f"needs review: {why}" if payout["needs_review"] else why,
        payout["destination"],
    ]


@payouts.command("show", help="One payout.")
@click.argument("transaction_id")
@with_session
def show(session: Session, transaction_id: str) -> None:
    show_payout(session, session.api.get(at("payouts", transaction_id)))


@payouts.command("cancel", help="Cancel a payout that has not been sent.")
@click.argument("transaction_id")
@with_session
def cancel(session: Session, transaction_id: str) -> None:
    _changed(session, transaction_id, "cancel")


@payouts.command("retry", help="Retry a failed payout as a new payout, under a new reference.")
@click.argument("transaction_id")
@yes
@with_session
def retry(session: Session, transaction_id: str, yes: bool) -> None:
    if not yes:
        click.confirm("Retry it as a new payout?", abort=True, err=True)
    _changed(session, transaction_id, "retry")


@payouts.command("resolve", help="Resolve a payout that needs review. Monoova's statement decides.")
@click.argument("transaction_id")
@click.option(
    "--outcome",
    type=_OUTCOMES,
    help="What Monoova's statement says; asked for after Monoova's answer is shown.",
)
@reason
@yes
@with_session
def resolve(
    session: Session, transaction_id: str, outcome: str | None, reason: str, yes: bool
) -> None:
    if outcome is None and yes:
        raise click.UsageError("--yes needs --outcome.")
    if not yes and not _is_still_in_review(session, transaction_id):
        return
    if outcome is None:
        outcome = str(click.prompt("Outcome", type=_OUTCOMES, err=True))
    if not yes:
        session.out.say(
            "Never resolve as Failed what Monoova has booked: a retry would pay it twice."
        )
        click.confirm(f"Is it {outcome} by Monoova's statement?", abort=True, err=True)
    _changed(session, transaction_id, "resolve", {"outcome": outcome, "reason": reason})


def _is_still_in_review(session: Session, transaction_id: str) -> bool:
    """Shows what Monoova says now, which may have ended the review."""
    try:
        asked = session.api.post(at("payouts", transaction_id, "refresh"))
    except Failure as failure:
        if failure.ends is not Exit.TRY_AGAIN:
            raise
        session.out.say(
            "Monoova cannot be asked now: only an approver who did not request it may resolve it."
        )
        return True
    session.out.say(f"Monoova says now: {asked['monoova_says']}")
    if not asked["needs_review"]:
        session.out.say("It needs no review any more.")
        show_payout(session, asked)
    return bool(asked["needs_review"])


@payouts.command("refresh", help="Refresh a payout's status from Monoova.")
@click.argument("transaction_id")
@with_session
def refresh(session: Session, transaction_id: str) -> None:
    _changed(session, transaction_id, "refresh")


@payouts.command(
    "approve", help="Approve a payout that another person requested: shows it, and asks."
)
@click.argument("transaction_id")
@yes
@with_session
def approve(session: Session, transaction_id: str, yes: bool) -> None:
    waiting = session.api.get(at("payouts", transaction_id))
    digest = None
    if waiting["status"] == "AwaitingApproval":
        digest = _say_what_waits(session, waiting)
        if not yes:
            session.out.ask("Approve it?")
    _changed(session, transaction_id, "approve", {"digest": digest} if digest else None)


def _say_what_waits(session: Session, payout: Any) -> str | None:
    """What is approved, and where it goes in full; the digest of that."""
    say = session.out.say
    kind = payout["payout_method"]
    say(f"{money(payout['amount'])} to customer {payout['customer_id']}")
    say(f"  to            {kind} {payout['destination']}")
    say(f"  requested by  {payout['created_by']} at {whole_seconds(payout['created_at'])}")
    for name in ("description", "lodgement_reference"):
        if payout.get(name):
            say(f"  {name:<12}  {payout[name]}")
    for entry in payout["history"][:1]:
        say(f"  reason        {entry['detail'] or entry['event']}")
    if "NewDestination" in (payout.get("approval_reasons") or []):
        say("Approving it approves its destination as well.")
    return say_place_of(session, payout)


@payouts.command("reject", help="Reject a payout: it is cancelled.")
@click.argument("transaction_id")
@reason
@with_session
def reject(session: Session, transaction_id: str, reason: str) -> None:
    _changed(session, transaction_id, "reject", {"reason": reason})


def _changed(session: Session, transaction_id: str, verb: str, body: object = None) -> None:
    show_payout(session, session.api.post(at("payouts", transaction_id, verb), body))


def show_payout(session: Session, payout: Any) -> None:
    """A payout, its destination masked; its history is for `explain`."""
    if session.out.is_json:
        session.out.document(payout)
        return
    hidden = ("history", "explanation", "message")
    session.out.pairs({name: value for name, value in payout.items() if name not in hidden})
    explanation = payout.get("explanation")
    if explanation:
        session.out.say(explanation["summary"])
