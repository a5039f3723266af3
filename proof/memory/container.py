"""The app's container with memory in place of AWS."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import requests

from chalicelib.batches.store.batches import Batches
from chalicelib.batches.store.open_batches import OpenBatches
from chalicelib.container import Container
from chalicelib.control.stored_key import StoredKey
from chalicelib.core.clock import Clock
from chalicelib.core.encryption import Vault
from chalicelib.customers.access_store import Accesses
from chalicelib.customers.account_owners import AccountOwners
from chalicelib.customers.payee_store import Payees
from chalicelib.customers.store import Customers
from chalicelib.monoova.gate_store import Controls
from chalicelib.payouts.store.counted_payouts import CountedPayouts
from chalicelib.payouts.store.outlines import Outlines
from chalicelib.payouts.store.payouts import Payouts
from chalicelib.payouts.store.recent_payments import RecentPayments
from chalicelib.payouts.store.situation import ReadTogether
from chalicelib.webhooks.signed_events import SignedEvents
from proof.memory.accesses import MemoryAccesses
from proof.memory.batches import (
    MemoryBatches,
    MemoryOpenBatches,
    MemoryOutlines,
    MemoryPayees,
)
from proof.memory.controls import MemoryControls, MemorySignedEvents, MemoryTogether
from proof.memory.counted import (
    MemoryCountedPayouts,
    MemoryRecentPayments,
    MemoryStoredKey,
)
from proof.memory.customers import MemoryCustomers, MemoryOwners
from proof.memory.payouts import MemoryPayouts
from proof.memory.services import MemorySecrets, MemorySqs, MemoryVault
from proof.memory.tables import Tables
from proof.seam import Seam
from proof.user_pool import CLIENT_ID, POOL_ID, key_set

WEBHOOK_SECRET: Final = "webhook-secret-5e1f-of-tests"
PAYOUT_QUEUE: Final = "https://sqs.example/payouts"
WEBHOOK_QUEUE: Final = "https://sqs.example/webhooks"

ENVIRONMENT: Final[Mapping[str, str]] = {
    "MONOOVA_API_SECRET_ARN": "monoova",
    "DYNAMODB_TABLE_TRANSACTIONS": "transactions",
    "DYNAMODB_TABLE_CUSTOMERS": "customers",
    "DYNAMODB_TABLE_CONTROLS": "controls",
    "DYNAMODB_TABLE_RECORDS": "records",
    "MONOOVA_MACCOUNT_TOKEN": "6279059700000000",
    "MONOOVA_SOURCE_BSB": "802-985",
    "MONOOVA_SOURCE_ACCOUNT": "123456789",
    "REMITTER_NAME": "Example Pty Ltd",
    "DLQ_URL": WEBHOOK_QUEUE,
    "PAYOUT_QUEUE_URL": PAYOUT_QUEUE,
    "CUSTOMER_DATA_KEY_ARN": "arn:aws:kms:ap-southeast-2:111122223333:key/1",
    "MONOOVA_WEBHOOK_SECRET": WEBHOOK_SECRET,
    # The traffic pays the same again and again.
    "DUPLICATE_WINDOW_HOURS": "0",
    "DESTINATION_APPROVAL": "off",
    "STAGE": "test",
    "CORS_ALLOW_ORIGIN": "https://admin.example",
    "COGNITO_USER_POOL_ID": POOL_ID,
    "COGNITO_CLIENT_ID": CLIENT_ID,
}


@dataclass(frozen=True)
class Aws:
    """The services that outlive a function instance."""

    tables: Tables
    sqs: MemorySqs
    secrets: MemorySecrets
    seam: Seam


class MemoryContainer(Container):
    """The container of one function instance, with memory in place of AWS's clients."""

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        http: requests.Session,
        randomness: random.Random,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(
            environment=environment,
            clock=clock,
            http=http,
            new_id=lambda: uuid.UUID(int=randomness.getrandbits(128), version=4),
            jitter=randomness.random,
            fetch=key_set,
        )
        self._aws = aws

    def _stored_key(self, key_id: str) -> StoredKey:
        aws = self._aws
        return MemoryStoredKey(aws.tables, aws.seam, self.vault, key_id, self.clock.now)

    def _client(self, service: str) -> Any:
        return {"sqs": self._aws.sqs, "secretsmanager": self._aws.secrets}[service]

    @cached_property
    def payouts_table(self) -> Payouts:
        return MemoryPayouts(self._aws.tables, self._aws.seam)

    @cached_property
    def customers_table(self) -> Customers:
        return MemoryCustomers(self._aws.tables, self._aws.seam)

    @cached_property
    def controls_table(self) -> Controls:
        return MemoryControls(self._aws.tables, self._aws.seam)

    @cached_property
    def signed_events(self) -> SignedEvents:
        return MemorySignedEvents(self._aws.tables, self._aws.seam, self.clock)

    @cached_property
    def accesses_table(self) -> Accesses:
        return MemoryAccesses(self._aws.tables, self._aws.seam)

    @cached_property
    def together(self) -> ReadTogether:
        return MemoryTogether(self._aws.tables, self._aws.seam)

    @cached_property
    def batches_table(self) -> Batches:
        return MemoryBatches(self._aws.tables, self._aws.seam)

    @cached_property
    def open_batches(self) -> OpenBatches:
        return MemoryOpenBatches(self._aws.tables, self._aws.seam)

    @cached_property
    def payees(self) -> Payees:
        return MemoryPayees(self._aws.tables, self._aws.seam)

    @cached_property
    def outlines(self) -> Outlines:
        return MemoryOutlines(self._aws.tables, self._aws.seam)

    @cached_property
    def counted_payouts(self) -> CountedPayouts:
        return MemoryCountedPayouts(self._aws.tables, self._aws.seam)

    @cached_property
    def recent_payments(self) -> RecentPayments:
        return MemoryRecentPayments(self._aws.tables, self._aws.seam)

    @cached_property
    def account_owners(self) -> AccountOwners:
        return MemoryOwners(self._aws.tables, self._aws.seam)

    @cached_property
    def vault(self) -> Vault:
        return MemoryVault(self._aws.seam)
