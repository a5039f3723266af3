"""Drives the measured app: a few payouts through all flows, one flow after the other."""

from bench.children import Done, Side
from bench.flows import Events, Flow
from bench.setting import Setting


class FlowDriver:
    """Sends an administrator's and Monoova's events to one measured app."""

    def __init__(self, side: Side, events: Events, setting: Setting) -> None:
        """Registers the customer who is paid."""
        self._side = side
        self._events = events
        self._setting = setting
        _, bodies = side.answered([events.customer()], 201)
        self._customer_id: str = bodies[0]["customer_id"]
        self._ids: list[str] = []

    def turn(self, flow: Flow, count: int = 1) -> Done:
        """Does one flow: `count` new payouts, or the next step of those of the last turn.

        Raises:
            SideError: the app answered otherwise than it must.
        """
        if flow is Flow.REQUEST:
            done, bodies = self._side.answered(self._events.requests(self._customer_id, count), 202)
            self._ids = [body["transaction_id"] for body in bodies]
        elif flow is Flow.SHOW:
            done, _ = self._side.answered(self._events.shows(self._ids), 200)
        else:
            deliveries = [self._setting.webhooks.of(each) for each in self._ids]
            done, _ = self._side.answered(self._events.webhooks(deliveries), 200)
        return done

    @property
    def last_id(self) -> str:
        """The payout that was asked for last."""
        return self._ids[-1]
