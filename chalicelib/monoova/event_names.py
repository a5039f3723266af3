"""The names of Monoova's webhook events, in the spelling of its subscription API."""

from typing import Final

PAYMENT_STATUS: Final = "NppPaymentStatus"
RETURN: Final = "NppReturn"
DISHONOUR: Final = "DirectEntryDishonour"
RECEIVED: Final = "NPPReceivePayment"
CREDITED: Final = "InboundDirectCredit"

# Those of Monoova's subscription API, in its spelling; it is not consistent about Npp and NPP.
KNOWN_EVENTS: Final = {
    name.casefold(): name
    for name in (
        PAYMENT_STATUS,
        RETURN,
        "PayToReceivePayment",
        RECEIVED,
        CREDITED,
        "InboundDirectDebit",
        DISHONOUR,
        "PendingInboundRtgsImt",
        "InboundRtgsImtStatus",
        "InboundDirectCreditRejections",
        "NPPCreditRejections",
        "DirectDebitClearance",
    )
}
