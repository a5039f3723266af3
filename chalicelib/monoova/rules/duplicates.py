"""What may be called a second time under one reference: the setting, and what is known of Monoova.

Monoova does not document what a second `execute` under a booked reference does. A contract run
against its sandbox shows it; the record of that run stands in the gate, which is read anyway.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.monoova.rules.gate import Gate

LIVE_TESTED_ON: Final = "sandbox"


class Duplicates(StrEnum):
    """What `MONOOVA_DUPLICATES` says of a second call under a reference that may be booked.

    `ASKED`: the status API is asked before it. `REFUSED`: Monoova refuses it, so that it can do no
    harm. `BOOKED`: Monoova may book it again, so it is never made.
    """

    ASKED = "asked"
    REFUSED = "refused"
    BOOKED = "booked"


class Shown(StrEnum):
    """What a contract run has shown a second `execute` under a booked reference to do."""

    REFUSED = "refused"
    BOOKED = "booked"


@dataclass(frozen=True, slots=True)
class ContractRun:
    """One run of the contract suite: when, against which Monoova, and what it showed."""

    run_at: datetime
    environment: str
    showed: Shown


@dataclass(frozen=True, slots=True)
class SecondCalls:
    """Which second calls are made, as things stand.

    `at_once`: in the same request, after an answer of 500, 502, 503 or 504. `asks_first`: each of
    these only once the status API has said that the reference is unknown. `later`: by the
    reconciler, past the grace.
    """

    at_once: bool
    asks_first: bool
    later: bool


_NONE: Final = SecondCalls(at_once=False, asks_first=False, later=False)


def second_calls(setting: Duplicates, gate: Gate, *, is_live: bool) -> SecondCalls:
    """Which second calls are made: `gate` as just read, `is_live` where the money is real.

    A live stage needs the record of a contract run that showed the refusal of duplicates: without
    it nothing is sent again whose answer was lost, and `refused` is no reason not to ask.
    """
    if setting is Duplicates.BOOKED or gate.booked_twice_at is not None:
        return _NONE
    if is_live and not is_refusal_shown(gate):
        return SecondCalls(at_once=True, asks_first=True, later=False)
    return SecondCalls(at_once=True, asks_first=setting is Duplicates.ASKED, later=True)


def is_refusal_shown(gate: Gate) -> bool:
    """Whether a contract run against Monoova's sandbox showed that it refuses duplicates."""
    return gate.contract_showed == Shown.REFUSED and gate.contract_run_on == LIVE_TESTED_ON


def booked_twice(gate: Gate, at: datetime) -> Gate:
    """The gate once Monoova was seen to have booked one reference twice, at `at` at the latest.

    There are no second calls from then on. What happened before the last contract run is what
    that run was made for: it changes nothing.
    """
    known = [when for when in (gate.contract_run_at, gate.booked_twice_at) if when is not None]
    return replace(gate, booked_twice_at=at) if all(at > when for when in known) else gate


def with_contract_run(gate: Gate, run: ContractRun) -> Gate:
    """The gate with the record of `run`; one that is newer lets second calls be made again.

    A run that shows that duplicates are booked lets nothing be made.
    """
    ends = gate.booked_twice_at is not None and (
        run.showed is Shown.REFUSED
        and run.environment == LIVE_TESTED_ON
        and run.run_at > gate.booked_twice_at
    )
    return replace(
        gate,
        contract_run_at=run.run_at,
        contract_run_on=run.environment,
        contract_showed=run.showed.value,
        booked_twice_at=None if ends else gate.booked_twice_at,
    )
