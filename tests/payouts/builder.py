"""The one place where tests make a payout out of nothing, naming the fields they are about."""

from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State

_BY: Final = "0a1b2c3d-admin-sub"
NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def id_of(number: int) -> str:
    """A transaction id, of which there is one for each number."""
    return f"3f0c4a6e-0000-4000-8000-{number:012x}"


def a_payout(
    state: State = State.QUEUED, at: datetime = NOW, transaction_id: str = id_of(1), **fields: Any
) -> Payout:
    """A payout of A$125.50 by PayID, made `at` and not touched since, with these other fields."""
    usual: dict[str, Any] = {
        "unique_reference": transaction_id,
        "customer_id": "customer",
        "destination_id": "destination",
        "payout_method": "PayId",
        "destination_masked": "j•••@example.com",
        "amount_cents": 12550,
        "version": 1,
        "created_by": "admin",
        "created_at": at,
        "updated_at": at,
        "fingerprint": "f",
    }
    return Payout(transaction_id=transaction_id, state=state, **usual | fields)


def history_to(state: State, at: datetime) -> tuple[HistoryEntry, ...]:
    """A history that leads to a state in which a payout may be sent, or waits."""
    if state is not State.UNRESOLVED:
        return (HistoryEntry(at, "Requested", state, _BY),)
    asked = HistoryEntry(at, "Requested", State.SENDING, _BY)
    return asked, HistoryEntry(at, "SendUnclear", state, _BY)
