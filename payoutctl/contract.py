"""`contract record`: keeps what a contract run showed of Monoova, where sending reads it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from payoutctl.commands import Command, Group
from payoutctl.exits import Exit, Failure
from payoutctl.gate import directly, show
from payoutctl.session import Session, with_session

if TYPE_CHECKING:
    from chalicelib.monoova.rules.duplicates import ContractRun

_FIELDS: Final = ("run_at", "environment", "duplicates")


@click.group(cls=Group, help="What the contract suite has shown of Monoova.")
def contract() -> None: ...


@contract.command(
    "record",
    cls=Command,
    help="Record the contract-run.json that `make contract` wrote: what is sent again rests on it.",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--table",
    envvar="DYNAMODB_TABLE_CONTROLS",
    help="The controls table; the stage's if you give none.",
)
@with_session
def record(session: Session, file: Path, table: str | None) -> None:
    run = _run_in(file, session.adapters.now())
    show(session, directly(session, table, lambda gate: gate.record_contract_run(run)))


def _run_in(file: Path, now: datetime) -> "ContractRun":
    from chalicelib.monoova.rules.duplicates import LIVE_TESTED_ON, ContractRun, Shown

    found = _document_in(file)
    try:
        run_at = datetime.fromisoformat(found["run_at"]).astimezone(UTC)
    except ValueError:
        raise Failure(f"{file}: run_at is no time.", Exit.USAGE) from None
    if run_at > now:
        raise Failure(f"{file}: the run lies in the future.", Exit.USAGE)
    if found["environment"] != LIVE_TESTED_ON:
        raise Failure(
            f"{file}: a run against the {found['environment']} shows nothing of Monoova."
            " Set MONOOVA_SANDBOX_API_KEY and run `make contract` again."
        )
    if found["duplicates"] not in set(Shown):
        raise Failure(f"{file}: the run did not show what Monoova does with a duplicate.")
    return ContractRun(run_at, found["environment"], Shown(found["duplicates"]))


def _document_in(file: Path) -> dict[str, str]:
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(f), str) for f in _FIELDS):
        raise Failure(f"{file} is not what `make contract` writes.", Exit.USAGE)
    return found
