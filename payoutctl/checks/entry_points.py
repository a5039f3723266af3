"""The API: it responds, admits only who is signed in, and payouts are sent."""

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
    _access(session, found)
    _sending(session, found)


def _access(session: Session, found: Findings) -> None:
    check = "API: refuses requests without a token"
    try:
        session.api.ask("GET", "/payouts", is_open=True)
    except Failure as failure:
        found.add(check, failure.exit_code == Exit.NOT_ALLOWED, "", failure.message)
    else:
        found.add(check, False, "accepted", "Pause at once; deploy the app again.")


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
