"""Everything that paying would check, without paying and without storing anything."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from chalicelib.control.rules.approval import ApprovalReason, ApprovalRules
from chalicelib.control.rules.limits import Subject
from chalicelib.core.actor import subject_of
from chalicelib.core.errors import ErrorCode, TryAgainError
from chalicelib.core.money import decimal_from
from chalicelib.core.redaction import redact
from chalicelib.customers.open_details import Opener, Purpose
from chalicelib.customers.store import (
    SealedDestination,
    no_such_customer,
)
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.payloads import Order, Source, body_of
from chalicelib.monoova.rules.branch import Branch
from chalicelib.monoova.rules.destination import BankAccount, Destination
from chalicelib.monoova.rules.outcome import Answer, Silence
from chalicelib.monoova.show_account import AccountService
from chalicelib.payouts.accept_payouts import Acceptance
from chalicelib.payouts.recognise_duplicates import Duplicates, Meaning
from chalicelib.payouts.request_payout import (
    PayoutRequest,
    check_amount,
    check_verified,
    chosen_destination,
)
from chalicelib.payouts.store.situation import ReadTogether

if TYPE_CHECKING:
    from chalicelib.control.account_fingerprints import AccountFingerprints
    from chalicelib.monoova.client import MonoovaClient


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was asked of Monoova; `is_ok` None means that it did not say.

    A payout may go through without an answer to one that `may_stay_open`.
    """

    name: str
    is_ok: bool | None
    detail: str
    may_stay_open: bool = False

    @property
    def is_passed(self) -> bool:
        return bool(self.is_ok) or (self.is_ok is None and self.may_stay_open)


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What would happen to the request if it were made now; `waits_for` says why another person
    would have to approve it, if so.
    """

    destination: SealedDestination
    checks: tuple[Check, ...]
    waits_for: tuple[ApprovalReason, ...]

    @property
    def is_valid(self) -> bool:
        return all(check.is_passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class ValidationService:
    """Our own rules raise what `POST /payouts` would raise; Monoova's answers are reported."""

    together: ReadTogether
    opener: Opener
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    account: AccountService
    source: Source
    limit_cents: int
    approval: ApprovalRules
    acceptance: Acceptance
    duplicates: Duplicates
    fingerprints: "Callable[[], AccountFingerprints]"
    new_id: Callable[[], uuid.UUID]
    requires_verified: bool
    check_branch: Callable[[str], Branch] | None

    def validate(
        self, ask: PayoutRequest, by: str, accept_duplicate_of: str | None = None
    ) -> ValidationResult:
        """Checks the request, Monoova's `validate` and the available balance included."""
        check_amount(ask.amount_cents, self.limit_cents)
        standing = self.together.standing(ask.customer_id)
        if standing.customer is None:
            raise no_such_customer()
        sealed = chosen_destination(standing.customer, ask)
        check_verified(sealed, requires_verified=self.requires_verified)
        opened = self.opener.opened(standing.customer, sealed, Purpose.VALIDATION, by)
        destination = opened.destination
        account = self.fingerprints().of(destination)
        meaning = Meaning(by, accept_duplicate_of)
        self.duplicates.check(account, (ask.amount_cents, ask.lodgement_reference), meaning)
        reasons = self.approval.reasons(ask.amount_cents, is_known=opened.is_approved)
        if not reasons:
            cap = opened.cap_cents if self.approval.new_destinations else None
            reasons = self._counted(Subject(ask.customer_id, account, subject_of(by)), ask, cap)
        if not self.gatekeeper.may_look(standing.gate):
            raise TryAgainError(
                "Monoova is not being called at the moment.", ErrorCode.SENDING_STOPPED
            )
        checks = (self._by_monoova(ask, destination), self._funds(ask))
        return ValidationResult(sealed, (*checks, *self._branch(sealed, destination)), reasons)

    def _counted(
        self, subject: Subject, ask: PayoutRequest, cap_cents: int | None
    ) -> tuple[ApprovalReason, ...]:
        """Why it would wait, with what was asked for today; what would not must keep to the limits.

        Raises:
            UnprocessableError: a limit would be exceeded.
        """
        reason = self.acceptance.reason_of_the_day(subject, ask.amount_cents, cap_cents)
        if reason is not None:
            return (reason,)
        self.acceptance.check(subject, ask.amount_cents)
        return ()

    def _branch(self, sealed: SealedDestination, destination: Destination) -> tuple[Check, ...]:
        """Whether the branch is open, where Monoova could not tell when the account was added."""
        if not isinstance(destination, BankAccount) or sealed.bsb_checked_at is not None:
            return ()
        if self.check_branch is None:
            return ()
        branch = self.check_branch(destination.bsb)
        if branch.problem:
            return (Check("bsb", is_ok=False, detail=branch.problem),)
        if branch.is_open:
            return (Check("bsb", is_ok=True, detail="The branch is open."),)
        unknown = "Monoova does not say whether the branch is open."
        return (Check("bsb", is_ok=None, detail=unknown, may_stay_open=True),)

    def _by_monoova(self, ask: PayoutRequest, destination: Destination) -> Check:
        order = Order(
            unique_reference=str(self.new_id()),
            amount_cents=ask.amount_cents,
            destination=destination,
            description=ask.description,
            lodgement_reference=ask.lodgement_reference,
        )
        answer = self.monoova.validate(body_of(order, self.source))
        self.gatekeeper.tell_looked(answer)
        return _check_of(answer, destination)

    def _funds(self, ask: PayoutRequest) -> Check:
        try:
            available = self.account.balance().available_to_debit
        except TryAgainError as error:
            return Check("funds", None, error.detail)
        if available is None:
            return Check("funds", None, "Monoova does not tell the balance.")
        wanted = decimal_from(ask.amount_cents)
        return Check("funds", available >= wanted, _funds_in_words(available, wanted))


def _funds_in_words(available: Decimal, wanted: Decimal) -> str:
    # Down to the cent below: half a cent too little must not look like enough.
    cents = available.quantize(Decimal("0.01"), ROUND_DOWN)
    return f"A${cents} available, A${wanted} requested."


def _check_of(answer: Answer | Silence, destination: Destination) -> Check:
    if isinstance(answer, Silence) or answer.envelope is None:
        return Check("monoova", None, "Monoova did not answer.")
    status = answer.envelope.status or ""
    if 200 <= answer.http_status < 300 and status.casefold() == "ok":
        return Check("monoova", True, "Monoova would take it.")
    if answer.http_status != 400:
        return Check("monoova", None, "Monoova did not answer clearly.")
    text = redact(f"{status}: {answer.envelope.description}", destination.details)
    return Check("monoova", False, text)
