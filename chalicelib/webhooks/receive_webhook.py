"""Webhooks: authenticated first, then applied, or put into the webhook queue for a retry."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.core import observability
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.errors import (
    AppError,
    ErrorCode,
    InvalidRequestError,
    TryAgainError,
    UnauthenticatedError,
)
from chalicelib.core.observability import Metric
from chalicelib.core.queues import Queue, QueueUnavailableError
from chalicelib.core.secrets import Secret
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.decisions import Notice, NoticeKind, OpenFacts, after_notice
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.webhooks.events import MalformedEventError, event_of
from chalicelib.webhooks.signature import KeyUnavailableError, SignatureVerifier

if TYPE_CHECKING:
    from chalicelib.reports.store.funding import Funding
    from chalicelib.webhooks.inbound_credits import Credits

# A webhook that came before its payout's row was written finds it then.
_RETRY_AFTER_SECONDS: Final = 30
_OURS: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class UnknownPayoutError(Exception):
    """An event names a payout that we do not have, at least not yet."""


@dataclass(frozen=True, slots=True)
class WebhookService:
    """Receives webhooks, and applies their events to payouts.

    `secrets` gives the values that the Authorization header may have; several to rotate.

    It may raise `SecretUnavailableError`: then Monoova cannot be authenticated, now. `funding` is
    made when money comes in.
    """

    payouts: Payouts
    recorder: Recorder
    verifier: SignatureVerifier
    webhook_queue: Queue
    clock: Clock
    secrets: Callable[[], tuple[Secret, ...]]
    requires_signature: bool
    funding: "Callable[[], Funding]"

    def receive(
        self, raw: bytes, authorization: str, signature: str | None, path_name: str | None
    ) -> None:
        """Takes one webhook. Returns where Monoova need not send it again.

        Raises:
            UnauthenticatedError: nothing was read of it, nothing written.
            InvalidRequestError: it is Monoova's, but not an event.
            TryAgainError: its signature cannot be checked now.
            SecretUnavailableError: its Authorization cannot be checked now.
            AppError: it could neither be applied nor put into the webhook queue.
        """
        received_at = self.clock.now()
        self._authenticate(raw, authorization, signature)
        observability.count(Metric.WEBHOOKS_RECEIVED)
        try:
            event = event_of(raw, path_name)
        except MalformedEventError as error:
            observability.count(Metric.WEBHOOKS_REFUSED)
            raise InvalidRequestError({}, str(error)) from None
        observability.note(event_name=event.name)
        if event.notice:
            self._take(event.notice, received_at)
        elif event.credits:
            self._record(event.credits, received_at)
        else:
            observability.note(outcome="changes no payout")

    def _authenticate(self, raw: bytes, authorization: str, signature: str | None) -> None:
        if not self._is_known(authorization):
            self._refuse("Authorization")
        if signature is None:
            if self.requires_signature:
                self._refuse("Verification-Signature is missing")
            return
        try:
            is_signed = self.verifier.verify(raw, signature)
        except KeyUnavailableError:
            raise TryAgainError("Monoova's public key cannot be fetched.") from None
        if not is_signed:
            self._refuse("Verification-Signature")

    def _is_known(self, authorization: str) -> bool:
        given = authorization.encode(errors="replace")
        matches = [
            hmac.compare_digest(given, expected.encode())
            for secret in self.secrets()
            for expected in (secret.reveal(), f"Bearer {secret.reveal()}")
        ]
        return any(matches)

    def _refuse(self, what: str) -> None:
        observability.count(Metric.WEBHOOKS_REFUSED)
        observability.note(outcome=f"refused: {what}")
        raise UnauthenticatedError("The webhook is not authenticated.")

    def _take(self, notice: Notice, received_at: datetime) -> None:
        if _OURS.fullmatch(notice.reference):
            # Any other was made elsewhere, of we do not know what.
            observability.note(transaction_id=notice.reference)
        try:
            self.apply(notice)
        except UnknownPayoutError as error:
            self._enqueue(notice, error)
        except Exception as error:  # noqa: BLE001 - Monoova sends it twice at the most: it is kept
            observability.note_error(error)
            self._enqueue(notice, error)
        else:
            seconds = (self.clock.now() - received_at).total_seconds()
            observability.measure(Metric.WEBHOOK_SECONDS, seconds)

    def _record(self, came_in: "Credits", received_at: datetime) -> None:
        """Keeps what came in; what cannot be read is counted: sent again, it reads no better."""
        funding = self.funding()
        try:
            for credit in came_in.read:
                if funding.record(credit, received_at):
                    observability.count(Metric.FUNDS_RECEIVED)
        except StorageUnavailableError as error:
            observability.note_error(error)
            raise AppError("The event could not be kept.", ErrorCode.STORAGE_UNAVAILABLE) from None
        if came_in.unreadable:
            observability.measure(Metric.FUNDS_UNREADABLE, came_in.unreadable)
        observability.note(
            outcome="changes no payout", found=len(came_in.read), failed=came_in.unreadable
        )

    def apply(self, notice: Notice) -> None:
        """Does to the payout what the notice says.

        Raises:
            UnknownPayoutError
            StorageUnavailableError: it could not be written.
        """
        if not _OURS.fullmatch(notice.reference):
            raise UnknownPayoutError
        observability.note(transaction_id=notice.reference)
        if not self._applied_to_open(notice):
            return
        observability.note(outcome="applied")

    def retry(self, message: Mapping[str, object]) -> None:
        """Applies an event that the webhook queue has delivered.

        Raises:
            MalformedEventError, UnknownPayoutError, StorageUnavailableError: it is retried; the
                fifth failure moves it to the dead-letter queue.
        """
        self.apply(notice_of(message))

    def _applied_to_open(self, notice: Notice) -> bool:
        """The short way: one write, if the payout is pending and undisputed, as most are."""
        if notice.amount_cents is None:
            return self._applied_to_current(self.payouts.get(notice.reference), notice)
        facts = OpenFacts(notice.amount_cents, None)
        now = self.clock.now()
        change = after_notice(facts, notice, now)
        try:
            after = self.payouts.commit_open(notice.reference, facts, change, now)
        except PayoutChangedError as error:
            return self._applied_to_current(error.current, notice)
        count_change(change, after, now)
        return True

    def _applied_to_current(self, payout: Payout | None, notice: Notice) -> bool:
        """The long way: decided from the payout as it stands."""
        if payout is None:
            raise UnknownPayoutError
        after = self.recorder.record(
            payout, lambda current: after_notice(current, notice, self.clock.now())
        )
        if after.version == payout.version:
            observability.note(outcome="no change")
            return False
        return True

    def _enqueue(self, notice: Notice, why: Exception) -> None:
        """Puts the event, without payee details, into the webhook queue."""
        observability.count(Metric.WEBHOOKS_SET_ASIDE)
        observability.note(outcome=f"not applied: {type(why).__name__}")
        try:
            self.webhook_queue.put(message_of(notice), _RETRY_AFTER_SECONDS)
        except QueueUnavailableError:
            raise AppError("The event could not be kept.", ErrorCode.STORAGE_UNAVAILABLE) from None


def message_of(notice: Notice) -> dict[str, object]:
    """The notice as a queue message: ids, codes, an amount and a redacted reason."""
    return {
        "kind": notice.kind.value,
        "reference": notice.reference,
        "amount_cents": notice.amount_cents,
        "monoova_transaction_id": notice.monoova_transaction_id,
        "reason": notice.reason,
    }


def notice_of(message: Mapping[str, object]) -> Notice:
    """The notice in a queue message.

    Raises:
        MalformedEventError: it is none.
    """
    reference, cents = message.get("reference"), message.get("amount_cents")
    if not isinstance(reference, str) or not isinstance(cents, (int, type(None))):
        raise MalformedEventError("Not an event of the webhook queue.")
    try:
        kind = NoticeKind(str(message.get("kind")))
    except ValueError:
        raise MalformedEventError("Not a kind of event that changes payouts.") from None
    number, reason = message.get("monoova_transaction_id"), message.get("reason")
    return Notice(
        kind=kind,
        reference=reference,
        amount_cents=cents,
        monoova_transaction_id=number if isinstance(number, str) else None,
        reason=reason if isinstance(reason, str) else None,
    )
