"""`reconcile` and `refresh`: ask Monoova now, about all that is due or about some."""

from collections import Counter
from typing import Any, Final

import click

from payoutctl.client import at
from payoutctl.commands import Command
from payoutctl.exits import Failure
from payoutctl.pages import say_unreadable
from payoutctl.session import Session, with_session

_MOST_RUNS: Final = 100


@click.command(cls=Command, help="Run the reconciliation of each minute now, until nothing is due.")
@click.option("--once", is_flag=True, help="Run only once.")
@with_session
def reconcile(session: Session, once: bool) -> None:
    runs = []
    with session.out.progress("Payouts checked") as bar:
        while True:
            found = session.api.post("/reconciliations")
            runs.append(found)
            bar.step(found["looked_at"])
            # A run that looked at nothing will not get further the next time either.
            if once or found["is_finished"] or not found["looked_at"] or len(runs) >= _MOST_RUNS:
                break
    summed = _summed(runs)
    if session.out.is_json:
        session.out.document(summed)
        return
    moved = ", ".join(f"{count} {status}" for status, count in summed["moved_to"].items())
    shown = summed | {
        "moved_to": moved or "none",
        "put_off": ", ".join(summed["put_off"]) or "none",
    }
    session.out.pairs(shown)


def _summed(runs: list[Any]) -> dict[str, Any]:
    moved: Counter[str] = Counter()
    for run in runs:
        moved.update(run["moved_to"])
    return {
        "looked_at": sum(run["looked_at"] for run in runs),
        "questions_to_monoova": sum(run["questions_to_monoova"] for run in runs),
        "moved_to": dict(moved),
        "is_finished": runs[-1]["is_finished"],
        "circuit": runs[-1]["circuit"],
        "questions_circuit": runs[-1]["questions_circuit"],
        "put_off": [each for run in runs for each in run["put_off"]],
    }


@click.command(cls=Command, help="Refresh the status of payouts from Monoova.")
@click.argument("transaction_ids", nargs=-1)
@click.option("--needs-review", is_flag=True, help="All that need review.")
@with_session
def refresh(session: Session, transaction_ids: tuple[str, ...], needs_review: bool) -> None:
    wanted = list(transaction_ids)
    if needs_review:
        for page in session.api.pages("/payouts", needs_review=True, limit=100):
            wanted += [row["transaction_id"] for row in page["items"]]
            say_unreadable(session.out, page)
    elif not wanted:
        raise click.UsageError("Name a TRANSACTION_ID, or --needs-review.")
    rows, failures = [], []
    with session.out.progress("Refreshed", len(wanted)) as bar:
        for transaction_id in wanted:
            try:
                rows.append(session.api.post(at("payouts", transaction_id, "refresh")))
            except Failure as failure:
                session.out.say(f"{transaction_id}: {failure.message}")
                failures.append(failure)
            bar.step()
    columns = ("transaction_id", "status", "submission", "needs_review", "failure_reason")
    if session.out.is_json:
        session.out.document({"items": rows})
    else:
        session.out.rows(columns, [[row.get(name) for name in columns] for row in rows])
    if failures:
        raise click.exceptions.Exit(failures[0].exit_code)
