"""Functions: all exist, with a valid environment, and read their queues."""

import json
from pathlib import Path
from typing import Any, Final

from chalicelib.core.errors import SettingsError
from chalicelib.settings import settings_from
from payoutctl.checks.findings import Findings
from payoutctl.session import Session

_CONFIG: Final = Path(__file__).resolve().parents[2] / ".chalice" / "config.json"
_READERS: Final = ("send_queued_payouts", "take_up_webhook_events")


def look(session: Session, found: Findings) -> None:
    app = f"monoova-payouts-{session.stage}"
    for name in names():
        function = app if name == "api_handler" else f"{app}-{name}"
        with found.looking_at(f"Function {name}", "Deploy the app."):
            _function(session, found, name, function)
    for name in _READERS:
        with found.looking_at(f"Function {name}: reads its queue", "Deploy the app."):
            _reader(session, found, name, f"{app}-{name}")


def names() -> list[str]:
    """As .chalice/config.json has them."""
    stages = json.loads(_CONFIG.read_text(encoding="utf-8"))["stages"]
    return list(stages["prod"]["lambda_functions"])


def _function(session: Session, found: Findings, name: str, function: str) -> None:
    described = session.client("lambda").get_function_configuration(FunctionName=function)
    state = described.get("State", "Active")
    changed = described.get("LastUpdateStatus", "Successful")
    is_well = state in ("Active", "Inactive") and changed == "Successful"
    found.add(f"Function {name}", is_well, f"{state}, {changed}", "Deploy the app again.")
    try:
        settings_from(described.get("Environment", {}).get("Variables", {}))
        problems = ""
    except SettingsError as error:
        problems = "; ".join(error.problems)  # names and what is expected, never a value
    found.add(
        f"Function {name}: its environment",
        not problems,
        problems,
        "docs/configuration.md; then deploy the app again.",
    )


def _reader(session: Session, found: Findings, name: str, function: str) -> None:
    mappings: list[Any] = session.client("lambda").list_event_source_mappings(
        FunctionName=function
    )["EventSourceMappings"]
    is_read = any(each.get("State") in ("Enabled", "Creating", "Updating") for each in mappings)
    found.add(
        f"Function {name}: reads its queue",
        is_read,
        ", ".join(str(each.get("State")) for each in mappings) or "no mapping",
        "See the runbook, Queue is not read.",
    )
    if mappings:
        answers = [each.get("FunctionResponseTypes") or [] for each in mappings]
        found.add(
            f"Function {name}: reports each failed message",
            all("ReportBatchItemFailures" in each for each in answers),
            "",
            f"payoutctl finish --stage {session.stage}",
        )
