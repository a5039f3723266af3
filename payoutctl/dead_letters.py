"""`dlq list|show|replay|drop`: the dead-letter queue, of messages that failed five times."""

from typing import Any, Final

import click

from payoutctl import dead_letter_queue as queues
from payoutctl.client import at
from payoutctl.commands import Group, yes
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session, with_session

_COLUMNS: Final = (
    *("message_id", "kind", "event", "transaction_id", "amount"),
    *("monoova_transaction_id", "sent_at", "received"),
)


@click.group(cls=Group, help="The dead-letter queue: messages that failed five times.")
def dlq() -> None: ...


@dlq.command("list", help="The dead letters. They hold no payee details.")
@queues.direct
@queues.queue_url
@with_session
def list_letters(session: Session, direct: bool, queue_url: str | None) -> None:
    if direct:
        _show_bodies(session, queues.DeadLetterQueue(session, queue_url).listed())
        return
    page = session.api.get("/dead-letters")
    if session.out.is_json:
        session.out.document(page)
        return
    session.out.rows(_COLUMNS, [[row.get(name) for name in _COLUMNS] for row in page["items"]])
    if not page["is_complete"]:
        session.out.say("There are more than could be read.")


def _show_bodies(session: Session, found: list[dict[str, Any]]) -> None:
    if session.out.is_json:
        session.out.document({"items": found})
        return
    session.out.rows(("message_id", "body"), [(row["message_id"], row["body"]) for row in found])


@dlq.command("show", help="One dead letter.")
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
    raise Failure(queues.NOT_THERE, Exit.NOT_FOUND)


@dlq.command("replay", help="Replay messages: each goes back to the queue that it came from.")
@click.argument("message_ids", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every one that is listed now.")
@queues.direct
@queues.queue_url
@queues.webhook_url
@queues.payout_url
@with_session
def replay(
    session: Session,
    message_ids: tuple[str, ...],
    is_all: bool,
    direct: bool,
    queue_url: str | None,
    webhook_url: str | None,
    payout_url: str | None,
) -> None:
    if not (message_ids or is_all):
        raise click.UsageError("Name a MESSAGE_ID, or --all.")
    wanted = () if is_all else message_ids
    if direct:
        queue = queues.DeadLetterQueue(session, queue_url)
        replayed = queue.replay(wanted, webhook_url, payout_url)
    else:
        replayed = _replayed(session, wanted)
    session.out.say(f"{len(replayed)} replayed.")
    if session.out.is_json:
        session.out.document({"replayed": replayed})


def _replayed(session: Session, message_ids: tuple[str, ...]) -> list[str]:
    """By the API; all that are listed now where none is named."""
    wanted = list(message_ids) or [
        row["message_id"] for row in session.api.get("/dead-letters")["items"]
    ]
    with session.out.progress("Replayed", len(wanted)) as bar:
        for message_id in wanted:
            session.api.post(at("dead-letters", message_id, "replay"))
            bar.step()
    return wanted


@dlq.command("drop", help="Delete one for good: its payout is final, or it is about no payout.")
@click.argument("message_id")
@yes
@with_session
def drop(session: Session, message_id: str, yes: bool) -> None:
    if not yes:
        click.confirm("Delete it for good?", abort=True, err=True)
    session.api.delete(at("dead-letters", message_id))
    session.out.say("Deleted.")
    if session.out.is_json:
        session.out.document({"dropped": message_id})
