"""Turns the answer that execute would have given into the one that goes wrong."""

from dataclasses import replace

from simulator.messages import JSON_TYPE, Line, Reply, html
from simulator.outcomes import Fault, Manner
from simulator.triggers import (
    BANK_DETAILS_INVALID,
    INSUFFICIENT_FUNDS,
    OVER_LIMIT,
    PAYID_DETAILS_INVALID,
)
from simulator.world import World

_REFUSALS = {
    PAYID_DETAILS_INVALID: "The toNppCreditPayIdDetails are invalid",
    BANK_DETAILS_INVALID: "The toNppCreditBankAccountDetails are invalid",
    OVER_LIMIT: 'The amount exceeds the allowed maximum transaction limit "$100,000.00"',
    INSUFFICIENT_FUNDS: "There is not enough money in the account",
}


def spoil(answer: Reply | None, fault: Fault, world: World) -> Reply:
    """The answer that `fault` puts in the place of `answer` (None: nothing was booked)."""
    match fault.manner:
        case Manner.REFUSAL_400:
            words = _REFUSALS.get(fault.refusal, "A refusal that no table knows")
            return world.replies.refuse(fault.refusal, words, transactionId=0)
        case Manner.ERROR_STATUS_200:
            return world.replies.refuse(
                "SimulatedProcessingError", "The request failed", 200, transactionId=0
            )
        case Manner.ERROR_500:
            return world.replies.refuse(
                "SimulatedServerError", "Something went wrong", 500, transactionId=0
            )
        case Manner.UNAVAILABLE_503:
            return html(503, "Service Unavailable")
        case Manner.HTML_502:
            return html(502, "Bad Gateway")
        case Manner.TIMEOUT:
            return html(504, "Gateway Timeout").held(world.behaviour.hold_seconds)
    return _broken(answer or world.replies.ok(), fault.manner)


def _broken(answer: Reply, manner: Manner) -> Reply:
    """An answer that left Monoova whole and does not arrive so."""
    if manner is Manner.EMPTY_BODY:
        return Reply(200, b"", JSON_TYPE)
    if manner is Manner.CUT_OFF_JSON:
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return replace(answer, line=Line.CUT_OFF if manner is Manner.CUT_OFF_BODY else Line.RESET)
