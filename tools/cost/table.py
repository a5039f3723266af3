"""The bills in print: as Markdown, which reads well in a terminal too."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from bench import journeys
from tools.cost import alternatives, serverless
from tools.cost.bill import AIM_USD_PER_PAYOUT, REQUIREMENTS_USD, Bill, Line
from tools.cost.options import options
from tools.cost.prices import Basis, Prices
from tools.cost.usage import Inputs, duration_ms

PER_DAY: Final = (200, 2_000, 20_000)
# Lines below this, in US$ a month at every volume, are shown as one.
_SMALL_USD: Final = 0.005


class Show(StrEnum):
    """By the list, after what is always free, or both."""

    LIST = "without-free-tier"
    FREE = "free-tier"
    BOTH = "both"

    @property
    def free_tiers(self) -> tuple[bool, ...]:
        return {Show.LIST: (False,), Show.FREE: (True,), Show.BOTH: (False, True)}[self]


def report(inputs: Inputs, prices: Prices, show: Show = Show.BOTH) -> Iterator[str]:
    """Everything: what it is made of, the bill line by line, the alternatives, the options."""
    days = inputs.assumptions.days
    whole = serverless.bill(inputs, prices)
    yield from _origin(inputs, prices)
    yield ""
    yield from _lines(whole, show, days)
    yield ""
    yield from _verdict(whole, show, days)
    for bill in (alternatives.lightsail(inputs, prices), alternatives.containers(inputs, prices)):
        yield ""
        yield f"**{bill.name}**"
        yield ""
        yield from _lines(bill, show, days)
    yield ""
    yield from _compared(inputs, prices, show)
    yield ""
    yield from _options(inputs, prices)


def _origin(inputs: Inputs, prices: Prices) -> Iterator[str]:
    measured, assumed, stands = inputs.measured, inputs.assumptions, inputs.inventory
    doubtful = sum(price.basis is not Basis.LISTED for price in prices.by_key.values())
    alarms = "counted in the templates" if stands.is_watched_by_template else "planned"
    yield f"- prices: {prices.region}, US$, as of {prices.seen_on}; {doubtful} of"
    yield f"  {len(prices.by_key)} are derived or unconfirmed and say so in prices.toml"
    yield "- calls, log bytes, metrics: counted by `python -m bench.calls`"
    yield f"- CPU and cold starts: measured {measured.measured_on} on {measured.machine}"
    yield f"- **assumed** ({assumed.made_on}, assumptions.toml): the wait for AWS and Monoova,"
    yield f"  how often each flow happens, {assumed['month']['payout_hours_per_day']:g} hours of"
    yield "  payouts a day, Lambda's own log lines"
    yield f"- {stands.architecture}; {stands.alarm_metrics} alarms ({alarms});"
    request, idle = (
        _milliseconds(inputs, flow) for flow in (journeys.SETTLED_BY_WEBHOOK, journeys.IDLE)
    )
    yield f"  POST /payouts takes {request:,.0f} ms, most of it Monoova's part, an idle minute"
    yield f"  {idle:,.0f} ms"


def _milliseconds(inputs: Inputs, flow: str) -> float:
    return duration_ms(inputs.counted.flows[flow].invocations[0], inputs)


def _lines(bill: Bill, show: Show, days: float) -> Iterator[str]:
    heads = [f"{count:,}/day{_mark(free)}" for count in PER_DAY for free in show.free_tiers]
    yield _row("US$ a month", "for", "fixed", "per 1,000", *heads)
    yield _row("---", "---", *["---:"] * (2 + len(heads)))
    columns = _columns(bill, show, days)
    small = [0.0] * (2 + len(heads))
    for line, amounts in zip(bill.lines, zip(*columns, strict=True), strict=True):
        numbers = [line.fixed_usd, _per_thousand(line), *amounts]
        if max(numbers[0], *amounts) < _SMALL_USD:
            small = [sum(pair) for pair in zip(small, numbers, strict=True)]
        else:
            cells = [_usd(number) for number in numbers]
            cells[1] = "up to a limit" if line.saturates else cells[1]
            yield _row(line.price.what, line.what, *cells)
    yield _row("what is less than half a cent each", "", *map(_usd, small))
    per_thousand = sum(map(_per_thousand, bill.lines))
    totals = [bill.fixed_usd, per_thousand, *map(sum, columns)]
    yield _row("**all**", "", *(f"**{_usd(total)}**" for total in totals))
    each = [
        f"{sum(column) / (count * days):.6f}"
        for column, count in zip(columns, _volumes(show), strict=True)
    ]
    yield _row("US$ for each payout", "", "", "", *each)


def _per_thousand(line: Line) -> float:
    """US$ of a thousand payouts; 0 for a line with a limit, which the volumes show."""
    return 0.0 if line.saturates else line.usd_per_payout * 1_000


def _columns(bill: Bill, show: Show, days: float) -> list[list[float]]:
    return [
        bill.of_lines(count * days, free_tier=free) for count in PER_DAY for free in show.free_tiers
    ]


def _volumes(show: Show) -> Iterable[int]:
    return (count for count in PER_DAY for _ in show.free_tiers)


def _mark(free: bool) -> str:
    return ", free tier" if free else ""


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if abs(amount) >= 0.1 or amount == 0 else f"{amount:.4f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _verdict(bill: Bill, show: Show, days: float) -> Iterator[str]:
    """Against the requirements' estimate and against our aim, at the first volume."""
    payouts = PER_DAY[0] * days
    aim = AIM_USD_PER_PAYOUT * payouts
    for free in show.free_tiers:
        usd = bill.usd(payouts, free_tier=free)
        words = "met" if usd <= aim else f"missed by {usd - aim:.2f} a month"
        tier = "with what is always free" if free else "by the list"
        yield (
            f"- {PER_DAY[0]} a day, {tier}: US$ {usd:.2f}, {usd / REQUIREMENTS_USD:.0%} of the"
            f" requirements' {REQUIREMENTS_USD}; {usd / payouts:.6f} a payout, aim"
            f" {AIM_USD_PER_PAYOUT}: {words}"
        )


