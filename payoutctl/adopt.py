"""`adopt payouts`: takes up what waited before there were seals."""

from typing import Any, Final

import click

from payoutctl.client import at
from payoutctl.commands import Group, yes
from payoutctl.exits import Failure
from payoutctl.session import Session, with_session

_COLUMNS: Final = ("transaction_id", "created_at", "customer_id", "amount", "status", "destination")
_REASON: Final = "IntegrityCheckFailed"


@click.group(cls=Group, help="Take up what was stored before the app protected it.")
def adopt() -> None: ...


@adopt.command(
    "payouts",
    help="Seal the payouts that waited before there were seals, as an approver who did not ask for"
    " them. Shows them first.",
)
@yes
@with_session
def payouts(session: Session, yes: bool) -> None:
    pages = session.api.pages("/payouts", needs_review=True, limit=100)
    found = [row for page in pages for row in page["items"] if row["review_reason"] == _REASON]
    if not session.out.is_json:
        session.out.rows(_COLUMNS, [[row[name] for name in _COLUMNS] for row in found])
    if found and not yes:
        click.confirm(f"Were these {len(found)} payouts asked for as shown?", abort=True, err=True)
    rows = [(row["transaction_id"], _adopted(session, row)) for row in found]
    if session.out.is_json:
        session.out.document({"items": [{"transaction_id": t, "adopted": a} for t, a in rows]})
        return
    session.out.rows(("transaction_id", "adopted"), rows)


def _adopted(session: Session, row: Any) -> str:
    try:
        session.api.post(at("payouts", row["transaction_id"], "adopt"), {})
    except Failure as failure:
        return str(failure)
    return "yes"
