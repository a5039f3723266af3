"""Webhooks: authenticated first, then applied, or put into the webhook queue for a retry."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from chalicelib.core.secrets import Secret, SecretUnavailableError
from chalicelib.payouts.metrics import count_change
from chalicelib.payouts.rules.decisions import OpenFacts
from chalicelib.payouts.rules.news import Notice, NoticeKind, Trust, after_notice
from chalicelib.payouts.rules.payout import Payout
from chalicelib.payouts.sending.record_event import Recorder
from chalicelib.payouts.store.payouts import PayoutChangedError, Payouts
from chalicelib.webhooks.events import Event, MalformedEventError, event_of
from chalicelib.webhooks.queued_notices import QueuedNotices, unsealed_message_of
from chalicelib.webhooks.signature import KeyUnavailableError, SignatureVerifier
from chalicelib.webhooks.signed_events import SignedEvents

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
    signed_events: SignedEvents
    webhook_queue: Queue
    queued: QueuedNotices
    clock: Clock
    secrets: Callable[[], tuple[Secret, ...]]
    requires_signature: bool
    funding: "Callable[[], Funding]"

    def receive(
        self, raw: bytes, authorization: str, signature: str | None, path_name: str | None
    ) -> None:
        """Takes one webhook. Returns where Monoova need not send it again.

        Raises:
            UnauthenticatedError: nothing was read of it, nothing written; or it should have been
                signed: then it was taken as a hint all the same.
            InvalidRequestError: it is Monoova's, but not an event.
            TryAgainError: its signature cannot be checked now.
            SecretUnavailableError: its Authorization cannot be checked now.
            AppError: it could neither be applied nor put into the webhook queue.
        """
        received_at = self.clock.now()
        trust = self._authenticated(raw, authorization, signature)
        try:
            event = event_of(raw, path_name)
        except MalformedEventError as error:
            if trust is Trust.SECRET and self.requires_signature:
                self._refuse("Verification-Signature is missing")
            observability.count(Metric.WEBHOOKS_RECEIVED)
            observability.count(Metric.WEBHOOKS_REFUSED)
            raise InvalidRequestError({}, str(error)) from None
        observability.note(event_name=event.name)
        if trust is Trust.SIGNED:
            self._take(event, trust, received_at)
            self._note_signed(event.name)
        elif self._must_be_signed(event.name):
            # Wherever it comes from, Monoova can be asked whether it is true.
            self._take(Event(event.name, event.notice), Trust.HINT, received_at)
            self._refuse("Verification-Signature is missing")
        else:
            self._take(event, trust, received_at)

    def _take(self, event: Event, trust: Trust, received_at: datetime) -> None:
        if trust is not Trust.HINT:
            observability.count(Metric.WEBHOOKS_RECEIVED)
        if event.notice:
            self._take_notice(replace(event.notice, trust=trust), received_at)
        elif event.credits:
            self._record(event.credits, received_at)
        else:
            observability.note(outcome="changes no payout")

    def _must_be_signed(self, name: str) -> bool:
        if self.requires_signature:
            return True
        try:
            return self.signed_events.has(name)
        except StorageUnavailableError as error:
            observability.note_error(error)
            return False

    def _note_signed(self, name: str) -> None:
        """Keeps that this event is signed; what the webhook said is more important than that."""
        try:
            self.signed_events.note(name)
        except StorageUnavailableError as error:
            observability.note_error(error)

    def _authenticated(self, raw: bytes, authorization: str, signature: str | None) -> Trust:
        if not self._is_known(authorization):
            self._refuse("Authorization")
        if signature is None:
            return Trust.SECRET
        try:
            is_signed = self.verifier.verify(raw, signature)
        except KeyUnavailableError:
            raise TryAgainError("Monoova's public key cannot be fetched.") from None
        if not is_signed:
            self._refuse("Verification-Signature")
        return Trust.SIGNED

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

    def _take_notice(self, notice: Notice, received_at: datetime) -> None:
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
        if self._applied(notice):
            observability.note(outcome="applied")

    def retry(self, message: Mapping[str, object]) -> None:
        """Applies an event that the webhook queue has delivered.

        Raises:
            MalformedEventError, UnknownPayoutError, StorageUnavailableError: it is retried; the
                fifth failure moves it to the dead-letter queue.
            SecretUnavailableError: how far to believe it cannot be told now; it is retried, too.
        """
        self.apply(self.queued.notice_of(message))

    def _applied(self, notice: Notice) -> bool:
        cents = notice.amount_cents
        is_paid = notice.kind is NoticeKind.PAID
        may_settle = notice.trust is Trust.SIGNED or (is_paid and notice.trust is Trust.SECRET)
        if cents is None or not may_settle:
            return self._applied_to_current(self.payouts.get(notice.reference), notice)
        is_accepted = notice.trust is not Trust.SIGNED
        return self._applied_to_open(OpenFacts(cents, None, is_accepted), notice)

    def _applied_to_open(self, facts: OpenFacts, notice: Notice) -> bool:
        """The short way: one write, if the payout is pending and undisputed, as most are."""
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
            message = self.queued.message_of(notice)
        except SecretUnavailableError as error:
            observability.note_error(error)
            message = unsealed_message_of(notice)
        try:
            self.webhook_queue.put(message, _RETRY_AFTER_SECONDS)
        except QueueUnavailableError:
            raise AppError("The event could not be kept.", ErrorCode.STORAGE_UNAVAILABLE) from None
