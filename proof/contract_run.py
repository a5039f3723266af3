"""What a live stage has before it sends anything: the record of a run that showed the refusal."""

from datetime import UTC, datetime
from typing import Final

from chalicelib.monoova.rules.duplicates import ContractRun, Shown, with_contract_run
from chalicelib.monoova.rules.gate import Gate

REFUSAL_SHOWN: Final = ContractRun(datetime(2026, 2, 1, tzinfo=UTC), "sandbox", Shown.REFUSED)
GATE: Final = with_contract_run(Gate(), REFUSAL_SHOWN)
