"""`python -m bench.calls`: the calls to AWS and to Monoova that each flow makes, counted.

Run with the real app, botocore and the Encryption SDK; moto stands for AWS and the simulator for
Monoova. Every flow is counted warm: the instance has served the same entry point before.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from moto import mock_aws

from bench.capacity import stored_bytes
from bench.journeys import FLOWS, completed, registered_customer, warm
from bench.tally import CountedWorld, Invocation
from chalicelib.container import wired
from tests import aws, quick_aws, quick_tables


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened from a payout's request to its final status, or at one request."""

    name: str
    invocations: tuple[Invocation, ...]

    def count(self, service: str) -> int:
        """Calls to one service of AWS."""
        return sum(call.service == service for i in self.invocations for call in i.calls)

    @property
    def reads(self) -> int:
        """Requests that read from DynamoDB."""
        return sum(call.is_read for i in self.invocations for call in i.calls)

    @property
    def writes(self) -> int:
        """Requests that write to DynamoDB."""
        return sum(call.is_write for i in self.invocations for call in i.calls)

    @property
    def scans(self) -> int:
        return sum(call.operation == "Scan" for i in self.invocations for call in i.calls)

    @property
    def read_units(self) -> float:
        return sum(call.read_units for i in self.invocations for call in i.calls)

    @property
    def write_units(self) -> int:
        return sum(call.write_units for i in self.invocations for call in i.calls)

    @property
    def monoova(self) -> int:
        return sum(len(i.monoova) for i in self.invocations)


@dataclass(frozen=True, slots=True)
class Counted:
    """Every flow by its name, and what a completed payout and a customer take in their tables.

    Bytes: `payout_bytes` and `customer_bytes` in the table, `index_bytes` of both in the indexes.
    """

    flows: dict[str, Flow]
    payout_bytes: int
    customer_bytes: int
    index_bytes: int


@contextmanager
def counted_world() -> Iterator[CountedWorld]:
    """A world that counts, where no other is."""
    with mock_aws():
        try:
            world = CountedWorld()
            world.counting()
            yield world
        finally:
            wired.put(None)


def run(world: CountedWorld, name: str, customer: str) -> Flow:
    """One flow, warm: nothing that an instance remembers has to be fetched."""
    warm(world, customer)
    FLOWS[name](world, customer)
    return Flow(name, tuple(world.invocations))


@cache
def counted() -> Counted:
    """Every flow, counted once in a process: takes seconds."""
    flows = {}
    for name in FLOWS:
        with counted_world() as world:
            flows[name] = run(world, name, registered_customer(world))
    return Counted(flows, *_stored())


def _stored() -> tuple[int, int, int]:
    with counted_world() as world:
        customer = registered_customer(world)
        payout = completed(world, customer)
        payout_bytes, payout_entries = stored_bytes(
            *world.stored("TransactionsTable", transaction_id=payout)
        )
        customer_bytes, customer_entries = stored_bytes(
            *world.stored("CustomersTable", customer_id=customer)
        )
    return payout_bytes, customer_bytes, payout_entries + customer_entries


def table(found: Counted) -> Iterator[str]:
    """A row for each flow, and one for each of its invocations."""
    yield (
        f"{'':46}{'reads':>6}{'writes':>7}{'RRU':>6}{'WRU':>5}{'KMS':>5}{'SQS':>5}"
        f"{'secret':>8}{'Monoova':>9}{'log bytes':>11}"
    )
    for flow in found.flows.values():
        yield _row(flow.name, flow)
        for invocation in flow.invocations:
            alone = Flow(flow.name, (invocation,))
            yield _row(f"  {invocation.function}: {invocation.entry_point}", alone)
    yield (
        f"A completed payout takes {found.payout_bytes:,} bytes in its table, a customer"
        f" {found.customer_bytes:,}, both together {found.index_bytes:,} in the indexes."
    )


def _row(name: str, flow: Flow) -> str:
    log = sum(invocation.log_bytes for invocation in flow.invocations)
    return (
        f"{name:<46}{flow.reads:>6}{flow.writes:>7}{flow.read_units:>6g}{flow.write_units:>5}"
        f"{flow.count('kms'):>5}{flow.count('sqs'):>5}{flow.count('secretsmanager'):>8}"
        f"{flow.monoova:>9}{log:>11,}"
    )


def prepare() -> None:
    """For a process of its own: no real account can be reached, and moto is quick."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    os.environ.update(keys, AWS_DEFAULT_REGION=aws.REGION)
    quick_aws.install()
    quick_tables.install()
    aws.share_motos_rsa_key()


def main() -> None:
    prepare()
    sys.stdout.writelines(f"{line}\n" for line in table(counted()))


if __name__ == "__main__":
    main()
