"""What a reply about the account at Monoova, and about sending, looks like."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from chalicelib.monoova.rules.gate import Gate
from chalicelib.web.replies import Json, time_of

if TYPE_CHECKING:
    from chalicelib.monoova.client import Account


def account(shown: "Account", environment: str) -> Json:
    """The mAccount's money in AUD, with Monoova's own decimals; in the sandbox none ever moves."""

    def dollars(amount: Decimal | None) -> Decimal | None:
        return amount if amount is None else amount.quantize(Decimal("0.0001"))

    return {
        "environment": environment,
        "currency": "AUD",
        "actual_balance": dollars(shown.actual_balance),
        "available_to_debit": dollars(shown.available_to_debit),
        "npp_balance": dollars(shown.npp_balance),
        "npp_payout_limit": dollars(shown.npp_payout_limit),
    }


def sending(shown: Gate, now: datetime) -> Json:
    """Whether anything is sent. A pause stands before an open circuit: it ends only by hand.

    `Slowed` sends, so many a minute. `questions` is a breaker of its own: while it is open nothing
    is asked of Monoova, and payouts are sent all the same.
    """
    run = {
        "at": time_of(shown.contract_run_at),
        "environment": shown.contract_run_on,
        "duplicates": shown.contract_showed,
    }
    changed = {"what": shown.switched, "by": shown.switched_by, "at": time_of(shown.switched_at)}
    pace = shown.active_pace(now)
    return {
        "status": _status(shown, now),
        "paused_by": shown.paused_by,
        "paused_at": time_of(shown.paused_at),
        "pause_reason": shown.pause_reason,
        "open_reason": shown.sending.open_reason,
        "opened_at": time_of(shown.sending.opened_at),
        "next_probe_at": time_of(shown.sending.probe_at),
        "per_minute": pace.allowed(now) if pace else None,
        "not_before": time_of(pace.not_before) if pace and pace.not_before > now else None,
        "questions": {
            "status": "CircuitOpen" if shown.questions.is_open else "Open",
            "open_reason": shown.questions.open_reason,
            "opened_at": time_of(shown.questions.opened_at),
            "next_probe_at": time_of(shown.questions.probe_at),
        },
        "last_switch": changed if shown.switched else None,
        "contract_run": run if shown.contract_run_at else None,
        "booked_twice_at": time_of(shown.booked_twice_at),
    }


def _status(shown: Gate, now: datetime) -> str:
    if shown.is_paused:
        return "Paused"
    if shown.is_open:
        return "CircuitOpen"
    return "Slowed" if shown.active_pace(now) else "Open"
