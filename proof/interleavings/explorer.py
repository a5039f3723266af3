"""Runs actors as greenlets that give way at every foreign call, in every order there is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import greenlet

from chalicelib.monoova.rules.outcome import Answer, Envelope, Silence
from proof.interleavings.choices import Choices
from proof.interleavings.provider import REFUSAL, Fault, Lane, Provider
from proof.memory.tables import Tables
from proof.seam import Call, Killed, NotDoneError, UnheardError

T = TypeVar("T")

START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_SERVER_ERROR: Final = Answer(500, None)
_LOGIN_REFUSED: Final = Answer(401, Envelope("MerchantFailedToLogin", "", "0"))
_REFUSED: Final = Answer(400, Envelope(REFUSAL, "", "0"))
# Whether the customer's key opens a sealed record depends on nothing that another actor does.
_ALONE: Final = frozenset({"kms", "secretsmanager"})


class SeenError(Exception):
    """All that can follow from here has been run already."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many of each kind of fault one execution may have."""

    crashes: int = 0
    network: int = 0
    storage: int = 0


@dataclass(slots=True)
class Actor:
    """`may_begin` says whether what it waits for has happened; `is_function`: it can be killed."""

    name: str
    run: Callable[[], object]
    may_begin: Callable[[], bool] = lambda: True
    is_function: bool = True
    steps: list[object] = field(default_factory=list)
    told: int = 0
    waits_at: Call | None = None
    coroutine: Any = None

    def key(self) -> tuple[object, ...]:
        """Where it stands: all that it was told, for what it does next follows from that."""
        if self.coroutine is None:
            return ("not begun",)
        return ("over",) if self.coroutine.dead else (self.told, self.waits_at)


@dataclass(slots=True)
class Stats:
    """`executions` are runs that differ in at least one choice; `cut` of them ended in a state
    from which everything had been run; `ends` are the different ends."""

    executions: int = 0
    cut: int = 0
    states: int = 0
    ends: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Stats") -> None:
        self.executions += other.executions
        self.cut += other.cut
        self.states += other.states
        self.ends += other.ends
        self.violations += other.violations


class Lanes(Lane):
    """The world of one execution: tables, provider, clock, and who may go on."""

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
        """Back to the beginning; what is in the tables then is the scenario's to say."""
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
        if call.service not in _ALONE:
            actor.waits_at = call
            self._main.switch()
            actor.waits_at = None
        return self._effect(actor, call, effect)

    def _effect(self, actor: Actor, call: Call, effect: Callable[[], T]) -> T:
        verdict = self._what_happens(actor, call)
        actor.told = hash((actor.told, verdict, self._now))
        self.trace.append(f"{actor.name}: {call}{verdict and ' ' + verdict}")
        if verdict == "killed before":
            raise Killed
        if verdict == "not done":
            raise NotDoneError
        try:
            if verdict == "done twice":
                self._done_unheard(effect)
                # The SDK sends it again a little later: others may have come in between.
                actor.waits_at = call
                self._main.switch()
                actor.waits_at = None
            answer = effect()
        except Exception as error:
            what = (type(error), getattr(error, "current", None))
            actor.told = hash((actor.told, what, self._now))
            if verdict == "killed after":
                raise Killed from None
            raise
        if verdict == "killed after":
            raise Killed
        if verdict == "unheard":
            raise UnheardError
        actor.told = hash((actor.told, _hashable(answer), self._now))
        return answer

    def _done_unheard(self, effect: Callable[[], T]) -> None:
        try:
            effect()
        except Exception as error:  # noqa: BLE001 - the answer is lost
            self.trace.append(f"   unheard: {type(error).__name__}")

    def _what_happens(self, actor: Actor, call: Call) -> str:
        """One of the things that may happen to this call; "" is what usually does."""
        options = [""]
        if self.budget.crashes and actor.is_function:
            options += ["killed before", "killed after"]
        if self.budget.storage and call.service == "dynamodb":
            is_write = call.operation in ("PutItem", "UpdateItem", "DeleteItem")
            options += ["not done", "unheard", "done twice"] if is_write else ["not done"]
        if self.budget.network and call.operation == "Execute":
            options += [fault.name for fault in Fault if fault is not Fault.NONE]
        chosen = options[self.choices.choose(len(options))]
        self._fault = Fault.NONE
        if chosen.startswith("killed"):
            self._spend(crashes=1)
        elif chosen in ("not done", "unheard", "done twice"):
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
        """What the provider does with a call of execute, under the fault that was chosen."""
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
        """Runs the actors to their ends, in the order that the choices say.

        Raises:
            SeenError
        """
        self.is_quiet = False
        try:
            while ready := [actor for actor in self.actors if self._may_go_on(actor)]:
                if self.choices.is_new:
                    key = hash((self.key(), tuple(actor.key() for actor in self.actors)))
                    if key in seen:
                        raise SeenError
                    seen.add(key)
                self._go_on(ready[self.choices.choose(len(ready))])
        finally:
            self.is_quiet = True
            self._bury()

    def key(self) -> tuple[object, ...]:
        """Everything shared that the future depends on."""
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

    def _may_go_on(self, actor: Actor) -> bool:
        if actor.coroutine is None:
            return actor.may_begin()
        return not actor.coroutine.dead

    def _go_on(self, actor: Actor) -> None:
        if actor.coroutine is None:
            actor.told = hash(self._now)
            actor.coroutine = greenlet.greenlet(lambda: self._whole(actor), self._main)
        self._current = actor
        actor.coroutine.switch()
        self._current = None

    def _whole(self, actor: Actor) -> None:
        try:
            actor.run()
        except Killed:
            self.trace.append(f"{actor.name}: dead")
        except Exception as error:  # noqa: BLE001 - a function error: its caller hears nothing
            self.trace.append(f"{actor.name}: {type(error).__name__}")

    def _bury(self) -> None:
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
    """`prepare` sets the tables and the actors of a world; `judge` plays the rest, and says what
    was wrong."""

    name: str
    budget: Budget
    prepare: Callable[[Lanes], None]
    judge: Callable[[Lanes], Iterator[str]]
    refuses_duplicates: bool = True


def explore(scenario: Scenario, stop_at: int | None = None) -> Stats:
    """Every execution of a scenario; `stop_at` violations it ends early."""
    world, stats = Lanes(scenario.refuses_duplicates), Stats()
    seen: set[int] = set()
    verdicts: dict[int, list[str]] = {}
    while True:
        world.choices.restart()
        world.reset(scenario.budget)
        scenario.prepare(world)
        stats.executions += 1
        try:
            world.play(seen)
        except SeenError:
            stats.cut += 1
        else:
            _end(scenario, world, stats, verdicts)
        if stop_at is not None and len(stats.violations) >= stop_at:
            break
        if not world.choices.advance():
            break
    stats.states, stats.ends = len(seen), len(verdicts)
    return stats


def _end(scenario: Scenario, world: Lanes, stats: Stats, verdicts: dict[int, list[str]]) -> None:
    """What becomes of an end was found out when it was first reached."""
    key = hash(world.key())
    if key in verdicts:
        return
    trace, path = list(world.trace), world.choices.path
    verdicts[key] = list(scenario.judge(world))
    for wrong in verdicts[key]:
        story = "\n    ".join(trace)
        stats.violations.append(f"{scenario.name} {path}: {wrong}\n    {story}")
