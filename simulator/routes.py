"""The routes: which method and path are answered by which part of the simulator."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from simulator.enquiries import Enquiries
from simulator.messages import Reply, Request
from simulator.outbox import Outbox
from simulator.payouts import Payouts
from simulator.reports import Reports
from simulator.statuses import Statuses
from simulator.subscriptions import Subscriptions
from simulator.verification import Verifications

Answer = Callable[[Request, tuple[str, ...]], Reply]
"""Takes the request and the variable segments of its path."""


@dataclass(frozen=True)
class Route:
    """One call. A public one needs no API key."""

    method: str
    pattern: re.Pattern[str]
    answer: Answer
    is_public: bool


def find(table: list[Route], request: Request) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a request and its variable segments, decoded; None if there is none."""
    for route in table:
        match = route.pattern.fullmatch(request.path)
        if match and route.method == request.method:
            return route, tuple(unquote(segment) for segment in match.groups())
    return None


def routes(
    payouts: Payouts,
    statuses: Statuses,
    enquiries: Enquiries,
    subscriptions: Subscriptions,
    outbox: Outbox,
    verifications: Verifications,
    reports: Reports,
) -> list[Route]:
    """Every call that this Monoova knows. `*` stands for one segment of the path."""

    def report(request: Request, segments: tuple[str, ...]) -> Reply:
        skip, take = (_count(request, name, usual) for name, usual in (("skip", 0), ("take", 1000)))
        return outbox.report(segments[0], skip, take)

    table: tuple[tuple[str, str, Answer], ...] = (
        ("POST", "/financial/v2/transaction/execute", lambda r, _: payouts.execute(r)),
        ("POST", "/financial/v2/transaction/validate", lambda r, _: payouts.validate(r)),
        ("GET", "/financial/v2/status/*", lambda _, s: statuses.by_reference(*s)),
        ("GET", "/financial/v2/status/*/*", lambda _, s: statuses.by_date(*s)),
        ("GET", "/mAccount/v1/financials/*", lambda _, s: enquiries.financials(*s)),
        ("GET", "/mAccount/v1/get/*", lambda _, s: enquiries.account(*s)),
        ("POST", "/mAccount/v1/transactions", lambda r, _: reports.transactions(r)),
        ("GET", "/reports/v1/statement/*", lambda _, s: reports.statement(*s)),
        ("POST", "/subscriptions/v1/create", lambda r, _: subscriptions.create(r)),
        ("POST", "/subscriptions/v1/update", lambda r, _: subscriptions.update(r)),
        ("GET", "/subscriptions/v1/list", lambda _r, _s: subscriptions.list_all()),
        ("DELETE", "/subscriptions/v1/delete/*", lambda _, s: subscriptions.delete(*s)),
        ("GET", "/subscriptions/v1/report/*", report),
        ("POST", "/subscriptions/v2/resend/*", lambda _, s: outbox.resend(*s)),
        ("GET", "/tools/v1/bsbValidate/*", lambda _, s: enquiries.bsb(*s)),
        ("GET", "/tools/v1/ping", lambda _r, _s: enquiries.ping()),
        ("GET", "/public/v1/ping", lambda _r, _s: enquiries.ping()),
        ("GET", "/public/v1/certificate/public-key", lambda _r, _s: enquiries.public_key()),
        ("GET", "/public/v1/certificate", lambda _r, _s: enquiries.certificate()),
        ("POST", "/verify/v2/aba/initiate", lambda r, _: verifications.initiate(r)),
        ("POST", "/verify/v1/aba/validate", lambda r, _: verifications.validate(r)),
    )
    return [
        Route(
            method,
            re.compile(re.escape(path).replace(r"\*", "([^/]+)")),
            answer,
            path.startswith("/public/"),
        )
        for method, path, answer in table
    ]


def _count(request: Request, name: str, usual: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() else usual
