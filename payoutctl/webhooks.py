"""`webhooks subscribe|list|report|resend`: at Monoova itself, which is where they are kept."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import click

from payoutctl.commands import Group, yes
from payoutctl.exits import Exit, Failure
from payoutctl.monoova import Monoova
from payoutctl.session import SYDNEY, Session, with_session

# The one stage that is there for real money: infra/stages/prod.toml.
_LIVE_STAGE: Final = "prod"
# What the app acts upon; Monoova mixes `Npp` and `NPP`.
EVENTS: Final = ("NppPaymentStatus", "NppReturn", "NPPReceivePayment", "InboundDirectCredit")


@click.group(cls=Group, help="Monoova's webhooks: their addresses, and those that did not arrive.")
def webhooks() -> None: ...


@webhooks.command("subscribe", help="Subscribe this API to Monoova's events: one URL for each.")
@click.option(
    "--event", "events", multiple=True, type=click.Choice(EVENTS), help="Only this event."
)
@yes
@with_session
def subscribe(session: Session, events: tuple[str, ...], yes: bool) -> None:
    api = session.api.url
    monoova = Monoova.of(session)
    chosen = events or EVENTS
    environment = monoova.credentials.environment
    if environment == "live" and session.connection.stage != _LIVE_STAGE:
        raise Failure(
            f"This key is for Monoova's live account, and the stage is"
            f" {session.connection.stage or 'not set'}: only {_LIVE_STAGE} may take its webhooks.",
            Exit.REFUSED,
        )
    session.out.say(f"Monoova ({environment}) will send to {url_of(api, '<event>')}:")
    session.out.say(f"  {', '.join(chosen)}")
    if not yes:
        session.out.ask("Subscribe? These events are then no longer sent to any other address.")
    done = []
    for event in chosen:
        url = url_of(api, event)
        done.append({"event": event, "url": url, "was": monoova.subscribe(event, url)})
    _show(session, ("event", "was", "url"), done)


def url_of(api_url: str, event: str) -> str:
    """Where Monoova sends an event."""
    return f"{api_url}/webhooks/monoova/{event}"


@webhooks.command("list", help="Monoova's subscriptions: events and addresses.")
@with_session
def list_subscriptions(session: Session) -> None:
    rows = Monoova.of(session).subscriptions()
    _show(session, ("id", "event", "status", "url", "updated"), rows)


@webhooks.command(
    "report", help="The webhooks Monoova sent on a day (Sydney's; today if you give none)."
)
@click.argument("day", required=False)
@click.option("--missed", is_flag=True, help="Only those that did not arrive.")
@with_session
def report(session: Session, day: str | None, missed: bool) -> None:
    rows = list(_reported(session, Monoova.of(session), day))
    if missed:
        rows = [row for row in rows if _is_missed(row)]
    columns = ("webhook_id", "at", "event", "status", "last_response", "retries")
    _show(session, columns, rows)


@webhooks.command(
    "resend", help="Have Monoova resend webhooks, by WEBHOOK_ID or all that did not arrive."
)
@click.argument("webhook_ids", nargs=-1)
@click.option("--missed", "day", metavar="DAY", help="All of this day that did not arrive.")
@with_session
def resend(session: Session, webhook_ids: tuple[str, ...], day: str | None) -> None:
    wanted = list(webhook_ids)
    if not wanted and not day:
        raise click.UsageError("Name a WEBHOOK_ID, or --missed DAY.")
    monoova = Monoova.of(session)
    if day:
        reported = _reported(session, monoova, day)
        wanted += [str(row["webhook_id"]) for row in reported if _is_missed(row)]
    with session.out.progress("Resent", len(wanted)) as bar:
        for webhook_id in wanted:
            monoova.resend(webhook_id)
            bar.step()
    session.out.say(f"{len(wanted)} resent.")
    if session.out.is_json:
        session.out.document({"resent": wanted})


def _reported(session: Session, monoova: Monoova, day: str | None) -> Iterator[dict[str, Any]]:
    from chalicelib.reports.monoova_reports import NOTIFICATIONS_AT_ONCE

    try:
        chosen = (
            date.fromisoformat(day) if day else session.adapters.now().astimezone(SYDNEY).date()
        )
    except ValueError:
        raise click.UsageError("Write the day as 2026-03-02.") from None
    skip = 0
    with session.out.progress("Monoova's report") as bar:
        while rows := monoova.report(chosen, skip):
            yield from rows
            skip += len(rows)
            bar.at(skip)
            if len(rows) < NOTIFICATIONS_AT_ONCE:
                return


def _is_missed(row: dict[str, Any]) -> bool:
    return str(row["status"]).lower() == "error"


def _show(session: Session, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if session.out.is_json:
        session.out.document({"items": rows})
        return
    session.out.rows(columns, [[row.get(name) for name in columns] for row in rows])
