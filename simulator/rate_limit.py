"""How many calls a minute are taken; the others are answered with HTTP 429, unlooked at."""

import math
from collections import Counter
from datetime import datetime, timedelta
from email.utils import format_datetime

from simulator.behaviour import Behaviour, RetryAfter
from simulator.messages import Reply, Request, html

EXECUTE = "/financial/v2/transaction/execute"
_MINUTE = timedelta(minutes=1)


class RateLimit:
    """Counts the calls of each minute of the clock."""

    def __init__(self) -> None:
        self._taken: Counter[tuple[datetime, bool]] = Counter()

    def refusal(self, request: Request, behaviour: Behaviour, now: datetime) -> Reply | None:
        """The answer to a call that is one too many; None for one that is taken."""
        is_execute = request.path == EXECUTE
        most = behaviour.executes_per_minute if is_execute else behaviour.questions_per_minute
        if not most:
            return None
        minute = now.replace(second=0, microsecond=0)
        if self._taken[minute, is_execute] < most:
            self._taken[minute, is_execute] += 1
            return None
        headers = _headers(behaviour.retry_after, now, minute + _MINUTE)
        return html(429, "Too Many Requests").with_headers(headers)


def _headers(form: RetryAfter, now: datetime, until: datetime) -> dict[str, str]:
    if form is RetryAfter.ABSENT:
        return {}
    date = {"Date": format_datetime(now, usegmt=True)}
    if form is RetryAfter.DATE:
        return {**date, "Retry-After": format_datetime(until, usegmt=True)}
    return {**date, "Retry-After": str(math.ceil((until - now).total_seconds()))}
