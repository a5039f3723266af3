"""The API: does it answer, does it let us in and nobody else, is anything sent."""

from payoutctl.checks.findings import Findings
from payoutctl.exits import Exit, Failure
from payoutctl.session import Session


def look(session: Session, found: Findings) -> None:
    api = session.api
    try:
        api.ask("GET", "/health", is_open=True)
        found.add("API: /health", True, api.url)
    except Failure as failure:
        found.add("API: /health", False, failure.message, "See the runbook, API answers 5xx.")
        return
    _door(session, found)
    _sending(session, found)


def _door(session: Session, found: Findings) -> None:
    check = "API: refuses who has no token"
    try:
        session.api.ask("GET", "/payouts", is_open=True)
    except Failure as failure:
        found.add(check, failure.exit_code == Exit.NOT_ALLOWED, "", failure.message)
    else:
        found.add(check, False, "it let us in", "Pause at once; deploy the app again.")


def _sending(session: Session, found: Findings) -> None:
    try:
        sending = session.api.get("/sending")
    except Failure as failure:
        found.not_seen("API: payouts are sent", failure.message.splitlines()[0])
        return
    why = sending.get("open_reason") or sending.get("pause_reason") or ""
    found.add(
        "API: payouts are sent",
        sending["status"] == "Open",
        f"{sending['status']} {why}".strip(),
        "payoutctl resume, or see the runbook, Circuit is open.",
    )
