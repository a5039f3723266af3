"""How much may be paid out now, as far as one function instance knows."""

from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from chalicelib.core.clock import Clock
from chalicelib.core.dynamodb.items import StorageUnavailableError
from chalicelib.monoova.gatekeeper import Gatekeeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.monoova.client import MonoovaClient

# For so long an answer is believed, and for so long one that failed is not asked for again.
_BELIEVED_FOR: Final = timedelta(seconds=60)


class AvailableFunds:
    """`availableToDebit`, less what this instance sent since it was asked for.

    Monoova stays the judge: where nothing is known, everything is sent. One per function instance;
    what another instance sends meanwhile may be refused, which loses a minute and no payout.
    """

    def __init__(
        self,
        monoova: "Callable[[], MonoovaClient]",
        gatekeeper: Gatekeeper,
        clock: Clock,
        maccount_token: str,
    ) -> None:
        self._monoova = monoova
        self._gatekeeper = gatekeeper
        self._clock = clock
        self._maccount_token = maccount_token
        self._cents: int | None = None
        self._asked_at: datetime | None = None

    def cents(self) -> int | None:
        """What may be paid out, a minute old at the most; None where Monoova does not say."""
        now = self._clock.now()
        if self._asked_at is None or now - self._asked_at >= _BELIEVED_FOR:
            self._cents, self._asked_at = self._asked(), now
        return self._cents

    def reach(self, amount_cents: int) -> bool:
        """Whether a payout of this amount is worth a call."""
        known = self.cents()
        return known is None or amount_cents <= known

    def spend(self, amount_cents: int) -> None:
        """A payout is being sent."""
        if self._cents is not None:
            self._cents -= amount_cents

    def note_refusal(self, amount_cents: int) -> None:
        """Monoova refused a payout for want of funds: until the next answer, that counts."""
        short = amount_cents - 1
        self._cents = short if self._cents is None else min(self._cents, short)
        self._asked_at = self._clock.now()

    def _asked(self) -> int | None:
        try:
            # Never as the probe of an open circuit: a payout goes out without this answer too.
            if not self._gatekeeper.may_look():
                return None
        except StorageUnavailableError:
            return None
        account, answer = self._monoova().account(self._maccount_token)
        self._gatekeeper.tell_asked(answer)
        if account is None or account.available_to_debit is None:
            return None
        return _whole_cents(account.available_to_debit)


def _whole_cents(dollars: Decimal) -> int:
    """Monoova keeps four decimals; a part of a cent pays nothing."""
    return int((dollars * 100).to_integral_value(ROUND_FLOOR))
