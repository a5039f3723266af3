"""A world with the controls of a live stage, its people, and the judge of what left alone."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from proof.lambda_events import user
from simulator.book import MovementKind
from simulator.payments import Payment
from tests.payouts.test_damaged_rows import item_of
from tests.world import LIVE, Caller, HttpAnswer, World, as_admin, as_approver

INSIDER: Final = "an-insider"
_PAYER: Final = "arn:aws:iam::111122223333:role/Payer"
_CHECKER: Final = "arn:aws:iam::111122223333:role/Checker"
# Of one person's acts no more than this leaves without a second one.
THRESHOLD_CENTS: Final = 500_00
CONTROLS: Final[dict[str, str]] = LIVE | {
    "APPROVAL_THRESHOLD_AUD": "500",
    "LIMIT_PER_DAY_AUD": "5000",
    "LIMIT_PER_CUSTOMER_AUD_PER_DAY": "3000",
    "LIMIT_PER_DESTINATION_AUD_PER_DAY": "3000",
    "LIMIT_PER_MAKER_AUD_PER_DAY": "3000",
    # So large that the limits above, and not this one, are what is tried.
    "PAYOUT_LIMIT_AUD": "100000",
    "OPERATOR_ROLE_ARNS": _PAYER,
    "APPROVER_ROLE_ARNS": _CHECKER,
    "SAME_PERSON": f"{INSIDER}={_PAYER},{INSIDER}={_CHECKER}",
}
KNOWN_PLACE: Final = "jo.citizen@example.com"
# An account of the insider's own, which no second person has seen.
OWN_ACCOUNT: Final = {
    "type": "BankAccount",
    "bsb": "062-000",
    "account_number": "87654321",
    "account_name": "An Insider",
}


def code_of(answer: HttpAnswer) -> str:
    """What became of a request, in one word: the status it answers with, or the refusal's code."""
    if answer.status >= 400:
        return answer.code
    body = answer.json if answer.text else {}
    return str(body.get("status", answer.status))


@dataclass
class Stage:
    """Two honest people have approved one customer's destination. The insider is one person, by
    whichever login or role they come.

    `agreed` has the payouts that two people decided on, with the place and the cents of each;
    `places` are those that two people have seen.
    """

    world: World
    places: set[str] = field(default_factory=lambda: {KNOWN_PLACE})
    agreed: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        self.customer = world.customer()
        world.approve_destination(self.customer)
        self.operator = as_admin(world.app, INSIDER)
        self.approver = as_approver(world.app, INSIDER)
        self.viewer = Caller(world.app, user("a-viewer", "viewers"))
        session = "arn:aws:sts::111122223333:assumed-role/{}/session-1"
        self.role, self.checking_role, self.unnamed_role = (
            Caller(world.app, {"identity": {"userArn": session.format(name)}})
            for name in ("Payer", "Checker", "Unnamed")
        )

    # --- what honest people do

    def asked(self, amount: str = "900", customer: str | None = None) -> str:
        """A payout that an honest operator has asked for. The amount is above the threshold."""
        answer = self.world.pay(customer or self.customer, amount)
        assert answer.json["status"] == "AwaitingApproval", answer.text
        return str(answer.json["transaction_id"])

    def held(self, amount: str = "900") -> str:
        """A payout that two people have let go, and which waits since sending is paused."""
        self.pause()
        paid = self.asked(amount)
        assert self.world.approve(paid).json["status"] == "Queued"
        self.agree(paid)
        return paid

    def sent(self, amount: str = "900") -> str:
        """A payout that two people have let go, and Monoova has taken."""
        paid = self.held(amount)
        self.resume()
        self.world.drain()
        assert self.world.state(paid) == ("Pending", "Accepted")
        return paid

    def small(self, amount: str = "300") -> str:
        """A payout below the threshold that an honest operator has sent alone."""
        answer = self.world.pay(self.customer, amount)
        assert answer.json["status"] == "Pending", answer.text
        return str(answer.json["transaction_id"])

    def agree(self, paid: str) -> None:
        """Two people decide on a payout as it stands."""
        cents = int(item_of(self.world, paid)["amount_cents"]["N"])
        self.agreed[paid] = (KNOWN_PLACE, cents)

    def pause(self) -> None:
        self.world.container.gatekeeper.pause("dave", "drill")

    def resume(self) -> None:
        self.world.container.gatekeeper.resume("dave")

    # --- what is told of it

    def told(self, *payouts: str) -> list[str]:
        """The status of each payout, after some minutes, with the reason of its review."""
        self.world.minutes(2)
        shown = [self.world.payout(each) for each in payouts]
        return [" ".join(filter(None, (p["status"], p["review_reason"]))) for p in shown]

    # --- the judge

    def alone(self) -> list[str]:
        """What left by one person alone, as Monoova's book has it; the app is not asked."""
        self.world.minutes(3)
        found = [why for payment in self.world.monoova.payments for why in self._strange(payment)]
        found += self._twice()
        unseen = [p for p in self.world.monoova.payments if p.reference not in self.agreed]
        cents = sum(int(payment.amount * 100) for payment in unseen)
        if cents > THRESHOLD_CENTS:
            found.append(f"{cents} cents that no second person has seen")
        return found + self._proving_cents()

    def _strange(self, payment: Payment) -> list[str]:
        [payee] = payment.transaction.payees
        left = (payee, int(payment.amount * 100))
        agreed = self.agreed.get(payment.reference)
        if agreed is not None and left != agreed:
            return [f"{left} was paid in place of {agreed}"]
        return [] if payee in self.places else [f"{left} went where no second person has looked"]

    def _twice(self) -> list[str]:
        times = Counter(payment.reference for payment in self.world.monoova.payments)
        return [f"{reference} was paid {n} times" for reference, n in times.items() if n > 1]

    def _proving_cents(self) -> list[str]:
        """The cents of verifications: no case here has one that two people have decided on."""
        moved = self.world.monoova.book.movements
        cents = [each for each in moved if each.kind is MovementKind.VERIFICATION]
        return ["a verification's cent"] * len(cents)


def destination_of(stage: Stage, customer: str, number: int = 0) -> dict[str, Any]:
    """A customer's destination as lists of destinations name it."""
    shown = stage.world.admin.get(f"/customers/{customer}").json
    place = shown["destinations"][number]["destination_id"]
    return {"customer_id": customer, "destination_id": place}
