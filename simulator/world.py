"""The simulator's shared state: time, randomness, switches, the book, what is still due."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.behaviour import Behaviour
from simulator.book import Book
from simulator.clock import Clock
from simulator.messages import Replies
from simulator.schedule import Action, Schedule


@dataclass
class World:
    """Made once per `Monoova`; `behaviour` is replaced as a whole when a switch changes."""

    clock: Clock
    rng: random.Random
    speed: float
    behaviour: Behaviour
    book: Book
    schedule: Schedule[Action] = field(default_factory=Schedule)
    replies: Replies = field(init=False)

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("speed must be above 0")
        self.replies = Replies(lambda: self.behaviour, self.rng)

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock()

    def scaled(self, seconds: float) -> timedelta:
        """`seconds` of Monoova's time, at this simulator's speed."""
        return timedelta(seconds=seconds / self.speed)

    def start_again(self, book: Book, seed: int) -> None:
        """Forget what was booked and what was due; the switches stay."""
        self.book = book
        self.schedule = Schedule()
        self.rng.seed(seed)
