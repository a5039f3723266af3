"""`batch status|rows|result`: how far a batch is, and what became of each of its lines."""

from pathlib import Path
from typing import Any, Final

import click

from payoutctl.batches import show
from payoutctl.client import at
from payoutctl.commands import Command, cursor, everything
from payoutctl.files import write_new
from payoutctl.pages import say_rest, whole
from payoutctl.poll import POLL_SECONDS, polled
from payoutctl.session import Session, with_session

# Nothing more happens in these without a person.
_RESTS: Final = ("Finished", "Cancelled", "AwaitingConfirmation", "AwaitingApproval")
_ENDED: Final = ("completed", "failed", "returned", "cancelled", "not_released")


@click.command(
    "status", cls=Command, help="The progress of a batch; with --wait, until it is finished."
)
@click.argument("batch_id")
@click.option("--wait", "waits", is_flag=True, help="Wait until it is finished, or needs a person.")
@with_session
def status(session: Session, batch_id: str, waits: bool) -> None:
    found = session.api.get(at("batches", batch_id))
    if waits:
        found = _awaited(session, found)
    show(session, found)


def _awaited(session: Session, found: Any) -> Any:
    total = found.get("row_count")
    with session.out.progress("Payouts finished", total) as bar:
        while found["status"] not in _RESTS:
            bar.at(_ended(found), total, found["status"])
            session.adapters.sleep(POLL_SECONDS)
            found = polled(session, at("batches", found["batch_id"]))
        bar.at(_ended(found), total, found["status"])
    return found


def _ended(found: Any) -> int:
    progress = found.get("progress") or {}
    return sum(int(progress.get(name) or 0) for name in _ENDED)


@click.command("rows", cls=Command, help="The payouts of a batch, in the order of the file.")
@click.argument("batch_id")
@cursor
@everything
@with_session
def rows(session: Session, batch_id: str, cursor: str | None, is_all: bool) -> None:
    path = at("batches", batch_id, "rows")
    page = whole(session, path, "Rows") if is_all else session.api.get(path, cursor=cursor)
    if session.out.is_json:
        session.out.document(page)
        return
    columns = (
        *("line", "customer_id", "external_id", "amount", "reference", "transaction_id"),
        *("status", "failure_code", "needs_review", "waits_for"),
    )
    session.out.rows(columns, [[row.get(name) for name in columns] for row in page["items"]])
    say_rest(session.out, page, "--all, or ")


@click.command("result", cls=Command, help="The file with the outcome of each line, as CSV.")
@click.argument("batch_id")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@with_session
def result(session: Session, batch_id: str, output: Path | None) -> None:
    text = _whole_result(session, batch_id)
    if output is None and not session.out.is_json:
        session.out.file(text)
        return
    lines = len(text.splitlines()) - 1
    if output is not None:
        write_new(output, text)
        session.out.say(f"{lines:,} lines written to {output}, which only you can read.")
    if session.out.is_json:
        written = {"file": str(output)} if output else {"csv": text}
        session.out.document({"batch_id": batch_id, "lines": lines, **written})


def _whole_result(session: Session, batch_id: str) -> str:
    """The parts put behind one another, which is the whole file."""
    path = at("batches", batch_id, "result")
    parts: list[str] = []
    cursor: str | None = None
    with session.out.progress("Result") as bar:
        while True:
            answer = session.api.ask("GET", path, query={"cursor": cursor})
            parts.append(answer.text)
            bar.at(len(parts))
            cursor = answer.headers.get("Next-Cursor")
            if not cursor:
                return "".join(parts)
