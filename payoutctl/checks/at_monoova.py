"""Monoova's side: the secret, the host, the clocks, and where its webhooks go. One login."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.stage_class import StageClass, class_of, misfit
from payoutctl.checks.findings import Findings
from payoutctl.exits import Failure
from payoutctl.key import right_host
from payoutctl.monoova import Monoova
from payoutctl.session import Session
from payoutctl.webhooks import url_of

_MOST_SKEW_SECONDS: Final = 30
_NEEDED: Final = ("NppPaymentStatus", "NppReturn")


def look(session: Session, found: Findings, *, logs_in: bool) -> None:
    try:
        monoova = Monoova.of(session)
    except Failure as failure:
        found.add(
            "Monoova's secret",
            False,
            failure.message,
            "See the runbook, Monoova refuses our login.",
        )
        return
    _secret(session, found, monoova)
    try:
        right_host(monoova)
    except Failure as failure:
        found.add(
            "Monoova: the host fits the environment", False, failure.message, "Correct the secret."
        )
        return
    found.add("Monoova: the host fits the environment", True, monoova.credentials.environment)
    _clocks(session, found, monoova)
    if not logs_in:
        found.not_seen(
            "Monoova: the key, and the webhooks' addresses", "not logged in (--no-login)"
        )
        return
    _subscriptions(session, found, monoova)


def _secret(session: Session, found: Findings, monoova: Monoova) -> None:
    """Its form; nothing of it is shown."""
    credentials = monoova.credentials
    wrong = misfit(_class_of(session), credentials.environment, credentials.base_url)
    found.add(
        "Monoova's secret: fits the stage",
        wrong is None,
        wrong or credentials.environment,
        "Nothing is sent until it does. The hosts are one hyphen apart: docs/deployment.md.",
    )
    found.add(
        "Monoova's secret: has a webhook secret",
        bool(credentials.webhook_secrets),
        f"{len(credentials.webhook_secrets)} accepted",
        "Without one every webhook is refused: docs/deployment.md.",
    )


def _class_of(session: Session) -> StageClass:
    """The class that the deployed app has; by the stage's name where it cannot be read."""
    try:
        described = session.client("lambda").get_function_configuration(
            FunctionName=f"monoova-payouts-{session.stage}"
        )
    except (BotoCoreError, ClientError):
        return class_of(session.stage)
    given = described.get("Environment", {}).get("Variables", {}).get("STAGE_CLASS")
    return StageClass(given) if given in tuple(StageClass) else class_of(session.stage)


def _clocks(session: Session, found: Findings, monoova: Monoova) -> None:
    said = monoova.public_ping()
    now = session.adapters.now()
    _skew(found, "Clock: this machine and Monoova", said.date, now)
    identity = session.client("sts").get_caller_identity()
    at = identity["ResponseMetadata"]["HTTPHeaders"].get("date")
    _skew(found, "Clock: this machine and AWS", at, session.adapters.now())


def _skew(found: Findings, check: str, date: str | None, now: datetime) -> None:
    try:
        seconds = abs((parsedate_to_datetime(date or "") - now).total_seconds())
    except (TypeError, ValueError):
        found.not_seen(check, "the response had no date")
        return
    found.add(
        check, seconds <= _MOST_SKEW_SECONDS, f"{seconds:.0f} s apart", "Set this machine's clock."
    )


def _subscriptions(session: Session, found: Findings, monoova: Monoova) -> None:
    try:
        rows: list[dict[str, Any]] = monoova.subscriptions()
    except Failure as failure:
        found.add("Monoova: takes the key", False, failure.message, "Do not try again at once.")
        return
    found.add("Monoova: takes the key", True)
    by_event = {str(row["event"]): row for row in rows}
    for event in _NEEDED:
        row = by_event.get(event, {})
        is_well = row.get("url") == url_of(session.api.url, event) and row.get("status") == "On"
        words = f"{row.get('status', 'none')}, {row.get('url', 'nowhere')}"
        found.add(f"Monoova: sends {event}", is_well, words, "payoutctl webhooks subscribe")
