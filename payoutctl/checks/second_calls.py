"""Second calls under one reference: what the stage makes of them, and what that rests on."""

from datetime import datetime
from typing import Any, Final

from chalicelib.core.errors import SettingsError
from chalicelib.monoova.rules.duplicates import Duplicates, second_calls
from chalicelib.monoova.rules.gate import Gate
from chalicelib.settings import Settings, settings_from
from payoutctl.checks.findings import Findings
from payoutctl.session import Session

_CHECK: Final = "Payouts in doubt: sent again"
_RUN: Final = "make contract with a sandbox key, then payoutctl contract record contract-run.json"


def look(session: Session, found: Findings) -> None:
    with found.looking_at(_CHECK, "Deploy the app."):
        function = f"monoova-payouts-{session.stage}"
        described = session.client("lambda").get_function_configuration(FunctionName=function)
        variables = described.get("Environment", {}).get("Variables", {})
        try:
            settings = settings_from(variables)
        except SettingsError:
            found.not_seen(_CHECK, "the function's environment is not valid")
            return
        _say(found, settings, session.api.get("/sending"))


def _say(found: Findings, settings: Settings, sending: Any) -> None:
    gate = _gate_of(sending)
    setting = settings.policy.duplicates
    is_live = settings.stage_class.environment == "live"
    made = second_calls(setting, gate, is_live=is_live)
    if gate.booked_twice_at:
        to_do = "See the runbook, Reference is booked twice."
        found.add(_CHECK, False, "Monoova booked one twice", to_do)
    elif setting is Duplicates.BOOKED or made.later:
        found.add(_CHECK, True, f"MONOOVA_DUPLICATES is {setting}")
    else:
        words = "none whose answer was lost: no contract run has shown the refusal of duplicates"
        found.not_seen(_CHECK, words, _RUN)


def _gate_of(sending: Any) -> Gate:
    run = sending["contract_run"] or {}
    booked = sending["booked_twice_at"]
    return Gate(
        booked_twice_at=datetime.fromisoformat(booked) if booked else None,
        contract_run_on=run.get("environment"),
        contract_showed=run.get("duplicates"),
    )
