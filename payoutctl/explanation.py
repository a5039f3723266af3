"""`payouts explain`: the history of one payout, and what happens next and when."""

from datetime import datetime
from typing import Any

import click

from payoutctl.client import at
from payoutctl.commands import Command
from payoutctl.output import money, whole_seconds
from payoutctl.session import Session, with_session


@click.command(
    "explain",
    cls=Command,
    help="The history of a payout, what happens next and when, and what to do.",
)
@click.argument("transaction_id")
@with_session
def explain(session: Session, transaction_id: str) -> None:
    payout = session.api.get(at("payouts", transaction_id))
    if session.out.is_json:
        session.out.document(payout)
        return
    for line in explanation_lines(payout, session.adapters.now()):
        session.out.text(line)


def explanation_lines(payout: Any, now: datetime) -> list[str]:
    """The payout in words: what it is, its history, what happens next."""
    lines = [
        f"{money(payout['amount'])} to {payout['destination']} "
        f"({payout['payout_method']}), customer {payout['customer_id']}",
        "",
    ]
    explanation = payout["explanation"]
    lines += [explanation["summary"], ""]
    began = _moment(payout["created_at"])
    lines += [_step(entry, began) for entry in payout["history"]]
    lines += ["", f"Next:  {explanation['next']}{_when(explanation['next_at'], now)}"]
    if explanation["what_to_do"]:
        lines.append(f"To do: {explanation['what_to_do']}")
    return lines


def _step(entry: Any, began: datetime) -> str:
    after = (_moment(entry["at"]) - began).total_seconds()
    state = f"{entry['status']}{'/' + entry['submission'] if entry['submission'] else ''}"
    detail = f": {entry['detail']}" if entry["detail"] else ""
    what = f"{entry['event']} by {entry['by']}{detail}"
    return f"  {whole_seconds(entry['at'])} {_since(after):>8}  {state:<20} {what}"


def _since(seconds: float) -> str:
    if seconds < 120:
        return f"+{seconds:.0f} s"
    if seconds < 7200:
        return f"+{seconds / 60:.0f} min"
    return f"+{seconds / 3600:.0f} h"


def _when(at: str | None, now: datetime) -> str:
    if not at:
        return ""
    seconds = (_moment(at) - now).total_seconds()
    return f", at {whole_seconds(at)} ({'in ' + _since(seconds)[1:] if seconds > 0 else 'due now'})"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