def _compared(inputs: Inputs, prices: Prices, show: Show) -> Iterator[str]:
    days = inputs.assumptions.days
    ways = (serverless.bill, alternatives.lightsail, alternatives.containers)
    heads = [f"{count:,}/day{_mark(free)}" for count in PER_DAY for free in show.free_tiers]
    yield _row("US$ a month", "fixed", *heads)
    yield _row("---", *["---:"] * (1 + len(heads)))
    for way in ways:
        bill = way(inputs, prices)
        totals = [sum(column) for column in _columns(bill, show, days)]
        yield _row(bill.name, _usd(bill.fixed_usd), *map(_usd, totals))
    yield ""
    first, *others = (way(inputs, prices) for way in ways)
    for other in others:
        yield f"- {other.name} is the cheaper one by the list from"
        yield f"  {round(break_even(first, other, days), -3):,.0f} payouts a day on."


def break_even(cheap_at_first: Bill, cheap_later: Bill, days: float) -> float:
    """From how many payouts a day on the second costs less, by the list; to within one."""
    low, high = 0.0, 1e7
    while high - low > 1:
        middle = (low + high) / 2
        payouts = middle * days
        if cheap_at_first.usd(payouts) <= cheap_later.usd(payouts):
            low = middle
        else:
            high = middle
    return high


def _options(inputs: Inputs, prices: Prices) -> Iterator[str]:
    days = inputs.assumptions.days
    payouts = PER_DAY[0] * days
    whole = serverless.bill(inputs, prices)
    heads: Sequence[str] = ("saves", "leaves", "saves, free tier", "leaves, free tier")
    yield _row(f"at {PER_DAY[0]} a day, US$ a month", *heads)
    yield _row("---", *["---:"] * len(heads))
    listed, free = whole.usd(payouts), whole.usd(payouts, free_tier=True)
    for option in options(inputs, prices, payouts):
        after = option.saves_usd_after_free_tier
        numbers = (option.saves_usd, listed - option.saves_usd, after, free - after)
        yield _row(option.words, *(f"{number:.2f}" for number in numbers))
