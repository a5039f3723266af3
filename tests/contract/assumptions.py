"""What the app takes to be true of Monoova, and what in the app relies on it.

`python -m tests.contract.assumptions` prints those that only the real sandbox can settle, as
docs/reliability.md shows them.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Settled(StrEnum):
    """By what an assumption is settled."""

    HERE = "simulator and specification"
    SANDBOX = "only the sandbox"


_SPEC: Final = "OpenAPI v5.29"
_SILENT: Final = "undocumented"
_THIRD_PARTY: Final = "undocumented; third-party code"
_PORTAL: Final = "developer portal"

_NO_WEBHOOKS: Final = "Monoova can reach a webhook's receiver only on a public address"
_NO_TRIGGER: Final = "no way is published to make the sandbox do it"
_LOCKS: Final = "it would lock the account that runs it for an hour"
_ONE_OF_SEVERAL: Final = "Monoova does one of these, and all are survived"
_SURVIVED: Final = "undocumented; survived either way"


@dataclass(frozen=True)
class Assumption:
    """One assumption. `simulator_only` says why the sandbox is not asked; empty: it is."""

    id: str
    sentence: str
    source: str
    settled_by: Settled
    depends_on: str
    simulator_only: str = ""


def _documented(
    id_: str, sentence: str, depends_on: str, simulator_only: str = "", source: str = _SPEC
) -> Assumption:
    return Assumption(id_, sentence, source, Settled.HERE, depends_on, simulator_only)


def _open(
    id_: str, sentence: str, depends_on: str, simulator_only: str = "", source: str = _SILENT
) -> Assumption:
    return Assumption(id_, sentence, source, Settled.SANDBOX, depends_on, simulator_only)


def _survived(
    id_: str, sentence: str, depends_on: str, simulator_only: str = _ONE_OF_SEVERAL
) -> Assumption:
    return Assumption(id_, sentence, _SURVIVED, Settled.HERE, depends_on, simulator_only)


ASSUMPTIONS: Final = (
    # --- logging in
    _documented("LOGIN-BASIC", "The API key as user and an empty password open", "every call"),
    _documented(
        "LOGIN-PUBLIC", "`/public/v1/*` answers without a login", "ping, fetching the public key"
    ),
    _open(
        "LOGIN-REFUSED",
        "A wrong key is answered with HTTP 401, or in the envelope with 403 or as "
        "`MerchantFailedToLogin`",
        "the circuit, which opens at once; `Queued` instead of `Unresolved`",
        source=_THIRD_PARTY,
    ),
    _documented(
        "LOGIN-ONE-STRIKE",
        "A call with a wrong key is one refused login, not more",
        "three refused logins in all before nothing is sent automatically",
    ),
    _documented(
        "LOCK-FIFTH",
        "The fifth refused login in a row locks the account for an hour, right key or not",
        "the circuit's probe, an hour after a lock-out",
        _LOCKS,
    ),
    _documented(
        "LOCK-IN-A-ROW",
        "A login that succeeds sets the count back",
        "three refused logins in all before nothing is sent automatically",
        _LOCKS,
        source=_PORTAL,
    ),
    _open(
        "LOCK-NAME",
        "A locked account is answered as `MerchantLockedOut`",
        "the circuit's probe: after an hour, not after ten minutes",
        _LOCKS,
        source=_THIRD_PARTY,
    ),
    # --- the envelope
    _documented(
        "ENVELOPE-FORM",
        "A JSON reply has `durationMs` (a whole number), `status` and `statusDescription` (texts)",
        "every reading of a reply",
    ),
    _documented(
        "ENVELOPE-MORE",
        "Fields may be added without notice; the others keep their meaning",
        "every reading of a reply",
        _NO_TRIGGER,
    ),
    _documented("PING-NAMES-HOST", "`ping` says `Sandbox` or `Live`", "this suite, on the sandbox"),
    # --- validate
    _documented(
        "VALIDATE-MOVES-NOTHING",
        "`validate` answers Ok with `transactionId` 0 and moves no money",
        "`POST /payouts/validate`",
    ),
    _documented(
        "VALIDATE-LEAVES-REFERENCE",
        "A validated reference can still be paid under",
        "`POST /payouts/validate`",
    ),
    _open(
        "VALIDATE-REFUSES",
        "What `validate` does not like is HTTP 400 with a status other than Ok",
        "`POST /payouts/validate`, which says invalid only then",
    ),
    _documented(
        "ACCOUNT-NUMBER-28",
        "The account number of a payee may have 28 letters and digits",
        "destinations with more than nine digits, or with letters",
        "no such account is published for the sandbox",
    ),
    # --- execute
    _documented(
        "EXECUTE-TAKES",
        "`execute` answers HTTP 200, Ok or Pending, with a `transactionId` above 0 and our "
        "reference as `callerUniqueReference`",
        "`Accepted`; without a number the payout is `Unresolved`",
    ),
    _open(
        "EXECUTE-IN-TIME",
        "`execute` answers within ten seconds",
        "the client's read timeout; what is later ends in `Unresolved`",
    ),
    _documented(
        "EXECUTE-TAKES-BANK-ACCOUNTS",
        "`NppCreditBankAccount` is taken like `NppCreditPayId`",
        "`payout_method` `BankAccount`",
    ),
    _documented(
        "EXECUTE-FIELDS",
        "Every field that we send is in the schema",
        "the payload",
        "Monoova ignores what it does not know and says nothing of it",
    ),
    _documented(
        "EXECUTE-AMOUNT", "An amount is a JSON number with two decimals", "the payload, `amount`"
    ),
    _survived(
        "EXECUTE-PENDING-FORM",
        "A pending payout is answered as Ok with a text, or as Pending; either is taken",
        "`Accepted`",
    ),
    _open(
        "SOURCE-BSB-FIELD",
        "`sourceBSB` and `sourceAccountBsb` are both let through; which of them is honoured, "
        "the payee's statement shows",
        "`MONOOVA_SOURCE_BSB_FIELD`",
    ),
    # --- refusals
    _documented(
        "REFUSAL-HAS-NO-TRANSACTION",
        "A refusal has `transactionId` 0 and moves nothing",
        "`Failed` at once",
    ),
    _open("REFUSAL-IS-400", "A refusal is HTTP 400 in the envelope", "`Failed` at once"),
    *(
        _open(
            f"REFUSAL-NAME-{id_}",
            f"{cause} is refused as `{name}`",
            "`Failed` at once; under another name only after a look at the status API",
            source=_THIRD_PARTY,
        )
        for id_, cause, name in (
            (
                "PAY-ID",
                "A malformed PayID",
                "FinancialValidateDisbursementNppCreditPayIdDetailsAreInvalid",
            ),
            (
                "BANK",
                "A malformed BSB",
                "FinancialValidateDisbursementNppCreditBankAccountDetailsAreInvalid",
            ),
            ("METHOD", "An unknown disbursement method", "InvalidDisbursementMethod"),
            ("BODY", "A body without an amount", "RequestBodyIsNotTheExpectedType"),
            ("TOTAL", "A total with three decimals", "FinancialValidateInvalidTotalAmount"),
            (
                "LIMIT",
                "A total over the account's limit",
                "FinancialValidateTotalAmountIsMoreThanMaxTransactionLimit",
            ),
            ("MACCOUNT", "An mAccount that is not ours", "FinancialValidateInvalidMAccount"),
        )
    ),
    _survived(
        "REFUSAL-PREFIX",
        "The same name comes with and without `FinancialValidate`",
        "the table of known refusals",
    ),
    _open(
        "REFUSAL-FUNDS",
        "More than `availableToDebit` is refused by `execute` at once, under whatever name",
        "`Failed` with Monoova's name for it, after a look at the status API",
    ),
    _survived(
        "REFUSAL-UNHEARD-OF",
        "A refusal in no table counts only once the status API does not know the reference",
        "`Failed` or `Unresolved`",
        _NO_TRIGGER,
    ),
    _survived(
        "SERVER-ERROR-PROVES-NOTHING",
        "After HTTP 5xx, a broken reply or silence the money may have moved or not",
        "`Unresolved`; the retries under the same reference",
        _NO_TRIGGER,
    ),
    # --- a reference twice
    _open(
        "DUPLICATE-MOVES-NOTHING",
        "A second `execute` under a booked reference moves nothing",
        "`MONOOVA_DUPLICATES`, and with it the retries in a request and `MAX_RESENDS`",
        source='OpenAPI v5.29 says "nonce" and shows no example',
    ),
    _open(
        "DUPLICATE-IS-NOT-A-REFUSAL",
        "Its answer reads as a duplicate, as doubt or as the first answer; never as a refusal",
        "`Unresolved` instead of `Failed`: the words that sound like a duplicate",
    ),
    _open(
        "DUPLICATE-LEAVES-FIRST",
        "The status API goes on speaking of the first",
        "every payout in doubt: it is settled by the status API",
    ),
    _survived(
        "DUPLICATE-FORMS",
        "Refusal, replay of the first answer and HTTP 500 are all survived",
        "`Unresolved` instead of `Failed`",
    ),
    # --- status by reference
    _open(
        "STATUS-UNKNOWN-NAME",
        "An unknown reference is answered as `UniqueIdNotFound`",
        "`GRACE_SECONDS`, `MAX_RESENDS`, the look that confirms a refusal",
        source=_THIRD_PARTY,
    ),
    _survived(
        "STATUS-UNKNOWN-HTTP",
        "It may come as HTTP 200, 400 or 404",
        "`GRACE_SECONDS`, `MAX_RESENDS`",
    ),
    _open(
        "STATUS-VISIBLE",
        "A booked payout is known within `GRACE_SECONDS`",
        "`GRACE_SECONDS`: from then on unknown means that it may be sent again",
    ),
    _documented(
        "STATUS-FORM",
        "`transactionStatus` is one of five words, and `uniqueReference` is ours",
        "every look at the status API",
    ),
    _survived(
        "STATUS-BARE",
        "A reply may lack `durationMs` and `status`, as Monoova's own examples do",
        "every look at the status API",
    ),
    _documented(
        "STATUS-SETTLES",
        "A pending payout becomes `Complete` or `Rejected`",
        "`FIRST_LOOK_SECONDS`, `REVIEW_AFTER_HOURS`",
    ),
    _documented(
        "STATUS-REJECTED",
        "`Rejected` and `Dishonoured` mean that the money is back",
        "`Failed`",
        _NO_TRIGGER,
    ),
    _open(
        "STATUS-AFTER-RETURN",
        "After a return the status stays `Complete`; only the webhook and the mAccount tell",
        "`Returned`, which no look at the status API finds",
        _NO_TRIGGER,
    ),
    # --- status by date
    _documented(
        "DATES-FORM",
        "By date, `statuses[]` has `uniqueReference` and `transactionStatus` of each",
        "asking for many at once",
    ),
    _open(
        "DATES-COVER",
        "From yesterday to tomorrow (UTC), both counted, finds a payout that was sent just now",
        "asking for many at once; otherwise each is requested separately",
    ),
    _survived(
        "DATES-ABSENCE",
        "Being absent from the list proves nothing",
        "asking for many at once: never `UnknownReference` from a list",
    ),
    # --- the account
    _documented(
        "ACCOUNT-FORM",
        "`financials` has `availableToDebit`, `actualBalance`, `nppBalance` and `nppPayoutLimit` "
        "as numbers",
        "`GET /account`",
    ),
    _documented(
        "ACCOUNT-PARTS-OF-CENTS",
        "Balances have parts of a cent, since fees have",
        "`GET /account`, the check of funds",
        "the fees of the sandbox are Monoova's choice",
    ),
    # --- the public key and the webhooks
    _documented(
        "KEY-FORM",
        "The public key is an RSA key in DER, as hexadecimal text",
        "`MONOOVA_WEBHOOK_SIGNATURE`",
    ),
    _open(
        "WEBHOOK-SIGNATURE",
        "`Verification-Signature` is RSA PKCS#1 v1.5 with SHA-256 over the raw body, in base64",
        "`MONOOVA_WEBHOOK_SIGNATURE`: a signature that does not verify is refused",
        _NO_WEBHOOKS,
        source=f"{_SPEC} (SHA-256); padding and bytes {_SILENT}",
    ),
    _open(
        "WEBHOOK-KEY-CHANGES",
        "From the moment the yearly new key signs, it is the one that is published",
        "`MONOOVA_WEBHOOK_SIGNATURE`: the key is fetched anew when a signature does not verify",
        _NO_WEBHOOKS,
    ),
    _documented(
        "WEBHOOK-AUTHORIZATION",
        "`Authorization` is the subscription's security token, letter by letter",
        "`MONOOVA_WEBHOOK_SECRET`",
        _NO_WEBHOOKS,
    ),
    _documented(
        "WEBHOOK-ID", "`Webhookid` is a whole number", "the log's `webhook_id`", _NO_WEBHOOKS
    ),
    _documented(
        "WEBHOOK-FORM",
        "`NppPaymentStatus` is a flat object in PascalCase; its `TransactionId` is `execute`'s",
        "`Completed`, `Failed`; another number or amount is a contradiction",
        _NO_WEBHOOKS,
    ),
    _documented(
        "WEBHOOK-REJECTED",
        "`Rejected` comes with a reason in words",
        "`Failed`, `failure_reason`",
        _NO_WEBHOOKS,
    ),
    _documented(
        "WEBHOOK-RETURN",
        "`NppReturn` has the first payout's number, a `ReturnTransactionId`, no `Status`",
        "`Returned`",
        _NO_WEBHOOKS,
    ),
    _open(
        "WEBHOOK-RETURN-IS-WHOLE",
        "A return brings the whole amount back",
        "`Returned`; a part of it is kept with its amount, for a person",
        _NO_WEBHOOKS,
    ),
    _survived(
        "WEBHOOK-OTHER-FORM",
        "The form in camelCase with `eventName` means the same",
        "reading webhooks",
    ),
    _survived(
        "WEBHOOK-BLANKS",
        "Payee fields that a payout did not use may be null, absent or empty",
        "reading webhooks",
    ),
    _documented(
        "WEBHOOK-TWO-TRIES",
        "Anything but HTTP 200 is tried again once, after 30 seconds",
        "`DLQ_URL`: what cannot be applied is kept and answered 200",
        _NO_WEBHOOKS,
    ),
    _open(
        "WEBHOOK-NOT-OWED",
        "A payout that completes inside the call may never be announced",
        "`FIRST_LOOK_SECONDS`",
        _NO_WEBHOOKS,
    ),
)

BY_ID: Final = {assumption.id: assumption for assumption in ASSUMPTIONS}


def sandbox_table() -> Iterator[str]:
    """The assumptions that only the sandbox can settle, as a table in Markdown."""
    yield "| assumption | we take it that | source | what relies on it | asked of the sandbox |"
    yield "|---|---|---|---|---|"
    for row in ASSUMPTIONS:
        if row.settled_by is Settled.SANDBOX:
            asked = f"no: {row.simulator_only}" if row.simulator_only else "by this suite"
            cells = (f"`{row.id}`", row.sentence, row.source, row.depends_on, asked)
            yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in sandbox_table())
