"""The scenarios: which actors run at once, under which faults, and what must hold in the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Final

from chalicelib.monoova.rules.duplicates import Duplicates
from chalicelib.payouts.request_payout import retry_id_of
from chalicelib.payouts.rules.news import MONOOVA, NoticeKind
from chalicelib.payouts.rules.payout import FailureCode, HistoryEntry, Payout, ReviewReason, State
from chalicelib.payouts.rules.schedule import Policy
from proof.interleavings import actors, people
from proof.interleavings.actors import CENTS, PAYOUT, payout, set_up
from proof.interleavings.explorer import START, Actor, Budget, Scenario, Scheduler
from proof.interleavings.provider import Fate
from proof.memory.counted import memory_seals

Actors = Callable[[Scheduler, Policy], list[Actor]]

RETRY: Final = retry_id_of(payout(State.FAILED))
_CAREFUL: Final = Policy(duplicates=Duplicates.BOOKED)
_UNASKED: Final = Policy(duplicates=Duplicates.REFUSED)
# The runs of the quiet phase before which a request that had a timeout arrives after all.
_LATE_MOMENTS: Final = (0, 1, 4, 6)
_MOST_RUNS: Final = 120
# Within this, every payout has to be final or in review.
_BOUND: Final = timedelta(hours=28)
_PAID, _REJECTED, _RETURNED = NoticeKind.PAID, NoticeKind.REJECTED, NoticeKind.RETURNED


def _scenario(
    name: str,
    new_actors: Actors,
    row: Payout | None,
    budget: Budget,
    *,
    fate: Fate = Fate.PAID,
    is_booked: bool = False,
    policy: Policy | None = None,
    refuses_duplicates: bool = True,
    sees_after: timedelta = timedelta(0),
    is_settled: bool = False,
    has_lied: bool = False,
) -> Scenario:
    used = policy or Policy()

    def prepare(scheduler: Scheduler) -> None:
        set_up(scheduler, *([row] if row else []), fate=fate)
        scheduler.provider.sees_after = sees_after
        scheduler.provider.fates = {RETRY: Fate.PAID, people.ROW: Fate.PAID}
        scheduler.provider.is_settled = is_settled
        scheduler.provider.has_lied = has_lied
        if is_booked:
            scheduler.provider.book(PAYOUT, CENTS, START - timedelta(minutes=20))
        scheduler.actors = new_actors(scheduler, used)

    def judge(scheduler: Scheduler) -> Iterator[str]:
        yield from _judged(scheduler, used)

    return Scenario(name, budget, prepare, judge, refuses_duplicates)


# --- the quiet phase, and the promises


def _judged(scheduler: Scheduler, policy: Policy) -> Iterator[str]:
    """Runs the quiet phase for each moment at which a late request may arrive."""
    tables, provider, now = scheduler.tables, scheduler.provider, scheduler.now()
    rows, gate, calls = dict(tables.payouts), tables.gate, dict(tables.calls)
    for moment in _LATE_MOMENTS if provider.late else (0,):
        tables.payouts.clear()
        tables.payouts.update(rows)
        tables.gate = gate
        tables.calls.clear()
        tables.calls.update(calls)
        scheduler.provider = copy(provider)
        scheduler.provider.bookings, scheduler.provider.late = (
            list(provider.bookings),
            list(provider.late),
        )
        scheduler.sleep((now - scheduler.now()).total_seconds())
        _settle(scheduler, policy, moment)
        for wrong in _violations(scheduler):
            yield f"{wrong} (late request before run {moment})" if provider.late else wrong


def _latest(scheduler: Scheduler, policy: Policy) -> timedelta:
    """By when a late request has arrived.

    Where Monoova pays duplicates and is asked about them, it books within the grace: after that
    its "unknown" is believed, and no client could know better.
    """
    is_believed = policy.duplicates is Duplicates.ASKED and not scheduler.refuses_duplicates
    return timedelta(seconds=policy.grace_seconds) if is_believed else _BOUND


def _settle(scheduler: Scheduler, policy: Policy, late_moment: int) -> None:
    """Runs the reconciler whenever something is due, without faults."""
    latest = START + _latest(scheduler, policy)
    reconciler = actors.Function(scheduler, 99, policy, sees_all=True).reconciler
    for run in range(_MOST_RUNS):
        if run == late_moment:
            scheduler.provider.arrive_late(scheduler.now())
        scheduler.provider.is_settled = scheduler.provider.is_settled or bool(
            scheduler.provider.bookings
        )
        due = [p.due_at for p in _unfinished(scheduler) if p.due_at is not None]
        if not due or min(due) > START + _BOUND:
            break
        # The schedule runs each minute.
        seconds = max((min(due) - scheduler.now()).total_seconds(), 59.0) + 1.0
        if scheduler.now() + timedelta(seconds=seconds) > latest:
            scheduler.provider.arrive_late(scheduler.now())
        scheduler.sleep(seconds)
        reconciler.run(55.0)
    scheduler.provider.arrive_late(scheduler.now())


def _unfinished(scheduler: Scheduler) -> list[Payout]:
    rows = scheduler.tables.payouts.values()
    return [row for row in rows if not row.state.is_final and not row.needs_review]


def _violations(scheduler: Scheduler) -> Iterator[str]:
    yield from _paid_twice(scheduler)
    provider = scheduler.provider
    for reference in {reference for reference, _, _ in provider.bookings}:
        if reference not in scheduler.tables.payouts:
            yield "P2: paid, and there is no such payout"
    for row in _unfinished(scheduler):
        yield f"P2: still {row.state}"
    for row in scheduler.tables.payouts.values():
        yield from _not_as_decided(row, scheduler)
        yield from _wrong_amounts(row, scheduler)
        yield from _guesses(row, scheduler)
        if row.history[-1].state is not row.state:
            yield "P5: the history ends elsewhere than the payout"


def _paid_twice(scheduler: Scheduler) -> Iterator[str]:
    """Under one reference, or by a payout and those that were made in its place."""
    provider = scheduler.provider
    for times in Counter(reference for reference, _, _ in provider.bookings).values():
        if times > 1:
            yield f"P1: paid {times} times"
    if provider.held_cents > CENTS:
        yield f"P1: the payee has {provider.held_cents} cents in the end, of {CENTS}"
    earlier_ones = Counter(row.retry_of for row in scheduler.tables.payouts.values())
    for earlier, count in earlier_ones.items():
        if count > 1:
            yield f"P1: {count} payouts {'in place of one' if earlier else 'under one key'}"


def _not_as_decided(row: Payout, scheduler: Scheduler) -> Iterator[str]:
    """Only what the app wrote is paid, and only as it was decided."""
    paid = {reference for reference, _, _ in scheduler.provider.bookings}
    if row.unique_reference in paid and row.seal != memory_seals().sealed(row).seal:
        yield "P6: paid, and the row is not what was decided"


def _wrong_amounts(row: Payout, scheduler: Scheduler) -> Iterator[str]:
    for reference, cents, _ in scheduler.provider.bookings:
        if reference == row.unique_reference and cents != row.amount_cents:
            yield f"P3: {cents} cents were sent for {row.amount_cents}"


def _guesses(row: Payout, scheduler: Scheduler) -> Iterator[str]:
    provider, reference = scheduler.provider, row.unique_reference
    fate, held_cents = provider.fate_of(reference), provider.held_of(reference)
    is_booked = any(known == reference for known, _, _ in provider.bookings)
    if provider.has_lied and reference == PAYOUT:
        return
    by_monoova = [entry for entry in row.history if entry.state is row.state]
    if row.review_reason is ReviewReason.CONTRADICTION and by_monoova[0].by == MONOOVA:
        # Monoova has contradicted itself, and the payout is in review.
        return
    if row.state is State.COMPLETED and (not is_booked or fate is Fate.REJECTED):
        yield "P3: Completed, and no payee was paid"
    if row.state is State.COMPLETED and provider.return_was_reported and not row.needs_review:
        yield "P3: Completed, and its return was reported"
    if row.state in (State.FAILED, State.CANCELLED) and held_cents:
        yield f"P3: {row.state}, and the payee has {held_cents} cents"
    if row.state is State.RETURNED and not provider.is_returned:
        yield "P3: Returned, and the money is not back"


# --- the scenarios

_QUEUED: Final = payout(State.QUEUED)
_ACCEPTED: Final = payout(
    State.ACCEPTED, monoova_transaction_id="71", last_sent_at=START - timedelta(minutes=1)
)
_IN_DOUBT: Final = payout(
    State.UNRESOLVED, ambiguous=True, last_sent_at=START - timedelta(minutes=20)
)
_ENDED: Final = HistoryEntry(START, "SettledRejected", State.FAILED, MONOOVA)
_FAILED: Final = payout(
    State.FAILED,
    due_at=None,
    monoova_transaction_id="71",
    failure_code=FailureCode.BANK_REJECTED,
    last_sent_at=START - timedelta(minutes=20),
    history=(_ENDED,),
)
_WAITING: Final = payout(State.AWAITING_APPROVAL, due_at=START + timedelta(days=30))
_REVIEWED: Final = payout(
    State.UNRESOLVED,
    due_at=START + timedelta(hours=1),
    ambiguous=True,
    needs_review=True,
    review_reason=ReviewReason.OUTCOME_UNKNOWN,
    last_sent_at=START - timedelta(minutes=20),
)
# Rows that another hand than the app's has changed since they were sealed.
_FORGED: Final = replace(_QUEUED, batch_id="forged")
_FORGED_IN_DOUBT: Final = replace(
    _IN_DOUBT, batch_id="forged", unknown_since=START - timedelta(minutes=10)
)
_EXPIRED: Final = payout(
    State.SENDING, lease_id="expired", last_sent_at=START - timedelta(minutes=20)
)


def _deliveries(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [
        actors.delivery(scheduler, 1, policy),
        actors.delivery(scheduler, 2, policy),
        actors.reconciliation(scheduler, 3, policy),
    ]


def _delivery_and_webhook(kind: NoticeKind) -> Actors:
    def made(scheduler: Scheduler, policy: Policy) -> list[Actor]:
        return [
            actors.delivery(scheduler, 1, policy),
            actors.reconciliation(scheduler, 2, policy),
            actors.bank(scheduler),
            actors.webhook(scheduler, 3, policy, kind),
        ]

    return made


def _requests_alone(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [
        actors.request(scheduler, 1, policy),
        actors.request(scheduler, 2, policy),
        actors.late_request(scheduler),
    ]


def _requests(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    reports = [actors.bank(scheduler), actors.webhook(scheduler, 3, policy, _PAID)]
    return [*_requests_alone(scheduler, policy), *reports]


def _reconcilers_and_webhooks(
    *kinds: NoticeKind, contradicting: NoticeKind | None = None
) -> Actors:
    def made(scheduler: Scheduler, policy: Policy) -> list[Actor]:
        reports = [
            actors.webhook(scheduler, 10 + number, policy, kind)
            for number, kind in enumerate(kinds)
        ]
        contradictions = (
            [actors.webhook(scheduler, 20, policy, contradicting, is_false=True)]
            if contradicting
            else []
        )
        returns = [actors.returning(scheduler)] if _RETURNED in kinds else []
        return [
            actors.reconciliation(scheduler, 1, policy),
            actors.reconciliation(scheduler, 2, policy),
            actors.bank(scheduler),
            *returns,
            *reports,
            *contradictions,
        ]

    return made


def _cancelling(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [*_deliveries(scheduler, policy)[1:], actors.cancellation(scheduler, 4, policy)]


def _doubting(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [actors.delivery(scheduler, 1, policy), actors.cancellation(scheduler, 2, policy)]


def _erasing(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [
        actors.request(scheduler, 1, policy),
        actors.erasure(scheduler, 2, policy),
        actors.reconciliation(scheduler, 3, policy),
    ]


def _retrying(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [people.retry(scheduler, 1, policy), people.retry(scheduler, 2, policy)]


def _retrying_by_file_too(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [people.retry(scheduler, 1, policy), people.retry_by_file(scheduler, 2, policy)]


def _retrying_and_webhook(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [
        *_retrying(scheduler, policy),
        actors.bank(scheduler),
        actors.webhook(scheduler, 3, policy, _PAID),
    ]


def _approving(scheduler: Scheduler, policy: Policy) -> list[Actor]:
    return [
        people.approval(scheduler, 1, policy),
        people.rejection(scheduler, 2, policy),
        actors.cancellation(scheduler, 3, policy),
        actors.delivery(scheduler, 4, policy),
    ]


def _resolving(outcome: str, kind: NoticeKind) -> Actors:
    def made(scheduler: Scheduler, policy: Policy) -> list[Actor]:
        return [
            people.resolution(scheduler, 1, policy, outcome),
            actors.bank(scheduler),
            actors.webhook(scheduler, 2, policy, kind),
            actors.reconciliation(scheduler, 3, policy),
        ]

    return made


_ONE_OF_EACH: Final = Budget(crashes=1, network=1)
_STORAGE: Final = Budget(crashes=1, storage=1)

USUAL: Final = (
    _scenario(
        "doubt, then something definite, unasked",
        _doubting,
        _QUEUED,
        Budget(network=2),
        policy=_UNASKED,
    ),
    _scenario("doubt, then something definite", _doubting, _QUEUED, Budget(network=2)),
    _scenario("two deliveries and a reconciler", _deliveries, _QUEUED, _ONE_OF_EACH),
    _scenario("delivered, paid", _delivery_and_webhook(_PAID), _QUEUED, _ONE_OF_EACH),
    _scenario(
        "delivered, rejected",
        _delivery_and_webhook(_REJECTED),
        _QUEUED,
        Budget(network=1),
        fate=Fate.REJECTED,
    ),
    _scenario("deliveries, storage", _deliveries, _QUEUED, _STORAGE),
    _scenario("two requests under one key", _requests, None, Budget(crashes=1)),
    _scenario("two requests under one key, network", _requests_alone, None, Budget(network=1)),
    _scenario("two requests under one key, storage", _requests, None, _STORAGE),
    _scenario(
        "webhooks doubled and late",
        _reconcilers_and_webhooks(_PAID, _PAID),
        _ACCEPTED,
        Budget(storage=1),
        is_booked=True,
    ),
    _scenario(
        "webhooks that contradict",
        _reconcilers_and_webhooks(_PAID, contradicting=_REJECTED),
        _ACCEPTED,
        # No crash: if only the false report arrives, Monoova never said anything else.
        Budget(),
        is_booked=True,
    ),
    _scenario(
        "returned, and reported",
        _reconcilers_and_webhooks(_PAID, _RETURNED),
        _ACCEPTED,
        Budget(),
        is_booked=True,
        fate=Fate.RETURNED,
    ),
    _scenario(
        "in doubt, booked, not visible yet",
        _reconcilers_and_webhooks(_PAID),
        _IN_DOUBT,
        Budget(network=1),
        is_booked=True,
        sees_after=timedelta(hours=1),
    ),
    _scenario(
        "returned after completion",
        _reconcilers_and_webhooks(_PAID, _RETURNED),
        _ACCEPTED,
        Budget(crashes=1),
        is_booked=True,
        fate=Fate.RETURNED,
    ),
    _scenario("in doubt, crash", _reconcilers_and_webhooks(_PAID), _IN_DOUBT, Budget(crashes=1)),
    _scenario("in doubt, network", _reconcilers_and_webhooks(_PAID), _IN_DOUBT, Budget(network=1)),
    _scenario(
        "in doubt, booked",
        _reconcilers_and_webhooks(_PAID),
        _IN_DOUBT,
        _ONE_OF_EACH,
        is_booked=True,
    ),
    _scenario("lease expired", _reconcilers_and_webhooks(_PAID), _EXPIRED, _ONE_OF_EACH),
    _scenario("cancelled meanwhile", _cancelling, _QUEUED, Budget(crashes=1)),
    _scenario("erased meanwhile", _erasing, None, Budget(crashes=1)),
    _scenario(
        "two retries",
        _retrying,
        _FAILED,
        Budget(crashes=1),
        is_booked=True,
        is_settled=True,
        fate=Fate.REJECTED,
    ),
    _scenario(
        "retried, and paid after all",
        _retrying_and_webhook,
        _FAILED,
        Budget(crashes=1),
        is_booked=True,
        has_lied=True,
    ),
    _scenario(
        "retried by itself and by its file",
        _retrying_by_file_too,
        _FAILED,
        Budget(crashes=1),
        is_booked=True,
        is_settled=True,
        fate=Fate.REJECTED,
    ),
    _scenario("a forged row is delivered", _deliveries, _FORGED, Budget(crashes=1)),
    _scenario("a forged row is in doubt", _deliveries, _FORGED_IN_DOUBT, Budget(crashes=1)),
    _scenario("approved, rejected and cancelled", _approving, _WAITING, Budget(crashes=1)),
    _scenario(
        "resolved as Failed, and paid",
        _resolving("Failed", _PAID),
        _REVIEWED,
        Budget(crashes=1),
        is_booked=True,
    ),
    _scenario(
        "resolved as Completed, and rejected",
        _resolving("Completed", _REJECTED),
        _REVIEWED,
        Budget(crashes=1),
        is_booked=True,
        fate=Fate.REJECTED,
    ),
)


_PAID_TWICE: Final = "; duplicates are paid"


def _against_double_bookings(scenarios: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
    return tuple(replace(s, name=s.name + _PAID_TWICE, refuses_duplicates=False) for s in scenarios)


WITHOUT_DEDUPLICATION: Final = _against_double_bookings(
    (
        _scenario(
            "two deliveries and a reconciler",
            _deliveries,
            _QUEUED,
            Budget(network=1),
            policy=_CAREFUL,
        ),
        _scenario(
            "two requests under one key", _requests_alone, None, Budget(network=1), policy=_CAREFUL
        ),
        _scenario(
            "in doubt, booked",
            _reconcilers_and_webhooks(_PAID),
            _IN_DOUBT,
            _ONE_OF_EACH,
            is_booked=True,
            policy=_CAREFUL,
        ),
        _scenario(
            "lease expired",
            _reconcilers_and_webhooks(_PAID),
            _EXPIRED,
            _ONE_OF_EACH,
            is_booked=True,
            policy=_CAREFUL,
        ),
    )
)
NEEDLESSLY_CAREFUL: Final = tuple(
    replace(s, name=s.name.replace(_PAID_TWICE, "; needlessly careful"), refuses_duplicates=True)
    for s in WITHOUT_DEDUPLICATION
    if s.name.startswith(("in doubt", "lease"))
)
# The usual setting, at a Monoova that pays duplicates and shows a booking before it answers: what
# `USUAL` has, but for the few scenarios that differ in what is stored and would take minutes.
_ASKED: Final = (
    "doubt, then something definite",
    "delivered, rejected",
    "two requests under one key, network",
    "in doubt, crash",
    "in doubt, network",
    "in doubt, booked",
    "lease expired",
    "cancelled meanwhile",
    "two retries",
    "retried, and paid after all",
    "retried by itself and by its file",
    "resolved as Failed, and paid",
)
ASKED: Final = _against_double_bookings(
    (
        _scenario(
            "two deliveries and a reconciler, asked", _deliveries, _QUEUED, Budget(network=1)
        ),
        *(replace(s, name=f"{s.name}, asked") for s in USUAL if s.name in _ASKED),
    )
)
# A provider that pays duplicates, with the setting for one that refuses them.
WRONG_SETTING: Final = _against_double_bookings(
    (
        _scenario(
            "two deliveries and a reconciler",
            _deliveries,
            _QUEUED,
            Budget(network=1),
            policy=_UNASKED,
        ),
    )
)
