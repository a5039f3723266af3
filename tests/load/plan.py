"""What is offered to the API, and when: fixed before the first request, and equal in every run.

Only the standard library: the load is offered from an environment that has nothing of the app's.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """The operations of an administrator or a client."""

    PAY = "POST /payouts"
    PAY_AGAIN = "POST /payouts, same key"
    READ = "GET /payouts/{id}"
    LIST = "GET /payouts"
    CUSTOMER_PAYOUTS = "GET /customers/{id}/payouts"
    CUSTOMERS = "GET /customers"
    REGISTER = "POST /customers"
    VALIDATE = "POST /payouts/validate"
    HEALTH = "GET /health"


# For each payout so many others, in hundredths. A client reads its payout once; every tenth
# time the client retries, because it lost the answer or because of a second click.
MIX: Final = {
    Operation.PAY_AGAIN: 10,
    Operation.READ: 100,
    Operation.LIST: 10,
    Operation.CUSTOMER_PAYOUTS: 5,
    Operation.CUSTOMERS: 2,
    Operation.REGISTER: 2,
}

# Amounts by which the simulated Monoova chooses an outcome (simulator/triggers.py), and in which
# of 200 payouts: rejected by the bank, webhook lost, returned, refused at once, HTTP 500 after
# booking, an unclear answer, the webhook twice.
TROUBLE: Final = {7: 703, 27: 705, 47: 707, 67: 710, 87: 722, 107: 717, 127: 740, 147: 703}
TROUBLE_PERIOD: Final = 200
# Small ones, that twenty thousand of them do not empty the simulated account.
_LOWEST_CENTS: Final = 1_000
_CENTS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: `due_seconds` after the beginning; `number` is that of the payout."""

    due_seconds: float
    operation: Operation
    number: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is offered: `payouts` evenly over `seconds`, by at most `users` at once.

    What was not offered `bound_seconds` after the beginning is not offered any more.
    """

    payouts: int
    seconds: float
    users: int
    bound_seconds: float
    run: str
    customers: tuple[str, ...] = ()
    only: Operation | None = None

    def amount_cents(self, number: int) -> int:
        """Of the payout with this number."""
        usual = _LOWEST_CENTS + number * 37 % _CENTS
        return TROUBLE.get(number % TROUBLE_PERIOD, usual)

    def key(self, number: int) -> str:
        """The Idempotency-Key of the payout with this number."""
        return f"{self.run}-{number}"

    def customer(self, number: int) -> str:
        """Whom this payout is for."""
        return self.customers[number % len(self.customers)]

    def acts(self) -> Iterator[Act]:
        """Everything to do, in the order in which it is due."""
        if self.only is not None:
            return iter([*self._of(self.only, self.payouts)])
        others = (
            self._of(operation, self.payouts * hundredths // 100)
            for operation, hundredths in MIX.items()
        )
        return heapq.merge(
            self._of(Operation.PAY, self.payouts), *others, key=lambda act: act.due_seconds
        )

    def _of(self, operation: Operation, times: int) -> Iterator[Act]:
        """`times` of one operation, evenly spread; each belongs to the payout due before it."""
        for n in range(times):
            due_seconds = self.seconds * n / times
            yield Act(due_seconds, operation, self.payouts * n // times)

    def to_json(self) -> str:
        """Read by `from_json`."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Plan":
        """Reads what `to_json` wrote."""
        fields = json.loads(text)
        only = fields.pop("only")
        customers = tuple(fields.pop("customers"))
        return Plan(**fields, customers=customers, only=Operation(only) if only else None)
