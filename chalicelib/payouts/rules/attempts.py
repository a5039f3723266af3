"""The attempts of one request to send a payout: how they ended, and what is kept of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chalicelib.payouts.rules.payout import Change, Fields, HistoryEntry, Payout

# How the acceptance of a payout by an answer of `execute` is told by its history.
_ACCEPTED: Final = "accepted:"


@dataclass(frozen=True, slots=True)
class Attempts:
    """What one request tried, in order.

    `endings` has a word for each attempt, such as "HTTP 503" or "NotSent". `doubt_at` is when one
    first ended so that money may have moved; None if none did. `numbers` are Monoova's, of every
    answer of `execute` that had one.
    """

    endings: tuple[str, ...] = ()
    doubt_at: datetime | None = None
    numbers: frozenset[str] = frozenset()

    @property
    def words(self) -> str | None:
        """Such as "3 attempts: HTTP 503, HTTP 503, Ok"; None where there was one at most."""
        if len(self.endings) < 2:
            return None
        return f"{len(self.endings)} attempts: {', '.join(self.endings)}"


NO_ATTEMPTS: Final = Attempts()


def evidence_of_acceptance(monoova_transaction_id: str) -> str:
    """What the history keeps as evidence of an answer that took the payout."""
    return f"{_ACCEPTED}{monoova_transaction_id}"


def with_attempts(payout: Payout, change: Change, attempts: Attempts) -> Change:
    """The change that an answer makes, with the attempts in its fields and in its last entry.

    One that is empty stays so, unless there is more to tell than one attempt: nothing is written
    for the attempts alone.
    """
    if not attempts.endings or (change.is_empty and attempts.words is None):
        return change
    fields = change.fields | Fields(attempts=payout.attempts + len(attempts.endings))
    if attempts.doubt_at is not None:
        since = payout.doubt_since or attempts.doubt_at
        fields |= Fields(ambiguous=True, doubt_since=since)
    return Change(fields, _told(change.entries, attempts.words))


def _told(entries: tuple[HistoryEntry, ...], words: str | None) -> tuple[HistoryEntry, ...]:
    if not entries or words is None:
        return entries
    detail = "; ".join(part for part in (entries[-1].detail, words) if part)
    return (*entries[:-1], replace(entries[-1], detail=detail))


def has_two_numbers(payout: Payout, attempts: Attempts) -> bool:
    """Whether answers of `execute` had two different numbers of Monoova's: it was booked twice.

    `payout` is as it stands after them, with its history.
    """
    told = {
        entry.evidence.removeprefix(_ACCEPTED)
        for entry in payout.history
        if entry.evidence and entry.evidence.startswith(_ACCEPTED)
    }
    return len(told | attempts.numbers) > 1
