"""`adopt payouts|destinations`: takes up what was stored before the app protected it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from payoutctl.client import at
from payoutctl.commands import Group, yes
from payoutctl.exits import Failure
from payoutctl.revealed import MOST_AT_ONCE, named_by, say_revealed
from payoutctl.session import Session, with_session

_COLUMNS: Final = ("transaction_id", "created_at", "customer_id", "amount", "status", "destination")
_REASON: Final = "IntegrityCheckFailed"
_PLACES: Final = ("customer_id", "destination_id", "approved")


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


@adopt.command(
    "destinations",
    help="Approve the destinations that were there before each had an author, as an approver, list"
    " by list. Shows them in full first, which is recorded.",
)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help="Those whose author is known, too, as after an import: all that others added.",
)
@yes
@with_session
def destinations(session: Session, is_all: bool, yes: bool) -> None:
    rows: list[tuple[str, str, str]] = []
    found = _unapproved(session, is_all)
    for start in range(0, len(found), MOST_AT_ONCE):
        named = found[start : start + MOST_AT_ONCE]
        digest = say_revealed(session, named)
        if not yes:
            session.out.ask(f"Approve these {len(named)} destinations as shown?")
        said = _approved(session, named, digest)
        rows += [(each["customer_id"], each["destination_id"], said) for each in named]
    if session.out.is_json:
        session.out.document({"items": [dict(zip(_PLACES, row, strict=True)) for row in rows]})
        return
    session.out.rows(_PLACES, rows)


def _unapproved(session: Session, is_all: bool) -> list[dict[str, str]]:
    """Those that wait for an approver, but for what this person added: another approves that."""
    me = session.api.get("/me")["name"]
    items = [
        each for page in session.api.pages("/destinations/unapproved") for each in page["items"]
    ]
    return [
        named_by(each | each["destination"])
        for each in items
        if each["destination"]["added_by"] is None
        or (is_all and each["destination"]["added_by"] != me)
    ]


def _approved(session: Session, named: Sequence[Mapping[str, str]], digest: str) -> str:
    said = {"destinations": list(named), "count": len(named), "digest": digest}
    try:
        session.api.post("/destinations/approve", said)
    except Failure as failure:
        return str(failure)
    return "yes"
