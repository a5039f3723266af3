"""Named mutants of the app: faults that some part of the proof has to catch.

A mutant is a patch that lasts while it is tried, in a process of its own; the app's files are never
touched.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.control.rules.limits import Subject
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.encryption import Vault
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.payloads import body_of
from chalicelib.monoova.rules import outcome
from chalicelib.monoova.rules.gate import Calls
from chalicelib.monoova.rules.outcome import (
    Accepted,
    Answer,
    Envelope,
    Refused,
    SendOutcome,
    Silence,
)
from chalicelib.payouts import accept_payouts, request_payout
from chalicelib.payouts import second_payment as second_payments
from chalicelib.payouts.accept_payouts import Acceptance
from chalicelib.payouts.request_payout import PayoutRequestService, RequestResult
from chalicelib.payouts.rules import decisions, news, schedule
from chalicelib.payouts.rules.decisions import Facts, Note
from chalicelib.payouts.rules.news import Notice, NoticeKind, Trust
from chalicelib.payouts.rules.payout import (
    FINAL,
    TABLE,
    Change,
    Effect,
    Event,
    FailureCode,
    Fields,
    Kind,
    Payout,
    State,
)
from chalicelib.payouts.rules.seal import SealFault, SealKind
from chalicelib.payouts.seal_payouts import PayoutSeals
from chalicelib.payouts.sending import attempt_payout, send_payout
from chalicelib.payouts.sending.attempt_payout import Sending
from chalicelib.payouts.sending.reconcile_due import _Run
from chalicelib.payouts.store.succession import Succession
from chalicelib.web import queue_events
from chalicelib.webhooks import events as monoova_events
from chalicelib.webhooks.receive_webhook import WebhookService
from chalicelib.webhooks.signature import SignatureVerifier
from proof.memory.payouts import MemoryPayouts

Patch = tuple[Any, Any, Any]

_TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True)
class Mutant:
    """`patches` are (owner, name, replacement); `what` describes the fault."""

    name: str
    what: str
    patches: tuple[Patch, ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Applies the patches while the block runs."""
        before = [(owner, name, _of(owner, name)) for owner, name, _ in self.patches]
        for owner, name, new in self.patches:
            _put(owner, name, new)
        try:
            yield
        finally:
            for owner, name, old in before:
                _put(owner, name, old)


def _of(owner: Any, name: Any) -> Any:
    return owner[name] if isinstance(owner, dict) else owner.__dict__[name]


