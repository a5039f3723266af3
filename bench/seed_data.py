"""Stores thousands of payouts, as earlier functions would have left them."""

import base64
import json
from datetime import timedelta
from typing import Final
from uuid import UUID

from bench.counterparts import Counterparts
from chalicelib.customers.destination_message import destination_purpose
from chalicelib.customers.store import SealedCustomer, SealedDestination
from chalicelib.payouts.rules.payout import HistoryEntry, Payout, State
from proof.memory.counted import memory_seals
from proof.memory.services import MemoryVault
from proof.seam import NoFaults
from simulator.messages import Request, to_json
from simulator.monoova import API_KEY
from simulator.testing import payid_payout

_CENTS: Final = 1000
_CUSTOMERS: Final = 200
_RECORD: Final = {"pay_id": "jo@example.org", "pay_id_type": "Email", "account_name": "Jo"}
_EXECUTE: Final = "/financial/v2/transaction/execute"
_HEADERS: Final = {"authorization": "Basic " + base64.b64encode(f"{API_KEY}:".encode()).decode()}


def sent(counterparts: Counterparts, count: int) -> None:
    """Stores `count` payouts that Monoova has just accepted; no webhook follows."""
    for number in range(count):
        payout = _stored(counterparts, number, State.ACCEPTED)
        body = to_json(payid_payout(payout.unique_reference, _CENTS / 100))
        reply = counterparts.monoova.handle(Request("POST", _EXECUTE, {}, _HEADERS, body))
        assert reply.http == 200, reply.body


def queued(counterparts: Counterparts, count: int) -> None:
    """Stores `count` payouts of two hundred customers, each with its message on the queue."""
    vault = MemoryVault(NoFaults())
    for number in range(min(count, _CUSTOMERS)):
        counterparts.tables.customers[_id(1, number)] = _customer(counterparts, vault, number)
    for number in range(count):
        payout = _stored(counterparts, number, State.QUEUED)
        ids = {"transaction_id": payout.transaction_id, "customer_id": payout.customer_id}
        counterparts.messages.append(json.dumps(ids))


def customers(counterparts: Counterparts, count: int) -> None:
    """Stores `count` customers, each with one destination."""
    vault = MemoryVault(NoFaults())
    for number in range(count):
        counterparts.tables.customers[_id(1, number)] = _customer(counterparts, vault, number)


def customer_id(number: int) -> str:
    """The id of one of the customers."""
    return _id(1, number)


def _id(kind: int, number: int) -> str:
    return str(UUID(int=(kind << 96) + number, version=4))


def _customer(counterparts: Counterparts, vault: MemoryVault, number: int) -> SealedCustomer:
    now, customer_id, destination_id = counterparts.clock(), _id(1, number), _id(2, number)
    sealed = vault.seal(customer_id, destination_purpose(destination_id), _RECORD)
    destination = SealedDestination(destination_id, "PayId", "Email", "j•••", now, sealed)
    return SealedCustomer(customer_id, now, now, 1, b"sealed", (destination,))


def _stored(counterparts: Counterparts, number: int, state: State) -> Payout:
    now, customer = counterparts.clock(), number % _CUSTOMERS
    payout = Payout(
        transaction_id=_id(3, number),
        unique_reference=_id(3, number),
        customer_id=_id(1, customer),
        destination_id=_id(2, customer),
        payout_method="PayId",
        destination_masked="j•••@example.org",
        amount_cents=_CENTS,
        state=state,
        version=1,
        created_by="admin",
        created_at=now,
        updated_at=now,
        fingerprint="f",
        last_sent_at=now if state is State.ACCEPTED else None,
        due_at=now + timedelta(seconds=60),
        history=(HistoryEntry(now, "Requested", state, "admin"),),
        history_size=1,
    )
    sealed = memory_seals().sealed(payout)
    counterparts.tables.write(sealed)
    return sealed
