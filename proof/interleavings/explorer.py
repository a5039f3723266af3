"""Runs actors as greenlets that yield at every foreign call, in every possible order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import greenlet

from chalicelib.monoova.rules.outcome import Answer, Envelope, Silence
from proof.interleavings.choices import Choices
from proof.interleavings.provider import REFUSAL, Fault, Provider, ProviderSeam
from proof.memory.tables import Tables
from proof.seam import AnswerLostError, Call, Killed, NotDoneError

T = TypeVar("T")

START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_SERVER_ERROR: Final = Answer(500, None)
_LOGIN_REFUSED: Final = Answer(401, Envelope("MerchantFailedToLogin", "", "0"))
_REFUSED: Final = Answer(400, Envelope(REFUSAL, "", "0"))
# No other actor changes what these services answer: no order has to be tried around them.
_INDEPENDENT: Final = frozenset({"kms", "secretsmanager"})


class SeenError(Exception):
    """Every execution from this state on has been run already."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many of each kind of fault one execution may have."""

    crashes: int = 0
    network: int = 0
    storage: int = 0


@dataclass(slots=True)
class Actor:
    """One flow of control. `may_begin`: whether it may start; `is_function`: it can be killed."""

    name: str
    run: Callable[[], object]
    may_begin: Callable[[], bool] = lambda: True
    is_function: bool = True
    steps: list[object] = field(default_factory=list)
    observed: int = 0
    waits_at: Call | None = None
    coroutine: Any = None

    def key(self) -> tuple[object, ...]:
        """The actor's state: everything it has observed, which decides what it does next."""
        if self.coroutine is None:
            return ("not begun",)
        return ("over",) if self.coroutine.dead else (self.observed, self.waits_at)


@dataclass(slots=True)
class Stats:
    """`executions` are runs that differ in at least one choice; `pruned` of them ended in a state
    from which everything had been run; `ends` are the different ends."""

    executions: int = 0
    pruned: int = 0
    states: int = 0
    ends: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Stats") -> None:
        self.executions += other.executions
        self.pruned += other.pruned
        self.states += other.states
        self.ends += other.ends
        self.violations += other.violations


