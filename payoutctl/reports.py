"""`report daily|list|csv` and `stats`: the daily reconciliation, and figures by day."""

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from chalicelib.web.csv_cells import inert
from payoutctl.client import at
from payoutctl.commands import Command, Group, cursor
from payoutctl.exits import Exit
from payoutctl.files import write_new
from payoutctl.pages import say_rest
from payoutctl.session import SYDNEY, Session, with_session

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_REPORT: Final = ("date", "made_at", "is_complete", "difference_count", "not_ours", "revision")
_LINE: Final = (
    *("kind", "transaction_id", "monoova_transaction_id", "status", "amount", "amount_there"),
    *("in_statement", "in_transactions", "monoova_says", "flaw"),
)
_STATS: Final = (
    *("day", "count", "value", "completed", "failed", "returned", "cancelled", "open"),
    *("success_rate", "median_seconds_to_complete", "p95_seconds_to_complete"),
)


@click.group(
    cls=Group, help="The daily reconciliation: our records, Monoova's statement, the mAccount."
)
def report() -> None: ...


@report.command("daily", help="The report of a day; yesterday's if you give none.")
@click.argument("date", required=False)
@click.option("--run", "runs", is_flag=True, help="Create it now.")
@with_session
def daily(session: Session, date: str | None, runs: bool) -> None:
    path = at("reports", "daily", date or _yesterday(session))
    found = session.api.post(path) if runs else session.api.get(path)
    if session.out.is_json:
        session.out.document(found)
    else:
        _show(session, found)
    if found["difference_count"]:
        session.out.say(f"{found['difference_count']} differences: see the runbook.")
        raise click.exceptions.Exit(Exit.CHECK_FAILED)


def _yesterday(session: Session) -> str:
    return (_today(session) - timedelta(days=1)).isoformat()


def _today(session: Session) -> date:
    return session.adapters.now().astimezone(SYDNEY).date()


def _show(session: Session, found: Any) -> None:
    flat = {name: value for name, value in found.items() if not isinstance(value, dict | list)}
    for part in ("counts", "account", "missed_webhooks"):
        flat |= {f"{part}.{name}": value for name, value in (found[part] or {}).items()}
    session.out.pairs(flat)
    if found["differences"]:
        session.out.text("")
        rows = [[line.get(name) for name in _LINE] for line in found["differences"]]
        session.out.rows(_LINE, rows)


@report.command("list", help="The daily reports, newest first.")
@cursor
@with_session
def list_reports(session: Session, cursor: str | None) -> None:
    page = session.api.get("/reports/daily", cursor=cursor)
    if session.out.is_json:
        session.out.document(page)
        return
    rows = [[row.get(name) for name in _REPORT] for row in page["items"]]
    session.out.rows(_REPORT, rows)
    say_rest(session.out, page)


@report.command("csv", help="A day's differences as CSV, for a spreadsheet.")
@click.argument("date", required=False)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@with_session
def as_csv(session: Session, date: str | None, output: Path | None) -> None:
    found = session.api.get(at("reports", "daily", date or _yesterday(session)))
    text = _csv(found["differences"])
    if output is not None:
        write_new(output, text)
        session.out.say(f"Written to {output}.")
    elif not session.out.is_json:
        session.out.file(text)
    if session.out.is_json:
        session.out.document({"file": str(output)} if output else {"csv": text})


def _csv(rows: list[Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _LINE, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return inert(value) if isinstance(value, str) else value


@click.command(cls=Command, help="Count, value, success rate and time to completion, by day.")
@click.option(
    "--from", "from_", type=_DAY, help="The first day; 13 days before the last if you give none."
)
@click.option("--to", type=_DAY, help="The last day; today if you give none.")
@with_session
def stats(session: Session, from_: datetime | None, to: datetime | None) -> None:
    last = to.date() if to else _today(session)
    first = from_.date() if from_ else last - timedelta(days=13)
    found = session.api.get("/statistics", **{"from": first.isoformat(), "to": last.isoformat()})
    if session.out.is_json:
        session.out.document(found)
        return
    methods = sorted({method for row in found["items"] for method in row["by_method"]})
    session.out.rows(
        [*_STATS, *methods],
        [
            [*(row.get(name) for name in _STATS), *(_count(row, method) for method in methods)]
            for row in found["items"]
        ],
    )


def _count(row: Any, method: str) -> int:
    return int(row["by_method"].get(method, {}).get("count", 0))
