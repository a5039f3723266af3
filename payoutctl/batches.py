"""`batch …`: a file of payouts, from the upload to the approval."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import click

from payoutctl.client import Answer, at
from payoutctl.commands import Group, cursor, limit, yes
from payoutctl.exits import Exit, Failure
from payoutctl.output import money
from payoutctl.pages import say_rest
from payoutctl.payouts import reason
from payoutctl.poll import POLL_SECONDS, polled
from payoutctl.session import Session, with_session

_MOST_SHOWN: Final = 20


@click.group(cls=Group, help="Files of payouts: check, confirm, approve, follow, get the result.")
def batch() -> None: ...


@batch.command("upload", help="Upload a CSV file (customer, amount, reference) and confirm it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--total", help="The total you expect: confirms without asking.")
@click.option("--title", help="What the file is, in 80 characters; no payee's details.")
@click.option("--repeat", is_flag=True, help="Pay rows once more that are a batch already.")
@with_session
def upload(
    session: Session, file: Path, total: str | None, title: str | None, repeat: bool
) -> None:
    expected = _amount(total) if total else None
    content = file.read_bytes()
    session.out.say(f"Uploading {file.name}, {len(content):,} bytes …")
    answer = _sent(session, content, title, repeat)
    if answer.is_replay:
        session.out.say("This file was uploaded before: no payee is paid twice.")
    found = _checked(session, answer.json)
    _say_summary(session, found)
    if found["status"] == "AwaitingConfirmation":
        found = _confirmed(session, found, expected)
    show(session, found)


def _sent(session: Session, content: bytes, title: str | None, repeat: bool) -> Answer:
    try:
        if title is None and not repeat:
            return session.api.ask(
                "POST", "/batches", raw=content, headers={"Content-Type": "text/csv"}
            )
        body = {"file": _text_of(content), "title": title, "repeat": repeat}
        given = {name: value for name, value in body.items() if value is not None}
        return session.api.ask("POST", "/batches", body=given)
    except Failure as failure:
        if failure.ends is Exit.UNKNOWN:
            session.out.say("Upload it again: the same rows are the same batch, however often.")
        raise


def _text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure("The file is not UTF-8 text.", Exit.USAGE) from None


def _checked(session: Session, found: Any) -> Any:
    with session.out.progress("Checking against earlier payouts"):
        while found["status"] == "Checking":
            session.adapters.sleep(POLL_SECONDS)
            found = polled(session, at("batches", found["batch_id"]))
    return found


def _say_summary(session: Session, found: Any) -> None:
    summary = found["summary"]
    if summary is None:
        return
    say = session.out.say
    say(
        f"{summary['count']:,} payouts, {money(summary['total'])} in total, "
        f"the largest {money(summary['largest'])}."
    )
    if found["repeats"]:
        earlier = found["repeats"]
        say(f"It repeats batch {earlier['batch_id']} of {earlier['created_at']}, on purpose.")
    if found["retry_of"]:
        left = ", ".join(f"{n:,} {why}" for why, n in found["retry_of"]["left_out"].items())
        say(
            f"The unpaid rows of batch {found['retry_of']['batch_id']}; left out: {left or 'none'}."
        )
    if summary["funds"] and summary["funds"]["short_by"] > 0:
        funds = summary["funds"]
        say(
            f"The account holds {money(funds['available'])}, {money(funds['short_by'])} less: what"
            " it does not reach waits until money came in."
        )
    if summary["first_time_count"]:
        say(f"{summary['first_time_count']:,} of them to customers without an earlier payout.")
    if summary["duplicate_count"]:
        say(f"{summary['duplicate_count']:,} are possible duplicates:")
    for row in summary["duplicates"][:_MOST_SHOWN]:
        say(f"  line {row['line']}: {money(row['amount'])} to {row['customer_id']}, {_like(row)}")
    _say_unapproved(session, summary)
    _say_elsewhere(session, summary)


def _say_unapproved(session: Session, summary: Any) -> None:
    if summary["unapproved_count"]:
        lines = ", ".join(str(line) for line in summary["unapproved_lines"][:_MOST_SHOWN])
        more = " …" if summary["unapproved_count"] > _MOST_SHOWN else ""
        session.out.say(
            f"{summary['unapproved_count']:,} go to destinations that no other person has approved,"
            f" and wait for that: lines {lines}{more}"
        )


def _say_elsewhere(session: Session, summary: Any) -> None:
    if summary["also_in_batches_count"]:
        others = ", ".join(summary["also_in_batches"])
        session.out.say(
            f"{summary['also_in_batches_count']:,} are also in other recent batches: {others}"
        )
    if summary["paid_since_count"]:
        session.out.say(
            f"{summary['paid_since_count']:,} were paid since the check:"
            f" {', '.join(summary['paid_since'])}"
        )
    if summary["shared_account_count"]:
        session.out.say(
            f"{summary['shared_account_count']:,} go to an account that an earlier row pays under"
            " another customer:"
        )
    for row in summary["shared_accounts"][:_MOST_SHOWN]:
        session.out.say(f"  line {row['line']}: as line {row['same_account_as_line']}")


def _like(row: Any) -> str:
    if row["transaction_id"]:
        return f"like {row['transaction_id']} of {row['created_at']}"
    return f"like line {row.get('same_as_line')}"


def _confirmed(
    session: Session, found: Any, expected: Decimal | None, accepted: int | None = None
) -> Any:
    """Confirmed with the total that the person expects, not the one that is shown.

    `accepted` is how many possible duplicates they mean, where all of the rows are such.
    """
    if expected is None:
        if session.out.is_json:
            session.out.say("Awaiting confirmation: payoutctl batch confirm ID --total AMOUNT")
            return found
        expected = _amount(click.prompt("Type the total to confirm", err=True))
        if found["summary"]["may_all_be_duplicates"] and accepted is None:
            session.out.say("Every row may have been paid already, or be paid by another file.")
            accepted = click.prompt("Type the number of rows, if all are meant", type=int, err=True)
    said = {"total": expected, "accept_duplicates": accepted}
    body = {name: value for name, value in said.items() if value is not None}
    confirmed = session.api.post(at("batches", found["batch_id"], "confirm"), body)
    if confirmed["status"] == "AwaitingApproval":
        session.out.say("Confirmed. Next, another person approves it: payoutctl batch approve ID")
    return confirmed


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").removeprefix("A$").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Failure("The total is an amount such as 1234.50.", Exit.USAGE)
    return amount


@batch.command("list", help="Batches, newest first.")
@limit
@cursor
@with_session
def list_batches(session: Session, limit: int, cursor: str | None) -> None:
    page = session.api.get("/batches", limit=limit, cursor=cursor)
    if session.out.is_json:
        session.out.document(page)
        return
    columns = (
        *("batch_id", "title", "created_at", "status", "row_count", "not_released", "total"),
        "created_by",
    )
    session.out.rows(columns, [[row.get(name) for name in columns] for row in page["items"]])
    say_rest(session.out, page)


@batch.command("show", help="One batch, with its summary and its history.")
@click.argument("batch_id")
@with_session
def show_batch(session: Session, batch_id: str) -> None:
    found = session.api.get(at("batches", batch_id))
    show(session, found)
    if session.out.is_json:
        return
    _say_summary(session, found)
    for entry in found.get("history") or []:
        detail = f": {entry['detail']}" if entry.get("detail") else ""
        session.out.text(f"  {entry['at']}  {entry['event']} by {entry['by']}{detail}")


@batch.command("confirm", help="Confirm the total: the batch then awaits approval.")
@click.argument("batch_id")
@click.option("--total", help="The total you expect; you are asked if you do not give it.")
@click.option(
    "--accept-duplicates",
    "accepted",
    type=int,
    help="The number of rows, where every one may be a duplicate and all are meant.",
)
@with_session
def confirm(session: Session, batch_id: str, total: str | None, accepted: int | None) -> None:
    found = session.api.get(at("batches", batch_id))
    _say_summary(session, found)
    expected = _amount(total) if total else None
    show(session, _confirmed(session, found, expected, accepted))


@batch.command("approve", help="Approve a batch: not by the person who uploaded or confirmed it.")
@click.argument("batch_id")
@yes
@with_session
def approve(session: Session, batch_id: str, yes: bool) -> None:
    found = session.api.get(at("batches", batch_id))
    _say_summary(session, found)
    if not yes:
        click.confirm("Release these payouts?", abort=True, err=True)
    said = _counts_read(found["summary"])
    show(session, session.api.post(at("batches", batch_id, "approve"), said))


def _counts_read(summary: Any) -> dict[str, int]:
    """What was shown, which the approval repeats."""
    if summary is None:
        return {}
    return {
        "unapproved": summary["unapproved_count"],
        "duplicates": summary["duplicate_count"],
        "shared_accounts": summary["shared_account_count"],
    }


@batch.command("reject", help="Reject a batch: none of its payouts are paid.")
@click.argument("batch_id")
@reason
@with_session
def reject(session: Session, batch_id: str, reason: str) -> None:
    show(session, session.api.post(at("batches", batch_id, "reject"), {"reason": reason}))


@batch.command("cancel", help="Cancel the payouts of a batch that have not been sent.")
@click.argument("batch_id")
@yes
@with_session
def cancel(session: Session, batch_id: str, yes: bool) -> None:
    if not yes:
        click.confirm("Cancel all its payouts that have not been sent?", abort=True, err=True)
    show(session, session.api.post(at("batches", batch_id, "cancel")))


@batch.command("retry", help="Make a new batch of the unpaid rows, and confirm it.")
@click.argument("batch_id")
@click.option("--total", help="The total you expect: confirms without asking.")
@with_session
def retry(session: Session, batch_id: str, total: str | None) -> None:
    expected = _amount(total) if total else None
    answer = session.api.ask("POST", at("batches", batch_id, "retry"), body={})
    if answer.is_replay:
        session.out.say("It was retried before, and that batch is not over yet.")
    found = _checked(session, answer.json)
    _say_summary(session, found)
    if found["status"] == "AwaitingConfirmation":
        found = _confirmed(session, found, expected)
    show(session, found)


def show(session: Session, found: Any) -> None:
    if session.out.is_json:
        session.out.document(found)
        return
    progress = found.get("progress") or {}
    hidden = ("summary", "history", "progress", "repeats", "retry_of")
    session.out.pairs(
        {name: value for name, value in found.items() if name not in hidden}
        | {name: value for name, value in progress.items() if value}
    )