def _put(owner: Any, name: Any, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


# --- sending

_sent_once = Sending._sent


def _under_a_new_reference(self: Sending) -> SendOutcome:
    if self._in_doubt_before or self._doubt:
        order = json.loads(self._body)
        order["uniqueReference"] = str(uuid.uuid5(uuid.NAMESPACE_OID, order["uniqueReference"]))
        self._body = json.dumps(order).encode()
    return _sent_once(self)


_created, _sent = PayoutRequestService._created, PayoutRequestService._sent


def _not_yet_created(self: PayoutRequestService, payout: Payout, draft: Any) -> Payout | None:
    if payout.state is not State.SENDING:
        return _created(self, payout, draft)
    return self.payouts.get(payout.transaction_id)


def _sent_then_created(
    self: PayoutRequestService, payout: Payout, destination: Any, by: str, seconds: float
) -> RequestResult:
    body = body_of(send_payout._order(payout, destination), self.sender.source)
    self.sender.line.monoova.execute(body, 10.0)
    self.acceptance.create(payout)
    return _sent(self, payout, destination, by, seconds)


def _timeout_is_failure(
    answer: Answer | Silence, reference: str, *, in_doubt_before: bool
) -> SendOutcome:
    if isinstance(answer, Silence):
        return Refused(answer.value, "", is_known=True)
    return outcome.outcome_of_send(answer, reference, in_doubt_before=in_doubt_before)


_refused = outcome._refused


def _login_failure_after_doubt_counts(
    answer: Answer | Silence, reference: str, *, in_doubt_before: bool
) -> SendOutcome:
    found = outcome.outcome_of_send(answer, reference, in_doubt_before=in_doubt_before)
    problem = outcome._login_problem(answer) if isinstance(answer, Answer) else None
    return problem or found


def _unredacted(text: str, known: Any = ()) -> str:
    return text[:200]


def _duplicate_is_failure(envelope: Envelope, *, in_doubt_before: bool) -> SendOutcome:
    if outcome._SOUNDS_DUPLICATE.search(envelope.status or ""):
        return Refused(envelope.status or "", envelope.description, is_known=True)
    return _refused(envelope, in_doubt_before=in_doubt_before)


def _refusal_after_doubt_counts(
    answer: Answer | Silence, reference: str, *, in_doubt_before: bool
) -> SendOutcome:
    return outcome.outcome_of_send(answer, reference, in_doubt_before=False)


def _never_expires(now: datetime, policy: schedule.Policy) -> datetime:
    return now + timedelta(days=3650)


def _always_past_grace(*_: object) -> bool:
    return True


def _unknown_is_failure(payout: Payout, note: Any, policy: schedule.Policy, **_: object) -> Change:
    code = FailureCode.MONOOVA_REFUSED
    return decisions.change_for(
        payout, Event.SETTLED_REJECTED, note, Fields(failure_code=code, failure_reason="unknown")
    )


def _queued_without_due(self: PayoutRequestService, payout: Payout, *why: Any) -> Payout:
    return replace(_queued(self, payout, *why), due_at=None)


_queued = PayoutRequestService._queued

# --- writing


def _blind_commit(self: MemoryPayouts, payout: Payout, change: Change, at: datetime) -> Payout:
    def update() -> Payout:
        current = self._tables.payouts[payout.transaction_id]
        return self._written(current, change, at)

    return self._seam.cross("UpdateItem", update)


_OVERWRITING: Final = tuple(
    (TABLE, (state, event), Effect(Kind.MOVE, to))
    for state in FINAL
    for event, to in (
        (Event.SETTLED_COMPLETE, State.COMPLETED),
        (Event.SETTLED_REJECTED, State.FAILED),
    )
)


def _always_new_id(self: PayoutRequestService, ask: Any, by: Any, **asked: Any) -> Any:
    return _request(self, ask, by, **(asked | {"key": None}))


_request = PayoutRequestService.request

# --- receiving


def _accept_all(
    self: WebhookService, raw: bytes, authorization: str, signature: str | None
) -> Trust:
    """Believes every webhook."""
    return Trust.SIGNED


_verify = SignatureVerifier.verify


def _over_the_parsed_body(self: SignatureVerifier, raw: bytes, signature: str) -> bool:
    return _verify(self, json.dumps(json.loads(raw)).encode(), signature)


def _no_mismatch(facts: Any, notice: Any) -> bool:
    return False


def _opened_anywhere(self: Vault, customer_id: str, purpose: str, sealed: bytes) -> dict[str, str]:
    plain, _ = self._sdk.decrypt(source=sealed, key_provider=self._provider)
    record: dict[str, str] = json.loads(plain)
    return record


def _dropped(event: Any, handle: Callable[[Any], None]) -> queue_events.Failures:
    _each(event, handle)
    return {"batchItemFailures": []}


_each = queue_events.each

# --- second payments, news, limits, funds


def _needs_no_answer(_payout: Payout) -> bool:
    return False


_create = Acceptance.create


def _without_claims(self: Acceptance, payout: Payout, *asked: Any, **more: Any) -> Payout | None:
    def unclaimed(given: Any) -> Any:
        is_list = isinstance(given, list)
        return [c for c in given if not isinstance(c, Succession)] if is_list else given

    kept = {name: unclaimed(given) for name, given in more.items()}
    return _create(self, payout, *map(unclaimed, asked), **kept)


_is_proof, _back = news._is_proof, news._back


def _bad_news_is_proof(facts: Facts, notice: Notice) -> bool:
    return notice.kind is NoticeKind.REJECTED or _is_proof(facts, notice)


def _seen_as_soon_as_said(
    facts: Facts, came_back: int, _seen: int, note: Note, fields: Fields
) -> Change:
    return _back(facts, came_back, came_back, note, fields)


_subject = accept_payouts._subject


def _of_a_destination(payout: Payout, _account: str | None) -> Subject:
    return _subject(payout, payout.destination_id)


def _told_of_sending(self: Gatekeeper, answer: Answer | Silence) -> None:
    self._tell(Calls.SENDING, answer)


def _too_many_is_success(answer: Answer | Silence, reference: str, **known: Any) -> SendOutcome:
    if isinstance(answer, Answer) and answer.http_status == _TOO_MANY_REQUESTS:
        return Accepted("429")
    return outcome.outcome_of_send(answer, reference, **known)


def _failed_for_funds(payout: Payout, said: str, note: Note, policy: schedule.Policy) -> Change:
    refused = Fields(failure_code=FailureCode.MONOOVA_REFUSED, failure_reason=said)
    why = replace(note, detail=said)
    return decisions.change_for(payout, Event.SEND_REFUSED, why, refused)


def _stopped_by_a_bad_row(self: Any, transaction_id: str) -> None:
    raise StorageUnavailableError(f"{transaction_id} cannot be read", may_be_done=False)


def _no_seal_is_checked(_self: PayoutSeals, _payout: Payout, _kind: SealKind) -> None:
    return None


_fault = PayoutSeals.fault


def _only_first_sends_are_checked(
    self: PayoutSeals, payout: Payout, kind: SealKind
) -> SealFault | None:
    is_again = payout.state is State.UNRESOLVED or payout.resends > 0
    return None if is_again else _fault(self, payout, kind)


MUTANTS: Final = (
    Mutant(
        "new reference per try",
        "a retry goes out under another reference",
        ((Sending, "_sent", _under_a_new_reference),),
    ),
    Mutant(
        "send before commit",
        "the row is written after the call",
        (
            (PayoutRequestService, "_created", _not_yet_created),
            (PayoutRequestService, "_sent", _sent_then_created),
        ),
    ),
    Mutant(
        "blind write",
        "a write has no condition (in memory)",
        ((MemoryPayouts, "commit", _blind_commit),),
    ),
    Mutant(
        "timeout is failure",
        "a timeout counts as a refusal",
        ((attempt_payout, "outcome_of_send", _timeout_is_failure),),
    ),
    Mutant(
        "no grace",
        "a reference that Monoova does not know yet counts as never booked",
        (
            (decisions, "is_past_grace", _always_past_grace),
            (decisions, "_unknown_past_grace", _unknown_is_failure),
        ),
    ),
    Mutant("final overwritten", "a late report changes a final state", _OVERWRITING),
    Mutant(
        "lease without expiry",
        "a function that is killed while sending keeps the payout",
        (
            (request_payout, "lease_until", _never_expires),
            (decisions, "lease_until", _never_expires),
        ),
    ),
    Mutant(
        "webhook without authentication",
        "a webhook without the secret settles a payout",
        ((WebhookService, "_authenticated", _accept_all),),
    ),
    Mutant(
        "signature over the parsed body",
        "the signature is checked over other bytes than were signed",
        ((SignatureVerifier, "verify", _over_the_parsed_body),),
    ),
    Mutant(
        "context not checked",
        "a record is decrypted in any context",
        ((Vault, "open", _opened_anywhere),),
    ),
    Mutant(
        "duplicate is failure",
        "the answer to a known reference is taken for a refusal",
        ((outcome, "_refused", _duplicate_is_failure),),
    ),
    Mutant(
        "batch item dropped", "a failed message is deleted", ((queue_events, "each", _dropped),)
    ),
    Mutant(
        "refusal after doubt counts",
        "the answer to the second attempt decides the first one, too",
        ((attempt_payout, "outcome_of_send", _refusal_after_doubt_counts),),
    ),
    Mutant(
        "failed login after doubt counts",
        "a payout in doubt goes back to the queue",
        ((attempt_payout, "outcome_of_send", _login_failure_after_doubt_counts),),
    ),
    Mutant(
        "reason not redacted",
        "payee details in Monoova's reason are stored",
        ((monoova_events, "redact", _unredacted),),
    ),
    Mutant(
        "queued and forgotten",
        "a queued payout depends on its message",
        ((PayoutRequestService, "_queued", _queued_without_due),),
    ),
    Mutant(
        "idempotency key ignored",
        "the same request again is another payout",
        ((PayoutRequestService, "request", _always_new_id),),
    ),
    Mutant(
        "amount not compared",
        "a webhook about another amount settles the payout",
        ((news, "_is_of_another_amount", _no_mismatch),),
    ),
    Mutant(
        "retry without asking",
        "what may have been paid is paid again without asking Monoova",
        ((second_payments, "needs_answer", _needs_no_answer),),
    ),
    Mutant(
        "retry without claim",
        "what is paid again is not claimed: a retry and a file pay it both",
        ((Acceptance, "create", _without_claims),),
    ),
    Mutant(
        "unsigned bad news is final",
        "a rejection that nothing proves ends the payout",
        ((news, "_is_proof", _bad_news_is_proof),),
    ),
    Mutant(
        "returned without its credit",
        "what is said to have come back may be paid again before it is there",
        ((news, "_back", _seen_as_soon_as_said),),
    ),
    Mutant(
        "limit by destination",
        "the same account has a limit for each destination that it stands in",
        ((accept_payouts, "_subject", _of_a_destination),),
    ),
    Mutant(
        "one breaker for all",
        "questions that fail stop the sending",
        (
            (Gatekeeper, "tell_asked", _told_of_sending),
            (Gatekeeper, "tell_looked", _told_of_sending),
        ),
    ),
    Mutant(
        "429 is success",
        "too many requests count as an acceptance",
        ((attempt_payout, "outcome_of_send", _too_many_is_success),),
    ),
    Mutant(
        "failed file is final",
        "what the account cannot pay now ends as Failed",
        ((decisions, "_refused_for_funds", _failed_for_funds),),
    ),
    Mutant(
        "seal not checked",
        "a row is sent whatever its seal says",
        ((PayoutSeals, "fault", _no_seal_is_checked),),
    ),
    Mutant(
        "resend without seal",
        "a row in doubt is sent again whatever its seal says",
        ((PayoutSeals, "fault", _only_first_sends_are_checked),),
    ),
    Mutant(
        "bad row stops the run",
        "an item that cannot be read ends the run of the schedule",
        ((_Run, "_put_off_unread", _stopped_by_a_bad_row),),
    ),
)
