"""`dlq list|show|replay|drop`: messages that failed five times, and rest."""

from typing import Any, Final

import click

from payoutctl.client import at
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session
from payoutctl.words import Group, yes

_COLUMNS: Final = (
    *("message_id", "kind", "event", "transaction_id", "amount"),
    *("monoova_transaction_id", "sent_at", "received"),
)


@click.group(cls=Group, help="Dead letters: webhook events and messages that failed five times.")
def dlq() -> None: ...


@dlq.command("list", help="What is there; no payee details are in it.")
@with_session
def list_letters(session: Session) -> None:
    page = session.api.get("/dead-letters")
    if session.out.is_json:
        session.out.document(page)
        return
    session.out.rows(_COLUMNS, [[row.get(name) for name in _COLUMNS] for row in page["items"]])
    if not page["is_complete"]:
        session.out.say("There are more than could be looked at.")


@dlq.command("show", help="One of them.")
@click.argument("message_id")
@with_session
def show_letter(session: Session, message_id: str) -> None:
    letter = _found(session, message_id)
    if session.out.is_json:
        session.out.document(letter)
        return
    session.out.pairs(letter)


def _found(session: Session, message_id: str) -> Any:
    for row in session.api.get("/dead-letters")["items"]:
        if row["message_id"] == message_id:
            return row
    raise Failure("No such message rests there, or somebody looks at it right now.", Exit.NOT_FOUND)


@dlq.command("replay", help="Put it back where it came from, to be tried again.")
@click.argument("message_ids", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every one that is listed now.")
@with_session
def replay(session: Session, message_ids: tuple[str, ...], is_all: bool) -> None:
    if is_all:
        rows = session.api.get("/dead-letters")["items"]
        message_ids = tuple(row["message_id"] for row in rows)
    elif not message_ids:
        raise click.UsageError("Name a MESSAGE_ID, or --all.")
    with session.out.progress("Put back", len(message_ids)) as bar:
        for message_id in message_ids:
            session.api.post(at("dead-letters", message_id, "replay"))
            bar.step()
    session.out.say(f"{len(message_ids)} put back.")
    if session.out.is_json:
        session.out.document({"replayed": list(message_ids)})


@dlq.command("drop", help="Remove it for good: what it said is settled already, or is nobody's.")
@click.argument("message_id")
@yes
@with_session
def drop(session: Session, message_id: str, yes: bool) -> None:
    if not yes:
        click.confirm("Remove it for good?", abort=True, err=True)
    session.api.delete(at("dead-letters", message_id))
    session.out.say("Removed.")
    if session.out.is_json:
        session.out.document({"dropped": message_id})
