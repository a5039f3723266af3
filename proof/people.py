"""People beside those who pay: approvers, those who change destinations, those who are wrong."""

import random
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from proof.traffic import Customer, Traffic

_APPROVERS: Final = ("erin", "frank")
_OUTCOMES: Final = ("Completed", "Failed", "Returned", "Cancelled")
_WAITING: Final = "/payouts?status=AwaitingApproval&limit=100"
_REVIEWED: Final = "/payouts?needs_review=true&limit=100"


@dataclass
class People:
    """Their acts, each an actor's own task."""

    traffic: Traffic
    randomness: random.Random
    retried: list[str] = field(default_factory=list)

    # --- approvers

    def decide_some(self) -> None:
        """An approver looks at what waits, and decides on a part of it."""
        for transaction_id in self._listed(_WAITING):
            if self.randomness.random() < 0.7:
                self._decide(transaction_id)

    def decide_all_at_once(self) -> None:
        """Two approvers approve all that waits, in the same instant."""
        kernel = self.traffic.system.kernel
        for transaction_id in self._listed(_WAITING):
            for who in _APPROVERS:
                kernel.spawn("client", partial(self.traffic.approve, who, transaction_id))

    def decide_the_rest(self) -> None:
        """At the end nothing is left waiting: what cannot be approved is rejected."""
        while waiting := self._listed(_WAITING):
            for transaction_id in waiting:
                path = f"/payouts/{transaction_id}"
                if self.randomness.random() < 0.5:
                    self.traffic.approve(_APPROVERS[0], transaction_id)
                for who in _APPROVERS:
                    body = {"reason": "nobody needs it any more"}
                    self.traffic.ask(who, "POST", f"{path}/reject", body, groups="approvers")

    def _decide(self, transaction_id: str) -> None:
        who, path = self.randomness.choice(_APPROVERS), f"/payouts/{transaction_id}"
        if self.randomness.random() < 0.8:
            self.traffic.approve(who, transaction_id)
        else:
            self.traffic.ask(who, "POST", f"{path}/reject", {"reason": "no"}, groups="approvers")

    def _listed(self, path: str) -> list[str]:
        answer = self.traffic.look(path)
        return [each["transaction_id"] for each in answer["items"]] if answer else []

    # --- people who are wrong

    def retry_anything(self) -> None:
        """A person retries a payout that they see, whatever has become of it."""
        seen = sorted(self.traffic.system.tables.payouts)
        if not seen:
            return
        who, transaction_id = self.randomness.choice(("carol", "dora")), self._one_of(seen)
        times = 2 if self.randomness.random() < 0.3 else 1
        for _ in range(times):
            self.traffic.system.kernel.spawn("client", lambda: self._retry(who, transaction_id))

    def _retry(self, who: str, transaction_id: str) -> None:
        answer = self.traffic.ask(who, "POST", f"/payouts/{transaction_id}/retry", {})
        if answer is not None and answer.status == 202:
            self.retried.append(answer.json["transaction_id"])
            self.traffic.payouts.append(answer.json["transaction_id"])

    def resolve_wrongly(self) -> None:
        """A person settles a payout by hand, as they think it ended."""
        listed = self._listed(_REVIEWED)
        if not listed:
            return
        body = {"outcome": self.randomness.choice(_OUTCOMES), "reason": "so it must have been"}
        path = f"/payouts/{self._one_of(listed)}/resolve"
        if self.randomness.random() < 0.5:
            self.traffic.ask("dora", "POST", path, body)
        else:
            self.traffic.ask("frank", "POST", path, body, groups="approvers")

    def _one_of(self, names: list[str]) -> str:
        return self.randomness.choice(names)

    # --- destinations

    def change_destination(self) -> None:
        """A customer gets another destination, or the same account once more, and is paid there."""
        customer = self.randomness.choice(self.traffic.customers)
        if customer not in self.traffic.customers:
            return
        self.traffic.add_destination(customer, is_same=self.randomness.random() < 0.4)
        if self.randomness.random() < 0.3:
            self._remove_oldest(customer)

    def _remove_oldest(self, customer: Customer) -> None:
        oldest = customer.former[0] if customer.former else None
        if oldest:
            path = f"/customers/{customer.customer_id}/destinations/{oldest}"
            self.traffic.ask("carol", "DELETE", path)
