"""What is enumerated: who crosses whom, under which faults, and what must hold in the end."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Final

from chalicelib.payouts.rules.decisions import MONOOVA, NoticeKind
from chalicelib.payouts.rules.payout import Payout, ReviewReason, State
from chalicelib.payouts.rules.schedule import Policy
from proof.interleavings import cast
from proof.interleavings.cast import CENTS, PAYOUT, payout, stage
from proof.interleavings.explorer import START, Actor, Budget, Lanes, Scenario
from proof.interleavings.provider import Fate

Cast = Callable[[Lanes, Policy], list[Actor]]

_CAREFUL: Final = Policy(may_send_again=False)
# Between which looks of the quiet phase a request that was given up arrives after all.
_LATE_MOMENTS: Final = (0, 1, 4, 6)
_MOST_LOOKS: Final = 60
# Within this, every payout is to be settled or shown to a person.
_BOUND: Final = timedelta(hours=28)
_PAID, _REJECTED, _RETURNED = NoticeKind.PAID, NoticeKind.REJECTED, NoticeKind.RETURNED


def _scenario(
    name: str,
    actors: Cast,
    row: Payout | None,
    budget: Budget,
    *,
    fate: Fate = Fate.PAID,
    is_booked: bool = False,
    policy: Policy | None = None,
    refuses_duplicates: bool = True,
    sees_after: timedelta = timedelta(0),
) -> Scenario:
    used = policy or Policy()

    def prepare(world: Lanes) -> None:
        stage(world, *([row] if row else []), fate=fate)
        world.provider.sees_after = sees_after
        if is_booked:
            world.provider.book(PAYOUT, CENTS, START - timedelta(minutes=20))
        world.actors = actors(world, used)

    def judge(world: Lanes) -> Iterator[str]:
        yield from _judged(world, used)

    return Scenario(name, budget, prepare, judge, refuses_duplicates)


# --- the quiet phase, and the promises


def _judged(world: Lanes, policy: Policy) -> Iterator[str]:
    """Plays the rest with each moment at which a late request may arrive."""
    tables, provider, now = world.tables, world.provider, world.now()
    rows, gate, calls = dict(tables.payouts), tables.gate, dict(tables.calls)
    for moment in _LATE_MOMENTS if provider.late else (0,):
        tables.payouts.clear()
        tables.payouts.update(rows)
        tables.gate = gate
        tables.calls.clear()
        tables.calls.update(calls)
        world.provider = copy(provider)
        world.provider.bookings, world.provider.late = list(provider.bookings), list(provider.late)
        world.sleep((now - world.now()).total_seconds())
        _settle(world, policy, moment)
        for wrong in _violations(world):
            yield f"{wrong} (late request at look {moment})" if provider.late else wrong


def _settle(world: Lanes, policy: Policy, late_moment: int) -> None:
    """Nothing goes wrong any more: the reconciler runs whenever something is due."""
    reconciler = cast.Function(world, 99, policy).reconciler
    for look in range(_MOST_LOOKS):
        if look == late_moment:
            world.provider.arrive_late(world.now())
        world.provider.is_settled = world.provider.is_settled or bool(world.provider.bookings)
        due = [p.due_at for p in _unfinished(world) if p.due_at is not None]
        if not due or min(due) > START + _BOUND:
            break
        world.sleep(max((min(due) - world.now()).total_seconds(), 0.0) + 1.0)
        reconciler.run(55.0)
    world.provider.arrive_late(world.now())


def _unfinished(world: Lanes) -> list[Payout]:
    rows = world.tables.payouts.values()
    return [row for row in rows if not row.state.is_final and not row.needs_review]


def _violations(world: Lanes) -> Iterator[str]:
    provider = world.provider
    if len(provider.bookings) > 1:
        yield f"P1: paid {len(provider.bookings)} times"
    if len(world.tables.payouts) > 1:
        yield f"P1: {len(world.tables.payouts)} payouts under one key"
    for reference in {reference for reference, _, _ in provider.bookings}:
        if reference not in world.tables.payouts:
            yield "P2: paid, and there is no such payout"
    for row in _unfinished(world):
        yield f"P2: still {row.state}"
    for row in world.tables.payouts.values():
        yield from _wrong_amounts(row, world)
        yield from _guesses(row, world)
        if row.history[-1].state is not row.state:
            yield "P5: the history ends elsewhere than the payout"


def _wrong_amounts(row: Payout, world: Lanes) -> Iterator[str]:
    for reference, cents, _ in world.provider.bookings:
        if reference == row.unique_reference and cents != row.amount_cents:
            yield f"P3: {cents} cents were sent for {row.amount_cents}"


def _guesses(row: Payout, world: Lanes) -> Iterator[str]:
    provider = world.provider
    by_monoova = [entry for entry in row.history if entry.state is row.state]
    if row.review_reason is ReviewReason.CONTRADICTION and by_monoova[0].by == MONOOVA:
        # Monoova has said two things that cannot both be true, and a person is told.
        return
    if row.state is State.COMPLETED and (not provider.bookings or provider.fate is Fate.REJECTED):
        yield "P3: Completed, and no payee was paid"
    if row.state is State.COMPLETED and provider.return_was_told and not row.needs_review:
        yield "P3: Completed, and we were told that it came back"
    if row.state in (State.FAILED, State.CANCELLED) and provider.held_cents:
        yield f"P3: {row.state}, and the payee has {provider.held_cents} cents"
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
_EXPIRED: Final = payout(State.SENDING, lease_id="dead", last_sent_at=START - timedelta(minutes=20))


def _deliveries(world: Lanes, policy: Policy) -> list[Actor]:
    return [
        cast.delivery(world, 1, policy),
        cast.delivery(world, 2, policy),
        cast.reconciliation(world, 3, policy),
    ]


def _delivery_and_news(kind: NoticeKind) -> Cast:
    def actors(world: Lanes, policy: Policy) -> list[Actor]:
        return [
            cast.delivery(world, 1, policy),
            cast.reconciliation(world, 2, policy),
            cast.bank(world),
            cast.webhook(world, 3, policy, kind),
        ]

    return actors


def _requests_alone(world: Lanes, policy: Policy) -> list[Actor]:
    return [
        cast.request(world, 1, policy),
        cast.request(world, 2, policy),
        cast.late_request(world),
    ]


def _requests(world: Lanes, policy: Policy) -> list[Actor]:
    news = [cast.bank(world), cast.webhook(world, 3, policy, _PAID)]
    return [*_requests_alone(world, policy), *news]


def _reconcilers_and_news(*kinds: NoticeKind, lie: NoticeKind | None = None) -> Cast:
    def actors(world: Lanes, policy: Policy) -> list[Actor]:
        told = [cast.webhook(world, 10 + number, policy, kind) for number, kind in enumerate(kinds)]
        lies = [cast.webhook(world, 20, policy, lie, is_lie=True)] if lie else []
        backs = [cast.returning(world)] if _RETURNED in kinds else []
        return [
            cast.reconciliation(world, 1, policy),
            cast.reconciliation(world, 2, policy),
            cast.bank(world),
            *backs,
            *told,
            *lies,
        ]

    return actors


def _cancelling(world: Lanes, policy: Policy) -> list[Actor]:
    return [*_deliveries(world, policy)[1:], cast.cancellation(world, 4, policy)]


def _doubting(world: Lanes, policy: Policy) -> list[Actor]:
    return [cast.delivery(world, 1, policy), cast.cancellation(world, 2, policy)]


def _erasing(world: Lanes, policy: Policy) -> list[Actor]:
    return [
        cast.request(world, 1, policy),
        cast.erasure(world, 2, policy),
        cast.reconciliation(world, 3, policy),
    ]


_ONE_OF_EACH: Final = Budget(crashes=1, network=1)
_STORAGE: Final = Budget(crashes=1, storage=1)

USUAL: Final = (
    _scenario("doubt, then something definite", _doubting, _QUEUED, Budget(network=2)),
    _scenario("two deliveries and a reconciler", _deliveries, _QUEUED, _ONE_OF_EACH),
    _scenario("delivered, paid", _delivery_and_news(_PAID), _QUEUED, _ONE_OF_EACH),
    _scenario(
        "delivered, rejected",
        _delivery_and_news(_REJECTED),
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
        _reconcilers_and_news(_PAID, _PAID),
        _ACCEPTED,
        Budget(storage=1),
        is_booked=True,
    ),
    _scenario(
        "webhooks that contradict",
        _reconcilers_and_news(_PAID, lie=_REJECTED),
        _ACCEPTED,
        # No crash: if only the lie arrives, the lie is all that Monoova ever said.
        Budget(),
        is_booked=True,
    ),
    _scenario(
        "returned, and told",
        _reconcilers_and_news(_PAID, _RETURNED),
        _ACCEPTED,
        Budget(),
        is_booked=True,
        fate=Fate.RETURNED,
    ),
    _scenario(
        "in doubt, booked, not visible yet",
        _reconcilers_and_news(_PAID),
        _IN_DOUBT,
        Budget(network=1),
        is_booked=True,
        sees_after=timedelta(hours=1),
    ),
    _scenario(
        "returned after completion",
        _reconcilers_and_news(_PAID, _RETURNED),
        _ACCEPTED,
        Budget(crashes=1),
        is_booked=True,
        fate=Fate.RETURNED,
    ),
    _scenario("in doubt, crash", _reconcilers_and_news(_PAID), _IN_DOUBT, Budget(crashes=1)),
    _scenario("in doubt, network", _reconcilers_and_news(_PAID), _IN_DOUBT, Budget(network=1)),
    _scenario(
        "in doubt, booked", _reconcilers_and_news(_PAID), _IN_DOUBT, _ONE_OF_EACH, is_booked=True
    ),
    _scenario("lease expired", _reconcilers_and_news(_PAID), _EXPIRED, _ONE_OF_EACH),
    _scenario("cancelled meanwhile", _cancelling, _QUEUED, Budget(crashes=1)),
    _scenario("erased meanwhile", _erasing, None, Budget(crashes=1)),
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
            _reconcilers_and_news(_PAID),
            _IN_DOUBT,
            _ONE_OF_EACH,
            is_booked=True,
            policy=_CAREFUL,
        ),
        _scenario(
            "lease expired",
            _reconcilers_and_news(_PAID),
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
# The same provider, and the setting that is meant for the other one.
WRONG_SETTING: Final = _against_double_bookings(USUAL)
