"""`report daily|list|csv` and `stats`: a day held against Monoova's books, and days in figures."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from ops.payoutctl.client import at
from ops.payoutctl.exits import Exit
from ops.payoutctl.session import Session, with_session
from ops.payoutctl.words import Command, Group, cursor

_STATS: Final = (
    *("day", "count", "value", "completed", "failed", "returned", "cancelled", "open"),
    *("success_rate", "median_seconds_to_complete", "p95_seconds_to_complete"),
)


@click.group(cls=Group, help="The daily reconciliation: our book, Monoova's, and the mAccount's.")
def report() -> None: ...


@report.command("daily", help="A day's report; yesterday's if none is named.")
@click.argument("date", required=False)
@click.option("--run", "runs", is_flag=True, help="Make it now, anew.")
@with_session
def daily(session: Session, date: str | None, runs: bool) -> None:
    path = at("reports", "daily", date or _yesterday(session))
    found = session.api.post(path) if runs else session.api.get(path)
    if session.out.is_json:
        session.out.document(found)
    else:
        _show(session, found)
    if differences(found):
        session.out.say("It has differences: see the runbook, The books differ.")
        raise click.exceptions.Exit(Exit.CHECK_FAILED)


def _yesterday(session: Session) -> str:
    return (session.doors.now() - timedelta(days=1)).date().isoformat()


def _show(session: Session, found: Any) -> None:
    flat = {name: value for name, value in found.items() if not isinstance(value, dict | list)}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
    session.out.pairs(flat)
    rows = differences(found)
    if rows:
        session.out.text("")
        columns = list(dict.fromkeys(name for row in rows for name in row))
        session.out.rows(columns, [[row.get(name) for name in columns] for row in rows])


def differences(found: Any) -> list[Any]:
    """What does not match, by the report."""
    rows: list[Any] = found.get("differences") or []
    return rows


@report.command("list", help="The reports there are, newest first.")
@cursor
@with_session
def list_reports(session: Session, cursor: str | None) -> None:
    page = session.api.get("/reports/daily", cursor=cursor)
    if session.out.is_json:
        session.out.document(page)
        return
    items = page["items"]
    columns = [
        name
        for name, value in (items[0] if items else {"date": ""}).items()
        if not isinstance(value, dict | list)
    ]
    session.out.rows(columns, [[row.get(name) for name in columns] for row in items])


@report.command("csv", help="A day's differences as CSV, for a spreadsheet.")
@click.argument("date", required=False)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@with_session
def as_csv(session: Session, date: str | None, output: Path | None) -> None:
    found = session.api.get(at("reports", "daily", date or _yesterday(session)))
    text = _csv(differences(found))
    if output is not None:
        output.write_text(text, encoding="utf-8", newline="")
        session.out.say(f"Written to {output}.")
    elif not session.out.is_json:
        click.echo(text, nl=False)
    if session.out.is_json:
        session.out.document({"file": str(output)} if output else {"csv": text})


def _csv(rows: list[Any]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["transaction_id"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _inert(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


@click.command(cls=Command, help="Volume, value, success and speed, by day.")
@click.option("--from", "from_", help="The first day; 13 days before the last if you do not say.")
@click.option("--to", help="The last day; today if you do not say.")
@with_session
def stats(session: Session, from_: str | None, to: str | None) -> None:
    today = session.doors.now().date()
    last = to or today.isoformat()
    first = from_ or (today - timedelta(days=13)).isoformat()
    found = session.api.get("/statistics", **{"from": first, "to": last})
    if session.out.is_json:
        session.out.document(found)
        return
    columns = [name for name in _STATS if not found["items"] or name in found["items"][0]]
    session.out.rows(columns, [[row.get(name) for name in columns] for row in found["items"]])
