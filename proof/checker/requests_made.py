"""What clients wanted, however often they asked for it, and which payouts came of it."""

import re
from dataclasses import dataclass

from proof.checker.evidence import Ask, Run

_DOORS = frozenset({"/payouts", "/internal/payouts"})
_RETRY = re.compile(r"/payouts/([^/]+)/retry")
Name = tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """One payout that was wanted: all requests under one key, or one retry, or one request.

    `named` are the payouts that answers spoke of, `made` those that exist because of it, so far as
    a name in an answer, a description that no other request used, or `retry_of` tells.
    """

    asks: tuple[Ask, ...]
    named: frozenset[str]
    made: frozenset[str]

    @property
    def open_asks(self) -> list[Ask]:
        """Those that were not told that nothing was done."""
        return [ask for ask in self.asks if not ask.is_no]

    @property
    def evidence(self) -> str:
        return "; ".join(ask.evidence for ask in self.asks)


def wishes_of(run: Run) -> list[Wish]:
    """Every wish to pay, in the order of its first ask."""
    groups: dict[Name, list[Ask]] = {}
    for ask in run.asks:
        name = _name(ask)
        if name:
            groups.setdefault(name, []).append(ask)
    made = _made(run, groups)
    existing = run.first.keys() | set().union(*run.listings)
    return [
        Wish(tuple(asks), named, frozenset(made.get(name, set()) | named & existing))
        for name, asks in groups.items()
        for named in [frozenset(ask.names for ask in asks if ask.names)]
    ]


def _made(run: Run, groups: dict[Name, list[Ask]]) -> dict[Name, set[str]]:
    """The payouts that can be told to come of a wish without an answer that says so."""
    owners: dict[str, set[Name]] = {}
    for name, asks in groups.items():
        for ask in asks:
            owners.setdefault(_description(ask), set()).add(name)
    made: dict[Name, set[str]] = {}
    for payout in run.sightings:
        wishes = owners.get(payout.description, set()) if payout.description else set()
        if payout.retry_of:
            wishes = {("retry", payout.retry_of)}
        if len(wishes) == 1:
            made.setdefault(next(iter(wishes)), set()).add(payout.transaction_id)
    return made


def _name(ask: Ask) -> Name | None:
    retried = _RETRY.fullmatch(ask.path)
    if ask.method != "POST" or not (retried or ask.path in _DOORS):
        return None
    if retried:
        return "retry", retried[1]
    return ("key", ask.who, ask.key) if ask.key else ("line", str(ask.line))


def _description(ask: Ask) -> str:
    text = ask.body.get("description") if isinstance(ask.body, dict) else None
    return text if isinstance(text, str) else ""
