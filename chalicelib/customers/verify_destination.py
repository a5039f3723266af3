"""Verifying that a payee owns an account: one cent of real money, a fee, and a code.

The intent is stored before Monoova is called. If the call is not answered, or this function dies
in it, the destination stands as `Started` without a token: nothing is sent a second time until a
person asks for it, and that only some minutes later.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.control.rules.approval import ApprovalRules
from chalicelib.core import observability
from chalicelib.core.actor import Actor
from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.core.encryption import Vault, VaultUnavailableError
from chalicelib.core.errors import (
    AppError,
    ConflictError,
    ErrorCode,
    ForbiddenError,
    NotKnownYetError,
    TryAgainError,
    UnprocessableError,
)
from chalicelib.core.secrets import SecretUnavailableError, WrongEnvironmentError
from chalicelib.customers.open_details import Opener, Purpose
from chalicelib.customers.rules.owner_name import may_be_same
from chalicelib.customers.rules.provenance import Provenance, Refusal, refusal_to_verify
from chalicelib.customers.rules.verification import (
    Verification,
    VerificationStatus,
    started,
    turned,
    under_way,
)
from chalicelib.customers.store import (
    CustomerChangedError,
    Customers,
    SealedCustomer,
    SealedDestination,
    no_such_customer,
    no_such_destination,
)
from chalicelib.monoova.gatekeeper import Gatekeeper
from chalicelib.monoova.rules.destination import Destination
from chalicelib.monoova.rules.gate import Passage
from chalicelib.monoova.rules.verification_answer import (
    CodeAnswer,
    StartAnswer,
    code_answer,
    start_answer,
)
from chalicelib.monoova.verification_messages import (
    INITIATE,
    MOST_NAME_CHARACTERS,
    VALIDATE,
    initiate_body,
    owner_name_in,
    token_in,
    validate_body,
)

if TYPE_CHECKING:
    from chalicelib.monoova.client import MonoovaClient

_SECONDS: Final = 10.0
_MOST_TRIES: Final = 5


def _not_called() -> TryAgainError:
    return TryAgainError("Monoova is not being called at the moment.", ErrorCode.SENDING_STOPPED)


def _token_purpose(destination_id: str) -> str:
    return f"verification/{destination_id}"


@dataclass(frozen=True, slots=True)
class VerificationService:
    """Starts and confirms verifications.

    `remitter_name` is who the cent comes from, on the payee's statement.
    """

    customers: Customers
    vault: Vault
    opener: Opener
    monoova: "MonoovaClient"
    gatekeeper: Gatekeeper
    clock: Clock
    approval: ApprovalRules
    remitter_name: str

    def start(self, customer_id: str, destination_id: str, by: Actor) -> SealedDestination:
        """Has Monoova pay one cent, with a code, to the destination.

        Raises:
            NotFoundError, ConflictError, TryAgainError: nothing was sent.
            ForbiddenError: they added it, and no other person has approved it.
            UnprocessableError: Monoova refused it, and the destination now stands as `Failed`;
                or it cannot be asked for such a name at all.
            NotKnownYetError: it may have been sent.
        """
        customer, sealed = self._found(customer_id, destination_id)
        self._check_may_start(sealed.verification)
        self._check_ready()
        self._check_passage()
        opened = self.opener.opened(customer, sealed, Purpose.VERIFICATION, by.name)
        if self.approval.new_destinations:
            _check_may_verify(opened.provenance, by)
        destination = opened.destination
        _check_name(destination)
        begun = self._begun(customer, sealed)
        body = initiate_body(destination, destination_id, self.remitter_name)
        # Dying here leaves `Started` without a token: whether the cent was paid only the payee's
        # statement says.
        document, answer = self.monoova.call_json("verify", "POST", INITIATE, body, _SECONDS)
        self.gatekeeper.tell_asked(answer)
        token = token_in(document)
        match start_answer(answer, token):
            case StartAnswer.PAID:
                owner = owner_name_in(document)
                return self._kept(customer_id, begun, destination, token or "", owner)
            case StartAnswer.REFUSED:
                self._ended(customer_id, begun, VerificationStatus.FAILED)
                raise UnprocessableError(
                    "Monoova refused to verify this destination: its details are not valid.",
                    ErrorCode.VERIFICATION_REFUSED,
                )
            case StartAnswer.NOT_LET_IN:
                self._put_back(customer_id, begun, sealed)
                raise _not_called()
        raise NotKnownYetError(
            "Monoova did not answer clearly: the cent may have been paid. "
            + _may_start_anew(begun.verification)
        )

    def confirm(self, customer_id: str, destination_id: str, code: str) -> SealedDestination:
        """Tells Monoova the code that the payee has read.

        Raises:
            NotFoundError, ConflictError: there is nothing to confirm, or not now.
            UnprocessableError: the code is wrong.
            TryAgainError: Monoova does not say.
        """
        _, sealed = self._found(customer_id, destination_id)
        token = self._token(customer_id, sealed)
        if not self.gatekeeper.may_look():
            raise _not_called()
        body = validate_body(token, code)
        _, answer = self.monoova.call_json("verify_code", "POST", VALIDATE, body, _SECONDS)
        self.gatekeeper.tell_asked(answer)
        match code_answer(answer):
            case CodeAnswer.RIGHT:
                return self._ended(customer_id, sealed, VerificationStatus.VERIFIED)
            case CodeAnswer.WRONG:
                self._ended(customer_id, sealed, VerificationStatus.STARTED)
                raise UnprocessableError(
                    "The code is wrong. After three wrong ones no code is taken for an hour.",
                    ErrorCode.VERIFICATION_CODE_WRONG,
                )
            case CodeAnswer.LOCKED:
                self._ended(customer_id, sealed, VerificationStatus.LOCKED)
                raise _locked()
        raise TryAgainError("Monoova does not say whether the code is right.")

    def _found(
        self, customer_id: str, destination_id: str
    ) -> tuple[SealedCustomer, SealedDestination]:
        customer = self.customers.get(customer_id)
        if customer is None:
            raise no_such_customer()
        sealed = customer.destination(destination_id)
        if sealed is None:
            raise no_such_destination()
        return customer, sealed

    def _check_may_start(self, verification: Verification) -> None:
        if verification.status is VerificationStatus.VERIFIED:
            raise ConflictError("The destination is verified already.", ErrorCode.ALREADY_VERIFIED)
        may_start_at = verification.may_start_anew_at()
        if may_start_at and self.clock.now() < may_start_at:
            raise ConflictError(
                "A verification was started already: its cent is paid, or may be. "
                + _may_start_anew(verification),
                ErrorCode.VERIFICATION_UNDER_WAY,
            )

    def _check_ready(self) -> None:
        try:
            self.monoova.check_ready()
        except WrongEnvironmentError:
            raise
        except SecretUnavailableError:
            raise TryAgainError("Monoova's credentials cannot be read at the moment.") from None

    def _check_passage(self) -> None:
        """It sends a cent, but is no payout: it waits until payouts have shown that they go out."""
        gate = self.gatekeeper.look()
        if gate.is_paused:
            raise TryAgainError(
                "Sending is paused by an operator, and this would send one cent.",
                ErrorCode.SENDING_STOPPED,
            )
        is_clear = self.gatekeeper.passage(gate) is Passage.CLEAR
        if not is_clear or not self.gatekeeper.may_look(gate):
            raise _not_called()

    def _begun(self, customer: SealedCustomer, sealed: SealedDestination) -> SealedDestination:
        """Stores the intent. Another writer of the customer may have started it meanwhile."""
        now = self.clock.now()
        begun = replace(sealed, verification=started(now), sealed_token=None)
        try:
            self.customers.save(customer.with_destination(begun), now)
        except CustomerChangedError:
            raise ConflictError("The customer was changed meanwhile: try again.") from None
        return begun

    def _kept(
        self,
        customer_id: str,
        begun: SealedDestination,
        destination: Destination,
        token: str,
        owner: str | None,
    ) -> SealedDestination:
        # The owner's name is a person's: what is kept of it is whether it is the one we know.
        matches = may_be_same(owner, destination.account_name) if owner else None
        purpose = _token_purpose(begun.destination_id)
        try:
            sealed_token = self.vault.seal(customer_id, purpose, {"token": token})
            return self._written(
                customer_id,
                begun,
                lambda current, _now: replace(
                    current,
                    verification=under_way(current.verification, owner_name_matches=matches),
                    sealed_token=sealed_token,
                ),
            )
        except (VaultUnavailableError, StorageUnavailableError, ConflictError) as error:
            observability.note_error(error)
            # "Nothing was done, try again" would be false.
            raise NotKnownYetError(
                "The cent was paid, but what its code is confirmed by could not be stored. "
                + _may_start_anew(begun.verification)
            ) from None

    def _ended(
        self, customer_id: str, before: SealedDestination, status: VerificationStatus
    ) -> SealedDestination:
        return self._written(
            customer_id,
            before,
            lambda current, now: replace(
                current, verification=turned(current.verification, status, now)
            ),
        )

    def _put_back(
        self, customer_id: str, begun: SealedDestination, before: SealedDestination
    ) -> None:
        """Restores the verification as it was before a call that did nothing."""
        self._written(
            customer_id,
            begun,
            lambda current, _now: replace(
                current, verification=before.verification, sealed_token=before.sealed_token
            ),
        )

    def _written(
        self,
        customer_id: str,
        before: SealedDestination,
        change: Callable[[SealedDestination, datetime], SealedDestination],
    ) -> SealedDestination:
        """Writes what was learned, unless the verification is no longer the one it is about."""
        for _ in range(_MOST_TRIES):
            customer = self.customers.get(customer_id)
            current = customer.destination(before.destination_id) if customer else None
            if customer is None or current is None:
                raise no_such_destination()
            if current.verification.started_at != before.verification.started_at:
                return current
            now = self.clock.now()
            after = change(current, now)
            if after == current:
                return current
            try:
                self.customers.save(customer.with_destination(after), now)
            except CustomerChangedError:
                continue
            return after
        raise ConflictError("The customer was changed meanwhile: try again.")

    def _token(self, customer_id: str, sealed: SealedDestination) -> str:
        verification = sealed.verification
        if verification.status is VerificationStatus.VERIFIED:
            raise ConflictError("The destination is verified already.", ErrorCode.ALREADY_VERIFIED)
        if verification.is_locked(self.clock.now()):
            raise _locked()
        if sealed.sealed_token is None:
            raise ConflictError(
                "There is no code to confirm: start a verification first.",
                ErrorCode.VERIFICATION_NOT_STARTED,
            )
        purpose = _token_purpose(sealed.destination_id)
        return self.vault.open(customer_id, purpose, sealed.sealed_token)["token"]


def _check_may_verify(provenance: Provenance, by: Actor) -> None:
    match refusal_to_verify(provenance, by):
        case Refusal.AUTHOR:
            raise ForbiddenError(
                "A verification pays a cent to the destination, and no person but you, who added"
                " it, has looked at it: another operator has to start it, or an approver to approve"
                " the destination first.",
                ErrorCode.APPROVAL_BY_AUTHOR,
            )
        case Refusal.AUTHOR_UNKNOWN:
            raise ForbiddenError(
                "A verification pays a cent to the destination, and it is not known who added it:"
                " an approver has to approve it first.",
                ErrorCode.APPROVAL_BY_AUTHOR,
            )


def _check_name(destination: Destination) -> None:
    # Cut to Monoova's length it would be another name, and the payee's bank would get it.
    if len(destination.account_name) > MOST_NAME_CHARACTERS:
        raise UnprocessableError(
            f"Monoova verifies account names of {MOST_NAME_CHARACTERS} characters at most: add the"
            " destination under the shorter form of the name that its bank uses.",
            ErrorCode.VERIFICATION_REFUSED,
        )


def _may_start_anew(verification: Verification) -> str:
    at = verification.may_start_anew_at()
    assert at is not None  # only ever said of one that was started
    return (
        "Look for the cent on the payee's statement; another can be paid from"
        f" {at:%H:%M} UTC on, if there is none."
    )


def _locked() -> AppError:
    return ConflictError(
        "Three wrong codes: for an hour no code is taken. Or start the verification anew.",
        ErrorCode.VERIFICATION_LOCKED,
    )
