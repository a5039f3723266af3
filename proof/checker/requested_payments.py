"""Groups requests by the payment that they request for, with the payouts that they made."""

import re
from dataclasses import dataclass

from proof.checker.evidence import Request, Run

_PATHS = frozenset({"/payouts", "/internal/payouts"})
_RETRY = re.compile(r"/payouts/([^/]+)/retry")
_CONFLICT = 409
Name = tuple[str, ...]


@dataclass(frozen=True)
class RequestedPayment:
    """One payment that was requested: all requests under one key, or all retries of one payout and
    of those in its place, or one request.

    `named` are the payouts named in answers, `made` those that exist because of it, so far as an
    id in an answer, a description that no other request used, or `retry_of` shows.
    """

    requests: tuple[Request, ...]
    named: frozenset[str]
    made: frozenset[str]

    @property
    def is_of_retries(self) -> bool:
        return bool(_RETRY.fullmatch(self.requests[0].path))

    @property
    def open_requests(self) -> list[Request]:
        """The requests whose answer does not say that nothing was done."""
        return [request for request in self.requests if not request.is_no]

    @property
    def evidence(self) -> str:
        return "; ".join(request.evidence for request in self.requests)


def requested_payments(run: Run) -> list[RequestedPayment]:
    """Every requested payment, in the order of its first request."""
    groups: dict[Name, list[Request]] = {}
    for request in run.requests:
        name = _name(run, request)
        if name:
            groups.setdefault(name, []).append(request)
    made = _made(run, groups)
    existing = run.first.keys() | set().union(*run.listings)
    return [
        RequestedPayment(
            tuple(requests), named, frozenset(made.get(name, set()) | named & existing)
        )
        for name, requests in groups.items()
        for named in [frozenset(found for request in requests for found in _named_by(request))]
    ]


def _named_by(request: Request) -> list[str]:
    """The payout that an answer names as the request's own; a conflict names another one."""
    return [request.names] if request.names and request.status != _CONFLICT else []


def _made(run: Run, groups: dict[Name, list[Request]]) -> dict[Name, set[str]]:
    """The payouts of each requested payment, as their description or `retry_of` shows."""
    owners: dict[str, set[Name]] = {}
    for name, requests in groups.items():
        for request in requests:
            owners.setdefault(_description(request), set()).add(name)
    made: dict[Name, set[str]] = {}
    for payout in run.sightings:
        names = owners.get(payout.description, set()) if payout.description else set()
        if payout.batch_id is not None:
            # A file asked for it, also where it is paid in place of another.
            names = set()
        elif payout.retry_of:
            names = {("retry", run.first_of_line(payout.retry_of))}
        if len(names) == 1:
            made.setdefault(next(iter(names)), set()).add(payout.transaction_id)
    return made


def _name(run: Run, request: Request) -> Name | None:
    retried = _RETRY.fullmatch(request.path)
    if request.method != "POST" or not (retried or request.path in _PATHS):
        return None
    if retried:
        # Each retry of what was retried before asks for the same money once more.
        return "retry", run.first_of_line(retried[1])
    return ("key", request.who, request.key) if request.key else ("line", str(request.line))


def _description(request: Request) -> str:
    text = request.body.get("description") if isinstance(request.body, dict) else None
    return text if isinstance(text, str) else ""
