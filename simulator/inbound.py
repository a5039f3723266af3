"""Money that comes in from outside: booked, and announced as Monoova announces it."""

from decimal import Decimal
from enum import StrEnum

from simulator.book import MovementKind
from simulator.clock import local_text
from simulator.messages import Json, to_json
from simulator.outbox import Outbox
from simulator.world import World


class Rails(StrEnum):
    """Over which rails it comes."""

    NPP = "NPP"
    DIRECT_CREDIT = "DirectCredit"


class Inbound:
    """Receives money from outside. Every method is called under the simulator's lock."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox
        self._count = 0

    def receive(self, rails: Rails, *amounts: Decimal) -> list[str]:
        """Credits the amounts; answers with Monoova's ids of them.

        A direct credit is one webhook for all of them, an NPP payment one for each.
        """
        events = [self._credited(rails, amount) for amount in amounts]
        if rails is Rails.NPP:
            for event in events:
                self._announce("NPPReceivePayment", event)
        else:
            total = sum(amounts, Decimal(0))
            batch = {"TotalCount": len(events), "TotalAmount": total}
            self._announce("InboundDirectCredit", batch | {"DirectCreditDetails": events})
        return [str(event["TransactionId"]) for event in events]

    def _credited(self, rails: Rails, amount: Decimal) -> Json:
        self._count += 1
        number = f"{'N' if rails is Rails.NPP else 'D'}{self._count:011d}"
        self._world.book.add(MovementKind.LOAD, number, 0, amount)
        now, zone = self._world.now(), self._world.behaviour.zone
        payee: Json = {
            "TransactionId": number,
            "Bsb": "802-985",
            "AccountNumber": "123456789",
            "AccountName": "Simulated Merchant",
            "RemitterName": "Simulated Payer",
            "SourceBsb": "062-000",
            "SourceAccountNumber": "87654321",
            "ReceiptNumber": self._count,
        }
        if rails is Rails.NPP:
            return payee | {
                # As Australians write it, and the amount as a text with four decimals.
                "DateTime": now.astimezone(zone).strftime("%d/%m/%Y %I:%M:%S %p"),
                "Amount": f"{amount:.4f}",
                "PaymentDescription": "Simulated funds",
                "SourceAccountName": "Simulated Payer",
            }
        return payee | {
            "DateTime": local_text(now, zone),
            "Amount": amount,
            "BatchId": 1,
            "TransactionCode": "50",
            "LodgementRef": "Simulated funds",
        }

    def _announce(self, event_name: str, body: Json) -> None:
        self._outbox.post(event_name, to_json(body), self._world.now())