class Scheduler(ProviderSeam):
    """Runs one execution: decides which actor continues, and holds tables, provider and clock."""

    def __init__(self, refuses_duplicates: bool = True) -> None:
        self.tables = Tables()
        self.refuses_duplicates = refuses_duplicates
        self.choices = Choices()
        self.actors: list[Actor] = []
        self.trace: list[str] = []
        self.is_quiet = True
        self._current: Actor | None = None
        self._fault = Fault.NONE
        self._main = greenlet.getcurrent()
        self.reset(Budget())

    def reset(self, budget: Budget) -> None:
        """Resets provider, budget and clock; the scenario fills the tables."""
        self.provider = Provider(self.refuses_duplicates)
        self.budget = budget
        self._now = START
        self.trace.clear()

    # --- the clock, as the app has it

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    # --- the seam

    def cross(self, call: Call, effect: Callable[[], T]) -> T:
        actor = self._current
        if actor is None or self.is_quiet:
            return effect()
        if call.service not in _INDEPENDENT:
            actor.waits_at = call
            self._main.switch()
            actor.waits_at = None
        return self._effect(actor, call, effect)

    def _effect(self, actor: Actor, call: Call, effect: Callable[[], T]) -> T:
        verdict = self._chosen_fault(actor, call)
        actor.observed = hash((actor.observed, verdict, self._now))
        self.trace.append(f"{actor.name}: {call}{verdict and ' ' + verdict}")
        if verdict == "killed before":
            raise Killed
        if verdict == "not done":
            raise NotDoneError
        try:
            if verdict == "done twice":
                self._done_without_answer(effect)
                # The SDK repeats the call a little later: other actors may run in between.
                actor.waits_at = call
                self._main.switch()
                actor.waits_at = None
            answer = effect()
        except Exception as error:
            what = (type(error), getattr(error, "current", None))
            actor.observed = hash((actor.observed, what, self._now))
            if verdict == "killed after":
                raise Killed from None
            raise
        if verdict == "killed after":
            raise Killed
        if verdict == "answer lost":
            raise AnswerLostError
        actor.observed = hash((actor.observed, _hashable(answer), self._now))
        return answer

    def _done_without_answer(self, effect: Callable[[], T]) -> None:
        try:
            effect()
        except Exception as error:  # noqa: BLE001 - the answer is lost
            self.trace.append(f"   unheard: {type(error).__name__}")

    def _chosen_fault(self, actor: Actor, call: Call) -> str:
        """Chooses the fault of this call; "" is none."""
        options = [""]
        if self.budget.crashes and actor.is_function:
            options += ["killed before", "killed after"]
        if self.budget.storage and call.service == "dynamodb":
            is_write = call.operation in ("PutItem", "UpdateItem", "DeleteItem")
            options += ["not done", "answer lost", "done twice"] if is_write else ["not done"]
        if self.budget.network and call.operation == "Execute":
            options += [fault.name for fault in Fault if fault is not Fault.NONE]
        chosen = options[self.choices.choose(len(options))]
        self._fault = Fault.NONE
        if chosen.startswith("killed"):
            self._spend(crashes=1)
        elif chosen in ("not done", "answer lost", "done twice"):
            self._spend(storage=1)
        elif chosen:
            self._spend(network=1)
            self._fault = Fault[chosen]
        return chosen

    def _spend(self, crashes: int = 0, network: int = 0, storage: int = 0) -> None:
        left = self.budget
        self.budget = Budget(
            left.crashes - crashes,
            left.network - network,
            left.storage - storage,
        )

    def execute(self, reference: str, cents: int) -> Answer | Silence:
        """The provider's answer to a call of execute, under the chosen fault."""
        fault, provider, now = self._fault, self.provider, self._now
        match fault:
            case Fault.LOST_BEFORE_BOOKING:
                return Silence.TIMEOUT
            case Fault.LATE_ARRIVAL:
                provider.late.append((reference, cents))
                return Silence.TIMEOUT
            case Fault.ERROR_BEFORE_BOOKING:
                return _SERVER_ERROR
            case Fault.REFUSED:
                return _REFUSED
            case Fault.LOGIN_REFUSED:
                return _LOGIN_REFUSED
        answer = provider.book(reference, cents, now)
        if fault is Fault.LOST_AFTER_BOOKING:
            return Silence.CUT_OFF
        return _SERVER_ERROR if fault is Fault.ERROR_AFTER_BOOKING else answer

    # --- one execution

    def play(self, seen: set[int]) -> None:
        """Runs the actors to their ends, in the order of the choices.

        Raises:
            SeenError
        """
        self.is_quiet = False
        try:
            while ready := [actor for actor in self.actors if self._can_run(actor)]:
                if self.choices.is_new:
                    key = hash((self.key(), tuple(actor.key() for actor in self.actors)))
                    if key in seen:
                        raise SeenError
                    seen.add(key)
                self._resume(ready[self.choices.choose(len(ready))])
        finally:
            self.is_quiet = True
            self._stop_all()

    def key(self) -> tuple[object, ...]:
        """The shared state that later steps depend on."""
        tables = self.tables
        return (
            tuple(tables.payouts.values()),
            tuple(tables.customers.values()),
            tables.gate,
            tuple(tables.calls.items()),
            self.provider.key(),
            self.budget,
            self._now,
        )

    def _can_run(self, actor: Actor) -> bool:
        if actor.coroutine is None:
            return actor.may_begin()
        return not actor.coroutine.dead

    def _resume(self, actor: Actor) -> None:
        if actor.coroutine is None:
            actor.observed = hash(self._now)
            actor.coroutine = greenlet.greenlet(lambda: self._run_to_end(actor), self._main)
        self._current = actor
        actor.coroutine.switch()
        self._current = None

    def _run_to_end(self, actor: Actor) -> None:
        try:
            actor.run()
        except Killed:
            self.trace.append(f"{actor.name}: killed")
        except Exception as error:  # noqa: BLE001 - a function error: the caller gets no answer
            self.trace.append(f"{actor.name}: {type(error).__name__}")

    def _stop_all(self) -> None:
        for actor in self.actors:
            if actor.coroutine is not None and not actor.coroutine.dead:
                actor.coroutine.throw(greenlet.GreenletExit)
        self._current = None


def _hashable(answer: object) -> int:
    try:
        return hash(answer)
    except TypeError:
        return hash(repr(answer))


@dataclass(frozen=True)
class Scenario:
    """`prepare` sets tables and actors; `judge` runs the quiet phase and yields what was wrong."""

    name: str
    budget: Budget
    prepare: Callable[[Scheduler], None]
    judge: Callable[[Scheduler], Iterator[str]]
    refuses_duplicates: bool = True


def explore(scenario: Scenario, stop_at: int | None = None) -> Stats:
    """Runs every execution of a scenario; ends early at `stop_at` violations."""
    scheduler, stats = Scheduler(scenario.refuses_duplicates), Stats()
    seen: set[int] = set()
    verdicts: dict[int, list[str]] = {}
    while True:
        scheduler.choices.restart()
        scheduler.reset(scenario.budget)
        scenario.prepare(scheduler)
        stats.executions += 1
        try:
            scheduler.play(seen)
        except SeenError:
            stats.pruned += 1
        else:
            _end(scenario, scheduler, stats, verdicts)
        if stop_at is not None and len(stats.violations) >= stop_at:
            break
        if not scheduler.choices.advance():
            break
    stats.states, stats.ends = len(seen), len(verdicts)
    return stats


def _end(
    scenario: Scenario, scheduler: Scheduler, stats: Stats, verdicts: dict[int, list[str]]
) -> None:
    """Judges an end state, unless it was judged when it was first reached."""
    key = hash(scheduler.key())
    if key in verdicts:
        return
    trace, path = list(scheduler.trace), scheduler.choices.path
    verdicts[key] = list(scenario.judge(scheduler))
    for wrong in verdicts[key]:
        steps = "\n    ".join(trace)
        stats.violations.append(f"{scenario.name} {path}: {wrong}\n    {steps}")
